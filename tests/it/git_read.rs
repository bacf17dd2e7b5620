//! What mirrors are read for: revisions, history, files; and what is written: commits, trees, tags, checkouts.

use crate::support::git::{Repo, mirror};
use relwf::git::{FileMode, Ident, LogRange, Mirror, NewCommit};
use relwf::model::{CommitId, FailureKind};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

fn id(text: &str) -> CommitId {
    text.parse().unwrap()
}

fn range(from: CommitId, not: &[CommitId]) -> LogRange {
    LogRange { from, not: not.to_vec(), first_parent: false, limit: None }
}

/// Two branches merged, a tag, a branch with a slash.
fn history(dir: &TempDir) -> (Repo, Mirror) {
    let work = Repo::init(dir.path().join("work"));
    work.change("a.txt", "one\n");
    work.git(&["checkout", "-q", "-b", "side"]);
    work.change("s.txt", "side\n");
    work.git(&["checkout", "-q", "master"]);
    work.change("a.txt", "fix: the login\n");
    work.git(&["merge", "-q", "--no-ff", "-m", "merge side", "side"]);
    work.git(&["tag", "-a", "v1.0", "-m", "tagged"]);
    work.git(&["tag", "light"]);
    work.git(&["branch", "release/1.x"]);
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    (work, mirror)
}

#[test]
fn revisions_mean_what_they_mean_to_git() {
    let dir = TempDir::new().unwrap();
    let (work, mirror) = history(&dir);
    for rev in [
        "master",
        "HEAD",
        "@",
        "v1.0",
        "light",
        "release/1.x",
        "master~1",
        "master^2",
        "HEAD~2",
        "v1.0^{commit}",
        "v1.0^0",
        "side",
        "refs/heads/side",
        "heads/side",
        "tags/v1.0",
        "refs/tags/light",
        "v1.0~1^{commit}",
        "release/1.x^1",
    ] {
        let expected = work.git(&["rev-parse", &format!("{rev}^{{commit}}")]);
        assert_eq!(mirror.resolve(rev).map_err(|e| e.to_string()), Ok(id(&expected)), "{rev}");
    }
    let full = work.git(&["rev-parse", "master"]);
    for rev in [full.as_str(), &full[..7], &full.to_uppercase(), &format!("{}~1^0", &full[..10])] {
        assert!(mirror.resolve(rev).is_ok(), "{rev}");
    }
    assert_eq!(mirror.resolve(":/the login").unwrap(), mirror.resolve("master^1").unwrap());
}

#[test]
fn what_names_nothing_gets_a_reason_and_near_names() {
    let dir = TempDir::new().unwrap();
    let (_, mirror) = history(&dir);
    let missing = "0123456789012345678901234567890123456789";
    for bad in [
        "",
        " ",
        "-x",
        "a\0b",
        "master..side",
        "master~99",
        "master^{tree}",
        "master:a.txt",
        "@{1}",
        "nö",
        missing,
        "dead",
    ] {
        let error = mirror.resolve(bad).unwrap_err();
        assert_eq!(error.failure().kind, FailureKind::NotFound, "{bad}: {error}");
    }
    let hint = |rev: &str| mirror.resolve(rev).unwrap_err().failure().hint.clone().unwrap();
    assert_eq!(hint("mastre"), "did you mean `master`?");
    assert_eq!(hint("release/1.y"), "did you mean `release/1.x`?");
    assert_eq!(hint("origin/side"), "branches are named as on the remote: `side`");
}

#[test]
fn short_ids_that_fit_several_objects_are_refused() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.write("f", "x");
    work.commit("first");
    // Blobs until two commits begin alike: ids are fixed by the fixed dates, so this always ends at the same one.
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let twice = (0..2000).find_map(|n| {
        let id = work.git(&["commit-tree", "-m", &n.to_string(), "HEAD^{tree}"]);
        work.git(&["update-ref", &format!("refs/heads/n{n}"), &id]);
        seen.insert(id[..4].to_owned(), id.clone()).map(|_| id[..4].to_owned())
    });
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    let error = mirror.resolve(&twice.expect("two of 2000 ids begin with the same four digits")).unwrap_err();
    assert!(error.to_string().contains("ambiguous"), "{error}");
}

