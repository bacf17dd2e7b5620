//! run, resume, runs, show, approve, abandon.

use crate::support::cli::Machine;
use crate::support::git::{Repo, bytes_but_objects};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn workflow(service: &Path, name: &str, text: &str) {
    fs::write(service.join("workflows").join(format!("{name}.rhai")), text).unwrap();
}

const ASK: &str = r#"//! Asks first.
const WORKFLOW = #{ params: #{ to: #{ type: "branch", value: "staging", help: "where" } }, lock: "to" };
fn run(p) {
    let said = flow::step("ask", || flow::approve("ship it?"));
    flow::note("approved");
    said.reason
}
"#;

#[test]
fn people_read_a_step_by_its_own_name_and_may_type_it() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(
        &service,
        "odd",
        "//! Odd names.\nfn run(p) { flow::step(\"50% of a/b [x]\", || flow::approve(\"ok?\")) }\n",
    );
    let planned = machine.say(&service, &["run", "odd", "--dry-run"]);
    planned.exits(0);
    assert!(planned.stdout.contains("  1. 50% of a/b [x]: flow::approve "), "{}", planned.stdout);
    let said = machine.say(&service, &["run", "odd"]);
    said.exits(3);
    assert!(said.stderr.contains("\n50% of a/b [x]: started\n"), "{}", said.stderr);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stdout.contains("\n50% of a/b [x]\n"), "{}", shown.stdout);
    let story = machine.say(&service, &["show", &run, "--json"]).exits(0).json();
    let (key, step) = (&story["commands"][0]["key"], &story["commands"][0]["step"]);
    assert_eq!((key, step), (&json!("50%25 of a%2fb %5bx%5d#0"), &json!("50%25 of a%2fb %5bx%5d")));
    assert_eq!(&story["journal"].as_array().unwrap().iter().find(|row| row["event"] == "begun").unwrap()["key"], key);
    machine.say(&service, &["approve", &run, "--key", "50% of a/b#0"]).exits(2);
    machine.say(&service, &["approve", &run, "--key", "50% of a/b [x]#0"]).exits(0);
}

#[test]
fn json_events_end_with_run_finished() {
    let machine = Machine::new();
    let service = machine.service();
    let said = machine.say(&service, &["run", "promote-staging", "--json"]);
    said.exits(0);
    assert_eq!(said.stderr, "");
    let events = said.json_lines();
    assert_eq!(events[0]["event"], "run-started");
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["status"]), (&json!("run-finished"), &json!("done")));
    assert_eq!(last["workflow"], "promote-staging");
    assert_eq!(last["value"]["branch"], "staging");
    assert_eq!(last["run"], events[0]["run"]);
}

#[test]
fn a_dry_run_shows_everything_and_changes_nothing() {
    let machine = Machine::new();
    let service = machine.service();
    // A mirror is there already: what a dry run would have to leave alone.
    machine.say(&service, &["doctor"]);
    let remote = bytes_but_objects(&machine.path("demo/remote.git"));
    let cache = bytes_but_objects(&machine.home().join(".cache/relwf"));
    let said = machine.say(&service, &["run", "promote-staging", "--dry-run"]);
    said.exits(0);
    for part in [
        "clean\n",
        "\n11 commits, and their merge\n",
        "\nM Gopkg.lock\n",
        "\nsdk        0.16.4 ",
        "\nplan: ",
        "git::merge  workflows/promote-staging.rhai:",
        "forge::land  workflows/promote-staging.rhai:",
    ] {
        assert!(said.stdout.contains(part), "{part:?} is not in\n{}", said.stdout);
    }
    assert_eq!(bytes_but_objects(&machine.path("demo/remote.git")), remote);
    assert_eq!(bytes_but_objects(&machine.home().join(".cache/relwf")), cache);
    let events = machine.say(&service, &["run", "promote-staging", "--dry-run", "--json"]).exits(0).json_lines();
    let last = events.last().unwrap();
    assert_eq!(last["status"], "planned");
    let plan = last["plan"].as_array().unwrap();
    for item in plan {
        for key in ["key", "step", "command", "args", "at", "assumed"] {
            assert!(item.get(key).is_some(), "{key} is missing in {item}");
        }
    }
    assert!(plan.iter().any(|item| item["command"] == "forge::land"), "{plan:?}");
    // A dry run is no run.
    assert_eq!(machine.say(&service, &["runs", "--json"]).exits(0).json(), json!({"runs": []}));
}

