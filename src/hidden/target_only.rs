//! How a commit that only the target has stands to the source: present there, superseded, or missing.

use super::asked::{Applied, Asked};
use super::history::History;
use super::levels::Change;
use super::{State, Unanswered};
use crate::git::CommitInfo;
use crate::model::{CommitId, TreeId};

/// Where a commit is looked for.
pub(super) struct Place<'a, 'm> {
    pub(super) asked: &'a Asked<'m>,
    pub(super) history: &'a History,
    /// The source's files.
    pub(super) source: TreeId,
    /// The target's files.
    pub(super) target: TreeId,
}

impl Place<'_, '_> {
    /// The state, and the source's commit that makes the same change.
    pub(super) fn state(&self, commit: &CommitInfo, change: &Change) -> Result<(State, Option<CommitId>), Unanswered> {
        let Change { before, after, .. } = *change;
        let same = self.same(commit, change)?;
        let id = same.map(|same| same.id);
        let undone = self.asked.has(self.target, after, before)?;
        // Asked before the change is applied to the source: sides that are far apart make that a large merge.
        if !undone && let Some(same) = same {
            // The source has it, unless it took it back.
            let gone = self.asked.has(self.source, same.tree, self.asked.tree_before(same)?)?;
            return Ok((if gone { State::Missing } else { State::Present }, id));
        }
        let applied = self.asked.apply(before, after, self.source)?;
        if matches!(applied, Applied::Tree(tree) if tree == self.source) {
            return Ok((State::Present, id));
        }
        let deleted = matches!(applied, Applied::Misfit { deleted: true }) && self.is_gone(change)?;
        if undone || deleted || !change.in_force {
            return Ok((State::Superseded, None));
        }
        Ok((State::Missing, None))
    }

    /// Did the source delete every file that was changed?
    fn is_gone(&self, change: &Change) -> Result<bool, Unanswered> {
        change.paths.iter().try_fold(true, |all, path| {
            Ok(all
                && self.asked.entry(change.before, path)?.is_some()
                && self.asked.entry(self.source, path)?.is_none())
        })
    }

    /// The source's commit that makes the same change: first where messages point, then wherever the same files change.
    fn same(&self, commit: &CommitInfo, change: &Change) -> Result<Option<&CommitInfo>, Unanswered> {
        let mine = (change.before, change.after);
        if commit.parents.len() > 1 || self.asked.patch(mine.0, mine.1)?.is_none() {
            return Ok(None);
        }
        let named = |other: &CommitInfo| {
            other.summary == commit.summary
                || commit.message.contains(&other.id.to_string())
                || other.message.contains(&commit.id.to_string())
        };
        let source = self.history.source(self.asked)?;
        for other in source.iter().filter(|other| other.parents.len() < 2 && named(other)) {
            if self.asked.same_change(mine, (self.asked.tree_before(other)?, other.tree))? {
                return Ok(Some(other));
            }
        }
        for other in self.history.changing(self.asked, &change.paths)? {
            if self.asked.same_change(mine, (self.asked.tree_before(other)?, other.tree))? {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}
