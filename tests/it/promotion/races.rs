//! Others are faster: the target moves while a promotion waits, or at the very moment of the merge.

use super::stage::Stage;
use crate::support::github::{Fault, Play, Protection};
use crate::support::travis::Event;

/// The merge is made again on top of what came between, once, and the change is closed with the reason.
fn landed_anew(stage: &Stage, between: &str) {
    let changes = stage.github.changes();
    let [first, second] = changes.as_slice() else { panic!("two pull requests: {changes:?}") };
    assert!(!first.open && first.merged.is_none() && second.merged.is_some());
    let log = stage.git(&["log", "--first-parent", "--format=%H", "staging"]);
    assert!(log.contains(between), "what came between is still there");
    assert_eq!(stage.git(&["show", "staging:main.go"]), "three");
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "");
}

#[test]
fn a_target_that_moves_before_landing_gets_a_new_merge() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::GreenAfter(4));
    let mut between = String::new();
    let said = stage.while_waiting(|stage| between = stage.github.another_push("staging", "hotfix.go", "fix\n"));
    said.exits(0);
    landed_anew(&stage, &between);
    assert!(
        said.stderr.contains("staging moved meanwhile") && said.stderr.contains("merging again"),
        "{}",
        said.stderr
    );
    let comments: Vec<String> = stage.github.comments().into_iter().map(|comment| comment.body).collect();
    assert!(comments[0].contains("Merged again: staging moved meanwhile"), "{comments:?}");
}

/// Nobody's branch is ever overwritten, not even our own that could not be deleted.
#[test]
fn a_branch_that_cannot_be_deleted_is_left_and_another_one_taken() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::GreenAfter(4));
    let said = stage.while_waiting(|stage| {
        let branch = stage.github.changes()[0].head.clone();
        stage.github.protect(&branch, Protection::default());
        stage.github.another_push("staging", "hotfix.go", "fix\n");
    });
    said.exits(0);
    let changes = stage.github.changes();
    assert_eq!(changes[1].head, format!("{}-2", changes[0].head));
    assert_eq!(stage.git(&["rev-parse", &changes[0].head]), changes[0].head_commit);
    assert!(said.stderr.contains(&format!("the branch {} is kept", changes[0].head)), "{}", said.stderr);
}

#[test]
fn a_target_that_keeps_moving_is_not_chased_for_ever() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Pending);
    // Whenever a change has been proposed.
    let proposals = [0, 0, 0].map(|skip| stage.github.hold_answer(skip, "POST", "/pulls"));
    let said = stage.while_held(proposals, |stage, number| {
        stage.github.another_push("staging", &format!("hotfix-{number}.go"), "fix\n");
    });
    said.exits(1);
    assert!(said.stderr.contains("staging moved meanwhile"), "{}", said.stderr);
    assert_eq!(stage.github.changes().len(), 3);
    assert!(stage.github.changes().iter().all(|change| change.merged.is_none()));
}

fn by_merge_alone(stage: &Stage) {
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
}

/// GitHub says that the base was modified: it really was.
#[test]
fn the_target_moves_while_the_button_is_pressed() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    stage.github.fault("PUT", "/merge", 1, Fault::base_race());
    let mut between = String::new();
    let said = stage.while_held([stage.github.hold(0, "PUT", "/merge")], |stage, _| {
        between = stage.github.another_push("staging", "hotfix.go", "fix\n");
    });
    said.exits(0);
    landed_anew(&stage, &between);
}

/// It says so, and nothing moved: the same merge is asked for again.
#[test]
fn a_race_that_was_none_lands_the_same_merge() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    stage.github.fault("PUT", "/merge", 2, Fault::base_race());
    stage.promote().exits(0);
    assert_eq!(stage.github.changes().len(), 1);
    assert_eq!(stage.github.count("PUT", "/merge"), 3);
}

#[test]
fn a_head_that_moves_while_the_forge_merges_is_noticed() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    stage.github.fault(
        "PUT",
        "/merge",
        1,
        Fault::says(409, "Head branch was modified. Review and try the merge again."),
    );
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("the head of change 1 was moved"), "{}", said.stderr);
    assert_eq!(stage.github.count("PUT", "/merge"), 1);
}

#[test]
fn a_merge_that_is_refused_is_shown_with_the_forges_message() {
    for (status, words) in [(422, "Base does not exist"), (405, "Commits must have verified signatures.")] {
        let stage = Stage::new();
        by_merge_alone(&stage);
        stage.github.fault("PUT", "/merge", 1, Fault::says(status, words));
        let said = stage.promote();
        said.exits(1);
        assert!(said.stderr.contains(words), "{}", said.stderr);
        assert_eq!(stage.github.count("PUT", "/merge"), 1);
    }
}

