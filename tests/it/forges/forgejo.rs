//! Promotions on Forgejo.

use super::stage::Stage;
use crate::support::forgejo::{Jo, Protected};
use crate::support::github::Play;
use crate::support::hosted::project::State;
use crate::support::hosted::{Fault, Rights};

/// The status `unit` on pull requests.
fn stage(unit: Play) -> Stage<Jo> {
    let stage = Stage::forgejo();
    stage.forge.with_project(|project| project.on_change("unit", unit));
    stage
}

fn by_merge(contexts: &[&str]) -> Protected {
    let contexts = contexts.iter().map(|&context| context.to_owned()).collect();
    Protected { push: Rights::Admin, merge: Rights::Write, contexts }
}

#[test]
fn a_promotion_lands_by_push_and_is_marked_as_merged() {
    let stage = stage(Play::GreenAfter(2));
    let said = stage.promote();
    said.exits(0);
    let (change, commit) = stage.landed();
    assert_eq!(commit, change.head_commit, "the commit itself landed");
    assert!(said.stderr.contains("unit is pending"), "{}", said.stderr);
    let marked = stage.forge.requests().into_iter().find(|seen| seen.target.ends_with("/merge")).unwrap();
    assert_eq!(marked.body["Do"], "manually-merged");
    stage.promote().exits(0);
    assert_eq!(stage.changes().len(), 1, "there is nothing more to promote");
}

#[test]
fn where_marking_as_merged_is_forbidden_the_pull_request_is_closed() {
    let stage = stage(Play::Green);
    stage.forge.with(|jo| jo.styles = vec!["merge"]);
    stage.promote().exits(0);
    assert_eq!(stage.git(&["rev-parse", "staging^{tree}"]), stage.git(&["rev-parse", "master^{tree}"]));
    assert_eq!(stage.changes()[0].state, State::Closed);
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "", "the branch is gone");
}

/// By a merge commit, or by a fast-forward to the tested commit itself; a moment after "Please try again later".
#[test]
fn where_pushes_are_forbidden_forgejo_merges() {
    for (styles, itself) in [
        (vec!["merge", "squash"], false),
        (vec!["merge", "fast-forward-only"], true),
        (vec!["fast-forward-only"], true),
    ] {
        let stage = stage(Play::Green);
        stage.forge.protect("staging", by_merge(&["unit"]));
        stage.forge.with(|jo| jo.styles.clone_from(&styles));
        stage.promote().exits(0);
        let (change, commit) = stage.landed();
        assert_eq!(commit == change.head_commit, itself, "{styles:?}");
        assert_eq!(stage.forge.count("POST", "/merge"), 2, "the first one was too early");
    }
}

/// What the forge merged has its tests on the change's head: exactly the same files.
#[test]
fn what_forgejo_merged_goes_on_to_production() {
    let stage = stage(Play::Green);
    stage.forge.protect("staging", by_merge(&["unit"]));
    stage.promote().exits(0);
    let (_, landed) = stage.landed();
    stage.relwf(&["run", "promote-production"]).exits(0);
    assert_eq!(stage.git(&["rev-parse", "production^2"]), landed);
}

#[test]
fn red_stops_and_so_does_red_behind_a_pattern() {
    let red = stage(Play::RedAfter(2));
    let said = red.promote();
    said.exits(1);
    red.nothing_landed();
    assert!(said.stderr.contains("these checks are red: unit"), "{}", said.stderr);
    assert_eq!(red.changes()[0].state, State::Open, "people look at it");

    let pattern = stage(Play::Green);
    pattern.forge.protect("staging", by_merge(&["ci/*"]));
    pattern.forge.with_project(|project| {
        project.on_change("ci/lint", Play::Green);
        project.on_change("ci/test", Play::RedAfter(1));
    });
    let said = pattern.promote();
    said.exits(1);
    pattern.nothing_landed();
    assert!(said.stderr.contains("these checks are red: ci/*") && said.stderr.contains("ci/test"), "{}", said.stderr);
}

#[test]
fn a_head_that_another_push_moved_does_not_land() {
    let waiting = stage(Play::Pending);
    let said = waiting.while_waiting(|stage| {
        let change = stage.changes().remove(0);
        stage.forge.another_push(&change.head, "more", "x\n");
    });
    said.exits(1);
    waiting.nothing_landed();
    assert!(said.stderr.contains("moved"), "{}", said.stderr);
}

#[test]
fn a_repository_that_only_squashes_takes_a_push_but_no_merge() {
    let pushes = stage(Play::Green);
    pushes.forge.with(|jo| jo.styles = vec!["squash", "manually-merged"]);
    pushes.promote().exits(0);
    let (change, commit) = pushes.landed();
    assert_eq!(commit, change.head_commit);

    let squashes = stage(Play::Green);
    squashes.forge.with(|jo| jo.styles = vec!["squash", "rebase"]);
    squashes.forge.protect("staging", by_merge(&[]));
    let said = squashes.promote();
    said.exits(1);
    squashes.nothing_landed();
    assert!(said.stderr.contains("the forge would squash or rebase"), "{}", said.stderr);
    assert_eq!(squashes.forge.count("POST", "/merge"), 0);
}

#[test]
fn a_token_that_may_neither_push_nor_merge_is_told_before_anything_is_proposed() {
    let stage = stage(Play::Green);
    stage.forge.protect("staging", Protected { merge: Rights::Admin, ..by_merge(&[]) });
    let said = stage.promote();
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("may neither push to staging nor have changes merged into it"), "{}", said.stderr);
    assert!(stage.changes().is_empty());
}

#[test]
fn a_token_without_rights_gets_a_hint_about_what_is_missing() {
    for (token, words) in
        [("t-read", "may read this repository but not write to it"), ("t-none", "shows no project"), ("t-wrong", "")]
    {
        let mut stage = stage(Play::Green);
        stage.token = token;
        let said = stage.promote();
        assert_ne!(said.code, 0, "{token}");
        stage.nothing_landed();
        assert!(said.stderr.to_lowercase().contains(words), "{token}: {}", said.stderr);
        assert!(stage.changes().is_empty());
    }
}

/// The answer to the merge is lost after it was done: nothing is done twice, and the run ends as if it had seen it.
#[test]
fn a_merge_whose_answer_is_lost_is_found_again() {
    let stage = stage(Play::Green);
    stage.forge.protect("staging", by_merge(&[]));
    stage.forge.with_project(|project| project.computing = 0);
    stage.forge.fault("POST", "/merge", 1, Fault::DoneThenReset);
    stage.promote().exits(0);
    stage.landed();
    assert_eq!(stage.forge.count("POST", "/merge"), 1);
}

#[test]
fn pages_of_statuses_are_read_to_their_end() {
    let stage = stage(Play::Green);
    // Newer ones push `unit` onto the third page.
    stage.forge.with_project(|project| (0..120).for_each(|n| project.on_change(&format!("job {n}"), Play::Green)));
    stage.promote().exits(0);
    stage.landed();
    assert!(stage.forge.count("GET", "page=3") >= 1);
}
