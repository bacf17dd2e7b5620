//! The way it should go: by push, through the forge's own merge, and what it costs.

use super::stage::{PR, Stage};
use crate::support::github::{Form, Play, Protection};

/// Staging holds a merge commit of what was tested with exactly its files, and everything about it is told and tidied.
fn landed(stage: &Stage) {
    let changes = stage.github.changes();
    let [change] = changes.as_slice() else { panic!("one pull request: {changes:?}") };
    let merged = change.merged.as_ref().expect("it is merged");
    assert_eq!(stage.git(&["rev-parse", "staging"]), merged.commit);
    assert_eq!(stage.git(&["rev-parse", "staging^{tree}"]), stage.git(&["rev-parse", "master^{tree}"]));
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "", "the branch is gone");
    let comments = stage.github.comments();
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(comments[0].body.contains(&format!("staging is at {}", merged.commit)), "{comments:?}");
}

#[test]
fn a_promotion_lands_by_push_exactly_what_was_tested() {
    let stage = Stage::new();
    let said = stage.promote();
    said.exits(0);
    landed(&stage);
    assert!(said.stderr.contains("continuous-integration/travis-ci/pr is pending"), "{}", said.stderr);
    let change = &stage.github.changes()[0];
    assert_eq!(change.merged.as_ref().unwrap().commit, change.head_commit, "the commit itself landed");
    let body = change.body.as_ref().unwrap();
    for part in [
        "Commits (2), and their merge:",
        "main.go: three (Ada)",
        "What is tested here is exactly what lands",
        "<!-- relwf: ",
    ] {
        assert!(body.contains(part), "{part} is not in {body}");
    }
    assert_eq!(stage.github.count("PUT", "/merge"), 0);
    stage.promote().exits(0);
    assert_eq!(stage.github.changes().len(), 1, "there is nothing more to promote");
}

#[test]
fn where_pushes_are_forbidden_the_forge_merges_and_the_result_is_proven() {
    let stage = Stage::new();
    let rules = Protection { required: vec![PR.to_owned()], only_by_change: true, ..Protection::default() };
    stage.github.protect("staging", rules);
    stage.promote().exits(0);
    landed(&stage);
    let change = &stage.github.changes()[0];
    let merged = &change.merged.as_ref().unwrap().commit;
    assert_ne!(*merged, change.head_commit);
    assert_eq!(stage.git(&["rev-parse", "staging^2"]), change.head_commit);
    assert_eq!(stage.git(&["rev-parse", "staging^1"]), stage.git(&["rev-parse", "production"]));
    assert_eq!(stage.github.count("PUT", "/merge"), 1);
}

#[test]
fn a_dry_run_only_looks() {
    let stage = Stage::new();
    let before = stage.git(&["for-each-ref"]);
    let said = stage.relwf(&["run", "promote-staging", "--dry-run"]);
    said.exits(0);
    for part in ["forge::propose", "assuming the checks pass: continuous-integration/travis-ci/pr", "forge::conclude"] {
        assert!(said.stdout.contains(part), "{part} is not in {}", said.stdout);
    }
    assert!(stage.github.requests().iter().all(|seen| seen.method == "GET"), "{:?}", stage.asked());
    assert_eq!(stage.git(&["for-each-ref"]), before);
    stage
        .github
        .protect("staging", Protection { only_by_change: true, methods: vec!["squash"], ..Protection::default() });
    let said = stage.relwf(&["run", "promote-staging", "--dry-run"]);
    said.exits(1);
    assert!(
        said.stderr.contains("would squash") || said.stdout.contains("would squash"),
        "{}{}",
        said.stdout,
        said.stderr
    );
}

/// What the forge does not tell beforehand, its refusal of the push does.
#[test]
fn a_push_that_is_refused_becomes_the_forges_merge() {
    let stage = Stage::new();
    let rules = Protection { only_by_change: true, classic: true, ..Protection::default() };
    stage.github.protect("staging", rules);
    let said = stage.promote();
    said.exits(0);
    landed(&stage);
    assert!(said.stderr.contains("takes no push"), "{}", said.stderr);
}

/// Required by the forge's rules and not by relwf.toml; told as a check run.
#[test]
fn what_the_forges_rules_require_is_waited_for() {
    let stage = Stage::new();
    stage.github.on_change(Form::Run, "unit", Play::GreenAfter(3));
    stage.github.protect("staging", Protection { required: vec!["unit".to_owned()], ..Protection::default() });
    let said = stage.promote();
    said.exits(0);
    assert!(said.stderr.contains("unit is pending"), "{}", said.stderr);
    landed(&stage);
}

#[test]
fn a_promotion_costs_at_most_25_requests_and_one_for_each_poll() {
    let stage = Stage::new();
    stage.github.on_change(Form::Status, "slow", Play::GreenAfter(12));
    let rules = Protection { required: vec!["slow".to_owned()], only_by_change: true, ..Protection::default() };
    stage.github.protect("staging", rules);
    stage.relwf(&["run", "promote-staging", "--json"]).exits(0);
    landed(&stage);
    // The first look asks for both kinds of checks, and the last makes sure with both: what is between them are polls.
    let asked = stage.asked();
    let looks: Vec<usize> = (0..asked.len()).filter(|at| asked[*at].contains("/commits/")).collect();
    let (all, polls) = (asked.len(), looks[looks.len() - 3] - looks[1]);
    assert!(polls >= 12, "{polls} polls");
    assert!(all - polls <= 25, "{all} requests, {polls} of them polls:\n{}", stage.asked().join("\n"));
}
