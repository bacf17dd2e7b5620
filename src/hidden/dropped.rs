//! What a merge commit drops of what it merges, and no conflict explains: `-s ours`, or files put back by hand.

use super::Error;
use super::promotions::CommitChange;
use super::queries::Queries;
use super::reverted::named;
use crate::git::{CommitInfo, LogRange};
use std::collections::HashSet;

/// How many commits of each parent's side are looked at, the newest first.
const LISTED: usize = 100;
/// Up to this many paths are looked up one by one.
const FEW: usize = 8;

/// The commits that one parent has and the merge lacks, although the other parent does not undo them. `change` is what the
/// merge does beyond merging.
///
/// Where both sides changed the same lines, the resolution may have to choose: then only what is wholly as on one side
/// counts.
pub(super) fn dropped(
    queries: &Queries<'_>,
    commit: &CommitInfo,
    change: &CommitChange,
) -> Result<Vec<CommitInfo>, Error> {
    let [first, second] = commit.parents[..] else { return Ok(Vec::new()) };
    let by_hand: HashSet<&str> = change.paths.iter().map(String::as_str).collect();
    let mut found = Vec::new();
    for (side, other) in [(second, first), (first, second)] {
        let (has, lacks) = (queries.tree(side)?, queries.tree(other)?);
        let range = LogRange { from: side, not: vec![other], first_parent: false, limit: Some(LISTED) };
        for candidate in queries.log(&range)? {
            if by_hand.len() <= FEW && !touches(queries, &candidate, &by_hand)? {
                continue;
            }
            let before = queries.before(&candidate)?;
            let paths = queries.changed(before, candidate.tree)?;
            let touched: Vec<&String> = paths.iter().filter(|path| by_hand.contains(path.as_str())).collect();
            if touched.is_empty()
                || queries.has(commit.tree, before, candidate.tree)?
                // Its own side has undone it; of what it replaced in part the rest counts.
                || queries.has(has, candidate.tree, before)?
            {
                continue;
            }
            let put_back = touched.iter().try_fold(true, |all, path| {
                Ok::<_, Error>(all && queries.entry(commit.tree, path)? == queries.entry(lacks, path)?)
            })?;
            if put_back || queries.has(change.before, before, candidate.tree)? {
                found.push(candidate);
            }
        }
    }
    Ok(found)
}

/// Does a commit differ from any of its parents at one of these paths? Told by the files' ids, before anything is merged.
fn touches(queries: &Queries<'_>, commit: &CommitInfo, paths: &HashSet<&str>) -> Result<bool, Error> {
    let Some((_, others)) = commit.parents.split_first() else { return Ok(true) };
    let mut before = vec![queries.tree_before(commit)?];
    for other in others {
        before.push(queries.tree(*other)?);
    }
    for path in paths {
        let now = queries.entry_and_mode(commit.tree, path)?;
        for tree in &before {
            if queries.entry_and_mode(*tree, path)? != now {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The commits that one parent has and the merge lacks, whatever the reason, of those that change any of these paths. Reverts and
/// rollbacks are no work that gets lost.
pub(super) fn left_out(
    queries: &Queries<'_>,
    commit: &CommitInfo,
    paths: &HashSet<String>,
) -> Result<Vec<CommitInfo>, Error> {
    let [first, second] = commit.parents[..] else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (side, other) in [(second, first), (first, second)] {
        let has = queries.tree(side)?;
        if !queries.changed(has, commit.tree)?.iter().any(|path| paths.contains(path)) {
            continue;
        }
        let range = LogRange { from: side, not: vec![other], first_parent: false, limit: Some(LISTED) };
        for candidate in queries.log(&range)?.into_iter().filter(|candidate| candidate.parents.len() < 2) {
            let before = queries.tree_before(&candidate)?;
            if queries.changed(before, candidate.tree)?.iter().any(|path| paths.contains(path))
                && !queries.has(commit.tree, before, candidate.tree)?
                && queries.has(has, before, candidate.tree)?
                && !takes_back(queries, &candidate)?
            {
                found.push(candidate);
            }
        }
    }
    Ok(found)
}

/// Is it a revert, or does it have the files of an earlier commit again?
pub(super) fn takes_back(queries: &Queries<'_>, commit: &CommitInfo) -> Result<bool, Error> {
    let range = LogRange { from: commit.id, not: Vec::new(), first_parent: true, limit: Some(LISTED) };
    Ok(!named(&commit.message).is_empty()
        || queries.log(&range)?.iter().skip(1).any(|earlier| earlier.tree == commit.tree))
}
