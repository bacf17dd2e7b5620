//! Which of the target's own commits still matter: those whose files differ between source and target, in the merge at hand
//! and in every promotion since.
//!
//! Where a promotion left a file exactly as the source had it, nothing that the target did to that file before is hidden.

use super::Unanswered;
use super::asked::Asked;
use super::history::Step;
use crate::git::CommitInfo;
use crate::model::TreeId;
use std::collections::HashSet;

/// A promotion: the source that was promoted, and what the target became.
pub(super) struct Level {
    source: TreeId,
    result: TreeId,
    differs: HashSet<String>,
}

impl Level {
    pub(super) fn between(asked: &Asked<'_>, source: TreeId, result: TreeId) -> Result<Self, Unanswered> {
        Ok(Self { source, result, differs: asked.changed(source, result)?.into_iter().collect() })
    }

    /// Are source and target equal at this path? One that is on neither may have moved: nobody knows.
    fn settles(&self, asked: &Asked<'_>, path: &str) -> Result<bool, Unanswered> {
        if self.differs.is_empty() {
            return Ok(true);
        }
        Ok(!self.differs.contains(path)
            && (asked.entry(self.result, path)?.is_some() || asked.entry(self.source, path)?.is_some()))
    }

    fn settles_all(&self, asked: &Asked<'_>, paths: &[String]) -> Result<bool, Unanswered> {
        paths.iter().try_fold(true, |all, path| Ok(all && self.settles(asked, path)?))
    }
}

/// What a commit does.
pub(super) struct Change {
    pub(super) before: TreeId,
    pub(super) after: TreeId,
    pub(super) paths: Vec<String>,
    /// Does the merge at hand show any of it?
    pub(super) in_force: bool,
}

/// The merge at hand, and the promotions before it, newest first.
pub(super) struct Levels {
    now: Level,
    past: Vec<Level>,
}

impl Levels {
    pub(super) fn new(now: Level) -> Self {
        Self { now, past: Vec::new() }
    }

    /// Adds the next older promotion.
    pub(super) fn promotion(&mut self, level: Level) {
        self.past.push(level);
    }

    /// Did the newest of the promotions so far leave nothing on the target that its source lacked?
    pub(super) fn all_settled(&self) -> bool {
        self.past.last().is_some_and(|level| level.differs.is_empty())
    }

    /// Is the merge's result equal to the source in these paths?
    pub(super) fn settled_now(&self, asked: &Asked<'_>, paths: &[String]) -> Result<bool, Unanswered> {
        self.now.settles_all(asked, paths)
    }

    fn settled_before(&self, asked: &Asked<'_>, paths: &[String]) -> Result<bool, Unanswered> {
        'paths: for path in paths {
            for level in &self.past {
                if level.settles(asked, path)? {
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
        asked: &Asked<'_>,
        step: &Step,
        commit: &CommitInfo,
    ) -> Result<Option<Change>, Unanswered> {
        if step.commit.id == commit.id
            && let (Some(_), Some(level)) = (step.promotes, self.past.last())
        {
            // What a promotion did by hand shows in what it left different from its source.
            let left: Vec<String> = level.differs.iter().cloned().collect();
            if self.settled_before(asked, &left)? {
                return Ok(None);
            }
        }
        let before = match commit.parents[..] {
            [first, second] => match asked.remerged(first, second) {
                Ok(tree) => tree,
                // Histories that share nothing.
                Err(Unanswered::Merge(crate::merge::MergeError::Unrelated { .. })) => asked.tree_before(commit)?,
                Err(other) => return Err(other),
            },
            _ => asked.tree_before(commit)?,
        };
        let paths = asked.changed(before, commit.tree)?;
        if paths.is_empty() || self.settled_before(asked, &paths)? {
            return Ok(None);
        }
        let in_force = !self.settled_now(asked, &paths)?;
        Ok(Some(Change { before, after: commit.tree, paths, in_force }))
    }
}
