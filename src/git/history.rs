//! Questions about the graph of commits.

use super::commits::{self, object_id, oid};
use super::{CommitInfo, GitError};
use crate::model::CommitId;
use git2::Repository;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// A part of the history: reachable from `from`, not reachable from any of `not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRange {
    /// The newest commit.
    pub from: CommitId,
    /// Left out with all their ancestors.
    pub not: Vec<CommitId>,
    /// Follow only first parents?
    pub first_parent: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// The commits of a range, newest first (by the committers' clocks, as `git log` does).
pub(super) fn log(repository: &Repository, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("the history of {} cannot be read", range.from), &e);
    if let (Some(limit), []) = (range.limit, range.not.as_slice()) {
        return newest(repository, range, limit).map_err(failed);
    }
    walk(repository, range)
        .map_err(failed)?
        .take(range.limit.unwrap_or(usize::MAX))
        .map(|id| Ok(commits::info(&repository.find_commit(id?)?)))
        .collect::<Result<_, git2::Error>>()
        .map_err(failed)
}

/// The newest commits of a history. libgit2's walk sorts all of it before it gives the first.
fn newest(repository: &Repository, range: &LogRange, limit: usize) -> Result<Vec<CommitInfo>, git2::Error> {
    let mut found = Vec::new();
    let mut met = HashSet::from([range.from]);
    let tip = repository.find_commit(oid(range.from.object())?)?;
    let mut open = BinaryHeap::from([(tip.time().seconds(), Reverse(0), tip.id())]);
    while let Some((_, _, id)) = open.pop().filter(|_| found.len() < limit) {
        let commit = repository.find_commit(id)?;
        let parents = if range.first_parent { 1 } else { usize::MAX };
        for parent in commit.parent_ids().take(parents) {
            if met.insert(object_id(parent).into()) {
                let time = repository.find_commit(parent)?.time().seconds();
                open.push((time, Reverse(met.len()), parent));
            }
        }
        found.push(commits::info(&commit));
    }
    Ok(found)
}

/// The commits of a range, oldest first, parents always before their children.
pub(super) fn chain(repository: &Repository, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("the history of {} cannot be read", range.from), &e);
    let list = || -> Result<Vec<CommitInfo>, git2::Error> {
        let mut walk = walk(repository, range)?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
        let found = walk.take(range.limit.unwrap_or(usize::MAX));
        found.map(|id| Ok(commits::info(&repository.find_commit(id?)?))).collect()
    };
    list().map_err(failed)
}

/// How many commits a range has.
pub(super) fn count(repository: &Repository, range: &LogRange) -> Result<u64, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("the history of {} cannot be read", range.from), &e);
    walk(repository, range)
        .map_err(failed)?
        .take(range.limit.unwrap_or(usize::MAX))
        .try_fold(0, |count, id| id.map(|_| count + 1))
        .map_err(failed)
}

fn walk<'r>(repository: &'r Repository, range: &LogRange) -> Result<git2::Revwalk<'r>, git2::Error> {
    let mut walk = repository.revwalk()?;
    walk.set_sorting(git2::Sort::TIME)?;
    if range.first_parent {
        walk.simplify_first_parent()?;
    }
    walk.push(oid(range.from.object())?)?;
    range.not.iter().try_for_each(|id| walk.hide(oid(id.object())?))?;
    Ok(walk)
}

/// Is `ancestor` part of `descendant`'s history, or the same?
pub(super) fn is_ancestor(repository: &Repository, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
    let ask = || {
        let (ancestor, descendant) = (oid(ancestor.object())?, oid(descendant.object())?);
        // Asked first: a commit that is not there is an error, never "no".
        repository.find_commit(ancestor)?;
        repository.find_commit(descendant)?;
        Ok(ancestor == descendant || repository.graph_descendant_of(descendant, ancestor)?)
    };
    ask().map_err(|e: git2::Error| {
        GitError::local(format!("the history between {ancestor} and {descendant} cannot be read"), &e)
    })
}

/// The best common ancestors; none for unrelated histories.
pub(super) fn merge_bases(repository: &Repository, a: CommitId, b: CommitId) -> Result<Vec<CommitId>, GitError> {
    let bases = oid(a.object()).and_then(|a| repository.merge_bases(a, oid(b.object())?));
    match bases {
        Ok(bases) => Ok(bases.iter().map(|id| object_id(*id).into()).collect()),
        Err(e) if e.code() == git2::ErrorCode::NotFound && e.class() == git2::ErrorClass::Merge => Ok(Vec::new()),
        Err(e) => Err(GitError::local(format!("the history between {a} and {b} cannot be read"), &e)),
    }
}
