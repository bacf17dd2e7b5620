//! The target's own commits in the order in which they landed, and the source's newest.

use super::queries::Queries;
use super::{Error, Merging};
use crate::git::{CommitInfo, LogRange};
use crate::model::CommitId;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// How many of the target's own commits are looked at, the newest first.
const OWN: usize = 500;
/// Among how many of the source's newest commits a change is looked for.
const SOURCE: usize = 1000;
/// How many commits that change the same files are compared with a commit that may have undone them.
const TOUCHING: usize = 50;
/// So far back a rollback is recognised, in commits along the target's first parents.
pub(super) const LANDED: usize = 1000;

/// A landing on the target: a commit of its first-parent line.
pub(super) struct HistoryStep {
    pub(super) commit: CommitInfo,
    /// The commit of the source that it merged, where it did.
    pub(super) promotes: Option<CommitId>,
    /// Other commits that only the target has and that came with it, newest first.
    with: Vec<CommitInfo>,
}

impl HistoryStep {
    /// The landing and what came with it.
    pub(super) fn all(&self) -> impl Iterator<Item = &CommitInfo> {
        std::iter::once(&self.commit).chain(&self.with)
    }
}

/// Where commits stand, by the paths that they change.
type ByPaths = HashMap<Vec<String>, Vec<usize>>;

/// Both sides' commits. What is not always needed is read when it is queries for.
pub(super) struct TargetHistory {
    /// What landed on the target and is not part of the source, newest first.
    pub(super) line: Vec<HistoryStep>,
    /// How many more there are than were read.
    pub(super) beyond: u64,
    ours: CommitId,
    theirs: CommitId,
    own: HashSet<CommitId>,
    landed: OnceCell<Vec<CommitInfo>>,
    fresh: OnceCell<Vec<CommitInfo>>,
    source: OnceCell<Vec<CommitInfo>>,
    /// The source's commits by the paths that they change.
    by_paths: OnceCell<ByPaths>,
}

impl TargetHistory {
    pub(super) fn read(queries: &Queries<'_>, merging: &Merging<'_>) -> Result<Self, Error> {
        let (ours, theirs) = (merging.ours, merging.theirs);
        let only = LogRange { from: ours, not: vec![theirs], first_parent: false, limit: Some(OWN) };
        let own = queries.log(&only)?;
        let beyond = match own.len() {
            OWN => queries.mirror.count(&LogRange { limit: None, ..only })?.saturating_sub(OWN as u64),
            _ => 0,
        };
        let ids = own.iter().map(|commit| commit.id).collect();
        let mut line = line(ours, own);
        // A commit that only came into the source with another branch says nothing of what the source had.
        if line.iter().any(|step| step.promotes.is_some()) {
            let range = LogRange { from: theirs, not: Vec::new(), first_parent: true, limit: Some(SOURCE) };
            let source: HashSet<CommitId> = queries.log(&range)?.iter().map(|commit| commit.id).collect();
            for step in line.iter_mut().filter(|_| source.len() < SOURCE) {
                step.promotes = step.promotes.filter(|promoted| source.contains(promoted));
            }
        }
        Ok(Self {
            line,
            beyond,
            ours,
            theirs,
            own: ids,
            landed: OnceCell::new(),
            fresh: OnceCell::new(),
            source: OnceCell::new(),
            by_paths: OnceCell::new(),
        })
    }

    /// Does only the target have this commit?
    pub(super) fn is_own(&self, queries: &Queries<'_>, commit: CommitId) -> Result<bool, Error> {
        Ok(self.own.contains(&commit) || (self.beyond > 0 && !queries.mirror.is_ancestor(commit, self.theirs)?))
    }

    /// The paths of the commits that the target had at this landing, and that the source got later than what was promoted there.
    pub(super) fn met_otherwise(
        &self,
        queries: &Queries<'_>,
        landing: CommitId,
        promoted: CommitId,
    ) -> Result<HashSet<String>, Error> {
        let range = LogRange { from: landing, not: vec![promoted], first_parent: false, limit: Some(OWN) };
        let mut paths = HashSet::new();
        for commit in queries.log(&range)?.iter().filter(|commit| commit.parents.len() < 2) {
            if !self.is_own(queries, commit.id)? {
                paths.extend(queries.changed(queries.tree_before(commit)?, commit.tree)?.iter().cloned());
            }
        }
        Ok(paths)
    }

