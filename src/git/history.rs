//! Questions about the graph of commits.

use super::commits::{self, object_id, oid};
use super::{CommitInfo, GitError, range};
use crate::model::CommitId;
use crate::odb::Graphs;
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
pub(super) fn log(repository: &Repository, graphs: &Graphs, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
    let list = || -> Result<Vec<CommitInfo>, git2::Error> {
        let limit = range.limit.unwrap_or(usize::MAX);
        if range.not.is_empty() && range.limit.is_some() {
            return newest(repository, range, limit, |_| true);
        }
        match range::members(repository, graphs, range.from, &range.not)? {
            Some(members) => newest(repository, range, limit, |id| members.contains(&id)),
            None => walk(repository, range)?
                .take(limit)
                .map(|id| Ok(commits::info(&repository.find_commit(id?)?)))
                .collect(),
        }
    };
    list().map_err(|e| unreadable(range, &e))
}

/// The newest commits of a history, as far as they are members. libgit2's walk sorts all of it before it gives the first.
fn newest(
    repository: &Repository,
    range: &LogRange,
    limit: usize,
    member: impl Fn(CommitId) -> bool,
) -> Result<Vec<CommitInfo>, git2::Error> {
    let mut found = Vec::new();
    if !member(range.from) {
        return Ok(found);
    }
    let mut met = HashSet::from([range.from]);
    let tip = repository.find_commit(oid(range.from.object())?)?;
    let mut open = BinaryHeap::from([(tip.time().seconds(), Reverse(0), tip.id())]);
    while let Some((_, _, id)) = open.pop().filter(|_| found.len() < limit) {
        let commit = repository.find_commit(id)?;
        let parents = if range.first_parent { 1 } else { usize::MAX };
        for parent in commit.parent_ids().take(parents) {
            let name: CommitId = object_id(parent).into();
            if member(name) && met.insert(name) {
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
    let list = || -> Result<Vec<CommitInfo>, git2::Error> {
        let mut walk = walk(repository, range)?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
        let found = walk.take(range.limit.unwrap_or(usize::MAX));
        found.map(|id| Ok(commits::info(&repository.find_commit(id?)?))).collect()
    };
    list().map_err(|e| unreadable(range, &e))
}

/// How many commits a range has.
pub(super) fn count(repository: &Repository, graphs: &Graphs, range: &LogRange) -> Result<u64, GitError> {
    let count = || -> Result<u64, git2::Error> {
        let limit = range.limit.unwrap_or(usize::MAX);
        match range::members(repository, graphs, range.from, &range.not)? {
            Some(members) if !range.first_parent => Ok(members.len().min(limit) as u64),
            _ => walk(repository, range)?.take(limit).try_fold(0, |count, id| id.map(|_| count + 1)),
        }
    };
    count().map_err(|e| unreadable(range, &e))
}

fn unreadable(range: &LogRange, error: &git2::Error) -> GitError {
    GitError::local(format!("the history of {} cannot be read", range.from), error)
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
pub(super) fn is_ancestor(
    repository: &Repository,
    graphs: &Graphs,
    ancestor: CommitId,
    descendant: CommitId,
) -> Result<bool, GitError> {
    let ask = || {
        let names = (ancestor, descendant);
        let (ancestor, descendant) = (oid(ancestor.object())?, oid(descendant.object())?);
        // Asked first: a commit that is not there is an error, never "no".
        repository.find_commit(ancestor)?;
        repository.find_commit(descendant)?;
        if let Some(contains) = range::contains(repository, graphs, names.0, names.1)? {
            return Ok(contains);
        }
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
