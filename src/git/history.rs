//! Queries of the commit graph: log, count, ancestry.

use super::commits::{self, object_id, oid};
use super::object_source::ObjectSource;
use super::{CommitInfo, GitError, range};
use crate::model::CommitId;
use git2::Repository;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// A part of the history: reachable from `from`, not reachable from any of `not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRange {
    /// The newest commit.
    pub from: CommitId,
    /// Left out with all their ancestors.
    pub not: Vec<CommitId>,
    /// Follow only first parents?
    pub first_parent: bool,
    /// How many at most.
    pub limit: Option<usize>,
}

/// The commits of a range, newest first (by the committers' clocks, as `git log` does).
pub(super) fn log(source: &ObjectSource<'_>, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
    let list = || -> Result<Vec<CommitInfo>, git2::Error> {
        let limit = range.limit.unwrap_or(usize::MAX);
        if range.not.is_empty() && range.limit.is_some() {
            return newest(source, range, limit, |_| true);
        }
        match range::members(source, range.from, &range.not)? {
            Some(members) => newest(source, range, limit, |id| members.contains(&id)),
            None => {
                walk(source.repository, range)?.take(limit).map(|id| source.commit(object_id(id?).into())).collect()
            }
        }
    };
    list().map_err(|e| unreadable(range, &e))
}

/// The newest commits of a history, as far as they are members. libgit2's walk sorts all of it before it gives the first.
fn newest(
    source: &ObjectSource<'_>,
    range: &LogRange,
    limit: usize,
    member: impl Fn(CommitId) -> bool,
) -> Result<Vec<CommitInfo>, git2::Error> {
    let mut found = Vec::new();
    if !member(range.from) {
        return Ok(found);
    }
    let mut met = HashSet::from([range.from]);
    let mut waiting: HashMap<CommitId, CommitInfo> = HashMap::new();
    let mut open = BinaryHeap::new();
    let wait = |commit: CommitInfo, nth: usize, open: &mut BinaryHeap<_>| {
        open.push((commit.committer.time, Reverse(nth), commit.id));
        commit
    };
    let tip = source.commit(range.from)?;
    waiting.insert(tip.id, wait(tip, 0, &mut open));
    while let Some((_, _, id)) = open.pop().filter(|_| found.len() < limit) {
        let Some(commit) = waiting.remove(&id) else { continue };
        let parents = if range.first_parent { 1 } else { usize::MAX };
        for parent in commit.parents.iter().copied().take(parents) {
            if member(parent) && met.insert(parent) {
                let parent = source.commit(parent)?;
                waiting.insert(parent.id, wait(parent, met.len(), &mut open));
            }
        }
        found.push(commit);
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
pub(super) fn count(source: &ObjectSource<'_>, range: &LogRange) -> Result<u64, GitError> {
    let count = || -> Result<u64, git2::Error> {
        let limit = range.limit.unwrap_or(usize::MAX);
        match range::members(source, range.from, &range.not)? {
            Some(members) if !range.first_parent => Ok(members.len().min(limit) as u64),
            _ => walk(source.repository, range)?.take(limit).try_fold(0, |count, id| id.map(|_| count + 1)),
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
    source: &ObjectSource<'_>,
    ancestor: CommitId,
    descendant: CommitId,
) -> Result<bool, GitError> {
    let ask = || {
        // Asked first: a commit that is not there is an error, never "no".
        let (older, newer) = (source.commit(ancestor)?.id, source.commit(descendant)?.id);
        match range::contains(source, ancestor, descendant)? {
            Some(contains) => Ok(contains),
            None if older == newer => Ok(true),
            None => source.repository.graph_descendant_of(oid(newer.object())?, oid(older.object())?),
        }
    };
    ask().map_err(|e: git2::Error| {
        GitError::local(format!("the history between {ancestor} and {descendant} cannot be read"), &e)
    })
}
