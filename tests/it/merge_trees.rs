//! Trees that no git of today writes: odd modes, which git reads all the same, and damage, which is refused. git is the judge of
//! the former, and of what it refuses itself.

use super::merge_answers::{difference, git, gits, ours};
use crate::support::cli::Machine;
use crate::support::git::Repo;
use relwf::model::CommitId;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Makes objects in a bare repository, whatever they are like.
struct Maker<'m> {
    path: &'m Path,
}

type Entry<'e> = (&'e str, &'e [u8], String);
/// The entries of a tree around a blob.
type Odd<'o> = dyn Fn(String) -> Vec<Entry<'o>> + 'o;

impl Maker<'_> {
    fn run(&self, arguments: &[&str], input: &[u8]) -> String {
        let who = ["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Ada"));
        let email = ["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "ada@example.com"));
        let mut command = git(self.path);
        let command = command.envs(who).envs(email).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn blob(&self, text: &str) -> String {
        self.run(&["hash-object", "-w", "--stdin"], text.as_bytes())
    }

    fn tree(&self, entries: &[Entry<'_>]) -> String {
        let id =
            |hex: &str| (0..20).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect::<Vec<_>>();
        let raw: Vec<u8> = entries
            .iter()
            .flat_map(|(mode, name, hex)| [mode.as_bytes(), b" ", name, b"\0", &id(hex)].concat())
            .collect();
        self.run(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &raw)
    }

    fn commit(&self, tree: &str, parent: Option<CommitId>) -> CommitId {
        let parent = parent.map(|parent| parent.to_string());
        let parents: Vec<&str> = parent.iter().flat_map(|parent| ["-p", parent]).collect();
        self.run(&[&["commit-tree", tree, "-m", "x"], &parents[..]].concat(), b"").parse().unwrap()
    }
}

fn text(changed: usize) -> String {
    (1..=20).map(|line| format!("line {line}{}\n", if line == changed { " changed" } else { "" })).collect()
}

/// Ours and theirs change another line each of what the odd entry holds; in which of base, ours and theirs it is odd, is told by
/// the bits.
fn sides(maker: &Maker<'_>, odd: &Odd<'_>, which: u8, deep: bool) -> (CommitId, CommitId) {
    let other = maker.blob("other\n");
    let trees = [(0, "zb"), (3, "zo"), (17, "zt")].into_iter().enumerate().map(|(version, (changed, own))| {
        let blob = maker.blob(&text(changed));
        let mut entries = if which >> version & 1 == 1 { odd(blob) } else { vec![("100644", &b"f"[..], blob)] };
        entries.push(("100644", own.as_bytes(), other.clone()));
        let tree = maker.tree(&entries);
        if deep { maker.tree(&[("40000", b"d", tree), ("100644", own.as_bytes(), other.clone())]) } else { tree }
    });
    let trees: Vec<String> = trees.collect();
    let base = maker.commit(&trees[0], None);
    (maker.commit(&trees[1], Some(base)), maker.commit(&trees[2], Some(base)))
}

#[test]
fn odd_modes_merge_as_git_merges_them() {
    let machine = Machine::new();
    let repo = Repo::bare(machine.path("odd.git"));
    let maker = Maker { path: &repo.path };
    let modes =
        ["100664", "100600", "100775", "100777", "120777", "0100644", "1100644", "140000", "160755", "644", "0"];
    for which in 1..8 {
        for mode in modes {
            let odd = |blob| vec![(mode, &b"f"[..], blob)];
            let pairs = [false, true].map(|deep| sides(&maker, &odd, which, deep));
            for (git, own) in gits(&repo.path, &pairs).into_iter().zip(ours(&repo.path, &pairs)) {
                assert_eq!(difference(&git.unwrap(), &own.unwrap()), None, "{mode} in {which:03b}");
            }
        }
    }
}

#[test]
fn damaged_trees_are_refused_with_their_id_and_path() {
    let machine = Machine::new();
    let repo = Repo::bare(machine.path("odd.git"));
    let maker = Maker { path: &repo.path };
    let (file, sub) = (maker.blob("x\n"), maker.tree(&[("100644", b"x", maker.blob("x\n"))]));
    let null = "0".repeat(40);
    let kinds: [(&str, &Odd<'_>); 10] = [
        ("`../evil` has a slash", &|blob| vec![("100644", b"../evil", blob)]),
        ("`..` would lead out", &|blob| vec![("100644", b"..", blob)]),
        ("`.git` has git's own name", &|blob| vec![("100644", b".git", blob)]),
        ("without a name", &|blob| vec![("100644", b"", blob)]),
        ("`n` has the null id", &|blob| vec![("100644", b"n", null.clone()), ("100644", b"o", blob)]),
        ("`n` has the null id", &|blob| vec![("40000", b"n", null.clone()), ("100644", b"o", blob)]),
        ("`f` is there twice", &|blob| vec![("100644", b"f", file.clone()), ("100644", b"f", blob)]),
        ("a file and a directory", &|blob| {
            vec![("100644", b"f", blob), ("100644", b"f.c", file.clone()), ("40000", b"f", sub.clone())]
        }),
        ("not in git's order", &|blob| vec![("40000", b"f", sub.clone()), ("100644", b"f", blob)]),
        ("not in git's order", &|blob| vec![("100644", b"g", file.clone()), ("100644", b"f", blob)]),
    ];
    for which in [1, 2, 4, 6, 7] {
        for (what, odd) in kinds {
            let pairs = [false, true].map(|deep| sides(&maker, odd, which, deep));
            for (deep, answer) in [false, true].into_iter().zip(ours(&repo.path, &pairs)) {
                let error = answer.unwrap_err().to_string();
                assert!(error.contains(what) && error.starts_with("tree "), "{what} in {which:03b}: {error}");
                assert_eq!(error.contains("directory `d`"), deep, "{error}");
            }
        }
    }
}

/// The two sides have a commit of one subject, as after a pick, so that they are compared change by change.
#[test]
fn an_odd_mode_is_no_panic_where_changes_are_compared() {
    let machine = Machine::new();
    let repo = Repo::bare(machine.path("odd.git"));
    let maker = Maker { path: &repo.path };
    let tree = |mode, text| maker.tree(&[(mode, b"a.txt", maker.blob(text))]);
    let start = maker.commit(&tree("100644", "zero\n"), None);
    let [ours, theirs] = ["100644", "100777"].map(|mode| maker.commit(&tree(mode, "one\n"), Some(start)).to_string());
    let said = machine.say(&machine.path("."), &["preview", &theirs, &ours, "--repo", repo.path.to_str().unwrap()]);
    assert!(said.code < 3, "{} {}", said.stdout, said.stderr);
    assert!(said.stdout.contains("merges cleanly"), "{}", said.stdout);
}
