//! The merge: trees equal to git's own, conflicts with kind, sides and lines, and git's second opinion.

use crate::support::git::{Repo, bytes_of};
use relwf::git::Mirror;
use relwf::git::{CrossCheck, cross_check};
use relwf::merge::{By, ConflictKind, Hunk, MergeError, MergeResult, Merged, merge};
use relwf::model::{CommitId, Failure, FailureKind};
use tempfile::TempDir;

fn id(text: &str) -> CommitId {
    text.parse().unwrap()
}

/// A base commit on `master`, from which `ours` and `theirs` part.
struct Fork {
    _dir: TempDir,
    work: Repo,
}

type Files<'a> = &'a [(&'a str, Option<&'a str>)];

impl Fork {
    fn new(base: Files<'_>, ours: Files<'_>, theirs: Files<'_>) -> Self {
        let dir = TempDir::new().unwrap();
        let work = Repo::init(dir.path().join("work"));
        let fork = Self { _dir: dir, work };
        fork.apply(base, "base");
        for (branch, files) in [("ours", ours), ("theirs", theirs)] {
            fork.work.git(&["checkout", "-q", "-b", branch, "master"]);
            fork.apply(files, branch);
        }
        fork
    }

    /// Writes files, `None` removes one; commits.
    fn apply(&self, files: Files<'_>, message: &str) -> String {
        for (path, text) in files {
            let full = self.work.path.join(path);
            match text {
                Some(text) => {
                    if full.is_dir() {
                        std::fs::remove_dir_all(&full).unwrap();
                    }
                    self.work.write(path, text);
                }
                None => std::fs::remove_file(full).unwrap(),
            }
        }
        self.work.commit(message)
    }

    fn merge(&self) -> (MergeResult, CrossCheck) {
        let mirror = Mirror::at(&self.work.path).unwrap();
        let (ours, theirs) = (mirror.resolve("ours").unwrap(), mirror.resolve("theirs").unwrap());
        let outcome = merge(mirror.objects(), ours, theirs).unwrap();
        let checked = cross_check(mirror.objects(), ours, theirs, &outcome);
        (outcome, checked)
    }

    /// git's tree, or `None` for conflicts.
    fn gits(&self) -> Option<String> {
        let output = self.work.try_git(&["merge-tree", "--write-tree", "ours", "theirs"]);
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code() == Some(0)).then(|| text.lines().next().unwrap().to_owned())
    }
}

const LONG: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

fn long(changes: &[(&str, &str)]) -> String {
    let line = |line: &str| {
        let changed = changes.iter().find(|(from, _)| *from == line).map_or(line, |(_, to)| to);
        format!("{changed}\n")
    };
    LONG.lines().map(line).collect()
}

