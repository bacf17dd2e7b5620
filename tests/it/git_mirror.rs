//! Mirrors: cloned whole or not at all, fetched, seen without being touched, healed.

use crate::support::git::{Repo, bytes_but_objects, bytes_of, mirror, no_credentials, quiet, url};
use relwf::git::{FileMode, Ident, Keep, Mirror, NewCommit};
use relwf::model::{BranchName, Cancel, CommitId, FailureKind, Progress, RefName, TaskContext};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use tempfile::TempDir;

fn id(text: &str) -> CommitId {
    text.parse().unwrap()
}

fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

fn author() -> Ident {
    Ident { name: "Grace".to_owned(), email: "grace@example.com".to_owned(), time: 1_700_000_000, offset_minutes: -90 }
}

/// A bare remote with some history, and the clone that made it.
fn remote(dir: &TempDir) -> (Repo, Repo) {
    let work = Repo::init(dir.path().join("work"));
    work.change("a.txt", "one\n");
    work.change("a.txt", "two\n");
    work.git(&["tag", "-a", "v1", "-m", "first"]);
    work.git(&["branch", "staging"]);
    work.change("dir/b.txt", "three\n");
    let bare = Repo::bare(dir.path().join("remote.git"));
    work.git(&["remote", "add", "origin", bare.path.to_str().unwrap()]);
    work.git(&["push", "-q", "origin", "master", "staging", "v1"]);
    (work, bare)
}

#[test]
fn a_clone_holds_everything_and_needs_its_source_no_more() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    let names: Vec<String> = mirror.branches().unwrap().keys().map(ToString::to_string).collect();
    assert_eq!(names, ["master", "staging"]);
    std::fs::remove_dir_all(&bare.path).unwrap();
    let tip = mirror.resolve("HEAD").unwrap();
    assert_eq!(tip, id(&work.git(&["rev-parse", "master"])));
    assert_eq!(mirror.read(mirror.tree(tip).unwrap(), "dir/b.txt").unwrap().as_deref(), Some(&b"three\n"[..]));
    assert_eq!(Repo::at(mirror.path()).git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
    assert_eq!(mirror.resolve("v1").unwrap(), id(&work.git(&["rev-parse", "v1^{commit}"])));
}

#[test]
fn borrowed_objects_are_copied_too() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    bare.git(&["gc", "-q"]);
    let shared = dir.path().join("shared");
    work.git(&["clone", "-q", "--shared", bare.path.to_str().unwrap(), shared.to_str().unwrap()]);
    let tip = Repo::at(&shared).change("c.txt", "own\n");
    let mirror = mirror(&dir.path().join("cache"), &shared);
    std::fs::remove_dir_all(&shared).unwrap();
    std::fs::remove_dir_all(&bare.path).unwrap();
    assert_eq!(mirror.branch(&branch("master")).unwrap(), Some(id(&tip)));
    assert_eq!(Repo::at(mirror.path()).git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
}

#[test]
fn a_fetch_brings_new_moved_and_deleted_branches() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    work.git(&["push", "-q", "origin", "master:a"]);
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    assert_eq!(mirror.sync(quiet()).unwrap().updated, 0);

    let tip = work.change("a.txt", "four\n");
    // `a` makes room for `a/b`, staging is forced backwards, the tag goes.
    work.git(&["push", "-q", "origin", ":a"]);
    work.git(&["push", "-q", "--force", "origin", "master:a/b", "master", "master~3:staging", ":v1"]);
    let synced = mirror.sync(quiet()).unwrap();
    assert_eq!(synced.updated, 5);
    assert!(synced.bytes > 0);
    assert_eq!(Repo::at(mirror.path()).refs(), bare.refs());
    assert_eq!(mirror.branch(&branch("a/b")).unwrap(), Some(id(&tip)));
    assert_eq!(mirror.branch(&branch("a")).unwrap(), None);
    assert_eq!(mirror.sync(quiet()).unwrap().updated, 0);
    assert_eq!(Repo::at(mirror.path()).git(&["fsck", "--full", "--strict", "--no-dangling"]), "");
}

