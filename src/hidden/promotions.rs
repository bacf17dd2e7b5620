//! Which of the target's own commits still matter: those whose files differ between source and target, in the merge at hand
//! and in every promotion since.
//!
//! Where a promotion left a file exactly as the source had it, nothing that the target did to that file before is hidden: unless
//! the target had commits on that file which the source got only later and by another way.

use super::Error;
use super::history::{HistoryStep, TargetHistory};
use super::queries::Queries;
use crate::git::CommitInfo;
use crate::model::{CommitId, TreeId};
use std::collections::HashSet;
use std::rc::Rc;

/// A promotion: the source that was promoted, and what the target became.
pub(super) struct PastPromotion {
    source: TreeId,
    result: TreeId,
    differs: HashSet<String>,
    /// What the target had and the source got later by another way: these paths say nothing.
    open: HashSet<String>,
}

impl PastPromotion {
    pub(super) fn between(queries: &Queries<'_>, source: TreeId, result: TreeId) -> Result<Self, Error> {
        let differs = queries.changed(source, result)?.iter().cloned().collect();
        Ok(Self { source, result, differs, open: HashSet::new() })
    }

    /// What a landing of the target promoted.
    fn of(
        queries: &Queries<'_>,
        history: &TargetHistory,
        landing: &CommitInfo,
        promoted: CommitId,
    ) -> Result<Self, Error> {
        let open = history.met_otherwise(queries, landing.id, promoted)?;
        Ok(Self { open, ..Self::between(queries, queries.tree(promoted)?, landing.tree)? })
    }

    /// Are source and target equal at this path? One that is on neither may have moved: that is unknown.
    fn settles(&self, queries: &Queries<'_>, path: &str) -> Result<bool, Error> {
        if self.settles_everything() {
            return Ok(true);
        }
        Ok(!self.differs.contains(path)
            && !self.open.contains(path)
            && (queries.entry(self.result, path)?.is_some() || queries.entry(self.source, path)?.is_some()))
    }

    fn settles_everything(&self) -> bool {
        self.differs.is_empty() && self.open.is_empty()
    }

    fn settles_all(&self, queries: &Queries<'_>, paths: &[String]) -> Result<bool, Error> {
        paths.iter().try_fold(true, |all, path| Ok(all && self.settles(queries, path)?))
    }
}

/// What a commit does.
pub(super) struct CommitChange {
    pub(super) before: TreeId,
    pub(super) after: TreeId,
    pub(super) paths: Rc<[String]>,
    /// Does the merge at hand show any of it?
    pub(super) in_force: bool,
}

/// The merge at hand, and the promotions before it, newest first.
pub(super) struct Promotions {
    now: PastPromotion,
    past: Vec<PastPromotion>,
}

impl Promotions {
    pub(super) fn new(now: PastPromotion) -> Self {
        Self { now, past: Vec::new() }
    }

    /// Adds the next older promotion: a landing of the target, and what it promoted.
    pub(super) fn add(
        &mut self,
        queries: &Queries<'_>,
        history: &TargetHistory,
        landing: &CommitInfo,
        promoted: CommitId,
    ) -> Result<(), Error> {
        self.past.push(PastPromotion::of(queries, history, landing, promoted)?);
        Ok(())
    }

    /// Did the newest of the promotions so far leave nothing on the target that its source lacked?
    pub(super) fn all_settled(&self) -> bool {
        self.past.last().is_some_and(PastPromotion::settles_everything)
    }

    /// Is the merge's result equal to the source in these paths?
    pub(super) fn settled_now(&self, queries: &Queries<'_>, paths: &[String]) -> Result<bool, Error> {
        self.now.settles_all(queries, paths)
    }

    fn settled_before(&self, queries: &Queries<'_>, paths: &[String]) -> Result<bool, Error> {
        'paths: for path in paths {
            for promotion in &self.past {
                if promotion.settles(queries, path)? {
                    continue 'paths;
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// What a commit of this landing does; `None` where it does nothing or an earlier promotion has settled it.
    ///
    /// A merge does what its parents merged do not say: the resolution of conflicts, or changes made by hand.
    pub(super) fn change(
        &self,
        queries: &Queries<'_>,
        step: &HistoryStep,
        commit: &CommitInfo,
    ) -> Result<Option<CommitChange>, Error> {
        if step.commit.id == commit.id
            && let (Some(_), Some(promotion)) = (step.promotes, self.past.last())
        {
            // What a promotion did by hand shows in what it left different from its source.
            let left: Vec<String> = promotion.differs.iter().cloned().collect();
            if self.settled_before(queries, &left)? {
                return Ok(None);
            }
        }
        let before = queries.before(commit)?;
        let paths = queries.changed(before, commit.tree)?;
        if paths.is_empty() || self.settled_before(queries, &paths)? {
            return Ok(None);
        }
        let in_force = !self.settled_now(queries, &paths)?;
        Ok(Some(CommitChange { before, after: commit.tree, paths, in_force }))
    }
}