#[test]
fn an_approval_suspends_and_goes_on_once_it_is_given() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "ask", ASK);
    let said = machine.say(&service, &["run", "ask"]);
    said.exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    assert!(said.stderr.contains(&format!("  relwf approve {run} ")), "{}", said.stderr);
    assert!(said.stderr.contains(&format!("suspended: run {run} waits: approval: ship it?")), "{}", said.stderr);

    // The target stays locked, and the next run names the one that locked it.
    let other = machine.say(&service, &["run", "promote-staging"]);
    other.exits(1);
    assert!(other.stderr.contains(&run), "{}", other.stderr);

    let still = machine.say(&service, &["resume", &run]);
    still.exits(3);
    machine.say(&service, &["approve", &run[..8], "--reason", "looks good"]).exits(0);
    let twice = machine.say(&service, &["approve", &run, "--deny"]);
    assert_ne!(twice.code, 0, "the first decision counts");
    let done = machine.say(&service, &["resume", "--all"]);
    done.exits(0);
    assert!(done.stderr.contains("note: approved\n"), "{}", done.stderr);
    assert!(done.stderr.contains(": looks good (run "), "{}", done.stderr);
    let over = machine.say(&service, &["resume", &run]);
    over.exits(2);
    let story = machine.say(&service, &["show", &run, "--json"]).exits(0).json();
    assert_eq!((&story["status"], &story["commands"][0]["state"]), (&json!("done"), &json!("done")));
    assert_eq!(story["commands"][0]["command"], "flow::approve");
}

/// Lets `sh::run` start a shell.
fn allow_sh(service: &Path) {
    let config = fs::read_to_string(service.join("relwf.toml")).unwrap();
    fs::write(service.join("relwf.toml"), format!("[sh]\nallow = [\"sh\"]\n\n{config}")).unwrap();
}

fn newest(machine: &Machine, service: &Path) -> String {
    machine.say(service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned()
}

#[test]
fn show_says_how_an_interrupted_run_goes_on() {
    let machine = Machine::new();
    let service = machine.service();
    allow_sh(&service);
    // ctrl-C, a polite kill, and a terminal that is closed.
    for signal in ["INT", "TERM", "HUP"] {
        let kill = format!("kill -{signal} $PPID; exec sleep 60");
        let stop = format!("fn run(p) {{ sh::run(#{{ argv: [\"sh\", \"-c\", \"{kill}\"], effect: false }}); }}");
        workflow(&service, "stop", &format!("//! Is stopped.\n{stop}\n"));
        machine.say(&service, &["run", "stop"]).exits(130);
    }
    let run = newest(&machine, &service);
    let shown = machine.say(&service, &["show", &run]);
    let end = format!("\ninterrupted: nothing is lost\n  relwf resume {run}  go on\n");
    assert!(shown.exits(0).stdout.ends_with(&end), "{}", shown.stdout);
    let story = machine.say(&service, &["show", &run, "--json"]).json();
    assert_eq!(story["error"]["hint"], format!("`relwf resume {run}` goes on where it stopped"));
}

#[test]
fn a_process_whose_run_was_abandoned_says_so() {
    let machine = Machine::new();
    let service = machine.service();
    allow_sh(&service);
    let abandon = format!("{} abandon $RELWF_RUN --reason superseded", env!("CARGO_BIN_EXE_relwf"));
    let body = format!(r#"fn run(p) {{ sh::run(#{{ argv: ["sh", "-c", "{abandon}"], effect: true }}); }}"#);
    workflow(&service, "give-up", &format!("//! Abandons itself.\n{body}\n"));
    let said = machine.say(&service, &["run", "give-up"]);
    said.exits(1);
    let run = newest(&machine, &service);
    let by = "Robin Sample <robin@orders.example>";
    assert!(said.stderr.contains(&format!("run {run} was abandoned by {by}: superseded\n")), "{}", said.stderr);
    assert!(!said.stderr.contains("epoch"), "{}", said.stderr);
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stdout.contains(&format!("\nabandoned by {by}, 2")), "{}", shown.stdout);
    assert!(shown.stdout.contains("UTC: superseded\n"), "{}", shown.stdout);
}

#[test]
fn show_says_what_is_waited_for_and_who_decided() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "ask", ASK);
    machine.say(&service, &["run", "ask"]).exits(3);
    let run = newest(&machine, &service);
    let shown = machine.say(&service, &["show", &run]);
    let end = format!("\nwaiting: approval: ship it?\n  relwf approve {run}");
    assert!(shown.stdout.contains(&end) && !shown.stdout.contains("error:"), "{}", shown.stdout);
    machine.say(&service, &["approve", &run, "--reason", "looks good"]).exits(0);
    let decided = |text: &str| {
        let line = text.lines().find(|line| line.contains("flow::approve")).unwrap().to_owned();
        assert!(line.contains("flow::approve: approved by Robin Sample <robin@orders.example>, 2"), "{text}");
        assert!(line.ends_with(" UTC: looks good"), "{text}");
    };
    let shown = machine.say(&service, &["show", &run]);
    decided(&shown.stdout);
    let end = format!("\n\n  relwf resume {run}  go on with the decision\n");
    assert!(shown.stdout.ends_with(&end) && !shown.stdout.contains("relwf approve"), "{}", shown.stdout);
    machine.say(&service, &["resume", &run]).exits(0);
    decided(&machine.say(&service, &["show", &run]).stdout);

    workflow(&service, "nap", "//! Sleeps.\nfn run(p) { flow::sleep(\"2h\") }\n");
    machine.say(&service, &["run", "nap"]).exits(3);
    let run = newest(&machine, &service);
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stdout.contains("\nwaiting: sleeping until 2"), "{}", shown.stdout);
    assert!(shown.stdout.ends_with(&format!("  relwf resume {run}  look again\n")), "{}", shown.stdout);
}

