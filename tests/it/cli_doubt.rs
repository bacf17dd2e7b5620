//! An effect that may or may not have happened: exit 4, and an operator's verdict.

use crate::support::cli::{Machine, Said};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// Sends a letter, and kills relwf before it can hear that it was sent.
const LETTER: &str = r#"//! Sends a letter.
const WORKFLOW = #{ params: #{} };
fn run(p) {
    let sent = flow::step("send", || sh::run(#{ argv: ["sh", "-c", "echo sent >> letters; kill -9 $PPID; sleep 1"], effect: true }));
    `the letter is out: ${sent.status}`
}
"#;

/// A machine on which the letter is in doubt: work clone, run and what `resume` said.
fn doubtful(machine: &Machine) -> (PathBuf, String, Said) {
    doubtful_in(machine, LETTER)
}

fn doubtful_in(machine: &Machine, workflow: &str) -> (PathBuf, String, Said) {
    let service = machine.service();
    fs::write(service.join("workflows/letter.rhai"), workflow).unwrap();
    let config = fs::read_to_string(service.join("relwf.toml")).unwrap();
    fs::write(service.join("relwf.toml"), format!("[sh]\nallow = [\"sh\"]\n\n{config}")).unwrap();
    let killed = machine.say(&service, &["run", "letter"]);
    assert_eq!(killed.code, -1, "killed by a signal: {}", killed.stderr);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0].clone();
    assert_eq!(run["status"], "interrupted");
    let run = run["run"].as_str().unwrap().to_owned();
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stdout.contains(&format!("  relwf resume {run}  go on\n")), "{}", shown.stdout);
    let said = machine.say(&service, &["resume", &run]);
    (service, run, said)
}

#[test]
fn the_operator_is_asked_and_says_it_happened() {
    let machine = Machine::new();
    let (service, run, said) = doubtful(&machine);
    said.exits(4);
    let settle = format!("  relwf resume {run} --settle 'send#0=done:{{\"status\":…,\"stdout\":…,\"stderr\":…}}'");
    assert!(said.stderr.contains(&settle), "{}", said.stderr);
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stdout.contains(&settle), "{}", shown.stdout);
    assert!(said.stderr.contains("then settle it or abandon the run\n"), "no remote is to be asked: {}", said.stderr);
    // The workflow goes on with the status: a bare word would have it fail for good.
    let bare = machine.say(&service, &["resume", &run, "--settle", "send#0=done"]);
    bare.exits(2);
    assert!(bare.stderr.contains("goes on with what sh::run answered"), "{}", bare.stderr);
    assert!(bare.stderr.contains("--settle 'send#0=done:{"), "{}", bare.stderr);
    let half = machine.say(&service, &["resume", &run, "--settle", r#"send#0=done:{"stdout":""}"#]);
    half.exits(2);
    assert!(half.stderr.contains("lacks: status, stderr"), "{}", half.stderr);
    let nobody = machine.say(&service, &["resume", &run, "--settle", "nobody=absent"]);
    nobody.exits(2);
    assert!(nobody.stderr.contains("`nobody` is not the key of a command"), "{}", nobody.stderr);
    let wrong = machine.say(&service, &["resume", &run, "--settle", "send#0=maybe"]);
    wrong.exits(2);
    let done =
        machine.say(&service, &["resume", &run, "--settle", r#"send#0=done:{"status":0,"stdout":"","stderr":""}"#]);
    done.exits(0);
    assert!(done.stderr.contains("the letter is out: 0"), "{}", done.stderr);
    assert_eq!(fs::read_to_string(service.join("letters")).unwrap(), "sent\n", "sent once");
    let story = machine.say(&service, &["show", &run, "--json"]).exits(0).json();
    let command = &story["commands"][0];
    assert_eq!((&command["key"], &command["state"]), (&json!("send#0"), &json!("done")));
    assert_eq!(command["actor"], "Robin Sample <robin@orders.example>");
}

#[test]
fn a_command_to_be_typed_is_quoted_whatever_the_step_is_called() {
    let machine = Machine::new();
    let (service, run, said) = doubtful_in(&machine, &LETTER.replace("\"send\"", "\"it's\""));
    said.exits(4);
    let bare = machine.say(&service, &["resume", &run, "--settle", "it's#0=done"]);
    bare.exits(2);
    assert!(bare.stderr.contains(r"write --settle 'it'\''s#0=done:{"), "{}", bare.stderr);
}

#[test]
fn the_operator_says_it_did_not_happen_and_it_is_done_again() {
    let machine = Machine::new();
    let (service, run, said) = doubtful(&machine);
    said.exits(4);
    let again = machine.say(&service, &["resume", &run, "--settle", "send#0=absent"]);
    assert_eq!(again.code, -1, "performed again, and killed again: {}", again.stderr);
    assert_eq!(fs::read_to_string(service.join("letters")).unwrap(), "sent\nsent\n", "sent a second time");
    machine.say(&service, &["resume", &run]).exits(4);
    let story = machine.say(&service, &["show", &run, "--json"]).exits(0).json();
    assert_eq!(story["commands"][0]["state"], "unsettled", "the operator's word was for one attempt only: {story}");
}
