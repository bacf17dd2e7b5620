//! Promotions that landed as one commit with one parent: the files of a merge without the merge.

use super::history::TargetHistory;
use super::queries::Queries;
use super::{Error, Merging, RevertedBy, Squashed};
use crate::git::ListedCommit;
use crate::git::{CommitInfo, LogRange};
use crate::model::{CommitId, TreeId};
use std::collections::HashMap;

/// How many landings are tried.
const LANDINGS: usize = 50;
/// How many merges are made to find the commit that one of them promoted.
const TRIES: usize = 4;
/// A file that a squash changed tells quickly which commits of the source it may stand for; a few are enough.
const PROBES: usize = 3;
/// How many of the commits that came with it are listed.
const LISTED: usize = 50;

/// The squashed promotions since the last true one, newest first.
pub(super) fn find(
    queries: &Queries<'_>,
    history: &TargetHistory,
    merging: &Merging<'_>,
) -> Result<Vec<Squashed>, Error> {
    let mut found = Vec::new();
    let landings = history.line.iter().take_while(|step| step.promotes.is_none()).take(LANDINGS);
    for step in landings.filter(|step| step.commit.parents.len() == 1) {
        if let Some(mut squash) = squash(queries, history, merging, &step.commit)? {
            squash.reverted_by = taken_back(queries, history, &step.commit)?;
            found.push(squash);
        }
    }
    Ok(found)
}

/// The later landing that undid what a squash brought.
fn taken_back(
    queries: &Queries<'_>,
    history: &TargetHistory,
    squash: &CommitInfo,
) -> Result<Option<RevertedBy>, Error> {
    let (before, after) = (queries.tree_before(squash)?, squash.tree);
    let later = history.line.iter().take_while(|step| step.commit.id != squash.id);
    for step in later.filter(|step| step.commit.parents.len() == 1) {
        if queries.has(step.commit.tree, after, before)?
            && !queries.has(queries.tree_before(&step.commit)?, after, before)?
        {
            return Ok(Some(RevertedBy::from(&step.commit)));
        }
    }
    Ok(None)
}

fn squash(
    queries: &Queries<'_>,
    history: &TargetHistory,
    merging: &Merging<'_>,
    commit: &CommitInfo,
) -> Result<Option<Squashed>, Error> {
    let before = queries.tree_before(commit)?;
    let Some(parent) = commit.parents.first().copied().filter(|_| before != commit.tree) else { return Ok(None) };
    // A landing that has the files of an earlier one went back to it.
    let landed = history.landed(queries)?.iter().skip_while(|landed| landed.id != commit.id).skip(1);
    if landed.clone().any(|earlier| earlier.tree == commit.tree) {
        return Ok(None);
    }
    let mut same = history.fresh(queries)?.iter().filter(|source| source.tree == commit.tree).peekable();
    let of = match same.peek().copied() {
        Some(source) => {
            // What breaks and what mends it leave the files as they were: then a pick looks like the end of both.
            for source in same.filter(|source| source.parents.len() < 2) {
                if queries.same_change((before, commit.tree), (queries.tree_before(source)?, source.tree))? {
                    return Ok(None);
                }
            }
            Some(source)
        }
        None => by_merging(queries, history, merging, commit, parent)?,
    };
    let Some(of) = of else { return Ok(None) };
    let range = LogRange { from: of.id, not: vec![parent], first_parent: false, limit: Some(LISTED) };
    let commits: Vec<CommitId> = queries.log(&range)?.iter().map(|commit| commit.id).collect();
    // One commit that landed as one commit was picked; a series of picks ends like a squash, but is none.
    let picked =
        of.parents.len() < 2 && queries.same_change((before, commit.tree), (queries.tree_before(of)?, of.tree))?;
    if commits.len() < 2 || picked {
        return Ok(None);
    }
    let count = match commits.len() {
        LISTED => queries.mirror.count(&LogRange { limit: None, ..range })?,
        few => few as u64,
    };
    Ok(Some(Squashed { row: ListedCommit::from(commit), of: of.id, commits, count, reverted_by: None }))
}

/// The commit of the source whose merge into the parent gives just these files.
fn by_merging<'h>(
    queries: &Queries<'_>,
    history: &'h TargetHistory,
    merging: &Merging<'_>,
    commit: &CommitInfo,
    parent: CommitId,
) -> Result<Option<&'h CommitInfo>, Error> {
    let [base] = merging.bases[..] else { return Ok(None) };
    let (base, before) = (queries.tree(base)?, queries.tree(parent)?);
    let mut probes = Vec::new();
    for path in queries.changed(before, commit.tree)?.iter().cloned() {
        if probes.len() == PROBES {
            break;
        }
        if queries.entry(base, &path)? == queries.entry(before, &path)? {
            let now = queries.entry(commit.tree, &path)?;
            probes.push((path, now));
        }
    }
    if probes.is_empty() {
        return Ok(None);
    }
    let by_id: HashMap<CommitId, &CommitInfo> =
        history.fresh(queries)?.iter().map(|commit| (commit.id, commit)).collect();
    let mut candidates = Vec::new();
    let mut next = by_id.get(&merging.theirs).copied();
    while let Some(source) = next {
        next = source.parents.first().and_then(|parent| by_id.get(parent).copied());
        if !queries.may_look_up(probes.len()) {
            break;
        }
        let fits = probes
            .iter()
            .try_fold(true, |fits, (path, now)| Ok::<_, Error>(fits && queries.entry(source.tree, path)? == *now));
        if fits? && brings(queries, source, (base, before), commit.tree)? {
            candidates.push(source);
        }
    }
    // The newest that was there when the squash was made comes first.
    candidates.sort_by_key(|source| source.committer.time > commit.committer.time);
    for source in candidates.into_iter().take(TRIES) {
        if queries.merged(parent, source.id)? == Some(commit.tree) {
            return Ok(Some(source));
        }
    }
    Ok(None)
}

/// Does the result show what the source's commit itself changed? A squash does, where the target had nothing of its own; for a
/// pick that looks like one in its own files, this saves a merge of sides that are far apart.
fn brings(
    queries: &Queries<'_>,
    source: &CommitInfo,
    (base, before): (TreeId, TreeId),
    result: TreeId,
) -> Result<bool, Error> {
    for path in queries.changed(queries.tree_before(source)?, source.tree)?.iter().take(PROBES) {
        let untouched = queries.entry(base, path)? == queries.entry(before, path)?;
        if untouched && queries.entry(result, path)? != queries.entry(source.tree, path)? {
            return Ok(false);
        }
    }
    Ok(true)
}
