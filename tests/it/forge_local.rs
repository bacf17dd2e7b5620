//! The local forge: changes and verdicts in the repository itself, under leases.

use crate::support::bench::{Bench, git};
use jiff::Timestamp;
use relwf::forge::{Change, ChangeSearch, ChangeState, Forge, LocalForge, NewChange, Verdict, VerdictState};
use relwf::model::{BranchName, Cancel, CommitId, FailureKind, TaskContext, WriteError};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

fn forge(bench: &Bench) -> LocalForge {
    LocalForge::new(bench.mirror(), bench.now(), None)
}

fn commit(bench: &Bench, rev: &str) -> CommitId {
    bench.at(rev).parse().unwrap()
}

fn new_change(bench: &Bench, marker: &str) -> NewChange {
    NewChange {
        head: commit(bench, "master"),
        head_branch: None,
        base: "staging".parse().unwrap(),
        title: "Promote".to_owned(),
        body: "two\n\nparagraphs".to_owned(),
        marker: marker.to_owned(),
    }
}

fn verdict(context: &str, state: VerdictState) -> Verdict {
    Verdict {
        context: context.to_owned(),
        state,
        description: "said".to_owned(),
        url: None,
        at: Timestamp::from_second(1_760_000_000).unwrap(),
    }
}

macro_rules! task {
    () => {
        TaskContext { cancel: &Cancel::new(), progress: &|_| {} }
    };
}

/// All changes onto a branch, or the one with a marker.
fn onto<'a>(base: &'a BranchName, marker: Option<&'a str>) -> ChangeSearch<'a> {
    ChangeSearch { base, head_branch: None, marker }
}

#[test]
fn a_server_that_takes_no_references_of_relwf_is_told_what_to_allow() {
    let bench = Bench::new();
    let hook = bench.remote().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let script =
        "#!/bin/sh\nwhile read -r old new name; do case $name in refs/relwf/*) echo no room >&2; exit 1;; esac; done\n";
    std::fs::write(&hook, script).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = forge(&bench).open_change(&new_change(&bench, "m1"), task!());
    let Err(WriteError::Refused(failure)) = refused else { panic!("{refused:?}") };
    assert!(failure.message.contains("refs/relwf/changes/1") && failure.causes == ["no room"], "{failure:?}");
    let hint = failure.hint.unwrap_or_default();
    assert!(hint.contains("let the server take pushes of refs/relwf/*"), "{hint}");
    // What the hint says helps.
    std::fs::remove_file(hook).unwrap();
    forge(&bench).open_change(&new_change(&bench, "m1"), task!()).unwrap();
}

#[test]
fn a_change_is_a_tag_on_the_proposed_commit_and_is_found_by_its_marker() {
    let bench = Bench::new();
    let forge = forge(&bench);
    let change = forge.open_change(&new_change(&bench, "m1"), task!()).unwrap();
    let expected = Change {
        number: 1,
        url: None,
        head: commit(&bench, "master"),
        head_branch: None,
        base: "staging".parse().unwrap(),
        state: ChangeState::Open,
        title: "Promote".to_owned(),
        body: "two\n\nparagraphs".to_owned(),
        marker: Some("m1".to_owned()),
        merged_as: None,
    };
    assert_eq!(change, expected);
    assert_eq!(bench.at("refs/relwf/changes/1^{commit}"), bench.at("master"));
    assert_eq!(forge.open_change(&new_change(&bench, "m1"), task!()).unwrap(), expected, "the marker opens it once");
    assert_eq!(forge.open_change(&new_change(&bench, "m2"), task!()).unwrap().number, 2);

    let other_machine = LocalForge::new(bench.mirror(), bench.now(), None);
    let numbers = |marker| -> Vec<u64> {
        let base = "staging".parse().unwrap();
        other_machine.find_changes(&onto(&base, marker), task!()).unwrap().into_iter().map(|c| c.number).collect()
    };
    assert_eq!((numbers(None), numbers(Some("m1")), numbers(Some("m3"))), (vec![2, 1], vec![1], vec![]));
    assert!(other_machine.find_changes(&onto(&"master".parse().unwrap(), None), task!()).unwrap().is_empty());
    assert_eq!(other_machine.change(1, task!()).unwrap(), Some(expected));
    assert_eq!(other_machine.change(7, task!()).unwrap(), None);
}

