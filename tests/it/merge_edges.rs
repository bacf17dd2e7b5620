//! Attributes as a bare repository applies them, damaged objects, and what the engine says about easy merges.

use super::merge_answers::difference;
use super::merge_support::{File, Planned, Repository, Snapshot};
use proptest::prelude::*;
use relwf::git::Mirror;
use relwf::merge::{By, ConflictKind, MergeError, MergeResult, Merged, Merger};
use relwf::model::CommitId;

fn files(entries: &[(&str, &str)]) -> Snapshot {
    entries.iter().map(|(path, data)| ((*path).to_owned(), File { mode: "100644", data: (*data).into() })).collect()
}

fn lines(marks: &[(usize, &str)]) -> String {
    let line = |at: usize| marks.iter().find(|(line, _)| *line == at).map_or("same", |(_, text)| text);
    (1..=9).map(|at| format!("{at} {}\n", line(at))).collect()
}

fn merge(path: &std::path::Path, ours: CommitId, theirs: CommitId) -> Result<MergeResult, MergeError> {
    relwf::merge::merge(Mirror::at(path).unwrap().objects(), ours, theirs)
}

fn three(base: Snapshot, ours: Snapshot, theirs: Snapshot) -> Repository {
    Repository::with(&[
        Planned { files: base, parents: vec![] },
        Planned { files: ours, parents: vec![0] },
        Planned { files: theirs, parents: vec![0] },
    ])
}

#[test]
fn attributes_count_as_in_a_bare_repository() {
    let (base, ours, theirs) = (lines(&[]), lines(&[(5, "ours"), (2, "a")]), lines(&[(5, "theirs"), (8, "b")]));
    let rules = [
        "*.txt merge=union",
        "*.txt -merge",
        "*.txt binary",
        "*.txt merge=binary",
        "*.txt merge=ours",
        "*.txt merge=text",
        "*.txt merge",
        "d/*.txt merge=union",
        "*.md merge=union",
        "*.txt conflict-marker-size=12",
        "*.txt text eol=crlf",
        "* merge=union\nd/* !merge",
        "[attr]mine merge=union\n*.txt mine",
    ];
    for rule in rules {
        for inside in [false, true] {
            let with = |text: &str| {
                let mut entries = vec![("f.txt", text), ("d/g.txt", text)];
                if inside {
                    entries.push((".gitattributes", rule));
                }
                files(&entries)
            };
            let repo = three(with(&base), with(&ours), with(&theirs));
            if !inside {
                std::fs::create_dir_all(repo.path().join("info")).unwrap();
                std::fs::write(repo.path().join("info/attributes"), format!("{rule}\n")).unwrap();
            }
            let pairs = [(1, 2), (2, 1)];
            for (git, ours) in repo.gits(&pairs).iter().zip(&repo.ours(&pairs)) {
                assert_eq!(difference(git, ours), None, "rule `{rule}`, inside the tree: {inside}");
            }
        }
    }
}

#[test]
fn a_name_that_two_deleted_files_share_is_not_unique_whoever_changed_them() {
    let text = |what: &str, lines: usize| (1..=lines).map(|line| format!("{what} {line}\n")).collect::<String>();
    let (version, other) = (text("line", 40), text("other", 40));
    let [ours, split, hardly] =
        [version.replace("line 3\n", "ours\n"), text("line", 34) + &text("new", 6), text("line", 39) + "last\n"];
    let repo = three(
        files(&[("a/Version.php", &version), ("b/Version.php", &other), ("kept", "kept")]),
        files(&[("a/Version.php", &ours), ("b/Version.php", &other), ("kept", "kept")]),
        files(&[("c/Version.php", &split), ("d/Other.php", &hardly), ("kept", "kept")]),
    );
    let pairs = [(1, 2), (2, 1)];
    for (git, ours) in repo.gits(&pairs).iter().zip(&repo.ours(&pairs)) {
        assert_eq!(difference(git, ours), None);
    }
}

