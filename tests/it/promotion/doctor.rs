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
    assert!(text.contains("builds       read with `travis`; "), "{text}");
    assert!(text.contains("for Travis: TRAVIS_TOKEN"), "{text}");
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
    assert!(said.exits(1).stdout.contains("may read this repository but not write to it"), "{}", said.stdout);
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
    assert!(said.exits(0).stdout.contains("by a leased push, no checks required"), "{}", said.stdout);
    assert!(said.stdout.contains("name them in `checks` of the environment `staging`"), "{}", said.stdout);
}

/// Git may go by ssh and the API by https: whose token goes there is told all the same, before anything is asked.
#[test]
fn the_token_of_the_api_is_named_where_git_goes_another_way() {
    let stage = Stage::new();
    let text = "[repo]\nurl = \"ssh://git@127.0.0.1:1/acme/service.git\"\n[forge]\nkind = \"github\"\n\
                api = \"https://ghe.example.invalid/api/v3\"\n[ci]\nkind = \"travis\"\n";
    std::fs::write(stage.project.join("relwf.toml"), text).unwrap();
    let said = stage.relwf(&["doctor"]);
    assert!(said.exits(1).stdout.contains("for ghe.example.invalid: GH_ENTERPRISE_TOKEN"), "{}", said.stdout);
    let mut without = stage.process(&["doctor"]);
    let said = without.env_remove("GH_ENTERPRISE_TOKEN").env_remove("TRAVIS_TOKEN").output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("none for Travis"), "{said}");
}