#[test]
fn states_change_once_and_comments_are_written_once() {
    let bench = Bench::new();
    let forge = forge(&bench);
    forge.open_change(&new_change(&bench, "m1"), task!()).unwrap();
    forge.comment(1, "hello", "c1", task!()).unwrap();
    forge.comment(1, "hello", "c1", task!()).unwrap();
    let message = git(&bench.remote(), &["cat-file", "-p", "refs/relwf/changes/1"]);
    assert_eq!(message.matches("hello").count(), 1, "{message}");

    assert_eq!(forge.close(1, ChangeState::Merged, task!()).unwrap().state, ChangeState::Merged);
    let tag = bench.at("refs/relwf/changes/1");
    assert_eq!(forge.close(1, ChangeState::Merged, task!()).unwrap().state, ChangeState::Merged);
    assert_eq!(bench.at("refs/relwf/changes/1"), tag, "nothing was written the second time");
    let error = forge.close(1, ChangeState::Closed, task!()).unwrap_err();
    assert_eq!(error.to_string(), "change 1 has landed already and cannot be closed");
    let missing = forge.close(9, ChangeState::Closed, task!()).unwrap_err();
    assert!(matches!(missing, WriteError::Refused(failure) if failure.kind == FailureKind::NotFound));
    assert_eq!(bench.at("refs/relwf/changes/1^{commit}"), bench.at("master"));
}

#[test]
fn a_verdict_replaces_the_one_of_its_own_context_only() {
    let bench = Bench::new();
    let forge = forge(&bench);
    let head = commit(&bench, "master");
    assert!(forge.verdicts(head, task!()).unwrap().is_empty());
    let (a, b) = (verdict("a", VerdictState::Pending), verdict("b", VerdictState::Red));
    forge.set_status(head, &a, task!()).unwrap();
    forge.set_status(head, &b, task!()).unwrap();
    let green = verdict("a", VerdictState::Green);
    forge.set_status(head, &green, task!()).unwrap();
    let name = format!("refs/relwf/changes/verdicts/{head}");
    let tag = bench.at(&name);
    forge
        .set_status(head, &Verdict { at: Timestamp::from_second(1_770_000_000).unwrap(), ..green.clone() }, task!())
        .unwrap();
    assert_eq!(bench.at(&name), tag, "the same word again changes nothing, its time neither");
    assert_eq!(forge.verdicts(head, task!()).unwrap(), [green, b]);
    assert!(forge.verdicts(commit(&bench, "staging"), task!()).unwrap().is_empty());
}

#[test]
fn writers_at_once_lose_nothing() {
    let bench = Bench::new();
    let head = commit(&bench, "master");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (forge, bench) = (forge(&bench), &bench);
            scope.spawn(move || {
                for turn in 0..4 {
                    let name = format!("{writer}-{turn}");
                    forge.open_change(&new_change(bench, &name), task!()).unwrap();
                    forge.set_status(head, &verdict(&name, VerdictState::Green), task!()).unwrap();
                }
            });
        }
    });
    let forge = forge(&bench);
    let changes = forge.find_changes(&onto(&"staging".parse().unwrap(), None), task!()).unwrap();
    let mut markers: Vec<String> = changes.iter().filter_map(|change| change.marker.clone()).collect();
    let mut contexts: Vec<String> =
        forge.verdicts(head, task!()).unwrap().into_iter().map(|verdict| verdict.context).collect();
    markers.sort();
    contexts.sort();
    let expected: Vec<String> = (0..4).flat_map(|w| (0..4).map(move |t| format!("{w}-{t}"))).collect();
    assert_eq!((markers, contexts), (expected.clone(), expected));
    let numbers: Vec<u64> = changes.iter().map(|change| change.number).collect();
    assert_eq!(numbers, (1..=16).rev().collect::<Vec<u64>>());
}

#[test]
fn reading_moves_no_reference_and_foreign_references_are_skipped() {
    let bench = Bench::new();
    let writer = forge(&bench);
    writer.open_change(&new_change(&bench, "m1"), task!()).unwrap();
    git(&bench.remote(), &["update-ref", "refs/relwf/changes/2", "master"]);
    let mirror = bench.mirror();
    let before = git(mirror.path(), &["for-each-ref"]);
    let reader = LocalForge::new(Arc::clone(&mirror), bench.now(), None);
    let found = reader.find_changes(&onto(&"staging".parse().unwrap(), None), task!()).unwrap();
    assert_eq!(found.len(), 1, "a branch under a change's name is no change");
    let error = reader.change(2, task!()).unwrap_err();
    assert_eq!(error.to_string(), "refs/relwf/changes/2 on the remote does not hold what relwf writes there");
    assert_eq!(reader.branch(&"staging".parse().unwrap(), task!()).unwrap(), Some(commit(&bench, "staging")));
    assert_eq!(git(mirror.path(), &["for-each-ref"]), before);
}
