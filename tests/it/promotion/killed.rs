//! kill -9 while any request is on its way: `resume` ends the promotion as if nothing had been.

use super::stage::Stage;
use crate::support::github::Protection;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

const SIGKILL: i32 = 9;

#[test]
fn a_promotion_killed_between_its_requests_ends_as_if_it_had_not_been() {
    // All at once: most of the time is waiting.
    std::thread::scope(|scope| {
        for requests in [0, 3, 4, 6, 9, 12, 15, 18] {
            scope.spawn(move || killed_after(requests));
        }
    });
}

/// The first requests are answered; the next one is done by the server, but relwf gets no answer.
fn killed_after(requests: u32) {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    let held = stage.github.hold_answer(requests, "*", "/");
    let mut command = stage.process(&["run", "promote-staging"]);
    let mut relwf = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(held.came());
    relwf.kill().unwrap();
    let ended = relwf.wait().unwrap();
    assert_eq!(ended.signal(), Some(SIGKILL), "after {requests}");
    held.let_go();
    stage.relwf(&["resume", "--all"]).exits(0);
    let changes = stage.github.changes();
    assert!(changes.len() == 1 && changes[0].merged.is_some(), "after {requests}: {changes:?}");
    assert_eq!(stage.git(&["rev-list", "--first-parent", "--count", "production..staging"]), "1", "after {requests}");
    assert_eq!(stage.github.comments().len(), 1, "after {requests}");
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "", "after {requests}");
}