/// git 2.47 ends in an assertion here; git 2.51 and later have a conflict.
#[test]
fn nothing_follows_its_directory_to_what_the_other_side_renamed() {
    let repo = three(
        files(&[("A/file1", "1\n"), ("B/file1", "2\n"), ("C/other", "other\n")]),
        files(&[("C/file1", "2\n"), ("C/other", "other\n")]),
        files(&[("D/file2", "1\n"), ("B/file1", "2\n"), ("A/other", "other\n")]),
    );
    for (ours, theirs) in [(1, 2), (2, 1)] {
        let merged = merge(repo.path(), repo.commits[ours], repo.commits[theirs]).unwrap();
        let Merged::Conflicts(conflicts) = merged.result else { panic!("{:?}", merged.result) };
        let kinds: Vec<(&str, ConflictKind)> =
            conflicts.iter().map(|conflict| (conflict.path.as_str(), conflict.kind)).collect();
        assert_eq!(kinds, [("A/file1", ConflictKind::DirectoryRename), ("D/file2", ConflictKind::RenameDelete)]);
    }
}

/// What stood there went two ways, so the place is open.
#[test]
fn a_file_follows_its_directory_to_what_both_sides_renamed_differently() {
    let repo = three(
        files(&[("c/one", "1\n"), ("b/two", "2\n"), ("a/x/two", "3\n")]),
        files(&[("a/x/three", "3\n"), ("a/x/one", "1\n")]),
        files(&[("a/x/w/three", "3\n"), ("c/two", "2\n")]),
    );
    let pairs = [(1, 2), (2, 1)];
    for (git, ours) in repo.gits(&pairs).iter().zip(&repo.ours(&pairs)) {
        assert_eq!(difference(git, ours), None);
    }
}

#[test]
fn says_which_part_decided() {
    let repo = three(
        files(&[("f", "a\n"), ("g", "b\n")]),
        files(&[("f", "c\n"), ("g", "b\n")]),
        files(&[("h", "a\n"), ("g", "d\n")]),
    );
    let (mirror, merger) = (Mirror::at(repo.path()).unwrap(), Merger::default());
    let merge = |ours, theirs| merger.merge(mirror.objects(), ours, theirs).unwrap();
    let [base, ours, theirs] = repo.commits[..] else { panic!("three commits") };
    let outcome = merge(ours, theirs);
    assert_eq!((outcome.by, outcome.bases), (By::Full, vec![base]));
    let forward = merge(base, theirs);
    assert_eq!(forward.by, By::Structural);
    assert!(matches!(forward.result, Merged::Clean(_)));
    assert!(matches!(merge(theirs, base).result, Merged::UpToDate(_)));
}

#[test]
fn a_conflict_shows_its_lines_with_the_base() {
    let (base, ours, theirs) = (lines(&[]), lines(&[(5, "ours")]), lines(&[(5, "theirs")]));
    let repo = three(files(&[("f", &base)]), files(&[("f", &ours)]), files(&[("f", &theirs)]));
    let Merged::Conflicts(conflicts) = merge(repo.path(), repo.commits[1], repo.commits[2]).unwrap().result else {
        panic!("a conflict was expected")
    };
    assert_eq!(conflicts.len(), 1);
    assert_eq!((conflicts[0].path.as_str(), conflicts[0].kind), ("f", ConflictKind::Content));
    assert_eq!(conflicts[0].ours.as_ref().unwrap().mode, "100644");
    let hunk = &conflicts[0].hunks[0];
    assert_eq!(hunk.line, 5);
    assert_eq!(
        (hunk.ours[0].as_str(), hunk.base[0].as_str(), hunk.theirs[0].as_str()),
        ("5 ours", "5 same", "5 theirs")
    );
}

#[test]
fn unrelated_histories_are_refused() {
    let plan = [
        Planned { files: files(&[("f", "a")]), parents: vec![] },
        Planned { files: files(&[("g", "b")]), parents: vec![] },
    ];
    let repo = Repository::with(&plan);
    let error = merge(repo.path(), repo.commits[0], repo.commits[1]).unwrap_err();
    assert!(matches!(error, MergeError::Unrelated { .. }));
}