#[test]
fn of_a_change_that_does_not_exist_it_is_said_where_those_are_that_do() {
    let machine = Machine::new();
    let service = machine.service();
    let said = machine.say(&service, &["run", "close-change", "--param", "change=77", "--param", "reason=x"]);
    said.exits(1);
    assert!(said.stderr.contains("error: there is no change 77\n"), "{}", said.stderr);
    let hints: Vec<&str> = said.stderr.lines().filter(|line| line.starts_with("hint: ")).collect();
    assert_eq!(hints, ["hint: `relwf changes` lists those that relwf has open"]);
    let listed = machine.say(&service, &["changes"]);
    listed.exits(0);
    assert!(listed.stdout.contains("no change open"), "{}", listed.stdout);
}

#[test]
fn of_two_approvals_each_has_its_command() {
    let machine = Machine::new();
    let service = machine.service();
    let both = r#"fn run(p) { flow::parallel("ask", ["it's", "b"], |who| flow::approve("ship " + who + "?")); }"#;
    workflow(&service, "both", &format!("//! Asks two.\n{both}\n"));
    let said = machine.say(&service, &["run", "both"]);
    said.exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let commands =
        [format!("  relwf approve {run} --key 'ask[b]#0'"), format!("  relwf approve {run} --key 'ask[it'\\''s]#0'")];
    let each = |text: &str| {
        for command in &commands {
            assert!(text.contains(command), "{command} is not in\n{text}");
        }
    };
    each(&said.stderr);
    assert!(said.stderr.contains(" waits: approval: ship b?\n  and: approval: ship it's?\n"), "{}", said.stderr);
    assert!(machine.say(&service, &["runs"]).stdout.contains("approval: ship b?; approval: ship it's?"));
    let shown = machine.say(&service, &["show", &run]);
    each(&shown.exits(0).stdout);
    assert!(shown.stdout.contains("  … flow::approve (key ask[b]#0)\n"), "{}", shown.stdout);
    let unnamed = machine.say(&service, &["approve", &run]);
    each(&unnamed.exits(2).stderr);
    // Once one is decided, the other is the one that is meant.
    machine.say(&service, &["approve", &run, "--key", "ask[it's]#0"]).exits(0);
    let shown = machine.say(&service, &["show", &run]);
    assert!(shown.stdout.contains(&format!("  relwf approve {run} ")), "{}", shown.stdout);
    assert!(!shown.stdout.contains("--key"), "{}", shown.stdout);
    machine.say(&service, &["approve", &run]).exits(0);
    let late = machine.say(&service, &["approve", &run]);
    assert!(late.exits(1).stderr.contains("has already approved it; the first decision counts"), "{}", late.stderr);
    machine.say(&service, &["resume", &run]).exits(0);
}

