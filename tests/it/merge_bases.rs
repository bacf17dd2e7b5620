//! Merge bases against `git merge-base --all`, in histories whose clocks lie.

use crate::support::git::Repo;
use relwf::git::Mirror;
use relwf::merge::{MergeError, Merger};
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
