//! `relwf doctor --live`: what would stop a landing, found without changing anything.

use super::stage::{PR, Stage};
use crate::support::github::Protection;

#[test]
fn it_says_how_a_promotion_would_land() {
    let stage = Stage::new();
    let doctor = |stage: &Stage| stage.relwf(&["doctor", "--live"]);
    let said = doctor(&stage);
    let text = &said.exits(0).stdout;
    assert!(text.contains(&format!("on staging: by a leased push, after {PR}")), "{text}");
    assert!(text.contains("travis can be read"), "{text}");
    let rules = Protection { required: vec!["unit".to_owned()], only_by_change: true, ..Protection::default() };
    stage.github.protect("staging", rules);
    let said = doctor(&stage);
    let text = &said.exits(0).stdout;
    assert!(text.contains(&format!("by the forge's own merge, after {PR}, unit")), "{text}");
    assert!(stage.github.requests().iter().all(|seen| seen.method == "GET"));
}

#[test]
fn it_finds_what_would_stop_one() {
    let mut stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    stage.github.allow_only(&["squash"]);
    let doctor = |stage: &Stage| stage.relwf(&["doctor", "--live"]);
    let said = doctor(&stage);
    assert!(said.exits(1).stdout.contains("the forge would squash or rebase"), "{}", said.stdout);
    stage.token = "t-read";
    let said = doctor(&stage);
    assert!(said.exits(1).stdout.contains("may read this repository, and not write to it"), "{}", said.stdout);
    stage.github.revoke("t-read");
    let said = doctor(&stage);
    assert!(said.exits(1).stdout.contains("Bad credentials"), "{}", said.stdout);
}

#[test]
fn a_landing_that_no_check_holds_up_is_odd() {
    let stage = Stage::new();
    let file = stage.project.join("relwf.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&format!("checks = [\"{PR}\"]"), "checks = []")).unwrap();
    let said = stage.relwf(&["doctor", "--live"]);
    assert!(said.exits(0).stdout.contains("by a leased push, and no check is waited for"), "{}", said.stdout);
    assert!(said.stdout.contains("name them in `checks` of the environment `staging`"), "{}", said.stdout);
}
