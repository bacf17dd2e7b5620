//! Classifies a commit that only the target has: also in the source, superseded, or missing.

use super::history::TargetHistory;
use super::promotions::CommitChange;
use super::queries::{ApplyResult, Queries};
use super::{Error, Presence};
use crate::git::CommitInfo;
use crate::model::{CommitId, TreeId};

/// Where a commit is looked for.
pub(super) struct TargetView<'a, 'm> {
    pub(super) queries: &'a Queries<'m>,
    pub(super) history: &'a TargetHistory,
    /// The source's files.
    pub(super) source: TreeId,
    /// The target's files.
    pub(super) target: TreeId,
}

impl TargetView<'_, '_> {
    /// The state, and the source's commit that makes the same change.
    pub(super) fn presence(
        &self,
        commit: &CommitInfo,
        change: &CommitChange,
    ) -> Result<(Presence, Option<CommitId>), Error> {
        let CommitChange { before, after, .. } = *change;
        let same = self.same(commit, change)?;
        let id = same.map(|same| same.id);
        let undone = self.queries.has(self.target, after, before)?;
        // Asked before the change is applied to the source: sides that are far apart make that a large merge.
        if !undone && let Some(same) = same {
            // The source has it, unless it took it back.
            let gone = self.queries.has(self.source, same.tree, self.queries.tree_before(same)?)?;
            return Ok((if gone { Presence::Missing } else { Presence::Present }, id));
        }
        let applied = self.queries.apply(before, after, self.source)?;
        if matches!(applied, ApplyResult::Tree(tree) if tree == self.source) {
            return Ok((Presence::Present, id));
        }
        let deleted = matches!(applied, ApplyResult::Misfit { deleted: true }) && self.is_gone(change)?;
        if undone || deleted || !change.in_force {
            return Ok((Presence::Superseded, None));
        }
        Ok((Presence::Missing, None))
    }

    /// Did the source delete every file that was changed?
    fn is_gone(&self, change: &CommitChange) -> Result<bool, Error> {
        change.paths.iter().try_fold(true, |all, path| {
            Ok(all
                && self.queries.entry(change.before, path)?.is_some()
                && self.queries.entry(self.source, path)?.is_none())
        })
    }

    /// The source's commit that makes the same change: first where messages point, then wherever the same files change.
    fn same(&self, commit: &CommitInfo, change: &CommitChange) -> Result<Option<&CommitInfo>, Error> {
        let mine = (change.before, change.after);
        if commit.parents.len() > 1 || self.queries.patch(mine.0, mine.1)?.is_none() {
            return Ok(None);
        }
        let named = |other: &CommitInfo| {
            other.summary == commit.summary
                || commit.message.contains(&other.id.to_string())
                || other.message.contains(&commit.id.to_string())
        };
        let source = self.history.source(self.queries)?;
        for other in source.iter().filter(|other| other.parents.len() < 2 && named(other)) {
            if self.queries.same_change(mine, (self.queries.tree_before(other)?, other.tree))? {
                return Ok(Some(other));
            }
        }
        for other in self.history.changing(self.queries, &change.paths)? {
            if self.queries.same_change(mine, (self.queries.tree_before(other)?, other.tree))? {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}
