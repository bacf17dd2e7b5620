//! Where a merge finds its objects: in memory, in packs that came later, in commit-graph files, and in damaged files.

use super::merge_support::{File, Planned, Repository, Snapshot};
use crate::support::git::Repo;
use crate::support::sized;
use proptest::prelude::*;
use relwf::git::{Ident, Mirror, NewCommit, cross_check};
use relwf::merge::{BareRepository, MergeError, MergeResult, Merged, Merger, merge};
use relwf::model::{CommitId, TreeId};
use std::path::{Path, PathBuf};

fn files(entries: &[(&str, &str)]) -> Snapshot {
    entries.iter().map(|(path, data)| ((*path).to_owned(), File { mode: "100644", data: (*data).into() })).collect()
}

fn text(changes: &[usize]) -> String {
    (1..=30).map(|line| format!("{line}{}\n", if changes.contains(&line) { " changed" } else { "" })).collect()
}

/// A base, ours and theirs that need a content merge, and two more that need renames.
fn history() -> Repository {
    let planned =
        |entries: &[(&str, &str)], parents: &[usize]| Planned { files: files(entries), parents: parents.into() };
    let (plain, top, end) = (text(&[]), text(&[2]), text(&[28]));
    Repository::with(&[
        planned(&[("d/f", &plain), ("d/g", &plain)], &[]),
        planned(&[("d/f", &top), ("d/g", &plain)], &[0]),
        planned(&[("d/f", &end), ("d/g", &plain)], &[0]),
        planned(&[("e/f", &end), ("e/g", &plain), ("e/h", "new\n")], &[2]),
    ])
}

fn clean(outcome: &MergeResult) -> TreeId {
    match outcome.result {
        Merged::Clean(tree) => tree,
        ref other => panic!("{other:?}"),
    }
}

fn git_tree(repo: &Repo, ours: CommitId, theirs: CommitId) -> String {
    repo.git(&["merge-tree", "--write-tree", &ours.to_string(), &theirs.to_string()])
}

#[test]
fn a_merge_in_memory_is_merged_again_and_compared() {
    let history = history();
    let [_, ours, theirs, later] = history.commits[..] else { panic!("four commits") };
    let (mirror, merger) = (Mirror::at(history.path()).unwrap(), Merger::default());
    let first = clean(&merger.merge(mirror.objects(), ours, theirs).unwrap());
    let by = Ident { name: "A".into(), email: "a@b".into(), time: 1_700_000_000, offset_minutes: 0 };
    let new =
        |tree, parents| NewCommit { tree, parents, author: by.clone(), committer: by.clone(), message: "m\n".into() };
    let merged = mirror.write_commit(&new(first, vec![ours, theirs])).unwrap();
    // The commit and its tree are nowhere but in this process.
    let repo = Repo::at(history.path());
    assert!(!repo.try_git(&["cat-file", "-e", &merged.to_string()]).status.success());
    let second = merger.merge(mirror.objects(), merged, later).unwrap();
    assert_eq!(second.bases, [theirs]);
    assert_eq!(clean(&merge(mirror.objects(), merged, later).unwrap()), clean(&second));
    assert_eq!(cross_check(mirror.objects(), merged, later, &second).agrees, None);
    let changed = mirror.changed_files(first, clean(&second)).unwrap();
    let changed: Vec<_> = changed.iter().map(|(path, change)| (path.as_str(), *change)).collect();
    assert_eq!(changed, [("d/f", 'D'), ("d/g", 'D'), ("e/f", 'A'), ("e/g", 'A'), ("e/h", 'A')]);
    assert_eq!(merger.merge(mirror.objects(), merged, theirs).unwrap().result, Merged::UpToDate(first));
    // git makes the same tree of the same merges.
    assert_eq!(first.to_string(), git_tree(&repo, ours, theirs));
    repo.git(&["commit-tree", &first.to_string(), "-m", "m", "-p", &ours.to_string(), "-p", &theirs.to_string()]);
    let on_disk =
        repo.git(&["commit-tree", &first.to_string(), "-m", "m", "-p", &ours.to_string(), "-p", &theirs.to_string()]);
    assert_eq!(clean(&second).to_string(), git_tree(&repo, on_disk.parse().unwrap(), later));
}

#[test]
fn results_that_were_forgotten_can_be_made_again() {
    let history = history();
    let [_, ours, _, later] = history.commits[..] else { panic!("four commits") };
    let (mirror, merger) = (Mirror::at(history.path()).unwrap(), Merger::default());
    let first = merger.merge(mirror.objects(), ours, later).unwrap();
    let files = || mirror.changed_files(mirror.tree(ours).unwrap(), clean(&first));
    let before = files().unwrap();
    mirror.objects().forget_written().unwrap();
    assert!(files().is_err());
    assert_eq!(merger.merge(mirror.objects(), ours, later).unwrap(), first);
    assert_eq!(files().unwrap(), before);
}

