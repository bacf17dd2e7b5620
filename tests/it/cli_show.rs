//! `relwf show`: what a person who was called at night wants to know of a run.

use crate::support::cli::Machine;
use regex::Regex;
use std::path::Path;

/// What it prints: `#` stands for ids, `@` for addresses of logs, and columns have one space between them.
fn shown(machine: &Machine, service: &Path) -> String {
    let shown = machine.say(service, &["show"]);
    shown.exits(0);
    let steady = [(r"\b[0-9a-f]{10}\b", "#"), (r"file://\S+/ci/\S+", "@"), (" +", " ")];
    steady
        .iter()
        .fold(shown.stdout, |text, (pattern, sign)| Regex::new(pattern).unwrap().replace_all(&text, *sign).into_owned())
}

#[track_caller]
fn has(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "{part:?} in\n{shown}");
    }
}

#[test]
fn a_run_that_landed_tells_what_shipped_and_where_ci_is_seen() {
    let machine = Machine::new();
    let service = machine.service();
    machine.say(&service, &["run", "promote-staging"]).exits(0);
    has(
        &shown(&machine, &service),
        &[
            " UTC by Robin Sample <robin@orders.example>, took ",
            "\n\nlanded: # on staging\nCOMPONENT FROM TO CHANGE\nservice # → # 12 commits\n",
            "\nsdk 0.16.4 → 0.17.0 changed\n",
            "\n\nchecks relwf/pull_request green @\ndeploy push build passed @\n\n",
        ],
    );
}

#[test]
fn a_run_that_did_not_land_tells_what_it_would_have_shipped_and_what_was_accepted() {
    let machine = Machine::new();
    let service = machine.service();
    machine.say(&service, &["run", "promote-staging"]).exits(0);
    let args = ["run", "promote-staging", "--param", "from=feature/refunds", "--param", "accept=missing,foreign"];
    machine.say(&service, &args).exits(1);
    has(
        &shown(&machine, &service),
        &[
            "\n\nnot landed: # on staging\nCOMPONENT FROM TO CHANGE\n",
            "\n\naccepted: staging has 4 commits that feature/refunds lacks: # “agents: retry a batch once”, ",
            "\n\nchecks relwf/pull_request red @\n\n",
            "go on where it failed, once that is green\n",
        ],
    );
}

#[test]
fn a_run_that_waits_tells_what_would_land_and_who_has_decided() {
    let machine = Machine::new();
    let service = machine.service();
    let file = service.join("workflows/promote-staging.rhai");
    let text = std::fs::read_to_string(&file).unwrap();
    let asking = "            checks = flow::step(\"checks\",";
    let text =
        text.replacen(asking, &format!("            flow::step(\"ask\", || flow::approve(\"Now?\"));\n{asking}"), 1);
    std::fs::write(&file, text).unwrap();
    machine.say(&service, &["run", "promote-staging"]).exits(3);
    let waits = shown(&machine, &service);
    has(&waits, &["\n\nwould land: # on staging\nCOMPONENT", "\nwaiting: approval: Now?\n", " relwf approve r"]);
    let run = machine.say(&service, &["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    machine.say(&service, &["approve", &run, "--reason", "looks well"]).exits(0);
    machine.say(&service, &["resume", &run]).exits(0);
    let done = shown(&machine, &service);
    has(
        &done,
        &[
            "\n\nlanded: # on staging\n",
            "flow::approve: approved by Robin Sample <robin@orders.example>, ",
            ": looks well\n",
        ],
    );
}
