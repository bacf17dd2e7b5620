//! The pull request is changed by others: another base, a squash, a rebase. Nothing of that may pass for a landing.

use super::stage::Stage;
use crate::support::github::{Fault, Play, Protection};
use crate::support::travis::Event;

fn by_merge_alone(stage: &Stage) {
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
}

fn retarget(stage: &Stage) {
    stage.github.with(|repo| repo.changes.get_mut(&1).unwrap().base = "production".to_owned());
}

fn tips(stage: &Stage) -> (String, String) {
    (stage.git(&["rev-parse", "staging"]), stage.git(&["rev-parse", "production"]))
}

#[test]
fn a_change_that_is_retargeted_stops_the_wait() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    let before = tips(&stage);
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Pending);
    let said = stage.while_waiting(retarget);
    said.exits(1);
    assert!(said.stderr.contains("change 1 was retargeted to production"), "{}", said.stderr);
    assert!(said.stderr.contains("nothing has landed"), "{}", said.stderr);
    assert_eq!((tips(&stage), stage.github.changes().len()), (before, 1));
}

/// Between two attempts at the merge button: the second one looks again first.
#[test]
fn a_change_that_is_retargeted_before_the_merge_lands_nowhere() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    let before = tips(&stage);
    stage.github.fault("PUT", "/merge", 1, Fault::base_race());
    let said = stage.while_held([stage.github.hold(0, "PUT", "/merge")], |stage, _| retarget(stage));
    said.exits(1);
    assert!(said.stderr.contains("change 1 was retargeted to production"), "{}", said.stderr);
    assert_eq!((tips(&stage), stage.github.changes().len()), (before, 1));
    assert_eq!(stage.github.count("PUT", "/merge"), 1);
}

/// The source is forced past what waits for its checks, or for the merge button.
#[test]
fn a_source_that_was_moved_back_lands_nothing() {
    for by_merge in [false, true] {
        let stage = Stage::new();
        let before = tips(&stage);
        let forced = |stage: &Stage| {
            stage.git(&["update-ref", "refs/heads/master", "master~1"]);
        };
        let said = if by_merge {
            by_merge_alone(&stage);
            stage.github.fault("PUT", "/merge", 1, Fault::base_race());
            stage.while_held([stage.github.hold(0, "PUT", "/merge")], |stage, _| forced(stage))
        } else {
            stage.while_waiting(forced)
        };
        said.exits(1);
        assert!(said.stderr.contains("master was moved meanwhile and no longer has "), "{}", said.stderr);
        assert!(said.stderr.contains("nothing has landed; promote what master has now"), "{}", said.stderr);
        assert_eq!(tips(&stage), before);
    }
}

/// Squashed or rebased by hand while the checks are pending: no waiting, no second pull request.
#[test]
fn a_change_that_is_squashed_or_rebased_stops_at_once() {
    for method in ["squash", "rebase"] {
        let stage = Stage::new();
        stage.travis.plays("acme/service", Event::PullRequest, None, Play::Pending);
        let said = stage.while_waiting(|stage| {
            let path = "/repos/acme/service/pulls/1/merge";
            let body = serde_json::json!({ "merge_method": method });
            let answer = crate::github_fake::ask_as("t-admin", &stage.github, "PUT", path, &body);
            assert_eq!(answer.status, 200);
        });
        said.exits(1);
        let landed = stage.git(&["rev-parse", "--short=10", "staging"]);
        let words = format!("change 1 was squashed or rebased: its commit {landed} is not a merge of");
        assert!(said.stderr.contains(&words) && said.stderr.contains("revert it"), "{}", said.stderr);
        assert!(!said.stderr.contains("merging again"), "{}", said.stderr);
        assert_eq!(stage.github.changes().len(), 1);
    }
}

/// The answer to a merge of something else is lost: what is certain is said as if it had come.
#[test]
fn a_wrong_tree_is_noticed_although_the_answer_was_lost() {
    let stage = Stage::new();
    by_merge_alone(&stage);
    stage.github.hostile_merges();
    stage.github.fault("PUT", "/merge", 1, Fault::DoneThenReset);
    let said = stage.promote();
    said.exits(1);
    for part in ["with other files than were tested", "do not deploy it", "revert-release --param branch=staging"] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
}

/// Everyone who may commit chooses subjects and names: on the forge they are text.
#[test]
fn words_of_commits_notify_no_one_and_close_nothing() {
    let stage = Stage::new();
    let subject = format!("Fixes #12 for @acme/team <!-- {} /close", "and so on ".repeat(40));
    let commit = stage.git(&["commit-tree", "master^{tree}", "-p", "master", "-m", &subject]);
    stage.git(&["update-ref", "refs/heads/master", &commit]);
    stage.workflow(
        "promote-staging",
        "change = flow::step(\"propose\", || forge::propose(#{ commit: merge.commit, target: p.to }));",
        "change = flow::step(\"propose\", || forge::propose(#{ commit: merge.commit, target: p.to, title: git::commit(pick.id).summary }));\n\
         forge::comment(#{ change: change, text: git::commit(pick.id).summary });",
    );
    stage.promote().exits(0);
    let change = stage.github.changes()[0].clone();
    let body = change.body.unwrap();
    assert!(change.title.ends_with("…") && change.title.chars().count() <= 251, "{}", change.title);
    let comments: Vec<String> = stage.github.comments().into_iter().map(|comment| comment.body).collect();
    for text in [body.as_str(), &comments.join("\n")] {
        assert!(text.contains("Fixes") && text.contains("and so on and so on"), "{text}");
        for acts in ["@acme", "#12", "<!-- and"] {
            assert!(!text.contains(acts), "{acts} in {text}");
        }
    }
}
