//! Merge bases and parts of the history against git, where clocks lie.

use crate::support::git::Repo;
use relwf::git::{LogRange, Mirror};
use relwf::merge::{MergeError, Merger};
use relwf::model::CommitId;
use std::collections::BTreeSet;
use tempfile::TempDir;

#[test]
fn merge_bases_are_those_of_git_with_and_without_a_commit_graph() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    let commits = work.tangle(150);
    for (number, commit) in commits.iter().enumerate() {
        work.git(&["update-ref", &format!("refs/heads/c{number}"), commit]);
    }
    let pairs: Vec<(usize, usize)> =
        (0..400).map(|n| (n * 31 % 150, n * 53 % 147)).filter(|(one, two)| one != two).collect();
    let git: Vec<BTreeSet<String>> = pairs
        .iter()
        .map(|(one, two)| {
            let bases = work.try_git(&["merge-base", "--all", &commits[*one], &commits[*two]]);
            String::from_utf8_lossy(&bases.stdout).lines().map(str::to_owned).collect()
        })
        .collect();
    assert!(git.iter().any(|bases| bases.len() > 1), "some have several");
    for graph in [false, true] {
        if graph {
            work.git(&["commit-graph", "write", "--reachable"]);
        }
        let (mirror, merger) = (Mirror::at(&work.path).unwrap(), Merger::default());
        for ((one, two), expected) in pairs.iter().zip(&git) {
            let merged = merger.merge(mirror.objects(), commits[*one].parse().unwrap(), commits[*two].parse().unwrap());
            let bases: BTreeSet<String> = match merged {
                Ok(outcome) => outcome.bases.iter().map(ToString::to_string).collect(),
                Err(MergeError::Unrelated { .. }) => BTreeSet::new(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(bases, *expected, "{one} and {two}, graph: {graph}");
        }
    }
}

#[test]
fn parts_of_a_history_are_whole_whatever_the_commit_graph_holds() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    let commits = work.tangle(150);
    let tips: Vec<usize> = (100..150).collect();
    for tip in &tips {
        work.git(&["update-ref", &format!("refs/heads/c{tip}"), &commits[*tip]]);
    }
    let pairs: Vec<(usize, usize)> = (0..300).map(|n| (n * 31 % 150, n * 53 % 147)).collect();
    let id = |number: usize| -> CommitId { commits[number].parse().unwrap() };
    // git's own `A ^B` goes wrong with clocks like these; all that one commit reaches does not.
    let reached: Vec<BTreeSet<String>> =
        commits.iter().map(|commit| work.git(&["rev-list", commit]).lines().map(str::to_owned).collect()).collect();
    let write: [(&str, &[&str]); 4] = [
        ("some of it", &["commit-graph", "write", "--stdin-commits"]),
        ("all of it", &["commit-graph", "write", "--reachable"]),
        ("a chain", &["commit-graph", "write", "--reachable", "--split=no-merge"]),
        ("levels alone", &["-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable"]),
    ];
    for (what, args) in write {
        work.git_fed(args, &format!("{}\n", commits[60]));
        let mirror = Mirror::at(&work.path).unwrap();
        for (from, not) in &pairs {
            let list: BTreeSet<String> = reached[*from].difference(&reached[*not]).cloned().collect();
            let range = LogRange { from: id(*from), not: vec![id(*not)], first_parent: false, limit: None };
            let found: Vec<String> = mirror.log(&range).unwrap().iter().map(|commit| commit.id.to_string()).collect();
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), list, "{what}: {from} without {not}");
            assert_eq!(found.len(), list.len());
            assert_eq!(mirror.count(&range).unwrap(), list.len() as u64, "{what}: {from} without {not}");
            let newest = LogRange { limit: Some(3), ..range.clone() };
            assert_eq!(mirror.log(&newest).unwrap(), mirror.log(&range).unwrap()[..list.len().min(3)]);
            let inside = reached[*from].contains(&commits[*not]);
            assert_eq!(mirror.is_ancestor(id(*not), id(*from)).unwrap(), inside, "{what}: {not} in {from}");
        }
        let nobody: CommitId = "1234567890123456789012345678901234567890".parse().unwrap();
        let range = LogRange { from: id(149), not: vec![nobody], first_parent: false, limit: None };
        assert!(mirror.log(&range).is_err() && mirror.is_ancestor(nobody, id(3)).is_err());
    }
}

#[test]
fn first_parents_alone_are_those_of_git() {
    let dir = TempDir::new().unwrap();
    let work = Repo::init(dir.path().join("work"));
    let commits = work.tangle(150);
    work.git(&["update-ref", "refs/heads/tip", &commits[149]]);
    work.git(&["commit-graph", "write", "--reachable"]);
    let mirror = Mirror::at(&work.path).unwrap();
    for (from, not) in (0..60).map(|n| (149 - n, n * 7 % 90)) {
        let range = LogRange {
            from: commits[from].parse().unwrap(),
            not: vec![commits[not].parse().unwrap()],
            first_parent: true,
            limit: None,
        };
        let list = work.git(&["rev-list", "--first-parent", &commits[from], &format!("^{}", commits[not])]);
        let found: Vec<String> = mirror.log(&range).unwrap().iter().map(|commit| commit.id.to_string()).collect();
        assert_eq!(found, list.lines().collect::<Vec<_>>(), "{from} without {not}");
    }
}