#[test]
fn looking_only_sees_what_is_new_and_moves_nothing() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let cache = dir.path().join("cache");
    let path = mirror(&cache, &bare.path).path().to_owned();
    let tip = work.change("a.txt", "new\n");
    work.git(&["push", "-q", "origin", "master", ":staging", "master:fresh"]);
    let (before, remote_before) = (bytes_but_objects(&path), bytes_of(&bare.path));

    let look = Mirror::open(&cache, &url(&bare.path), no_credentials(), Keep::No, quiet()).unwrap();
    assert_ne!(look.resolve("master").unwrap(), id(&tip), "as last fetched");
    assert_eq!(look.sync(quiet()).unwrap().updated, 3);
    assert_eq!(look.resolve("master").unwrap(), id(&tip));
    assert_eq!(look.resolve("fresh~1").unwrap(), id(&work.git(&["rev-parse", "master~1"])));
    assert_eq!(look.resolve("HEAD").unwrap(), id(&tip));
    assert_eq!(look.branch(&branch("staging")).unwrap(), None);
    assert_eq!(look.resolve("staging").unwrap_err().failure().kind, FailureKind::NotFound);

    let fetched = bytes_of(&path.join("objects"));
    let tree = look.write_tree(&BTreeMap::from([("x".to_owned(), (b"y".to_vec(), FileMode::Plain))])).unwrap();
    let new = NewCommit {
        tree,
        parents: vec![id(&tip)],
        author: author(),
        committer: author(),
        message: "in memory\n".to_owned(),
    };
    let written = look.write_commit(&new).unwrap();
    assert_eq!(look.commit(written).unwrap().parents, [id(&tip)]);
    assert!(look.is_ancestor(id(&tip), written).unwrap());
    assert_eq!(bytes_of(&path.join("objects")), fetched, "an object was written to the disk");
    assert_eq!(bytes_but_objects(&path), before);
    assert_eq!(bytes_of(&bare.path), remote_before);

    look.objects().forget_written().unwrap();
    assert!(!look.contains(written.object()));
    assert!(look.contains(id(&tip).object()));
}

#[test]
fn a_repository_as_it_is_gets_no_byte_written() {
    let dir = TempDir::new().unwrap();
    let (work, _) = remote(&dir);
    let before = bytes_of(&work.path);
    let mirror = Mirror::at(&work.path).unwrap();
    assert_eq!(mirror.sync(quiet()).unwrap().updated, 0);
    let tree = mirror.write_tree(&BTreeMap::from([("x".to_owned(), (b"y".to_vec(), FileMode::Plain))])).unwrap();
    assert!(mirror.contains(tree.object()));
    assert_eq!(mirror.branches().unwrap().len(), 2);
    assert_eq!(bytes_of(&work.path), before);
    assert_eq!(Mirror::at(&dir.path().join("no")).err().unwrap().failure().kind, FailureKind::NotFound);
}

#[test]
fn many_at_once_make_one_mirror() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let cache = dir.path().join("cache");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mirror = mirror(&cache, &bare.path);
                mirror.sync(quiet()).unwrap();
                assert_eq!(mirror.resolve("master").unwrap(), id(&work.git(&["rev-parse", "master"])));
            });
        }
    });
    let mut left: Vec<String> = std::fs::read_dir(cache.join("mirrors"))
        .unwrap()
        .map(|entry| entry.unwrap().path().extension().unwrap().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["git", "lock"]);
}