#[test]
fn a_refusal_is_exit_1_and_an_abandoned_run_stays_over() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "ask", ASK);
    machine.say(&service, &["run", "ask"]).exits(3);
    let id = |machine: &Machine| {
        machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned()
    };
    let run = id(&machine);
    machine.say(&service, &["approve", &run, "--deny", "--reason", "error rate"]).exits(0);
    let said = machine.say(&service, &["resume", &run]);
    said.exits(1);
    assert!(said.stderr.contains("refused: error rate"), "{}", said.stderr);

    machine.say(&service, &["run", "ask"]).exits(3);
    let run = id(&machine);
    machine.say(&service, &["abandon", &run, "--reason", "superseded"]).exits(0);
    assert_eq!(machine.say(&service, &["runs", "--json"]).json()["runs"][0]["status"], "abandoned");
    machine.say(&service, &["resume", &run]).exits(2);
    machine.say(&service, &["abandon", &run, "--reason", "again"]).exits(2);
    machine.say(&service, &["run", "ask"]).exits(3);
}

#[test]
fn a_run_goes_on_with_what_it_began_with() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "ask", ASK);
    machine.say(&service, &["run", "ask"]).exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    machine.say(&service, &["approve", &run, "--reason", "ok"]).exits(0);
    // Today's files ask for something else: that is said before anything is done.
    workflow(&service, "ask", &ASK.replace("ship it?", "ship something else?"));
    let new = machine.say(&service, &["resume", &run, "--script", "new", "--json"]);
    new.exits(1);
    assert_eq!(new.json_lines().last().unwrap()["error"]["kind"], "diverged");
    let new = machine.say(&service, &["resume", &run, "--script", "new"]);
    new.exits(1);
    assert!(new.stderr.contains(&format!("stopped: run {run} is where it was\n")), "{}", new.stderr);
    assert!(!new.stderr.contains("failed: "), "{}", new.stderr);
    // A broken file of today does not matter to a run that has its own.
    workflow(&service, "ask", "fn run(p) {");
    fs::write(service.join("relwf.toml"), "[nonsense]\n").unwrap();
    machine.say(&machine.home(), &["resume", &run]).exits(0);
}

#[test]
fn wrong_arguments_after_run_are_exit_2_and_nothing_is_done() {
    let machine = Machine::new();
    let service = machine.service();
    for (args, part) in [
        (&["run", "promote-stagin"][..], "promote-staging"),
        (&["run", "promote-staging", "-p", "form=master"], "from"),
        (&["run", "promote-staging", "-p", "soak=tomorrow"], "tomorrow"),
        (&["run", "promote-staging", "-p", "from"], "NAME=VALUE"),
        (&["show", "r9"], "r9"),
        (&["resume", "r9"], "r9"),
        (&["approve", "r9"], "r9"),
    ] {
        let said = machine.say(&service, args);
        said.exits(2);
        assert_eq!(said.stdout, "", "{args:?}");
        assert!(said.stderr.starts_with("error: ") && said.stderr.contains(part), "{args:?}: {}", said.stderr);
    }
    assert_eq!(machine.say(&service, &["runs"]).exits(0).stdout, "no runs yet\n");
}

#[test]
fn a_misspelt_function_is_found_before_anything_is_done() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "typo", "//! Typo.\nconst WORKFLOW = #{ params: #{} };\nfn run(p) {\n    git::snyc();\n}\n");
    for args in [&["check", "typo"][..], &["run", "typo"]] {
        let said = machine.say(&service, args);
        said.exits(2);
        assert!(said.stderr.contains(" --> workflows/typo.rhai:4:"), "{}", said.stderr);
        assert!(said.stderr.contains("git::sync"), "did you mean: {}", said.stderr);
        assert!(said.stderr.contains("4 |     git::snyc();"), "{}", said.stderr);
    }
    let json = machine.say(&service, &["run", "typo", "--json"]).exits(2).json();
    assert_eq!(json["error"]["kind"], "script");
    assert!(json["error"]["at"].as_str().unwrap().starts_with("workflows/typo.rhai:4:"), "{json}");
    assert_eq!(machine.say(&service, &["runs"]).stdout, "no runs yet\n");
}