/// Somebody is faster with the very same button: that is a landing like any other, and it is proven.
#[test]
fn a_change_that_is_merged_by_hand_has_landed() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::GreenAfter(4));
    let said = stage.while_waiting(|stage| {
        let head = stage.github.changes()[0].head_commit.clone();
        let body = serde_json::json!({ "sha": head, "merge_method": "merge" });
        let path = "/repos/acme/service/pulls/1/merge";
        let answer = crate::github_fake::ask_as("t-admin", &stage.github, "PUT", path, &body);
        assert_eq!(answer.status, 200);
    });
    said.exits(0);
    assert_eq!(stage.github.changes().len(), 1);
    let merged = stage.github.changes()[0].merged.clone().unwrap().commit;
    assert_eq!(stage.git(&["rev-parse", "staging"]), merged);
    assert!(said.stderr.contains(&format!("{} landed on staging", &merged[..10])), "{}", said.stderr);
}

/// The same between the look at the change and the look at its branch.
#[test]
fn a_change_that_is_merged_between_two_looks_has_landed() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::GreenAfter(12));
    let said = stage.while_held([stage.github.hold_answer(0, "GET", "/pulls/1")], |stage, _| {
        let head = stage.github.changes()[0].head_commit.clone();
        let body = serde_json::json!({ "sha": head, "merge_method": "merge" });
        let path = "/repos/acme/service/pulls/1/merge";
        assert_eq!(crate::github_fake::ask_as("t-admin", &stage.github, "PUT", path, &body).status, 200);
    });
    said.exits(0);
    assert_eq!(stage.github.changes().len(), 1, "nothing is merged anew");
}

/// Approving takes people their time: the run waits for them, and goes on where it was.
#[test]
fn a_missing_approval_suspends_the_run_until_a_reviewer_has_given_it() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, approvals: 1, ..Protection::default() });
    let said = stage.promote();
    said.exits(3);
    assert!(said.stderr.contains("/acme/service/pull/1) waits for reviewers on the forge"), "{}", said.stderr);
    assert!(said.stderr.contains("At least 1 approving review is required"), "{}", said.stderr);
    stage.relwf(&["resume", "--all"]).exits(3);
    // Nothing is in doubt: it has not landed.
    let run = stage.relwf(&["runs", "--json"]).exits(0).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let word = r#"land#0=done:{"commit":"x","branch":"staging","before":"x","tree":"x"}"#;
    let settled = stage.relwf(&["resume", &run, "--settle", word]);
    settled.exits(2);
    assert!(settled.stderr.contains("is not in doubt"), "{}", settled.stderr);
    stage.github.with(|repo| repo.approved.insert(1));
    stage.relwf(&["resume", "--all"]).exits(0);
    assert_eq!(stage.github.changes().len(), 1);
    assert!(stage.github.changes()[0].merged.is_some());
    let said = stage.relwf(&["doctor", "--live"]);
    assert!(said.stdout.contains("which waits for approvals (1)"), "{}", said.stdout);
}

/// A merge queue would land a merge of its own, which was not tested.
#[test]
fn a_merge_queue_is_refused_before_anything_is_proposed() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { queue: true, only_by_change: true, ..Protection::default() });
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("staging is behind a merge queue"), "{}", said.stderr);
    assert!(stage.github.changes().is_empty());
    let said = stage.relwf(&["doctor", "--live"]);
    assert!(said.stdout.contains("staging is behind a merge queue"), "{}", said.stdout);
}

/// A server that is broken for good at the very button: nothing was merged, and its own words are the reason.
#[test]
fn a_merge_that_never_gets_through_is_no_doubt() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    stage.github.fault("PUT", "/merge", 5, Fault::broken(502));
    let said = stage.promote();
    said.exits(3);
    assert!(said.stderr.contains("answered 502"), "{}", said.stderr);
    assert!(stage.github.changes()[0].merged.is_none());
    stage.relwf(&["resume", "--all"]).exits(0);
    assert!(stage.github.changes()[0].merged.is_some());
}

/// Two operators promote the same on two machines, and the forge merges both changes: the second landing changes nothing and has
/// exactly what was tested.
#[test]
fn two_operators_whose_changes_are_both_merged_both_have_landed() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    let said = stage.while_held([stage.github.hold(0, "PUT", "/merge")], |stage, _| {
        let mut other = stage.process(&["run", "promote-staging", "--param", "accept=missing"]);
        let other = other.env("HOME", stage.machine.path("other-operator")).output().unwrap();
        assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stderr));
    });
    said.exits(0);
    let changes = stage.github.changes();
    assert!(changes.len() == 2 && changes.iter().all(|change| change.merged.is_some()), "{changes:?}");
    assert!(said.stderr.contains("staging moved from") && !said.stderr.contains("do not deploy"), "{}", said.stderr);
    assert_eq!(stage.git(&["rev-parse", "staging^{tree}"]), stage.git(&["rev-parse", "staging^1^{tree}"]));
}

/// The same moment, but what came between is something else: then nobody tested the two together.
#[test]
fn what_landed_on_something_else_is_told_with_the_files_that_differ() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    let said = stage.while_held([stage.github.hold(0, "PUT", "/merge")], |stage, _| {
        stage.github.another_push("staging", "hotfix.go", "fix\n");
    });
    said.exits(1);
    let alarm = "with the wrong parents and other files than were tested: hotfix.go";
    assert!(said.stderr.contains(alarm) && said.stderr.contains("do not deploy it"), "{}", said.stderr);
}
