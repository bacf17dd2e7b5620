//! Others work here too: the target moves, the change is closed, the server limits requests.

use super::stage::Stage;
use crate::support::github::Play;
use crate::support::hosted::project::State;
use crate::support::hosted::{Fault, Service};

/// Where the target moves while relwf waits, the merge is made again on it, and the first change is closed with the reason.
fn target_moves<S: Service + Sync>(stage: &Stage<S>) {
    stage.forge.with_project(|project| project.on_change("unit", Play::Pending));
    let said = stage.while_waiting(|stage| {
        stage.forge.with_project(|project| project.plans.iter_mut().for_each(|plan| plan.play = Play::Green));
        stage.forge.another_push("staging", "hotfix", "x\n");
    });
    said.exits(0);
    let changes = stage.changes();
    let states: Vec<bool> = changes.iter().map(|change| change.state == State::Closed).collect();
    assert_eq!(states, [true, false], "{changes:?}");
    assert!(matches!(changes[1].state, State::Merged(_)));
    assert!(stage.comments()[0].contains("Merged again"), "{:?}", stage.comments());
    assert!(stage.git(&["ls-tree", "--name-only", "staging"]).contains("hotfix"));
    assert_eq!(
        stage.git(&["rev-parse", "staging^1"]),
        stage.git(&["log", "-1", "--format=%H", "staging", "--", "hotfix"])
    );
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "", "both branches are gone");
}

/// Where the change is closed on the forge, nothing lands.
fn closed<S: Service + Sync>(stage: &Stage<S>) {
    stage.forge.with_project(|project| project.on_change("unit", Play::Pending));
    let said = stage.while_waiting(|stage| {
        stage
            .forge
            .with_project(|project| project.changes.values_mut().for_each(|change| change.state = State::Closed));
    });
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("change 1 was closed on the forge"), "{}", said.stderr);
}

/// A server that is away for a moment, or wants a rest, is waited for.
fn rests<S: Service + Sync>(stage: &Stage<S>) {
    stage.forge.with_project(|project| project.on_change("unit", Play::GreenAfter(2)));
    stage.forge.fault("GET", "/statuses", 2, Fault::broken(502));
    stage.forge.fault("POST", "", 1, Fault::too_many(1));
    stage.forge.fault("GET", "/branches/", 1, Fault::Truncate);
    stage.promote().exits(0);
    stage.landed();
}

/// A list whose next page is on another server gives nothing away.
fn astray<S: Service + Sync>(stage: &Stage<S>) {
    stage.forge.with_project(|project| project.on_change("unit", Play::Green));
    let link = "<http://localhost:1/next>; rel=\"next\"".to_owned();
    stage.forge.fault("GET", "/statuses", 1, Fault::Header("link", link));
    let said = stage.promote();
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("the next page of the list is on another server"), "{}", said.stderr);
}

#[test]
fn on_gitlab_a_target_that_moves_gets_a_new_merge() {
    let stage = Stage::gitlab();
    stage.forge.with_project(|project| project.on_push("staging", "deploy", Play::Green));
    target_moves(&stage);
}

#[test]
fn on_forgejo_a_target_that_moves_gets_a_new_merge() {
    target_moves(&Stage::forgejo());
}

#[test]
fn on_gitlab_a_closed_change_does_not_land() {
    closed(&Stage::gitlab());
}

#[test]
fn on_forgejo_a_closed_change_does_not_land() {
    closed(&Stage::forgejo());
}

#[test]
fn on_gitlab_a_server_gets_its_rest() {
    let stage = Stage::gitlab();
    stage.forge.with_project(|project| project.on_push("staging", "deploy", Play::Green));
    rests(&stage);
}

#[test]
fn on_forgejo_a_server_gets_its_rest() {
    rests(&Stage::forgejo());
}

#[test]
fn on_gitlab_no_page_is_read_elsewhere() {
    astray(&Stage::gitlab());
}

#[test]
fn on_forgejo_no_page_is_read_elsewhere() {
    astray(&Stage::forgejo());
}