fn commit(git: &git2::Repository, tree: git2::Oid, parent: Option<git2::Oid>) -> git2::Oid {
    let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
    let text = format!("tree {tree}\n{parent}author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n");
    git.odb().unwrap().write(git2::ObjectType::Commit, text.as_bytes()).unwrap()
}

fn id(oid: git2::Oid) -> CommitId {
    oid.to_string().parse().unwrap()
}

#[test]
fn missing_objects_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let git = git2::Repository::init_bare(folder.path()).unwrap();
    let missing = git2::Oid::from_str("1234567890123456789012345678901234567890").unwrap();
    let blob = |text: &str| git.blob(text.as_bytes()).unwrap();
    let tree = |blob: git2::Oid| {
        let data = [b"100644 f\0", blob.as_bytes()].concat();
        git.odb().unwrap().write(git2::ObjectType::Tree, &data).unwrap()
    };
    let base = commit(&git, tree(blob("a\n")), None);
    let ours = commit(&git, tree(blob("b\n")), Some(base));
    for theirs in [
        commit(&git, missing, Some(base)),
        commit(&git, tree(missing), Some(base)),
        commit(&git, blob("not a tree"), Some(base)),
        commit(&git, tree(tree(blob("not a blob"))), Some(base)),
        commit(&git, tree(blob("c\n")), Some(missing)),
        blob("not a commit"),
        missing,
    ] {
        let error = merge(folder.path(), id(ours), id(theirs)).unwrap_err();
        assert!(matches!(error, MergeError::Database { .. }), "{theirs}: {error}");
    }
}

proptest! {
    #[test]
    fn damaged_trees_never_panic(cut in 0..80_usize, flip in 0..80_usize, bits in 1..=255_u8, side in 0..3_usize) {
        let folder = tempfile::tempdir().unwrap();
        let git = git2::Repository::init_bare(folder.path()).unwrap();
        let odb = git.odb().unwrap();
        let commits: Vec<git2::Oid> = (0..3_usize)
            .scan(None, |first, at| {
                let mut data = Vec::new();
                for (name, text) in [("a", "x\n".repeat(at + 1)), ("b", "y\n".into()), ("c", "z\n".repeat(3 - at))] {
                    data.extend_from_slice(format!("100644 {name}\0").as_bytes());
                    data.extend_from_slice(git.blob(text.as_bytes()).unwrap().as_bytes());
                }
                if at == side {
                    data.truncate(data.len() - cut);
                    if let Some(byte) = data.get_mut(flip) {
                        *byte ^= bits;
                    }
                }
                let tree = odb.write(git2::ObjectType::Tree, &data).unwrap();
                let made = commit(&git, tree, *first);
                first.get_or_insert(made);
                Some(made)
            })
            .collect();
        // Any answer or error will do, as long as there is one.
        let _ = merge(folder.path(), id(commits[1]), id(commits[2]));
    }
}

#[test]
fn directories_as_deep_as_git_goes_are_merged_and_deeper_ones_are_an_error() {
    let deep = |levels: usize, file: &str, text: &str| {
        let path = format!("{}{file}", "d/".repeat(levels));
        (path, File { mode: "100644", data: text.into() })
    };
    let ten = |changed: &str| (0..10).map(|line| if line == 0 { changed } else { "same\n" }).collect::<String>();
    for (levels, fine) in [(2000, true), (3000, false)] {
        // Contents on both sides; then, for the full merge, a rename that the other side edits.
        let base = Snapshot::from([deep(levels, "f", &ten("a\n")), deep(levels, "g", "1\n2\n3\n")]);
        let ours = Snapshot::from([deep(levels, "f", &ten("b\n")), deep(levels, "g", "0\n1\n2\n3\n")]);
        let theirs = Snapshot::from([deep(levels, "moved", &ten("a\n")), deep(levels, "g", "1\n2\n3\n4\n")]);
        let repo = three(base, ours, theirs);
        let (one, two) = (repo.commits[1], repo.commits[2]);
        for (ours, theirs) in [(one, two), (two, one)] {
            // On a thread as small as those of a run.
            let path = repo.path().to_owned();
            let merged = std::thread::spawn(move || merge(&path, ours, theirs)).join().expect("no overflow");
            match merged {
                Ok(outcome) => assert!(fine && matches!(outcome.result, Merged::Clean(_)), "{levels}: {outcome:?}"),
                Err(error) => assert!(!fine && error.to_string().contains("more than 2048 directories"), "{error}"),
            }
        }
    }
}