#[test]
fn a_workflow_that_throws_is_exit_1_with_its_place() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(
        &service,
        "fail",
        "//! Fails.\nconst WORKFLOW = #{ params: #{} };\nfn run(p) {\n    throw \"out of coffee\";\n}\n",
    );
    let said = machine.say(&service, &["run", "fail"]);
    said.exits(1);
    // The place alone: what a workflow throws is no mistake in its text.
    assert!(said.stderr.contains("error: out of coffee\n  at workflows/fail.rhai:4:5\n"), "{}", said.stderr);
    assert!(!said.stderr.contains('^') && !said.stderr.contains("throw"), "{}", said.stderr);
    assert!(said.stderr.contains("failed: fail after "), "{}", said.stderr);
}

#[test]
fn a_conflict_stops_the_run_with_exit_1() {
    let machine = Machine::new();
    let service = machine.service();
    let said = machine.say(&service, &["run", "promote-staging", "-p", "from=feature/bursts-per-plan"]);
    said.exits(1);
    assert!(said.stderr.contains("content: server/limits.go"), "{}", said.stderr);
    // A verdict is no error of the script: nothing of its files stands there.
    assert!(said.stderr.contains("\nconflict: ") && !said.stderr.contains(".rhai"), "{}", said.stderr);
}

#[test]
fn a_hook_that_refuses_is_shown_with_the_servers_message() {
    let machine = Machine::new();
    let service = machine.service();
    Repo::at(machine.path("demo/remote.git"))
        .hook("update", "#!/bin/sh\ncase $1 in refs/heads/staging) echo 'staging is frozen' >&2; exit 1;; esac\n");
    let said = machine.say(&service, &["run", "promote-staging"]);
    said.exits(1);
    assert!(said.stderr.contains("  caused by: staging is frozen\n"), "{}", said.stderr);
    assert!(!said.stderr.contains("| staging is frozen"), "said twice: {}", said.stderr);
}

#[test]
fn help_of_a_workflow_shows_its_parameters() {
    let machine = Machine::new();
    let service = machine.service();
    for args in [["run", "promote-staging", "--help"], ["run", "--help", "promote-staging"]] {
        let said = machine.say(&service, &args);
        said.exits(0);
        assert!(said.stdout.starts_with("promote-staging  workflows/promote-staging.rhai\n"), "{}", said.stdout);
        assert!(said.stdout.contains("  soak    duration  = 0m       how long a candidate"), "{}", said.stdout);
    }
    let list = machine.say(&service, &["list", "--json"]).exits(0).json();
    let names: Vec<&Value> = list["workflows"].as_array().unwrap().iter().map(|workflow| &workflow["name"]).collect();
    assert_eq!(
        names,
        [
            "back-merge",
            "close-change",
            "hotfix",
            "land-change",
            "promote-production",
            "promote-staging",
            "redeploy",
            "reland",
            "revert-release",
            "rollback",
            "sign-off",
            "tag-release",
            "update-ppcs"
        ]
    );
    assert_eq!(list["workflows"][4]["params"][0]["type"], "branch");
    // Without a project the embedded ones are listed.
    let bare = machine.say(&machine.home(), &["list"]);
    bare.exits(0);
    assert!(bare.stdout.contains("promote-staging  embedded\n"), "{}", bare.stdout);
}