    /// The target's first-parent line, newest first, beyond its own commits.
    pub(super) fn landed(&self, queries: &Queries<'_>) -> Result<&[CommitInfo], Error> {
        once(&self.landed, || {
            queries.log(&LogRange { from: self.ours, not: Vec::new(), first_parent: true, limit: Some(LANDED) })
        })
    }

    /// The source's commits that are new to the target, newest first.
    pub(super) fn fresh(&self, queries: &Queries<'_>) -> Result<&[CommitInfo], Error> {
        let range = LogRange { from: self.theirs, not: vec![self.ours], first_parent: false, limit: Some(SOURCE) };
        once(&self.fresh, || queries.log(&range))
    }

    /// The source's commits: those that are new to the target, then others.
    pub(super) fn source(&self, queries: &Queries<'_>) -> Result<&[CommitInfo], Error> {
        let range = LogRange { from: self.theirs, not: Vec::new(), first_parent: false, limit: Some(SOURCE) };
        once(&self.source, || {
            let mut all = self.fresh(queries)?.to_vec();
            let met: HashSet<CommitId> = all.iter().map(|commit| commit.id).collect();
            all.extend(queries.log(&range)?.into_iter().filter(|commit| !met.contains(&commit.id)));
            Ok(all)
        })
    }
}

impl TargetHistory {
    /// The source's commits, merges aside, that change just these paths.
    pub(super) fn changing(&self, queries: &Queries<'_>, paths: &[String]) -> Result<Vec<&CommitInfo>, Error> {
        let (source, found) = self.by_paths(queries)?;
        Ok(found.get(paths).into_iter().flatten().filter_map(|at| source.get(*at)).collect())
    }

    /// The source's newest commits, merges aside, that change any of these paths.
    pub(super) fn touching(&self, queries: &Queries<'_>, paths: &[String]) -> Result<Vec<&CommitInfo>, Error> {
        let (source, found) = self.by_paths(queries)?;
        let touches = found.iter().filter(|(changed, _)| changed.iter().any(|path| paths.contains(path)));
        let mut at: Vec<usize> = touches.flat_map(|(_, at)| at).copied().collect();
        at.sort_unstable();
        Ok(at.into_iter().take(TOUCHING).filter_map(|at| source.get(at)).collect())
    }

    fn by_paths(&self, queries: &Queries<'_>) -> Result<(&[CommitInfo], &ByPaths), Error> {
        let source = self.source(queries)?;
        if self.by_paths.get().is_none() {
            let mut found = ByPaths::new();
            for (at, commit) in source.iter().enumerate().filter(|(_, commit)| commit.parents.len() == 1) {
                let changed = queries.changed(queries.tree_before(commit)?, commit.tree)?.to_vec();
                found.entry(changed).or_default().push(at);
            }
            let _ = self.by_paths.set(found);
        }
        Ok((source, self.by_paths.get_or_init(ByPaths::new)))
    }
}

fn once(
    cell: &OnceCell<Vec<CommitInfo>>,
    read: impl FnOnce() -> Result<Vec<CommitInfo>, Error>,
) -> Result<&[CommitInfo], Error> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let found = read()?;
    Ok(cell.get_or_init(|| found))
}

/// Sorts commits by the landing that brought them.
fn line(tip: CommitId, own: Vec<CommitInfo>) -> Vec<HistoryStep> {
    let order: HashMap<CommitId, usize> = own.iter().enumerate().map(|(at, commit)| (commit.id, at)).collect();
    let mut left: Vec<Option<CommitInfo>> = own.into_iter().map(Some).collect();
    let mut landings = Vec::new();
    let mut next = Some(tip);
    while let Some(commit) = next.and_then(|id| left[*order.get(&id)?].take()) {
        next = commit.parents.first().copied();
        landings.push(commit);
    }
    // The oldest first: what an earlier landing brought did not come with a later one.
    let mut steps: Vec<HistoryStep> = Vec::new();
    for commit in landings.into_iter().rev() {
        let promotes = match commit.parents[..] {
            [_, second] if !order.contains_key(&second) => Some(second),
            _ => None,
        };
        let mut with = Vec::new();
        let mut open: Vec<CommitId> = commit.parents.iter().skip(1).copied().collect();
        while let Some(id) = open.pop() {
            let Some(at) = order.get(&id) else { continue };
            let Some(found) = left[*at].take() else { continue };
            open.extend(&found.parents);
            with.push((*at, found));
        }
        with.sort_by_key(|(at, _)| *at);
        steps.push(HistoryStep { commit, promotes, with: with.into_iter().map(|(_, commit)| commit).collect() });
    }
    steps.reverse();
    steps
}