#[test]
fn a_submodule_that_is_at_hand_goes_forward_where_one_side_contains_the_other() {
    use crate::support::bench::git;
    let dir = tempfile::tempdir().unwrap();
    let (sub, top) = (dir.path().join("sub"), dir.path().join("top"));
    git(dir.path(), &["init", "-q", "-b", "master", "sub"]);
    git(dir.path(), &["init", "-q", "-b", "master", "top"]);
    let mut steps = Vec::new();
    for step in ["one", "two", "three"] {
        git(&sub, &["commit", "-q", "--allow-empty", "-m", step]);
        steps.push(git(&sub, &["rev-parse", "HEAD"]));
    }
    git(&sub, &["checkout", "-q", "-b", "other", "HEAD~1"]);
    git(&sub, &["commit", "-q", "--allow-empty", "-m", "elsewhere"]);
    steps.push(git(&sub, &["rev-parse", "HEAD"]));
    git(&top, &["-c", "protocol.file.allow=always", "submodule", "add", "-q", "../sub", "lib/sub"]);
    let commit = |branch: &str, step: &str| {
        git(&top, &["checkout", "-q", "-B", branch]);
        git(&top, &["update-index", "--cacheinfo", &format!("160000,{step},lib/sub")]);
        git(&top, &["commit", "-q", "-m", branch]);
        git(&top, &["rev-parse", "HEAD"])
    };
    let base = commit("base", &steps[0]);
    let tips: Vec<String> = ["two", "three", "elsewhere"]
        .iter()
        .zip(&steps[1..])
        .map(|(branch, step)| {
            git(&top, &["reset", "-q", "--hard", &base]);
            commit(branch, step)
        })
        .collect();
    // In its place; then kept by git alone; then in a bare repository, where it is not at hand.
    for stage in 0..3 {
        let place = if stage == 2 { dir.path().join("bare.git") } else { top.clone() };
        for (ours, theirs) in [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2)] {
            let merge_tree = std::process::Command::new(crate::support::git::program())
                .args(["merge-tree", "--write-tree", "--no-messages", &tips[ours], &tips[theirs]])
                .current_dir(&place)
                .output()
                .unwrap();
            let expected = String::from_utf8(merge_tree.stdout).unwrap();
            let outcome = merge(&place, tips[ours].parse().unwrap(), tips[theirs].parse().unwrap()).unwrap();
            match outcome.result {
                Merged::Clean(tree) => {
                    assert!(merge_tree.status.success(), "stage {stage}, {ours} and {theirs}: git has {expected}");
                    assert_eq!(tree.to_string(), expected.trim(), "stage {stage}, {ours} and {theirs}");
                }
                Merged::Conflicts(conflicts) => {
                    assert!(!merge_tree.status.success(), "stage {stage}, {ours} and {theirs}: {conflicts:?}");
                    assert_eq!(conflicts[0].kind, ConflictKind::Submodule);
                }
                Merged::UpToDate(_) => panic!("nothing is up to date"),
            }
        }
        if stage == 0 {
            std::fs::remove_dir_all(top.join("lib/sub")).unwrap();
        } else if stage == 1 {
            git(dir.path(), &["clone", "-q", "--bare", "top", "bare.git"]);
            git(&dir.path().join("bare.git"), &["fetch", "-q", "../top", "+refs/heads/*:refs/heads/*"]);
        }
    }
}