#[test]
fn one_merger_serves_two_repositories() {
    let (one, two) = (history(), history());
    let merger = Merger::default();
    let plan = [
        Planned { files: files(&[("a", "1\n")]), parents: vec![] },
        Planned { files: files(&[("a", "2\n")]), parents: vec![0] },
    ];
    let other = Repository::with(&plan);
    for repository in [&one, &other, &two] {
        let mirror = Mirror::at(repository.path()).unwrap();
        let [base, ours, ..] = repository.commits[..] else { panic!("two commits") };
        assert_eq!(clean(&merger.merge(mirror.objects(), base, ours).unwrap()), mirror.tree(ours).unwrap());
    }
    let mirror = Mirror::at(other.path()).unwrap();
    let error = merger.merge(mirror.objects(), other.commits[0], one.commits[0]).unwrap_err();
    assert!(matches!(error, MergeError::Database { .. }), "{error}");
}

#[test]
fn packs_that_come_and_go_are_noticed() {
    let history = history();
    let [_, ours, theirs, later] = history.commits[..] else { panic!("four commits") };
    let repo = Repo::at(history.path());
    for (number, commit) in history.commits.iter().enumerate() {
        repo.git(&["branch", &format!("c{}", number + 1), &commit.to_string()]);
    }
    let (mirror, merger) = (Mirror::at(history.path()).unwrap(), Merger::default());
    let expected = merger.merge(mirror.objects(), ours, theirs).unwrap();
    assert_eq!(clean(&expected).to_string(), git_tree(&repo, ours, theirs));
    repo.git(&["repack", "-a", "-d", "-q"]);
    assert_eq!(merger.merge(mirror.objects(), ours, theirs).unwrap(), expected);
    // A push from elsewhere brings a pack; the old packs become one.
    let elsewhere = tempfile::tempdir().unwrap();
    let clone = Repo::at(elsewhere.path().join("clone"));
    let from = history.path().display().to_string();
    Repo::at(elsewhere.path()).git(&["clone", "-q", "-b", "c4", &from, "clone"]);
    clone.write("e/z", "more\n");
    clone.git(&["add", "."]);
    clone.git(&["commit", "-q", "-m", "more"]);
    let more: CommitId = clone.git(&["rev-parse", "HEAD"]).parse().unwrap();
    repo.git(&["config", "transfer.unpackLimit", "1"]);
    clone.git(&["push", "-q", "origin", "HEAD:refs/heads/more"]);
    let next = merger.merge(mirror.objects(), ours, more).unwrap();
    assert_eq!(clean(&next).to_string(), git_tree(&repo, ours, more));
    repo.git(&["repack", "-a", "-d", "-q"]);
    assert_eq!(merger.merge(mirror.objects(), ours, theirs).unwrap(), expected);
    let last = merger.merge(mirror.objects(), ours, later).unwrap();
    assert_eq!(clean(&last).to_string(), git_tree(&repo, ours, later));
}

#[test]
fn large_files_merge_whether_they_deflate_well_or_not_at_all() {
    // Lines of the same width from few or from nearly all bytes: a tenth, half and all of their size in the pack.
    let mut seed = 7_u64;
    let mut lines = |bytes: usize, alphabet: std::ops::Range<u8>| -> Vec<u8> {
        let spread = u64::from(alphabet.end - alphabet.start);
        let mut text: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            alphabet.start + (seed >> 33).wrapping_rem(spread) as u8
        })
        .take(bytes)
        .collect();
        text.iter_mut().skip(63).step_by(64).for_each(|end| *end = b'\n');
        text
    };
    let texts =
        [lines(70_000, b'a'..b'c'), lines(2_000_000, b'a'..b'c'), lines(70_000, b'0'..200), lines(27 << 20, 11..255)];
    let planned = |changed: &[bool; 2], parents: &[usize]| Planned {
        files: (0..)
            .zip(&texts)
            .map(|(number, text)| {
                let mut data = text.clone();
                let places = [64 * 3, text.len() - text.len() % 64 - 64 * 3];
                places.iter().zip(changed).filter(|(_, changed)| **changed).for_each(|(at, _)| data[*at] = b'!');
                (format!("f{number}"), File { mode: "100644", data })
            })
            .collect(),
        parents: parents.into(),
    };
    let history = Repository::with(&[
        planned(&[false, false], &[]),
        planned(&[true, false], &[0]),
        planned(&[false, true], &[0]),
    ]);
    let repo = Repo::at(history.path());
    // Whole, not as differences.
    repo.git(&["repack", "-a", "-d", "-f", "-q", "--depth=0", "--window=0"]);
    let [_, ours, theirs] = history.commits[..] else { panic!("three commits") };
    let mirror = Mirror::at(history.path()).unwrap();
    let merged = clean(&merge(mirror.objects(), ours, theirs).unwrap());
    assert_eq!(merged.to_string(), git_tree(&repo, ours, theirs));
}

