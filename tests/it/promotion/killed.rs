//! kill -9 between any two requests: `resume` ends the promotion as if nothing had been.

use super::stage::Stage;
use crate::support::github::Protection;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn a_promotion_killed_between_its_requests_ends_as_if_it_had_not_been() {
    // All at once: most of the time is waiting.
    std::thread::scope(|scope| {
        for requests in [1, 4, 5, 7, 10, 13, 16, 19] {
            scope.spawn(move || killed_after(requests));
        }
    });
}

fn killed_after(requests: usize) {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    let mut command = stage.process(&["run", "promote-staging"]);
    let mut relwf = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while stage.github.requests().len() < requests && relwf.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = relwf.kill();
    let ended = relwf.wait().unwrap();
    if !ended.success() {
        stage.relwf(&["resume", "--all"]).exits(0);
    }
    let changes = stage.github.changes();
    assert!(changes.len() == 1 && changes[0].merged.is_some(), "after {requests}: {changes:?}");
    assert_eq!(stage.git(&["rev-list", "--first-parent", "--count", "production..staging"]), "1", "after {requests}");
    assert_eq!(stage.github.comments().len(), 1, "after {requests}");
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "", "after {requests}");
}