#[test]
fn the_structural_merge_gives_up_on_whatever_renames_could_decide() {
    type Tree = &'static [(&'static str, &'static str)];
    let cases: [(&str, Tree, Tree, Tree, By); 13] = [
        (
            "different files",
            &[("a", "1\n"), ("b", "1\n")],
            &[("a", "2\n"), ("b", "1\n")],
            &[("a", "1\n"), ("b", "2\n")],
            By::Structural,
        ),
        (
            "the same file, far apart",
            &[("a", "1\n.\n.\n2\n")],
            &[("a", "x\n.\n.\n2\n")],
            &[("a", "1\n.\n.\ny\n")],
            By::Structural,
        ),
        (
            "additions with different names",
            &[("a", "1\n")],
            &[("a", "1\n"), ("b", "b\n")],
            &[("a", "1\n"), ("c", "c\n")],
            By::Structural,
        ),
        (
            "deleted here, as it was there",
            &[("a", "1\n"), ("b", "1\n")],
            &[("a", "1\n")],
            &[("a", "2\n"), ("b", "1\n")],
            By::Structural,
        ),
        (
            "deleted here, changed there",
            &[("a", "1\n"), ("b", "1\n")],
            &[("a", "1\n")],
            &[("a", "1\n"), ("b", "2\n")],
            By::Full,
        ),
        (
            "a directory gone here, changed there",
            &[("d/a", "1\n"), ("b", "1\n")],
            &[("b", "1\n")],
            &[("d/a", "2\n"), ("b", "1\n")],
            By::Full,
        ),
        (
            "a directory gone here, added to there",
            &[("d/a", "1\n"), ("b", "1\n")],
            &[("b", "1\n")],
            &[("d/a", "1\n"), ("d/n", "n\n"), ("b", "1\n")],
            By::Full,
        ),
        (
            "added on both sides, differently",
            &[("b", "1\n")],
            &[("b", "1\n"), ("a", "1\n")],
            &[("b", "1\n"), ("a", "2\n")],
            By::Full,
        ),
        (
            "a file against a directory",
            &[("b", "1\n")],
            &[("b", "1\n"), ("a", "1\n")],
            &[("b", "1\n"), ("a/f", "2\n")],
            By::Full,
        ),
        (
            "deleted on both sides beside additions",
            &[("a", "1\n"), ("b", "1\n")],
            &[("b", "2\n"), ("n", "1\n")],
            &[("b", "1\n"), ("c", "1\n")],
            By::Full,
        ),
        (
            "deleted in a directory that is equal on both sides",
            &[("d/a", "1\n"), ("d/k", "k\n"), ("b", "1\n")],
            &[("d/k", "k\n"), ("b", "2\n")],
            &[("d/k", "k\n"), ("b", "1\n"), ("c", "1\n")],
            By::Full,
        ),
        ("a content conflict", &[("a", "1\n")], &[("a", "2\n")], &[("a", "3\n")], By::Full),
        (
            "renamed here, changed there",
            &[("a", "1\n2\n3\n4\n")],
            &[("z", "1\n2\n3\n4\n")],
            &[("a", "1\n2\n3\nfour\n")],
            By::Full,
        ),
    ];
    for (name, base, ours, theirs, by) in cases {
        let repo = three(files(base), files(ours), files(theirs));
        for (one, two) in [(1, 2), (2, 1)] {
            let outcome = merge(repo.path(), repo.commits[one], repo.commits[two]).unwrap();
            assert_eq!(outcome.by, by, "{name}");
        }
        let (gits, mine) = (repo.gits(&[(1, 2), (2, 1)]), repo.ours(&[(1, 2), (2, 1)]));
        for (git, ours) in gits.iter().zip(&mine) {
            assert_eq!(difference(git, ours), None, "{name}");
        }
    }
    // A change of type, and several merge bases.
    let link = Snapshot::from([("a".to_owned(), File { mode: "120000", data: "b".into() })]);
    let both = |a: &str| files(&[("a", a), ("b", "1\n")]);
    let repo = Repository::with(&[
        Planned { files: both("1\n"), parents: vec![] },
        Planned { files: link, parents: vec![0] },
        Planned { files: both("2\n"), parents: vec![0] },
        Planned { files: files(&[("a", "1\n"), ("b", "2\n")]), parents: vec![0] },
        Planned { files: files(&[("a", "2\n"), ("b", "2\n"), ("c", "c\n")]), parents: vec![2, 3] },
        Planned { files: files(&[("a", "2\n"), ("b", "2\n"), ("d", "d\n")]), parents: vec![3, 2] },
    ]);
    for (ours, theirs) in [(1, 2), (2, 1), (4, 5), (5, 4)] {
        assert_eq!(merge(repo.path(), repo.commits[ours], repo.commits[theirs]).unwrap().by, By::Full);
    }
}