const HELD_BACK: &str = r#"//! Lands a merge after an approval.
const WORKFLOW = #{ params: #{ to: #{ type: "branch", value: "staging", help: "where" } }, lock: "to" };
fn run(p) {
    git::sync();
    let merge = flow::step("merge", || git::merge(#{ source: "master", target: p.to }));
    flow::step("look", || flow::approve("ship it?"));
    let change = flow::step("propose", || forge::propose(#{ commit: merge.commit, target: p.to }));
    flow::step("land", || forge::land(#{ change: change, commit: merge.commit, target: p.to }))
}
"#;

#[test]
fn a_cache_that_is_deleted_between_merge_and_landing_loses_nothing() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "late", HELD_BACK);
    machine.say(&service, &["run", "late"]).exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let story = machine.say(&service, &["show", &run, "--json"]).json();
    let of = |name: &str| story["commands"].as_array().unwrap().iter().find(|c| c["command"] == name).unwrap();
    let merged = of("git::merge")["value"]["commit"].as_str().unwrap().to_owned();
    machine.say(&service, &["approve", &run]).exits(0);
    fs::remove_dir_all(machine.home().join(".cache/relwf")).unwrap();
    machine.say(&service, &["resume", &run]).exits(0);
    assert_eq!(Repo::at(machine.path("demo/remote.git")).git(&["rev-parse", "staging"]).trim(), merged);
}

#[test]
fn a_reason_of_two_lines_leaves_the_tables_whole() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "ask", ASK);
    machine.say(&service, &["run", "ask"]).exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    machine.say(&service, &["approve", &run, "--deny", "--reason", "not\ntoday"]).exits(0);
    machine.say(&service, &["resume", &run]).exits(1);
    let runs = machine.say(&service, &["runs"]);
    assert_eq!(runs.stdout.lines().count(), 2, "{}", runs.stdout);
    assert!(runs.stdout.ends_with("refused: not today\n"), "{}", runs.stdout);
    assert!(machine.say(&service, &["show", &run]).stdout.contains("flow::approve: "));
}

#[test]
fn the_path_of_a_workflow_is_answered_with_its_name() {
    let machine = Machine::new();
    let service = machine.service();
    let said = machine.say(&service, &["run", "workflows/promote-staging.rhai"]);
    said.exits(2);
    assert!(said.stderr.contains("hint: give its name instead of its file: `promote-staging`"), "{}", said.stderr);
}

#[test]
fn an_operator_between_the_wrong_things_is_reported_without_names_of_the_engine() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "minus", "fn run(p) { let x = \"a\"; x - 1 }\n");
    let said = machine.say(&service, &["run", "minus"]);
    said.exits(1);
    assert!(said.stderr.contains("error: `-` cannot be called with a string, a whole number\n"), "{}", said.stderr);
    assert!(!said.stderr.contains("Dynamic") && !said.stderr.contains("secret"), "{}", said.stderr);
}

#[test]
fn a_list_without_end_stops_soon() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "grow", "fn run(p) { let a = []; loop { a.push(1); } }\n");
    let said = machine.say(&service, &["run", "grow"]);
    said.exits(1);
    assert!(said.stderr.contains("at most 50000 items"), "{}", said.stderr);
}

#[test]
fn a_run_waits_for_a_remote_that_is_away() {
    let machine = Machine::new();
    let service = machine.service();
    workflow(&service, "late", HELD_BACK);
    machine.say(&service, &["run", "late"]).exits(3);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    machine.say(&service, &["approve", &run]).exits(0);
    let (remote, away) = (machine.path("demo/remote.git"), machine.path("demo/away.git"));
    fs::rename(&remote, &away).unwrap();
    let said = machine.say(&service, &["resume", &run]);
    said.exits(2);
    assert!(said.stderr.contains("hint: the run works on this remote: bring it back and resume"), "{}", said.stderr);
    fs::rename(&away, &remote).unwrap();
    machine.say(&service, &["resume", &run]).exits(0);
}

