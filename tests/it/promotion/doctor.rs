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

/// What would be refused only after a build, or after the landing, stops the run before anything is proposed; doctor says the same.
#[test]
fn what_cannot_land_is_told_before_anything_is_proposed() {
    let rules = |change: fn(&mut Protection)| {
        let mut rules = Protection::default();
        change(&mut rules);
        rules
    };
    let table = [
        (Some(rules(|rules| rules.linear = true)), "must have a linear history"),
        (Some(rules(|rules| rules.signed = true)), "takes signed commits only"),
        (Some(rules(|rules| rules.message = Some("OPS-"))), "messages of commits must start with `OPS-`"),
        (Some(rules(|rules| (rules.classic, rules.locked) = (true, true))), "staging is locked"),
        (Some(rules(|rules| (rules.classic, rules.linear) = (true, true))), "must have a linear history"),
        (None, "the repository is archived"),
    ];
    for (rules, words) in table {
        let mut stage = Stage::new();
        // Only administrators read a classic protection.
        stage.token = "t-admin";
        // A pattern alone is no certain stop before there is a message.
        let certain = rules.as_ref().is_none_or(|rules| rules.message.is_none());
        match rules {
            Some(rules) => stage.github.protect("staging", rules),
            None => stage.github.with(|repo| repo.archived = true),
        }
        let said = stage.promote();
        said.exits(1);
        assert!(said.stderr.contains(words), "{words} is not in {}", said.stderr);
        let looked = stage.relwf(&["doctor", "--live"]);
        looked.exits(i32::from(certain));
        assert!(looked.stdout.contains(words), "{words} is not in {}", looked.stdout);
        assert!(stage.github.changes().is_empty());
        assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "");
    }
}

/// What does not bind this login, or cannot be told, stops nothing; the latter is said.
#[test]
fn what_may_be_in_the_way_is_said_and_what_is_bypassed_is_not() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { linear: true, signed: true, bypassed: true, ..Protection::default() });
    stage.promote().exits(0);

    let mut stage = Stage::new();
    stage.token = "t-admin";
    let own = Protection { linear: true, signed: true, classic: true, bypassed: true, ..Protection::default() };
    stage.github.protect("staging", own);
    stage.promote().exits(0);

    let stage = Stage::new();
    stage.github.protect("staging", Protection { deployed: Some("beta"), ..Protection::default() });
    let said = stage.promote();
    said.exits(0);
    assert!(said.stderr.contains("takes only what was deployed to beta before"), "{}", said.stderr);

    let stage = Stage::new();
    stage.github.protect("staging", Protection { classic: true, ..Protection::default() });
    let said = stage.promote();
    said.exits(0);
    assert!(said.stderr.contains("only a token of an administrator may read it"), "{}", said.stderr);
}

/// A linear history refuses merge commits, and a rollback is none.
#[test]
fn a_branch_with_a_linear_history_is_rolled_back() {
    let stage = Stage::new();
    stage.promote().exits(0);
    let files = stage.git(&["rev-parse", "staging^1^{tree}"]);
    stage.github.protect("staging", Protection { linear: true, ..Protection::default() });
    let said = stage.relwf(&["run", "rollback", "--param", "branch=staging", "--param", "reason=login is down"]);
    said.exits(0);
    assert_eq!(stage.git(&["rev-parse", "staging^{tree}"]), files);
    assert_eq!(stage.git(&["rev-list", "--parents", "-1", "staging"]).split(' ').count(), 2);
}

/// The CI that has to be watched is asked before, not when everything has landed.
#[test]
fn a_ci_that_cannot_be_asked_is_found_before_anything_is_proposed() {
    let stage = Stage::new();
    let mut promote = stage.process(&["run", "promote-staging", "--param", "accept=missing"]);
    let said = promote.env("TRAVIS_TOKEN", "wrong").output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(3), "{text}");
    assert!(text.contains("TRAVIS_TOKEN"), "{text}");
    assert!(stage.github.changes().is_empty());
    // The right token is all that was missing.
    stage.relwf(&["resume", "--all"]).exits(0);
}