#[test]
fn a_broken_mirror_is_cloned_again_with_a_warning() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let cache = dir.path().join("cache");
    let tip = work.git(&["rev-parse", "master"]);
    type Damage<'a> = (&'a str, &'a dyn Fn(&Path));
    let damages: [Damage<'_>; 6] = [
        ("an object cut short", &|path| {
            let name = work.git(&["rev-parse", "master~1"]);
            let file = path.join("objects").join(&name[..2]).join(&name[2..]);
            // The mirror's file may be the remote's own, by a link.
            let bytes = std::fs::read(&file).unwrap();
            std::fs::remove_file(&file).unwrap();
            std::fs::write(&file, &bytes[..20]).unwrap();
        }),
        ("HEAD gone", &|path| std::fs::remove_file(path.join("HEAD")).unwrap()),
        ("no objects folder", &|path| std::fs::remove_dir_all(path.join("objects")).unwrap()),
        ("references garbled", &|path| {
            std::fs::write(path.join("packed-refs"), "# pack-refs\n\0garbage \u{1}\n").unwrap()
        }),
        ("objects lost", &|path| {
            std::fs::remove_dir_all(path.join("objects")).unwrap();
            std::fs::create_dir_all(path.join("objects/pack")).unwrap();
        }),
        ("a file instead", &|path| {
            std::fs::remove_dir_all(path).unwrap();
            std::fs::write(path, "x").unwrap();
        }),
    ];
    for (what, damage) in damages {
        let path = mirror(&cache, &bare.path).path().to_owned();
        damage(&path);
        let said = Mutex::new(Vec::new());
        let cancel = Cancel::new();
        let task = TaskContext { cancel: &cancel, progress: &|p: Progress| said.lock().unwrap().push(p.what) };
        let mirror = Mirror::open(&cache, &url(&bare.path), no_credentials(), Keep::Yes, task)
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(mirror.resolve("master").unwrap(), id(&tip), "{what}");
        let said = said.into_inner().unwrap();
        assert!(said.iter().any(|line| line.contains("is broken") && line.contains("anew")), "{what}: {said:?}");
        assert_eq!(std::fs::read_dir(cache.join("mirrors")).unwrap().count(), 2, "{what}: something is left over");
    }
}

#[test]
fn what_dead_processes_left_is_not_in_the_way() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let cache = dir.path().join("cache");
    let opened = mirror(&cache, &bare.path);
    let path = opened.path().to_owned();
    let leftover = path.with_file_name(format!("{}.new-99999", path.file_name().unwrap().to_str().unwrap()));
    std::fs::create_dir_all(leftover.join("objects")).unwrap();
    std::fs::create_dir_all(path.join("refs/heads")).unwrap();
    for lock in ["refs/heads/master.lock", "packed-refs.lock"] {
        std::fs::write(path.join(lock), "").unwrap();
    }
    let tip = work.change("a.txt", "later\n");
    work.git(&["push", "-q", "origin", "master", ":staging"]);
    assert_eq!(opened.sync(quiet()).unwrap().updated, 2);
    assert_eq!(opened.resolve("master").unwrap(), id(&tip));
    assert!(!leftover.exists());
}

#[test]
fn ctrl_c_leaves_nothing_half_made() {
    let dir = TempDir::new().unwrap();
    let (_, bare) = remote(&dir);
    let cache = dir.path().join("cache");
    let cancel = Cancel::new();
    // Raised from within, as soon as the clone has begun.
    let task = TaskContext { cancel: &cancel, progress: &|_| cancel.raise() };
    let failure = Mirror::open(&cache, &url(&bare.path), no_credentials(), Keep::Yes, task).err().unwrap();
    assert_eq!(failure.failure().kind, FailureKind::Interrupted);
    let left: Vec<_> = std::fs::read_dir(cache.join("mirrors")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].to_string_lossy().ends_with(".lock"));
}

#[test]
fn any_path_will_do() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    for name in ["with space", "ünï-日本", "quo'te\"$(x)", "100%25", "a:b", "-dash"] {
        let path = dir.path().join(name);
        work.git(&["clone", "-q", "--bare", bare.path.to_str().unwrap(), path.to_str().unwrap()]);
        let mirror = mirror(&dir.path().join("cache"), &path);
        let tip = work.change("a.txt", name);
        work.git(&["push", "-q", path.to_str().unwrap(), "master"]);
        mirror.sync(quiet()).unwrap();
        assert_eq!(mirror.resolve("master").unwrap(), id(&tip), "{name}");
    }
}

#[test]
fn a_remote_that_is_not_there_is_named() {
    let dir = TempDir::new().unwrap();
    for path in [dir.path().join("no"), dir.path().to_owned()] {
        let failure =
            Mirror::open(&dir.path().join("cache"), &url(&path), no_credentials(), Keep::Yes, quiet()).err().unwrap();
        assert_eq!(failure.failure().kind, FailureKind::NotFound, "{failure}");
        assert!(failure.to_string().starts_with("there is no git repository at /"), "{failure}");
    }
}