#[test]
fn logs_and_counts_are_those_of_git() {
    let dir = TempDir::new().unwrap();
    let (work, mirror) = history(&dir);
    let tip = mirror.resolve("master").unwrap();
    let git = |args: &[&str]| -> Vec<String> { work.git(args).lines().map(ToOwned::to_owned).collect() };
    let ids =
        |range: &LogRange| -> Vec<String> { mirror.log(range).unwrap().iter().map(|c| c.id.to_string()).collect() };
    assert_eq!(ids(&range(tip, &[])), git(&["rev-list", "master"]));
    let side = mirror.resolve("side").unwrap();
    assert_eq!(ids(&range(tip, &[side])), git(&["rev-list", "master", "^side"]));
    assert_eq!(mirror.count(&range(tip, &[side])).unwrap(), 2);
    let first = LogRange { first_parent: true, limit: Some(2), ..range(tip, &[]) };
    assert_eq!(ids(&first), git(&["rev-list", "--first-parent", "-2", "master"]));
    assert!(mirror.is_ancestor(side, tip).unwrap() && mirror.is_ancestor(tip, tip).unwrap());
    assert!(!mirror.is_ancestor(tip, side).unwrap());
    assert!(mirror.is_ancestor(id(&"1".repeat(40)), tip).is_err(), "a missing commit is no answer");
    let commit = mirror.commit(tip).unwrap();
    assert_eq!((commit.summary.as_str(), commit.parents.len()), ("merge side", 2));
    assert_eq!((commit.author.name.as_str(), commit.committer.name.as_str()), ("Ada", "Charles"));
    assert_eq!(commit.author.offset_minutes, 60);
}

#[test]
fn the_newest_commits_are_those_of_git_whatever_their_clocks_say() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    let commits = work.tangle(120);
    work.git(&["branch", "-f", "many", commits.last().unwrap()]);
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    let tip = mirror.resolve("many").unwrap();
    for first_parent in [false, true] {
        for limit in [1, 7, 50, 500] {
            let log = LogRange { first_parent, limit: Some(limit), ..range(tip, &[]) };
            let ours: Vec<String> = mirror.log(&log).unwrap().iter().map(|commit| commit.id.to_string()).collect();
            let count = format!("-n{limit}");
            let mut args = vec!["rev-list", &count, "many"];
            args.extend(first_parent.then_some("--first-parent"));
            assert_eq!(ours.join("\n"), work.git(&args), "{limit} {first_parent}");
        }
    }
}