#[test]
fn clean_merges_have_gits_trees() {
    let edited = [long(&[("2", "two")]), long(&[("9", "nine")])];
    let cases: [(&str, Files<'_>, Files<'_>, Files<'_>); 7] = [
        ("different files", &[("a", Some("1\n"))], &[("b", Some("2\n"))], &[("c", Some("3\n"))]),
        ("different lines", &[("a", Some(LONG))], &[("a", Some(&edited[0]))], &[("a", Some(&edited[1]))]),
        ("the same change", &[("a", Some("1\n"))], &[("a", Some("2\n"))], &[("a", Some("2\n")), ("b", Some("x"))]),
        ("both deleted", &[("a", Some("1\n")), ("b", Some("1"))], &[("a", None)], &[("a", None), ("c", Some("2"))]),
        ("renamed and edited", &[("a", Some(LONG))], &[("a", None), ("b/c", Some(LONG))], &[("a", Some(&edited[1]))]),
        ("one side nothing", &[("a", Some("1\n"))], &[], &[("a", Some("2\n"))]),
        ("a file becomes a folder", &[("a", Some("1\n"))], &[("b", Some("x"))], &[("a", None), ("a/b", Some("2\n"))]),
    ];
    for (name, base, ours, theirs) in cases {
        let fork = Fork::new(base, ours, theirs);
        let (outcome, checked) = fork.merge();
        let expected = fork.gits().unwrap_or_else(|| panic!("{name}: git finds conflicts"));
        match outcome.result {
            Merged::Clean(tree) => assert_eq!(tree.to_string(), expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(checked.tree.map(|tree| tree.to_string()), Some(expected), "{name}");
        assert_eq!(checked.agrees, Some(true), "{name}");
        assert!(checked.by.unwrap().starts_with("git 2."), "{name}");
    }
}

#[test]
fn what_is_merged_already_and_what_can_be_taken_whole_needs_no_merge() {
    let fork = Fork::new(&[("a", Some("1\n"))], &[], &[("a", Some("2\n"))]);
    let mirror = Mirror::at(&fork.work.path).unwrap();
    let at = |rev: &str| mirror.resolve(rev).unwrap();
    let base = at("master");
    let tree = |rev: &str| mirror.tree(at(rev)).unwrap();
    let of = |ours: &str, theirs: &str| merge(mirror.objects(), at(ours), at(theirs)).unwrap();
    let expect = |result| MergeResult { bases: vec![base], by: By::Structural, drivers: Vec::new(), result };
    assert_eq!(of("master", "theirs"), expect(Merged::Clean(tree("theirs"))), "a fast-forward");
    assert_eq!(of("ours", "theirs"), expect(Merged::Clean(tree("theirs"))), "ours has the base's tree");
    assert_eq!(of("theirs", "ours"), expect(Merged::Clean(tree("theirs"))));
    assert_eq!(of("theirs", "master"), expect(Merged::UpToDate(tree("theirs"))));
    let same = merge(mirror.objects(), at("ours"), at("ours")).unwrap();
    assert_eq!(same.result, Merged::UpToDate(tree("ours")));
    assert_eq!(cross_check(mirror.objects(), at("ours"), at("ours"), &same).agrees, Some(true));
}

#[test]
fn a_content_conflict_shows_its_lines_and_where_they_are_in_ours() {
    let base = LONG;
    // A line more at the top of theirs, two more in ours: line numbers must be ours.
    let ours = format!("o1\no2\n{}", long(&[("5", "five"), ("10", "ten")]));
    let theirs = long(&[("2", "2\ntwo and a half\n2.7"), ("5", "FIVE\nfive b"), ("10", "X")]);
    let fork = Fork::new(&[("d/a.txt", Some(base))], &[("d/a.txt", Some(&ours))], &[("d/a.txt", Some(&theirs))]);
    let (outcome, checked) = fork.merge();
    assert_eq!((outcome.by, checked.agrees, checked.tree), (By::Full, Some(true), None));
    let Merged::Conflicts(conflicts) = outcome.result else { panic!("{outcome:?}") };
    let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
    assert_eq!((conflict.path.as_str(), conflict.kind), ("d/a.txt", ConflictKind::Content));
    assert_eq!(conflict.message, "both sides changed the same lines of d/a.txt");
    let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    let hunk = |line, ours: &str, base: &str, theirs: &str| Hunk {
        line,
        ours: lines(ours),
        base: lines(base),
        theirs: lines(theirs),
    };
    assert_eq!(conflict.hunks, [hunk(7, "five", "5", "FIVE\nfive b"), hunk(12, "ten", "10", "X")]);
    let side = conflict.theirs.as_ref().unwrap();
    assert_eq!((side.path.as_str(), side.mode.as_str()), ("d/a.txt", "100644"));
    assert_eq!(side.id.to_string(), fork.work.git(&["rev-parse", "theirs:d/a.txt"]));
}

#[test]
fn links_that_both_sides_changed_show_where_they_lead() {
    let fork = Fork::new(&[("a", Some("1\n"))], &[], &[]);
    let lead = |branch: &str, to: &str| {
        fork.work.git(&["checkout", "-q", branch]);
        let link = fork.work.path.join("link");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(to, link).unwrap();
        fork.work.git(&["add", "link"]);
        fork.work.git(&["commit", "-q", "-m", to]);
    };
    lead("master", "there");
    for (branch, to) in [("ours", "here"), ("theirs", "elsewhere")] {
        fork.work.git(&["branch", "-f", branch, "master"]);
        lead(branch, to);
    }
    let (outcome, checked) = fork.merge();
    assert_eq!(checked.agrees, Some(true));
    let Merged::Conflicts(conflicts) = outcome.result else { panic!("{outcome:?}") };
    let [conflict] = conflicts.as_slice() else { panic!("{conflicts:?}") };
    assert_eq!(conflict.message, "both sides changed where the link link leads");
    let hunk = &conflict.hunks[0];
    assert_eq!((&hunk.ours[0], &hunk.base[0], &hunk.theirs[0]), (&"here".into(), &"there".into(), &"elsewhere".into()));
}

#[test]
fn lines_that_look_like_markers_are_no_markers() {
    let text = |middle: &str| format!("<<<<<<< a\n{middle}\n||||||| b\n=======\n>>>>>>>>>> c\n");
    let (base, ours, theirs) = (text("x"), text("<<<<<<< ours"), text("======="));
    let fork = Fork::new(&[("a", Some(&base))], &[("a", Some(&ours))], &[("a", Some(&theirs))]);
    let Merged::Conflicts(conflicts) = fork.merge().0.result else { panic!("no conflict") };
    let hunk = &conflicts[0].hunks[0];
    assert_eq!((hunk.line, conflicts[0].hunks.len()), (2, 1));
    assert_eq!(
        (&hunk.ours[0], &hunk.base[0], &hunk.theirs[0]),
        (&"<<<<<<< ours".into(), &"x".into(), &"=======".into())
    );
}

/// A name; base, ours and theirs; the paths in conflict and their kind.
type Case<'a> = (&'a str, Files<'a>, Files<'a>, Files<'a>, &'a [&'a str], ConflictKind);

#[test]
fn conflicts_are_typed() {
    let edited = long(&[("2", "two")]);
    // Each conflict is told for every path that git would leave unmerged.
    let cases: [Case<'_>; 8] = [
        ("both added", &[("z", Some(""))], &[("a", Some("1\n"))], &[("a", Some("2\n"))], &["a"], ConflictKind::AddAdd),
        (
            "changed, deleted",
            &[("a", Some(LONG))],
            &[("a", Some(&edited))],
            &[("a", None)],
            &["a"],
            ConflictKind::ModifyDelete,
        ),
        (
            "deleted, changed",
            &[("a", Some(LONG))],
            &[("a", None)],
            &[("a", Some(&edited))],
            &["a"],
            ConflictKind::ModifyDelete,
        ),
        (
            "renamed, deleted",
            &[("a", Some(LONG))],
            &[("a", None), ("b", Some(LONG))],
            &[("a", None)],
            &["b"],
            ConflictKind::RenameDelete,
        ),
        (
            "renamed twice",
            &[("a", Some(LONG))],
            &[("a", None), ("b", Some(LONG))],
            &[("a", None), ("c", Some(LONG))],
            &["a", "b", "c"],
            ConflictKind::RenameRename,
        ),
        ("not text", &[("a", Some("\0a"))], &[("a", Some("\0b"))], &[("a", Some("\0c"))], &["a"], ConflictKind::Binary),
        (
            "a file, a folder",
            &[("z", Some(""))],
            &[("a", Some("1\n"))],
            &[("a/b", Some("2\n"))],
            &["a~"],
            ConflictKind::FileDirectory,
        ),
        ("content", &[("a", Some("1\n"))], &[("a", Some("2\n"))], &[("a", Some("3\n"))], &["a"], ConflictKind::Content),
    ];
    for (name, base, ours, theirs, paths, kind) in cases {
        let fork = Fork::new(base, ours, theirs);
        let (outcome, checked) = fork.merge();
        let Merged::Conflicts(conflicts) = outcome.result else { panic!("{name}: {outcome:?}") };
        // A file that steps aside is called after the commit it comes from.
        let path = |path: &str| path.split_inclusive('~').next().unwrap_or_default().to_owned();
        let found: Vec<_> = conflicts.iter().map(|c| (path(&c.path), c.kind)).collect();
        let expected: Vec<_> = paths.iter().map(|path| ((*path).to_owned(), kind)).collect();
        assert_eq!(found, expected, "{name}: {conflicts:#?}");
        assert_eq!(checked.agrees, Some(true), "{name}: git finds no conflict");
    }
}

#[test]
fn links_and_submodules_conflict_as_what_they_are() {
    let fork = Fork::new(&[("z", Some(""))], &[], &[]);
    let entry = |branch: &str, mode: &str, id: &str| {
        fork.work.git(&["checkout", "-q", branch]);
        fork.work.git(&["update-index", "--add", "--cacheinfo", &format!("{mode},{id},x")]);
        fork.work.git(&["commit", "-q", "-m", mode]);
        fork.work.git(&["reset", "-q", "--hard"]);
    };
    let blob = |text: &str| {
        fork.work.write("tmp", text);
        fork.work.git(&["hash-object", "-w", "tmp"])
    };
    let kind = || {
        let Merged::Conflicts(conflicts) = fork.merge().0.result else { panic!("no conflict") };
        conflicts.iter().map(|c| (c.path.clone(), c.kind)).collect::<Vec<_>>()
    };
    let (one, two) = (blob("one"), blob("two"));
    entry("ours", "160000", &"1".repeat(40));
    entry("theirs", "160000", &"2".repeat(40));
    assert_eq!(kind(), [("x".to_owned(), ConflictKind::Submodule)]);
    entry("ours", "120000", &one);
    entry("theirs", "100644", &two);
    let aside = format!("x~{}", fork.work.git(&["rev-parse", "theirs"]));
    assert_eq!(kind(), [("x".to_owned(), ConflictKind::DistinctTypes), (aside, ConflictKind::DistinctTypes)]);
    entry("theirs", "120000", &two);
    assert_eq!(kind(), [("x".to_owned(), ConflictKind::AddAdd)]);
}

#[test]
fn several_merge_bases_are_merged_first() {
    let fork = Fork::new(&[("a", Some(LONG))], &[("a", Some(&long(&[("2", "two")])))], &[("b", Some("b\n"))]);
    // A criss-cross: each side merges the other's first commit.
    let (one, two) = (fork.work.git(&["rev-parse", "ours"]), fork.work.git(&["rev-parse", "theirs"]));
    for (branch, other) in [("ours", &two), ("theirs", &one)] {
        fork.work.git(&["checkout", "-q", branch]);
        fork.work.git(&["merge", "-q", "--no-ff", "-m", "cross", other]);
    }
    fork.apply(&[("a", Some(&long(&[("2", "two"), ("9", "nine")])))], "theirs again");
    fork.work.git(&["checkout", "-q", "ours"]);
    fork.apply(&[("a", Some(&long(&[("2", "zwei"), ("5", "fünf")])))], "ours again");
    let (outcome, checked) = fork.merge();
    let mut bases = outcome.bases.clone();
    bases.sort();
    let mut expected = [id(&one), id(&two)];
    expected.sort();
    assert_eq!((bases.as_slice(), outcome.by), (expected.as_slice(), By::Full));
    assert_eq!(checked.agrees, Some(true), "{outcome:?} {checked:?}");
    assert!(matches!(outcome.result, Merged::Clean(_)));
}

#[test]
fn many_edited_renames_are_found() {
    // libgit2's own limit (200) would make a conflict of each.
    let text = |n: usize, extra: &str| (0..20).map(|line| format!("{n} line {line}\n")).collect::<String>() + extra;
    let fork = Fork::new(&[("z", Some(""))], &[], &[]);
    fork.work.git(&["checkout", "-q", "master"]);
    (0..300).for_each(|n| fork.work.write(&format!("old/{n}"), text(n, "")));
    fork.work.commit("many");
    for branch in ["ours", "theirs"] {
        fork.work.git(&["checkout", "-q", "-B", branch, "master"]);
        if branch == "ours" {
            (0..300).for_each(|n| fork.work.write(&format!("new/{n}"), text(n, "moved\n")));
            std::fs::remove_dir_all(fork.work.path.join("old")).unwrap();
        } else {
            (0..300).for_each(|n| fork.work.write(&format!("old/{n}"), format!("head\n{}", text(n, ""))));
        }
        fork.work.commit(branch);
    }
    let (outcome, checked) = fork.merge();
    assert!(matches!(outcome.result, Merged::Clean(_)), "{outcome:?}");
    assert_eq!(checked.agrees, Some(true));
}

#[test]
fn no_answer_is_an_error_that_says_why() {
    let fork = Fork::new(&[("a", Some("1\n"))], &[("a", Some("2\n"))], &[]);
    fork.work.git(&["checkout", "-q", "--orphan", "alone"]);
    fork.work.commit("alone");
    let mirror = Mirror::at(&fork.work.path).unwrap();
    let (ours, alone) = (mirror.resolve("ours").unwrap(), mirror.resolve("alone").unwrap());
    let error = merge(mirror.objects(), ours, alone).unwrap_err();
    assert!(matches!(error, MergeError::Unrelated { .. }), "{error}");
    assert!(Failure::from(error).hint.unwrap().contains("same repository"));
    let missing = merge(mirror.objects(), ours, id(&"1".repeat(40))).unwrap_err();
    assert_eq!(Failure::from(missing).kind, FailureKind::Git);
}

#[test]
fn the_cross_check_writes_nothing_and_says_when_it_cannot_tell() {
    let fork = Fork::new(&[("a", Some(LONG))], &[("b", Some("b"))], &[("c", Some("c"))]);
    let before = bytes_of(&fork.work.path);
    let (outcome, checked) = fork.merge();
    assert_eq!(checked.agrees, Some(true));
    assert_eq!(bytes_of(&fork.work.path), before);
    let mirror = Mirror::at(&fork.work.path).unwrap();
    let (ours, theirs) = (mirror.resolve("ours").unwrap(), mirror.resolve("theirs").unwrap());
    // An answer that is wrong, and commits that git cannot see.
    let wrong = MergeResult { result: Merged::Clean(mirror.tree(ours).unwrap()), ..outcome.clone() };
    assert_eq!(cross_check(mirror.objects(), ours, theirs, &wrong).agrees, Some(false));
    let wrong = MergeResult { result: Merged::Conflicts(Vec::new()), ..outcome.clone() };
    assert_eq!(cross_check(mirror.objects(), ours, theirs, &wrong).agrees, Some(false));
    let nowhere = cross_check(mirror.objects(), ours, id(&"1".repeat(40)), &outcome);
    assert_eq!((nowhere.tree, nowhere.agrees), (None, None));
    assert_eq!(
        serde_json::to_value(CrossCheck::default()).unwrap(),
        serde_json::json!({ "by": null, "tree": null, "agrees": null })
    );
}

#[test]
fn random_edits_merge_as_git_merges_them() {
    // A small generator with a fixed seed: the same histories on every machine.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let (mut clean, mut conflicted) = (0, 0);
    for round in 0..40 {
        let text: Vec<String> = (0..30).map(|line| format!("{round} line {line}\n")).collect();
        let mut edit = |who: &str| {
            let mut lines = text.clone();
            for _ in 0..=next(4) {
                let at = next(30) as usize;
                match next(3) {
                    0 => lines[at].clear(),
                    1 => lines[at] = format!("{who} {at}\n"),
                    _ => lines[at].push_str(&format!("{who} more\n")),
                }
            }
            lines.concat()
        };
        let (base, ours, theirs) = (text.concat(), edit("ours"), edit("theirs"));
        let fork = Fork::new(&[("a", Some(&base))], &[("a", Some(&ours))], &[("a", Some(&theirs))]);
        let (outcome, checked) = fork.merge();
        match (outcome.result, fork.gits()) {
            (Merged::Clean(tree), expected) => {
                clean += 1;
                assert_eq!(Some(tree.to_string()), expected, "round {round}");
            }
            (Merged::Conflicts(conflicts), None) => {
                conflicted += 1;
                // Each hunk's lines stand where it says.
                let lines: Vec<&str> = ours.lines().collect();
                for hunk in &conflicts[0].hunks {
                    let there = &lines[hunk.line - 1..hunk.line - 1 + hunk.ours.len()];
                    assert_eq!(there, hunk.ours, "round {round}, line {}", hunk.line);
                }
            }
            other => panic!("round {round}: {other:?}"),
        }
        assert_eq!(checked.agrees, Some(true));
    }
    assert!(clean > 5 && conflicted > 5, "{clean} clean, {conflicted} conflicted");
}