#[test]
fn commit_graphs_change_no_answer() {
    // Three rounds of criss-cross over 40 commits, so that bases are several and far.
    let mut plan = vec![Planned { files: files(&[("f", &text(&[]))]), parents: vec![] }];
    for at in 1..40_usize {
        let parents = if at % 13 == 0 {
            vec![at - 1, at - 5, at - 7]
        } else if at % 3 == 0 {
            vec![at - 1, at / 2]
        } else {
            vec![at - at.min(2)]
        };
        plan.push(Planned { files: files(&[("f", &text(&[at % 30])), (&format!("g{at}"), "x\n")]), parents });
    }
    let history = Repository::with(&plan);
    let repo = Repo::at(history.path());
    let pairs: Vec<(usize, usize)> = (0..40).flat_map(|a| (0..40).step_by(3).map(move |b| (a, b))).collect();
    let bases = || -> Vec<Vec<CommitId>> {
        let (mirror, merger) = (Mirror::at(history.path()).unwrap(), Merger::default());
        let of = |(a, b): &(usize, usize)| {
            merger.merge(mirror.objects(), history.commits[*a], history.commits[*b]).unwrap().bases
        };
        pairs.iter().map(of).collect()
    };
    let plain = bases();
    for ((a, b), found) in pairs.iter().zip(&plain) {
        let (a, b) = (history.commits[*a].to_string(), history.commits[*b].to_string());
        let mut git: Vec<String> = repo.git(&["merge-base", "--all", &a, &b]).lines().map(str::to_owned).collect();
        let mut found: Vec<String> = found.iter().map(ToString::to_string).collect();
        git.sort();
        found.sort();
        assert_eq!(found, git, "{a} {b}");
    }
    let write = |from: usize, how: &[&str]| {
        // From one commit only: what is newer is in no graph.
        let list = history.path().join("list");
        std::fs::write(&list, format!("{}\n", history.commits[from])).unwrap();
        let command = format!("git commit-graph write --stdin-commits {} < list", how.join(" "));
        let done =
            std::process::Command::new("sh").args(["-c", &command]).current_dir(history.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let info = history.path().join("objects/info");
    write(20, &["--split=no-merge"]);
    assert_eq!(bases(), plain, "one layer");
    write(30, &["--split=no-merge"]);
    write(39, &["--split=no-merge"]);
    let chain = std::fs::read_to_string(info.join("commit-graphs/commit-graph-chain")).unwrap();
    assert_eq!(chain.lines().count(), 3);
    assert_eq!(bases(), plain, "three layers");
    std::fs::remove_dir_all(info.join("commit-graphs")).unwrap();
    for from in [10, 25, 39] {
        write(from, &[]);
        assert!(info.join("commit-graph").exists());
        assert_eq!(bases(), plain, "one file from commit {from}");
    }
}

/// All files of a repository's object database.
fn stored(repository: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(repository.join("objects")).sort_by_file_name();
    entries.into_iter().map(|entry| entry.unwrap()).filter(|e| e.file_type().is_file()).map(|e| e.into_path()).collect()
}

#[test]
fn loose_objects_that_are_cut_off_are_errors() {
    let history = history();
    let repo = Repo::at(history.path());
    assert!(stored(history.path()).iter().all(|path| path.extension().is_none()), "a pack");
    let [_, ours, theirs, _] = history.commits[..] else { panic!("four commits") };
    let blob = repo.git(&["rev-parse", &format!("{ours}:d/f")]);
    let tree = repo.git(&["rev-parse", &format!("{theirs}^{{tree}}")]);
    for id in [blob, tree, theirs.to_string()] {
        let path = history.path().join("objects").join(&id[..2]).join(&id[2..]);
        let whole = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 6]).unwrap();
        let error = merge(Mirror::at(history.path()).unwrap().objects(), ours, theirs).unwrap_err();
        assert!(
            error.to_string().contains(&format!("object {id}: ")) && error.to_string().contains("is damaged"),
            "{error}"
        );
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(
        clean(&merge(Mirror::at(history.path()).unwrap().objects(), ours, theirs).unwrap()).to_string(),
        git_tree(&repo, ours, theirs)
    );
}

#[test]
fn an_index_that_points_nowhere_is_an_error() {
    let history = history();
    Repo::at(history.path()).git(&["repack", "-a", "-d", "-q"]);
    let [_, ours, theirs, _] = history.commits[..] else { panic!("four commits") };
    let index = stored(history.path()).into_iter().find(|path| path.extension().is_some_and(|e| e == "idx")).unwrap();
    let mut data = std::fs::read(&index).unwrap();
    let count = u32::from_be_bytes(data[8 + 255 * 4..8 + 256 * 4].try_into().unwrap()) as usize;
    let offsets = 8 + 1024 + count * 24;
    // Past the end of the pack; past the end of the table of far offsets. libgit2 may crash on such offsets.
    for wrong in [0x7fff_fff0_u32, 0xffff_fff0] {
        for at in 0..count {
            data[offsets + at * 4..][..4].copy_from_slice(&wrong.to_be_bytes());
        }
        std::fs::remove_file(&index).unwrap();
        std::fs::write(&index, &data).unwrap();
        let error = merge(Mirror::at(history.path()).unwrap().objects(), ours, theirs).unwrap_err();
        assert!(error.to_string().contains("cannot be read from its pack"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: sized(48), max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic_nor_hang(packed: bool, damage in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, any::<prop::sample::Index>(), 1..=255_u8), 12)) {
        let history = history();
        let repo = Repo::at(history.path());
        repo.git(&["commit-graph", "write", "--reachable"]);
        if packed {
            repo.git(&["repack", "-a", "-d", "-f", "-q"]);
        }
        let [_, ours, theirs, later] = history.commits[..] else { panic!("four commits") };
        for (file, kind, at, bits) in damage {
            let files = stored(history.path());
            let path = &files[file.index(files.len())];
            let whole = std::fs::read(path).unwrap();
            let mut data = whole.clone();
            let place = at.index(data.len());
            match kind {
                0 => data.truncate(place),
                // The parts that say where things are.
                1 => data[place.min(40)] ^= bits,
                _ => data[place] ^= bits,
            }
            // Replaced, not overwritten: git makes its files read-only.
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, data).unwrap();
            let mirror = Mirror::at(history.path()).unwrap();
            // Any answer or error will do, as long as there is one.
            for (one, two) in [(ours, theirs), (ours, later), (later, ours)] {
                let _ = merge(mirror.objects(), one, two);
            }
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, whole).unwrap();
        }
    }
}

