//! A journal that was edited by hand: `show` names the place, nothing goes on from it, and it can be abandoned.

use crate::support::cli::Machine;
use serde_json::json;
use std::fs;
use std::path::Path;

const ASK: &str = r#"//! Keeps an id over a wait.
const WORKFLOW = #{ params: #{} };
fn run(p) { let id = flow::uuid(); flow::approve("ship it?"); id }
"#;

/// Does this to every store under `folder`.
fn sql(folder: &Path, text: &str) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sql(&entry, text);
        } else if entry.file_name().is_some_and(|name| name == "relwf.db") {
            rusqlite::Connection::open(entry).unwrap().execute_batch(text).unwrap();
        }
    }
}

#[test]
fn an_edited_journal_is_named_and_nothing_goes_on_from_it() {
    let machine = Machine::new();
    let service = machine.service();
    fs::write(service.join("workflows/ask.rhai"), ASK).unwrap();
    machine.say(&service, &["run", "ask"]).exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let story = machine.say(&service, &["show", &run, "--json"]).exits(0).json();
    assert_eq!(story.get("edited"), None);
    let row = story["journal"].as_array().unwrap().iter().find(|row| row["name"] == "flow::uuid").unwrap();
    let seq = row["seq"].as_i64().unwrap();

    sql(&machine.home(), &format!("UPDATE journal SET data = '\"forged\"' WHERE seq = {seq}"));
    let edited = format!(
        "error: the journal of run {run} was edited: record {seq} (outcome of flow::uuid at #0) is not what was written"
    );
    let shown = machine.say(&service, &["show", &run]);
    shown.exits(1);
    assert!(shown.stdout.contains(&edited) && shown.stdout.contains("flow::approve"), "{}", shown.stdout);
    assert!(shown.stdout.contains(&format!("then `relwf abandon {run} --reason …`")), "{}", shown.stdout);
    let story = machine.say(&service, &["show", &run, "--json"]).exits(1).json();
    assert_eq!((&story["edited"]["kind"], &story["edited"]["detail"]["seq"]), (&json!("io"), &json!(seq)));
    for verb in
        [&["approve", &run][..], &["resume", &run], &["resume", "--all"], &["resume", &run, "--settle", "#0=absent"]]
    {
        let said = machine.say(&service, verb);
        said.exits(1);
        assert!(said.stderr.contains(&edited), "{verb:?}: {}", said.stderr);
    }
    let story = machine.say(&service, &["show", &run, "--json"]).exits(1).json();
    assert_eq!(story["status"], "suspended", "nothing was written");
    let given_up = machine.say(&service, &["abandon", &run, "--reason", "edited"]);
    given_up.exits(0);
    assert!(given_up.stderr.contains(&format!("run {run}: abandoned; nothing was undone")), "{}", given_up.stderr);

    // What cannot be read at all is told as an edit too.
    machine.say(&service, &["run", "ask"]).exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    sql(&machine.home(), &format!("UPDATE journal SET data = 'no json' WHERE seq = {seq} AND run_id = '{run}'"));
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stderr.contains(&format!("the journal of run {run} was edited: record {seq} ")), "{}", shown.stderr);
}

#[test]
fn an_edited_text_of_one_run_is_no_part_of_the_next() {
    let machine = Machine::new();
    let service = machine.service();
    fs::write(service.join("workflows/ask.rhai"), ASK).unwrap();
    let begin = || {
        machine.say(&service, &["run", "ask"]).exits(3);
        machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned()
    };
    let first = begin();
    sql(&machine.home(), "UPDATE texts SET text = text || '// edited'");
    machine.say(&service, &["show", &first]).exits(1);
    machine.say(&service, &["abandon", &first, "--reason", "edited"]).exits(0);
    let second = begin();
    machine.say(&service, &["show", &second]).exits(0);
    machine.say(&service, &["approve", &second]).exits(0);
}

#[test]
fn what_is_advised_for_an_edited_journal_fits_the_run() {
    let machine = Machine::new();
    let service = machine.service();
    fs::write(service.join("workflows/ask.rhai"), ASK).unwrap();
    let begun = || {
        machine.say(&service, &["run", "ask"]).exits(3);
        machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned()
    };
    // A run that counts as done cannot be abandoned.
    let run = begun();
    sql(&machine.home(), &format!("UPDATE runs SET status = 'done' WHERE run_id = '{run}'"));
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.exits(1).stdout.contains("hint: the run is over, and nothing goes on from it;"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("relwf abandon"), "{}", shown.stdout);
    machine.say(&service, &["abandon", &run, "--reason", "edited"]).exits(2);

    // A record that relwf cannot read keeps no run from being abandoned.
    let run = begun();
    sql(&machine.home(), &format!("UPDATE journal SET event = 'bogus' WHERE event = 'outcome' AND run_id = '{run}'"));
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.exits(1).stderr.contains(&format!("then `relwf abandon {run} --reason …`")), "{}", shown.stderr);
    let approved = machine.say(&service, &["approve", &run]);
    approved.exits(1);
    assert!(approved.stderr.contains("is a `bogus`, which relwf does not write"), "{}", approved.stderr);
    let given_up = machine.say(&service, &["abandon", &run, "--reason", "edited"]);
    assert!(given_up.exits(0).stderr.contains(&format!("run {run}: abandoned")), "{}", given_up.stderr);
    let shown = machine.say(&service, &["show", &run]);
    assert!(!shown.exits(1).stderr.contains("relwf abandon"), "{}", shown.stderr);
}