/// The hunks of a text in diff3 style: where ours begins is not in it, so lines alone.
fn hunks_in(text: &str) -> Vec<[Vec<String>; 3]> {
    let mut hunks = Vec::new();
    let mut part = None;
    let mut hunk: [Vec<String>; 3] = Default::default();
    for line in text.lines() {
        part = match (line.get(..7), part) {
            (Some("<<<<<<<"), None) => Some(0),
            (Some("|||||||"), Some(0)) => Some(1),
            (Some("======="), Some(1)) => Some(2),
            (Some(">>>>>>>"), Some(2)) => {
                hunks.push(std::mem::take(&mut hunk));
                None
            }
            (_, Some(at)) => {
                hunk[at].push(line.to_owned());
                part
            }
            (_, None) => None,
        };
    }
    hunks
}

#[test]
fn hunks_are_those_that_git_writes_in_diff3_style() {
    let mut seed = 7_u32;
    let mut random = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let mut plan = Vec::new();
    for _ in 0..150 {
        // Few different lines, so that equal ones abound.
        let base: Vec<String> = (0..20).map(|_| format!("line {}", random(9))).collect();
        let mut edited = |mark: &str| {
            let mut lines = base.clone();
            for edit in 0..3 {
                let at = random(lines.len() as u32) as usize;
                match random(3) {
                    0 => lines[at] = format!("{mark} {edit}"),
                    1 => lines.insert(at, format!("line {}", random(9))),
                    _ => drop(lines.remove(at)),
                }
            }
            files(&[("f", &(lines.join("\n") + "\n"))])
        };
        let (ours, theirs) = (edited("ours"), edited("theirs"));
        let at = plan.len();
        plan.push(Planned { files: files(&[("f", &(base.join("\n") + "\n"))]), parents: vec![] });
        plan.push(Planned { files: ours, parents: vec![at] });
        plan.push(Planned { files: theirs, parents: vec![at] });
    }
    let repo = Repository::with(&plan);
    let git = |args: &[&str]| {
        let output = std::process::Command::new(crate::support::git::program())
            .arg("-C")
            .arg(repo.path())
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mut compared = 0;
    for commits in repo.commits.chunks(3) {
        let Merged::Conflicts(conflicts) = merge(repo.path(), commits[1], commits[2]).unwrap().result else { continue };
        let (ours, theirs) = (commits[1].to_string(), commits[2].to_string());
        let args = ["-c", "merge.conflictStyle=diff3", "merge-tree", "--write-tree", "--no-messages", &ours, &theirs];
        let tree = git(&args).lines().next().unwrap().to_owned();
        let mine: Vec<[Vec<String>; 3]> = conflicts[0]
            .hunks
            .iter()
            .map(|hunk| {
                [&hunk.ours, &hunk.base, &hunk.theirs]
                    .map(|lines| lines.iter().map(|l| l.trim_end().to_owned()).collect())
            })
            .collect();
        let text = git(&["cat-file", "-p", &format!("{tree}:f")]);
        assert_eq!(mine, hunks_in(&text), "{text}");
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}
