//! Leased pushes into repositories on this machine: exactly one winner, the server's own words, nothing lost.

use crate::support::git::{Repo, bytes_of, in_own_process, mirror, no_credentials, quiet, url};
use relwf::git::{Expected, Ident, Keep, Mirror, NewCommit, PushError, RefUpdate};
use relwf::model::{BranchName, CommitId, Failure, FailureKind, ObjectId};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Ground {
    dir: TempDir,
    work: Repo,
    bare: Repo,
    mirror: Mirror,
    tip: CommitId,
}

fn ground() -> Ground {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    let tip = work.change("a.txt", "one\n").parse().unwrap();
    let bare = Repo::bare(dir.path().join("remote.git"));
    work.git(&["push", "-q", bare.path.to_str().unwrap(), "master"]);
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    Ground { dir, work, bare, mirror, tip }
}

/// A commit on top of `parent` that differs by its message.
fn commit(mirror: &Mirror, parent: CommitId, message: &str) -> ObjectId {
    let who = Ident { name: "P".to_owned(), email: "p@x".to_owned(), time: 1_700_000_000, offset_minutes: 0 };
    let tree = mirror.tree(parent).unwrap();
    let message = message.to_owned();
    let new = NewCommit { tree, parents: vec![parent], author: who.clone(), committer: who, message };
    mirror.write_commit(&new).unwrap().object()
}

fn update(name: &str, expected: Option<ObjectId>, new: Option<ObjectId>) -> RefUpdate {
    RefUpdate { name: name.parse().unwrap(), expected: expected.map_or(Expected::Absent, Expected::Id), new }
}

#[test]
fn references_are_made_moved_and_deleted_under_their_lease() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    let (one, old) = (commit(&mirror, tip, "one"), Some(tip.object()));
    mirror.push(&[update("refs/heads/master", old, Some(one))], quiet()).unwrap();
    assert_eq!(bare.git(&["rev-parse", "master"]), one.to_string());
    let master: BranchName = "master".parse().unwrap();
    assert_eq!(mirror.branch(&master).unwrap(), Some(one.into()), "the mirror knows what it pushed");

    let who = Ident { name: "T".to_owned(), email: "t@x".to_owned(), time: 9, offset_minutes: 0 };
    let tag = mirror.write_tag(one, "v1", &who, "notes\n").unwrap();
    // Backwards, a tag object, and a reference of our own, in one push.
    let updates = [
        update("refs/heads/master", Some(one), old),
        update("refs/tags/v1", None, Some(tag)),
        update("refs/relwf/locks/staging", None, Some(one)),
    ];
    mirror.push(&updates, quiet()).unwrap();
    assert_eq!(bare.git(&["rev-parse", "master"]), tip.to_string());
    assert_eq!(bare.git(&["cat-file", "-t", "v1"]), "tag");
    mirror.push(&[update("refs/relwf/locks/staging", Some(one), None)], quiet()).unwrap();
    assert_eq!(bare.refs().lines().count(), 2);
    assert_eq!(bare.git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
    // What is so already is no work, and its lease holds.
    mirror.push(&[update("refs/heads/master", old, old)], quiet()).unwrap();
    mirror.push(&[update("refs/heads/no", None, None)], quiet()).unwrap();
    mirror.push(&[], quiet()).unwrap();
}

#[test]
fn a_lease_that_does_not_hold_changes_nothing() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    let new = Some(commit(&mirror, tip, "new"));
    let before = bytes_of(&bare.path);
    let wrong = Some("1".repeat(40).parse().unwrap());
    for (attempt, found) in [
        (update("refs/heads/master", wrong, new), Some(tip.object())),
        (update("refs/heads/master", None, new), Some(tip.object())),
        (update("refs/heads/other", wrong, new), None),
        (update("refs/heads/master", wrong, None), Some(tip.object())),
        (update("refs/heads/master", wrong, wrong), Some(tip.object())),
    ] {
        if attempt.new == wrong {
            // Nothing to send either, yet the lease is looked at only for what is here.
            assert!(matches!(mirror.push(&[attempt], quiet()), Err(PushError::NotSent(_))));
            continue;
        }
        // One stale lease holds all of them back.
        let both = [update("refs/heads/fresh", None, new), attempt.clone()];
        match mirror.push(&both, quiet()) {
            Err(PushError::Moved { name, expected, found: there }) => {
                assert_eq!((name, expected, there), (attempt.name, attempt.expected, found));
            }
            other => panic!("{attempt:?}: {other:?}"),
        }
    }
    assert_eq!(bytes_of(&bare.path), before);
    let failure: Failure = mirror.push(&[update("refs/heads/master", wrong, new)], quiet()).unwrap_err().into();
    assert_eq!((failure.kind, failure.detail["found"].as_str()), (FailureKind::Moved, Some(&*tip.to_string())));
}