#[test]
fn files_are_read_listed_and_compared() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.write("keep", "k");
    work.write("gone", "g");
    work.write("dir/mode.sh", "x");
    work.write("type", "t");
    let from = work.commit("from");
    std::fs::remove_file(work.path.join("gone")).unwrap();
    std::fs::remove_file(work.path.join("type")).unwrap();
    std::os::unix::fs::symlink("keep", work.path.join("type")).unwrap();
    std::fs::set_permissions(work.path.join("dir/mode.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    work.write("ü new", "n");
    let to = work.commit("to");
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    let (from, to) = (id(&from), id(&to));
    let changed = mirror.changed_files(mirror.tree(from).unwrap(), mirror.tree(to).unwrap()).unwrap();
    let expected = [("dir/mode.sh", 'M'), ("gone", 'D'), ("type", 'T'), ("ü new", 'A')];
    assert_eq!(changed, expected.map(|(path, letter)| (path.to_owned(), letter)));
    let tree = mirror.tree(to).unwrap();
    assert_eq!(mirror.read(tree, "ü new").unwrap().as_deref(), Some(&b"n"[..]));
    for absent in ["gone", "dir", "keep/x", "no/such", "", "a\0b", "../keep"] {
        assert_eq!(mirror.read(tree, absent).map_err(|e| e.to_string()), Ok(None), "{absent:?}");
    }
    let listed: Vec<String> = mirror.list(tree).unwrap().into_iter().map(|(path, id)| format!("{id} {path}")).collect();
    let git = work.git(&["-c", "core.quotePath=false", "ls-tree", "-r", "--format=%(objectname) %(path)", "HEAD"]);
    assert_eq!(listed.join("\n"), git);
}

#[test]
fn commits_are_byte_for_byte_those_of_git() {
    let dir = TempDir::new().unwrap();
    let (work, mirror) = history(&dir);
    let tip = mirror.resolve("master").unwrap();
    // What git wrote, written again from its parts.
    for commit in mirror.log(&range(tip, &[])).unwrap() {
        let new = NewCommit {
            tree: commit.tree,
            parents: commit.parents,
            author: commit.author,
            committer: commit.committer,
            message: commit.message,
        };
        assert_eq!(mirror.write_commit(&new).unwrap(), commit.id);
    }
    let who = |offset_minutes| Ident { name: "Ü".to_owned(), email: "u@x".to_owned(), time: 5, offset_minutes };
    let new = NewCommit {
        tree: mirror.tree(tip).unwrap(),
        parents: vec![tip],
        author: who(-90),
        committer: who(330),
        message: "no line end".to_owned(),
    };
    let written = mirror.write_commit(&new).unwrap();
    assert_eq!(mirror.write_commit(&new).unwrap(), written);
    let raw = Repo::at(mirror.path()).git(&["cat-file", "commit", &written.to_string()]);
    let tree = work.git(&["rev-parse", "master^{tree}"]);
    assert_eq!(
        raw,
        format!("tree {tree}\nparent {tip}\nauthor Ü <u@x> 5 -0130\ncommitter Ü <u@x> 5 +0530\n\nno line end")
    );
    let nameless = NewCommit { author: Ident { name: String::new(), ..who(0) }, ..new.clone() };
    assert!(mirror.write_commit(&nameless).is_err());
    assert!(mirror.write_commit(&NewCommit { parents: vec![id(&"1".repeat(40))], ..new }).is_err());
}

#[test]
fn tags_and_trees_are_written() {
    let dir = TempDir::new().unwrap();
    let (work, mirror) = history(&dir);
    let tip = mirror.resolve("master").unwrap();
    let who = Ident { name: "T".to_owned(), email: "t@x".to_owned(), time: 9, offset_minutes: 0 };
    let tag = mirror.write_tag(tip.object(), "v2", &who, "notes\n").unwrap();
    assert_eq!(mirror.read_tag(tag).unwrap(), Some((tip.object(), "notes\n".to_owned())));
    assert_eq!(mirror.read_tag(tip.object()).unwrap(), None);
    assert!(mirror.read_tag("1".repeat(40).parse().unwrap()).is_err());
    assert_eq!(Repo::at(mirror.path()).git(&["fsck", "--strict", "--no-dangling"]), "");
    let text = |text: &str, mode| (text.as_bytes().to_vec(), mode);
    let files = BTreeMap::from([
        ("a.txt".to_owned(), text("fix: the login\n", FileMode::Plain)),
        ("s.txt".to_owned(), text("side\n", FileMode::Plain)),
    ]);
    assert_eq!(mirror.write_tree(&files).unwrap().to_string(), work.git(&["rev-parse", "master^{tree}"]));
    for bad in [".git/config", "a/../b", "/abs", "a//b", ""] {
        let files = BTreeMap::from([(bad.to_owned(), text("x", FileMode::Plain))]);
        assert!(mirror.write_tree(&files).is_err(), "{bad:?} was accepted");
    }
    let both =
        BTreeMap::from([("a".to_owned(), text("x", FileMode::Plain)), ("a/b".to_owned(), text("x", FileMode::Plain))]);
    assert!(mirror.write_tree(&both).is_err(), "a file and a folder of one name");
}

#[test]
fn a_checkout_has_modes_links_and_empty_submodules_and_no_filters() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.write(".gitattributes", "*.txt text eol=crlf ident\n");
    work.write("deep/er/a.txt", "one\n$Id$\n");
    work.write("run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(work.path.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("deep/er", work.path.join("link")).unwrap();
    work.git(&["add", "-A"]);
    work.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", "1".repeat(40))]);
    work.git(&["commit", "-q", "-m", "all"]);
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    let before = crate::support::git::bytes_of(mirror.path());
    let out = dir.path().join("out put");
    mirror.checkout(mirror.resolve("master").unwrap(), &out).unwrap();
    assert_eq!(std::fs::read(out.join("deep/er/a.txt")).unwrap(), b"one\n$Id$\n");
    assert_eq!(std::fs::metadata(out.join("run.sh")).unwrap().permissions().mode() & 0o111, 0o111);
    assert_eq!(std::fs::read_link(out.join("link")).unwrap().to_str(), Some("deep/er"));
    assert_eq!(std::fs::read_dir(out.join("sub")).unwrap().count(), 0);
    assert!(!out.join(".git").exists());
    assert_eq!(crate::support::git::bytes_of(mirror.path()), before);
    let again = mirror.checkout(mirror.resolve("master").unwrap(), &out).unwrap_err();
    assert!(again.to_string().ends_with("is not empty"), "{again}");
}

#[test]
fn a_tree_that_reaches_outside_is_not_checked_out() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    let blob = {
        work.write("x", "evil\n");
        work.git(&["hash-object", "-w", "x"])
    };
    // git's own tools refuse to make such trees, so their bytes are written by hand.
    let tree = |name: &str, mode: &str, id: &str| {
        let raw: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).unwrap()).collect();
        let bytes = [format!("{mode} {name}\0").into_bytes(), raw].concat();
        work.write("raw", bytes);
        work.git(&["hash-object", "-t", "tree", "--literally", "-w", "raw"])
    };
    let trees = [
        tree("..", "40000", &tree("escaped", "100644", &blob)),
        tree(".git", "40000", &tree("config", "100644", &blob)),
    ];
    for (n, tree) in trees.iter().enumerate() {
        let commit = work.git(&["commit-tree", "-m", "evil", tree]);
        work.git(&["update-ref", &format!("refs/heads/evil{n}"), &commit]);
    }
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    for n in 0..trees.len() {
        let out = dir.path().join(format!("out{n}"));
        assert!(mirror.checkout(mirror.resolve(&format!("evil{n}")).unwrap(), &out).is_err());
        assert!(!out.join(".git/config").exists());
    }
    assert!(!dir.path().join("escaped").exists());
}