#[test]
fn only_a_bare_repository_with_nothing_special_is_plain() {
    type Special = (&'static str, fn(&Repo));
    let history = history();
    assert!(BareRepository::at(history.path()).is_some());
    let special: [Special; 7] = [
        ("attributes", |repo| std::fs::write(repo.path.join("info/attributes"), "* merge=union\n").unwrap()),
        ("an extension", |repo| drop(repo.git(&["config", "extensions.partialClone", "origin"]))),
        ("another configuration", |repo| drop(repo.git(&["config", "include.path", "../other"]))),
        ("a work tree", |repo| drop(repo.git(&["config", "core.worktree", "/tmp"]))),
        ("not bare", |repo| drop(repo.git(&["config", "core.bare", "false"]))),
        ("a linked work tree", |repo| std::fs::write(repo.path.join("commondir"), "..\n").unwrap()),
        ("no repository", |repo| std::fs::remove_file(repo.path.join("HEAD")).unwrap()),
    ];
    for (what, make) in special {
        let history = self::history();
        make(&Repo::at(history.path()));
        assert!(BareRepository::at(history.path()).is_none(), "{what}");
    }
    let away = tempfile::tempdir().unwrap();
    assert!(BareRepository::at(&away.path().join("nowhere")).is_none());
    // What it cannot answer is an error, and nothing is written.
    let plain = BareRepository::at(history.path()).unwrap();
    let [_, ours, theirs, _] = history.commits[..] else { panic!("four commits") };
    let merger = Merger::default();
    let tree = clean(&merger.merge_in(&plain, ours, theirs).unwrap());
    assert!(!Repo::at(history.path()).try_git(&["cat-file", "-e", &tree.to_string()]).status.success());
    let nobody: CommitId = "1234567890123456789012345678901234567890".parse().unwrap();
    assert!(merger.merge_in(&plain, ours, nobody).is_err());
    assert_eq!(clean(&merger.merge_in(&plain, ours, theirs).unwrap()), tree);
}