#[test]
fn of_many_at_once_exactly_one_wins() {
    let ground = ground();
    let mut tip = ground.tip;
    for round in 0..5 {
        // All of them have read the same value before one writes.
        ground.bare.meet_before_moving(6);
        let pushed: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..6)
                .map(|n| {
                    let cache = ground.dir.path().join(format!("cache{n}"));
                    let (bare, name) = (&ground.bare.path, format!("{round}/{n}"));
                    scope.spawn(move || {
                        let mirror = mirror(&cache, bare);
                        mirror.sync(quiet()).unwrap();
                        let new = commit(&mirror, tip, &name);
                        let result =
                            mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], quiet());
                        (new, result)
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let winners: Vec<_> = pushed.iter().filter(|(_, result)| result.is_ok()).map(|(new, _)| *new).collect();
        assert_eq!(winners.len(), 1, "{pushed:?}");
        for (_, result) in &pushed {
            match result {
                Ok(()) => {}
                Err(PushError::Moved { found, .. }) => assert_eq!(*found, Some(winners[0])),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(ground.bare.git(&["rev-parse", "master"]), winners[0].to_string());
        tip = winners[0].into();
    }
}

#[test]
fn of_many_that_make_one_reference_exactly_one_wins() {
    let ground = ground();
    ground.bare.meet_before_moving(6);
    let results: Vec<bool> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..6)
            .map(|n| {
                let ground = &ground;
                scope.spawn(move || {
                    let new = commit(&ground.mirror, ground.tip, &n.to_string());
                    match ground.mirror.push(&[update("refs/relwf/locks/x", None, Some(new))], quiet()) {
                        Ok(()) => true,
                        Err(PushError::Moved { .. }) => false,
                        other => panic!("{other:?}"),
                    }
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|won| **won).count(), 1);
}

#[test]
fn a_hook_that_declines_is_quoted() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    bare.hook(
        "pre-receive",
        "echo 'error: GH006: Protected branch update failed' >&2; echo 'Required checks' >&2; exit 1",
    );
    let new = commit(&mirror, tip, "new");
    match mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], quiet()).unwrap_err() {
        PushError::Rejected { name, message, server } => {
            assert_eq!(name.as_str(), "refs/heads/master");
            assert_eq!(message, "pre-receive hook declined");
            assert_eq!(server, ["error: GH006: Protected branch update failed", "Required checks"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bare.git(&["rev-parse", "master"]), tip.to_string());
    let failure: Failure =
        mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], quiet()).unwrap_err().into();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.causes.contains(&"Required checks".to_owned()), "{failure:?}");
}

#[test]
fn when_the_server_takes_some_the_rest_is_named() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    bare.hook("update", "case $1 in refs/heads/bad) echo 'not this one' >&2; exit 1;; esac");
    let new = Some(commit(&mirror, tip, "new"));
    let updates = [update("refs/heads/good", None, new), update("refs/heads/bad", None, new)];
    match mirror.push(&updates, quiet()).unwrap_err() {
        PushError::Partial { done, why } => {
            assert_eq!(done.iter().map(ToString::to_string).collect::<Vec<_>>(), ["refs/heads/good"]);
            assert!(matches!(&*why, PushError::Rejected { server, .. } if server[0] == "not this one"), "{why:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_checked_out_branch_of_a_work_tree_is_refused_with_gits_message() {
    let Ground { dir, work, tip, .. } = ground();
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    let new = commit(&mirror, tip, "new");
    match mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], quiet()).unwrap_err() {
        PushError::Rejected { message, server, .. } => {
            assert_eq!(message, "branch is currently checked out");
            assert!(server.iter().any(|line| line.contains("refusing to update checked out branch")), "{server:?}");
        }
        other => panic!("{other:?}"),
    }
    mirror.push(&[update("refs/heads/other", None, Some(new))], quiet()).unwrap();
    assert_eq!(work.git(&["rev-parse", "other"]), new.to_string());
}

#[test]
fn a_server_that_dies_after_the_request_leaves_doubt() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    let new = commit(&mirror, tip, "new");
    let push = || mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], quiet()).unwrap_err();
    bare.hook("pre-receive", "kill -9 $PPID");
    let failure: Failure = match push() {
        error @ PushError::Unknown(_) => error.into(),
        other => panic!("{other:?}"),
    };
    assert_eq!(failure.kind, FailureKind::InDoubt);
    // A server that cannot even start was told nothing.
    std::fs::remove_dir_all(&bare.path).unwrap();
    assert!(matches!(push(), PushError::NotSent(_)));
}

#[test]
fn ctrl_c_ends_a_push_that_hangs() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    let new = commit(&mirror, tip, "new");
    // Without an interruption it ends by itself some day.
    bare.hook("pre-receive", "echo waiting >&2; exec sleep 60");
    let cancel = relwf::model::Cancel::new();
    let task = relwf::model::TaskContext {
        cancel: &cancel,
        progress: &|p| {
            if p.what.contains("waiting") {
                cancel.raise();
            }
        },
    };
    let error = mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], task).unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "{error:?}");
}