#[test]
fn an_empty_remote_is_mirrored_and_grows() {
    let dir = TempDir::new().unwrap();
    let bare = Repo::bare(dir.path().join("empty.git"));
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    assert!(mirror.branches().unwrap().is_empty());
    assert_eq!(mirror.resolve("master").unwrap_err().failure().hint.as_deref(), Some("the repository has no branches"));
    let work = Repo::init(dir.path().join("w"));
    let tip = work.change("a", "1");
    work.git(&["push", "-q", bare.path.to_str().unwrap(), "master"]);
    mirror.sync(quiet()).unwrap();
    assert_eq!(mirror.resolve("HEAD").unwrap(), id(&tip));
}

#[test]
fn other_references_are_asked_for_and_fetched_without_moving_any() {
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    let hidden = work.change("h.txt", "hidden\n");
    work.git(&["push", "-q", "origin", "master:refs/relwf/changes/1"]);
    let name: RefName = "refs/relwf/changes/1".parse().unwrap();
    assert_eq!(mirror.remote_refs(quiet()).unwrap().get(&name).map(ToString::to_string), Some(hidden.clone()));
    let before = bytes_but_objects(mirror.path());
    assert!(!mirror.contains(id(&hidden).object()));
    mirror.fetch_objects(&[name], quiet()).unwrap();
    assert_eq!(mirror.read(mirror.tree(id(&hidden)).unwrap(), "h.txt").unwrap().as_deref(), Some(&b"hidden\n"[..]));
    assert_eq!(bytes_but_objects(mirror.path()), before);
    let missing = mirror.fetch_objects(&["refs/relwf/changes/2".parse().unwrap()], quiet()).unwrap_err();
    assert_eq!(missing.failure().kind, FailureKind::NotFound);
}

#[test]
fn a_clone_indexes_the_history_in_the_form_that_libgit2_reads() {
    let dir = TempDir::new().unwrap();
    let (_, bare) = remote(&dir);
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    let graph = std::fs::read(mirror.path().join("objects/info/commit-graph")).unwrap();
    assert!(graph.starts_with(b"CGPH"));
    // A chunk that libgit2 does not know makes it leave the whole file aside.
    assert!(!graph.windows(4).any(|chunk| chunk == b"GDA2"));
}

#[test]
fn a_branch_is_known_to_have_a_commit_since_it_was_first_seen_there() {
    const ASKED: i64 = 1_000_000;
    let dir = TempDir::new().unwrap();
    let (work, bare) = remote(&dir);
    let mirror = mirror(&dir.path().join("cache"), &bare.path);
    let master = branch("master");
    let seen = |commit: &str| mirror.seen_since(&master, id(commit), ASKED).unwrap();
    let first = work.git(&["rev-parse", "master"]);
    assert_eq!(seen(&first), Some(ASKED));
    assert_eq!(mirror.seen_since(&master, id(&first), ASKED + 50).unwrap(), Some(ASKED));
    assert_eq!(seen(&work.git(&["rev-parse", "master~1"])), Some(ASKED), "what it is made on was there before");

    let second = work.change("c.txt", "four\n");
    assert_eq!(seen(&second), None, "the remote's branch does not have it");
    work.git(&["push", "-q", "origin", "master"]);
    mirror.sync(quiet()).unwrap();
    let arrived = seen(&second).unwrap();
    assert!(arrived > 1_700_000_000, "that is the time of the fetch: {arrived}");
    assert_eq!(seen(&first), Some(ASKED));

    // What was forced away and came again is there only since then.
    work.git(&["push", "-q", "-f", "origin", &format!("{first}:master")]);
    mirror.sync(quiet()).unwrap();
    assert_eq!((seen(&second), seen(&first)), (None, Some(ASKED)));
    work.git(&["reset", "-q", "--hard", &first]);
    let other = work.change("d.txt", "five\n");
    work.git(&["push", "-q", "-f", "origin", "master"]);
    mirror.sync(quiet()).unwrap();
    assert!(seen(&other).unwrap() >= arrived);

    // Another process knows the same; one that keeps nothing begins nothing.
    let again = crate::support::git::mirror(&dir.path().join("cache"), &bare.path);
    assert_eq!(again.seen_since(&master, id(&first), 7).unwrap(), Some(ASKED));
    let aside = Mirror::open(&dir.path().join("other"), &url(&bare.path), no_credentials(), Keep::No, quiet()).unwrap();
    aside.sync(quiet()).unwrap();
    assert_eq!(aside.seen_since(&master, id(&first), ASKED).unwrap(), None);
}