#[test]
fn a_cache_that_is_deleted_under_a_run_is_named_and_the_next_run_works() {
    let machine = Machine::new();
    let service = machine.service();
    let config = fs::read_to_string(service.join("relwf.toml")).unwrap();
    let ci = r#"command = ["sh", "ci/run", "${event}"]"#;
    assert!(config.contains(ci), "{config}");
    let wipe = format!(r#"command = ["rm", "-rf", "{}"]"#, machine.home().join(".cache/relwf").display());
    fs::write(service.join("relwf.toml"), config.replace(ci, &wipe)).unwrap();
    let said = machine.say(&service, &["run", "promote-staging"]);
    said.exits(1);
    assert!(said.stderr.contains("was deleted while relwf worked on it\n"), "{}", said.stderr);
    fs::write(service.join("relwf.toml"), config).unwrap();
    machine.say(&service, &["run", "promote-staging"]).exits(0);
}

/// Replaces what every environment asks for.
fn ask_for(service: &std::path::Path, checks: &str) {
    let file = service.join("relwf.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("checks = [\"relwf/pull_request\"]", &format!("checks = {checks}"))).unwrap();
}

#[test]
fn a_check_is_never_green_by_another_events_build() {
    let machine = Machine::new();
    let service = machine.service();
    ask_for(&service, r#"["relwf/pull_request", "relwf/push"]"#);
    // The tests pass, the deploy does not.
    let config = std::fs::read_to_string(service.join("relwf.toml")).unwrap();
    let command = config.lines().find(|line| line.starts_with("command = [\"sh\", \"ci/run\"")).unwrap();
    let deploy = r#"command = ["sh", "-c", "test $RELWF_EVENT = pull_request"]"#;
    std::fs::write(service.join("relwf.toml"), config.replace(command, deploy)).unwrap();

    let said = machine.say(&service, &["run", "promote-staging"]);
    said.exits(1);
    assert!(said.stderr.contains("the push build of"), "{}", said.stderr);
    assert!(said.stderr.contains("has landed already"), "{}", said.stderr);
    // It is on staging, and its deploy was red: it goes no further.
    let onward = machine.say(&service, &["run", "promote-production"]);
    onward.exits(1);
    assert!(onward.stderr.contains("relwf/push is red"), "{}", onward.stderr);
    // Nor does it where only the tests are asked for: red is never outvoted.
    ask_for(&service, r#"["relwf/pull_request"]"#);
    let candidates = machine.say(&service, &["candidates", "staging", "production"]);
    assert!(candidates.stdout.contains("relwf/push is red"), "{}", candidates.stdout);
}

/// `relwf/push` follows a landing and cannot hold it up: doctor, the dry run and the run agree on that.
#[test]
fn doctor_names_the_checks_that_a_run_waits_for() {
    let machine = Machine::new();
    let service = machine.service();
    ask_for(&service, r#"["relwf/pull_request", "relwf/push"]"#);
    let checks = |text: &str, mark: &str| {
        let line = text.lines().find(|line| line.contains(mark)).unwrap_or_else(|| panic!("no {mark:?} in {text}"));
        let words = line.split([' ', ',']).filter(|word| word.starts_with("relwf/"));
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let doctor = machine.say(&service, &["doctor", "--live"]);
    assert_eq!(checks(&doctor.exits(0).stdout, "on staging: "), ["relwf/pull_request"]);
    let dry = machine.say(&service, &["run", "promote-staging", "--dry-run"]);
    assert_eq!(checks(&dry.exits(0).stdout, "assuming the checks pass"), ["relwf/pull_request"]);
    machine.say(&service, &["run", "promote-staging"]).exits(0);
}

#[test]
fn a_misspelt_check_of_our_own_is_an_error() {
    let machine = Machine::new();
    let service = machine.service();
    ask_for(&service, r#"["relwf/pul_request"]"#);
    let said = machine.say(&service, &["run", "promote-staging"]);
    said.exits(2);
    assert!(said.stderr.contains("nothing reports a check called `relwf/pul_request`"), "{}", said.stderr);
    assert!(said.stderr.contains("did you mean `relwf/pull_request`?"), "{}", said.stderr);
}

#[test]
fn a_failed_wave_says_why() {
    let machine = Machine::new();
    let service = machine.service();
    machine.say(&service, &["run", "promote-staging"]).exits(0);
    machine.say(&service, &["run", "promote-production"]).exits(0);
    std::fs::write(service.join("fleet/update"), "echo no space left on $RELWF_TARGET >&2; exit 3\n").unwrap();
    let said = machine.say(&service, &["run", "update-ppcs"]);
    said.exits(1);
    assert!(said.stderr.contains("no space left on lighthouse"), "{}", said.stderr);
}

#[test]
fn a_dry_run_counts_all_commits_of_a_long_history() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("long"));
    repo.change("a", "0\n");
    repo.git(&["branch", "staging"]);
    let mut import = String::new();
    for number in 1..=1005 {
        let from = if number == 1 { "from refs/heads/master^0\n" } else { "" };
        let who = format!("Ada <ada@example.com> {} +0000", 1_700_001_000 + number);
        import.push_str(&format!(
            "commit refs/heads/master\ncommitter {who}\ndata 2\nc\n{from}M 100644 inline a\ndata <<E\n{number}\nE\n\n"
        ));
    }
    let mut child = std::process::Command::new(crate::support::git::program())
        .arg("-C")
        .arg(&repo.path)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), import.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    repo.git(&["config", "user.name", "Ada"]);
    repo.git(&["config", "user.email", "ada@example.com"]);
    let said = machine.say(&repo.path, &["run", "promote-staging", "--dry-run"]);
    said.exits(0);
    assert!(
        said.stdout.contains("\n1005 commits, and their merge\n") && said.stdout.contains("\n… and 980 more\n"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("  1006 commits\n"), "the merge commit is one of the component's: {}", said.stdout);
}

#[test]
fn runs_are_those_of_the_repository_and_show_takes_the_one_that_is_meant() {
    let machine = Machine::new();
    let service = machine.service();
    let none = machine.say(&service, &["show"]);
    none.exits(2);
    assert!(none.stderr.contains("there are no runs of this repository on this machine yet"), "{}", none.stderr);
    machine.say(&service, &["run", "promote-staging"]).exits(0);
    std::fs::write(service.join("workflows/ask.rhai"), "//! Asks.\nfn run(p) { flow::approve(\"well?\") }\n").unwrap();
    machine.say(&service, &["run", "ask"]).exits(3);
    machine.say(&service, &["run", "promote-staging", "--param", "commit=nothing"]).exits(1);
    let ids = |args: &[&str]| -> Vec<String> {
        let rows = machine.say(&service, &[&["runs", "--json"], args].concat()).json()["runs"].clone();
        rows.as_array().unwrap().iter().map(|row| row["workflow"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[]), ["promote-staging", "ask", "promote-staging"]);
    assert_eq!((ids(&["--open"]), ids(&["--failed"])), (vec!["ask".to_owned()], vec!["promote-staging".to_owned()]));
    assert_eq!(ids(&["--limit", "2"]).len(), 2);
    // The only open one, from another clone of the repository too.
    let clone = machine.path("demo/other");
    crate::support::bench::git(&machine.path("demo"), &["clone", "-q", "remote.git", "other"]);
    for folder in [&service, &clone] {
        let shown = machine.say(folder, &["show"]);
        shown.exits(0);
        assert!(
            shown.stdout.contains(" ask suspended\nstarted ") && shown.stdout.contains(", took "),
            "{}",
            shown.stdout
        );
    }
    let text = machine.say(&clone, &["runs"]).stdout;
    assert!(text.contains("TOOK") && text.lines().count() == 4, "{text}");
}

/// A check that people give holds up a landing until it is given.
#[test]
fn a_sign_off_is_waited_for_and_given_by_a_verb() {
    let machine = Machine::new();
    let service = machine.service();
    let config = std::fs::read_to_string(service.join("relwf.toml")).unwrap();
    let at = config.find("branch = \"staging\"\n").unwrap() + "branch = \"staging\"\n".len();
    let checks = config[at..].lines().take_while(|line| !line.starts_with('[')).find(|line| line.starts_with("checks"));
    let signed = match checks {
        Some(line) => config.replacen(line, "checks = [\"qa/signoff\"]", 1),
        None => format!("{}checks = [\"qa/signoff\"]\n{}", &config[..at], &config[at..]),
    };
    std::fs::write(service.join("relwf.toml"), signed).unwrap();
    let waits = "//! Waits.\nconst WORKFLOW = #{ params: #{ commit: #{ type: \"commit\" } } };\n\
                 fn run(p) { forge::wait_checks(#{ commit: p.commit, target: \"staging\", deadline: \"1s\" }).tested }\n";
    std::fs::write(service.join("workflows/waits.rhai"), waits).unwrap();
    let commit = crate::support::bench::git(&service, &["rev-parse", "origin/master"]);
    let given = format!("commit={commit}");
    let wait = || machine.say(&service, &["run", "waits", "--param", &given]);
    assert!(wait().exits(1).stderr.contains("qa/signoff has not reported"), "it waits");
    let sign =
        |more: &[&str]| machine.say(&service, &[&["sign-off", "qa/signoff", "--commit", &commit], more].concat());
    sign(&["--red", "--reason", "login is slow"]).exits(0);
    let red = wait();
    red.exits(1);
    assert!(red.stderr.contains("qa/signoff") && red.stderr.contains("login is slow"), "{}", red.stderr);
    let signed = sign(&["--reason", "tried on beta"]);
    signed.exits(0);
    let done = signed.stderr.lines().find(|line| line.starts_with("done: ")).unwrap_or_default();
    assert!(done.contains("tried on beta (Robin Sample <robin@orders.example>)"), "{}", signed.stderr);
    wait().exits(0);
    sign(&["--reason", ""]).exits(2);
}