#[test]
fn a_look_is_never_pushed_from() {
    let ground = ground();
    let cache = ground.dir.path().join("cache");
    let look = Mirror::open(&cache, &url(&ground.bare.path), no_credentials(), Keep::No, quiet()).unwrap();
    let attempt = update("refs/heads/x", None, Some(ground.tip.object()));
    match look.push(&[attempt], quiet()) {
        Err(PushError::NotSent(error)) => assert_eq!(error.failure().kind, FailureKind::Bug),
        other => panic!("{other:?}"),
    }
}

#[test]
fn hooks_see_the_environment_of_their_own_repository() {
    const NAME: &str = "git_push::hooks_see_the_environment_of_their_own_repository";
    let outer = TempDir::new().unwrap();
    // As in a hook or a test run of another repository.
    let lies = [("GIT_DIR", outer.path().to_str().unwrap()), ("GIT_OBJECT_DIRECTORY", "/no/such")];
    if !in_own_process(NAME, &lies) {
        return;
    }
    let Ground { dir, bare, mirror, tip, .. } = ground();
    let said = dir.path().join("said");
    bare.hook("post-receive", &format!("cat > '{}'", said.display()));
    let new = commit(&mirror, tip, "new");
    mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(new))], quiet()).unwrap();
    assert_eq!(std::fs::read_to_string(said).unwrap(), format!("{tip} {new} refs/heads/master\n"));
}

#[test]
fn without_a_git_program_leases_hold_and_hooks_are_not_passed_by() {
    const NAME: &str = "git_push::without_a_git_program_leases_hold_and_hooks_are_not_passed_by";
    let place = |name: &str| PathBuf::from(std::env::var("RELWF_TEST_PLACE").unwrap()).join(name);
    if std::env::var_os("RELWF_TEST_PLACE").is_none() {
        let Ground { dir, work, bare, .. } = ground();
        let hooked = Repo::bare(dir.path().join("hooked.git"));
        work.git(&["push", "-q", hooked.path.to_str().unwrap(), "master"]);
        hooked.hook("pre-receive", "exit 0");
        let environment = [("RELWF_TEST_PLACE", dir.path().to_str().unwrap()), ("PATH", "/no/programs")];
        assert!(!in_own_process(NAME, &environment));
        assert_eq!(bare.refs().lines().count(), 2);
        assert_eq!(bare.git(&["log", "-1", "--format=%s", "master"]), "two");
        assert_eq!(bare.git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
        assert_eq!(hooked.git(&["log", "-1", "--format=%s", "master"]), "a.txt: one");
        return;
    }
    let open = |path: &Path| mirror(&place("cache"), path);
    let (mirror, hooked) = (open(&place("remote.git")), open(&place("hooked.git")));
    let tip = mirror.resolve("master").unwrap();
    let (one, two) = (commit(&mirror, tip, "one"), commit(&mirror, tip, "two"));
    let old = Some(tip.object());
    mirror
        .push(&[update("refs/heads/master", old, Some(one)), update("refs/heads/x", None, Some(one))], quiet())
        .unwrap();
    match mirror.push(&[update("refs/heads/master", old, Some(two))], quiet()) {
        Err(PushError::Moved { found, .. }) => assert_eq!(found, Some(one)),
        other => panic!("{other:?}"),
    }
    mirror
        .push(&[update("refs/heads/master", Some(one), Some(two)), update("refs/heads/y", None, Some(two))], quiet())
        .unwrap();
    mirror.push(&[update("refs/heads/y", Some(two), None)], quiet()).unwrap();
    assert_eq!(mirror.sync(quiet()).unwrap().bytes, 0);
    commit(&hooked, tip, "one");
    match hooked.push(&[update("refs/heads/master", old, Some(one))], quiet()) {
        Err(PushError::NotSent(error)) => assert!(error.to_string().contains("the hook pre-receive"), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn among_very_many_references_a_push_keeps_its_lease_and_sends_what_is_needed() {
    let Ground { dir: _dir, bare, mirror, tip, .. } = ground();
    for number in 0..100 {
        bare.git(&["branch", &format!("b{number}"), "master"]);
    }
    let one = commit(&mirror, tip, "one");
    mirror.push(&[update("refs/heads/master", Some(tip.object()), Some(one))], quiet()).unwrap();
    let two = commit(&mirror, one.into(), "two");
    mirror.push(&[update("refs/heads/new", None, Some(two))], quiet()).unwrap();
    assert_eq!(bare.git(&["rev-parse", "new", "master"]), format!("{two}\n{one}"));
    match mirror.push(&[update("refs/heads/b7", Some(one), Some(two))], quiet()).unwrap_err() {
        PushError::Moved { found, .. } => assert_eq!(found, Some(tip.object())),
        other => panic!("{other}"),
    }
    match mirror.push(&[update("refs/heads/b8", None, Some(two))], quiet()).unwrap_err() {
        PushError::Moved { found, .. } => assert_eq!(found, Some(tip.object())),
        other => panic!("{other}"),
    }
    mirror.push(&[update("refs/heads/b9", Some(tip.object()), None)], quiet()).unwrap();
    assert_eq!(bare.git(&["branch", "--list", "b9"]), "");
    assert_eq!(bare.git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
}