#[test]
fn missing_and_damaged_objects_are_errors() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("a.txt", "one\n");
    let tip = id(&work.change("dir/a.txt", "two\n"));
    let mirror = mirror(&dir.path().join("cache"), &work.path);
    let file = |spec: &str| {
        let id = work.git(&["rev-parse", spec]);
        mirror.path().join("objects").join(&id[..2]).join(&id[2..])
    };
    let root = mirror.tree(tip).unwrap();
    let (blob, tree, parent) = (file("master:dir/a.txt"), file("master:dir"), file("master~1"));
    for object in [&blob, &tree, &parent] {
        std::fs::remove_file(object).unwrap();
    }
    let fresh = Mirror::at(mirror.path()).unwrap();
    for error in [
        fresh.read(root, "dir/a.txt").unwrap_err(),
        fresh.list(root).unwrap_err(),
        fresh.log(&range(tip, &[])).unwrap_err(),
        fresh.checkout(tip, &dir.path().join("out")).unwrap_err(),
        fresh.commit(id(&"2".repeat(40))).unwrap_err(),
    ] {
        let kind = error.failure().kind;
        assert!(matches!(kind, FailureKind::Git | FailureKind::NotFound), "{kind:?}: {error}");
    }
    for (object, bytes) in [(&blob, &b""[..]), (&tree, b"garbage"), (&parent, b"\x78\x9c\xff\xff\xff")] {
        std::fs::write(object, bytes).unwrap();
    }
    let fresh = Mirror::at(mirror.path()).unwrap();
    assert!(fresh.read(root, "dir/a.txt").is_err());
    assert!(fresh.list(root).is_err());
    assert!(fresh.log(&range(tip, &[])).is_err());
    assert!(fresh.read(root, "a.txt").is_ok(), "what is whole can still be read");
}
