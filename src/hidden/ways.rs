//! What could be done about a finding. Each way is built in memory and looked at as any merge is; one that loses something else,
//! or conflicts, is no way.

use super::queries::{ApplyResult, Queries};
use super::{Error, Hidden, Merging, Presence, SourcePlace, SourceRole, Squashed, tell};
use crate::git::{LogRange, pick_messages};
use crate::model::{CommitId, TreeId};
use std::collections::HashSet;

/// More commits than this are not typed.
const TYPED: usize = 20;
/// How many of the source's own commits are looked at.
const OWN: usize = 100;

/// The merge at hand and what it hides.
pub(super) struct Ways<'a, 'm> {
    pub(super) queries: &'a Queries<'m>,
    pub(super) merging: &'a Merging<'a>,
    pub(super) hidden: &'a Hidden,
}

impl Ways<'_, '_> {
    /// Does merging the target into the source keep what both have? Its files are those of the merge at hand.
    pub(super) fn back_merge(&self) -> bool {
        self.merging.tree.is_some() && self.hidden.reverted.is_empty() && self.hidden.removed.is_empty()
    }

    /// The branch that the source is promoted from, where the target can be merged back on down to it and nothing is lost.
    pub(super) fn back_merge_goes_on(&self) -> Result<Option<&str>, Error> {
        let (Some((name, before)), Some(tree)) = (&self.merging.place.before, self.merging.tree) else {
            return Ok(None);
        };
        let merged = self.queries.draft(tree, vec![self.merging.theirs, self.merging.ours], "")?;
        let place = SourcePlace { role: SourceRole::Later, ..SourcePlace::default() };
        let found = self.look_from(&place, *before, merged)?;
        Ok(found.filter(|(_, hidden)| hidden.removed.is_empty()).map(|_| name.as_str()))
    }

    /// Do these commits, oldest first, fit on the source, and is nothing of them missing or taken away after that?
    pub(super) fn picks_on_source(&self, commits: &[CommitId]) -> Result<bool, Error> {
        let Some(picked) = self.picked(self.merging.theirs, commits)? else { return Ok(false) };
        if !self.takes_nothing(self.merging.theirs, picked)? {
            return Ok(false);
        }
        let Some((_, after)) = self.look(self.merging.ours, picked)? else { return Ok(false) };
        let open = |id: &CommitId| missing(&after).chain(removed(&after)).any(|left| left == *id);
        Ok(!commits.iter().any(open) && self.adds_nothing(&after))
    }

    /// Does this commit of the target fit on the source, and is nothing of the source withheld after that?
    pub(super) fn fits_on_source(&self, commit: CommitId) -> Result<bool, Error> {
        let Some(picked) = self.picked(self.merging.theirs, &[commit])? else { return Ok(false) };
        let Some((_, after)) = self.look(self.merging.ours, picked)? else { return Ok(false) };
        Ok(after.reverted.is_empty() && self.adds_nothing(&after))
    }

    /// What of the source the target needs, oldest first, once what the source took back for itself is left out; `None` where
    /// that cannot be told, or does not fit on the target.
    pub(super) fn picks_on_target(&self) -> Result<Option<Vec<CommitId>>, Error> {
        let Merging { ours, theirs, .. } = *self.merging;
        let takers: HashSet<CommitId> = self.hidden.removed.iter().map(|row| row.removed_by.commit).collect();
        let (target, source) = (self.queries.tree(ours)?, self.queries.tree(theirs)?);
        let range = LogRange { from: theirs, not: vec![ours], first_parent: false, limit: Some(OWN) };
        let own = self.queries.log(&range)?;
        if own.len() == OWN {
            return Ok(None);
        }
        let mut needed = Vec::new();
        for commit in own.iter().rev().filter(|commit| commit.parents.len() < 2 && !takers.contains(&commit.id)) {
            let before = self.queries.tree_before(commit)?;
            if self.queries.has(source, before, commit.tree)? && !self.queries.has(target, before, commit.tree)? {
                needed.push(commit.id);
            }
        }
        if needed.len() > TYPED {
            return Ok(None);
        }
        let Some(picked) = self.picked(ours, &needed)? else { return Ok(None) };
        Ok(self.takes_nothing(ours, picked)?.then_some(needed))
    }

    /// Does what was taken back come again, with all that the source has since, where the reverts are reverted, what merges
    /// dropped is picked again, and the source is merged on top of that?
    pub(super) fn reland(&self) -> Result<bool, Error> {
        let Merging { ours, theirs, .. } = *self.merging;
        let mut back = ours;
        let mut again = Vec::new();
        for taker in distinct(self.hidden.reverted.iter().map(|row| row.reverted_by.commit)) {
            let commit = self.queries.mirror.commit(taker)?;
            if commit.parents.len() > 1 {
                let rows = self.hidden.reverted.iter().filter(|row| row.reverted_by.commit == taker);
                again.extend(rows.map(|row| row.row.commit));
                continue;
            }
            let change = (commit.tree, self.queries.tree_before(&commit)?);
            let Some(reverted) = self.on(back, change, &pick_messages::reverted(&commit.message, taker, None))? else {
                return Ok(false);
            };
            back = reverted;
        }
        again.reverse();
        let Some(back) = self.picked(back, &again)? else { return Ok(false) };
        let Some((_, after)) = self.look(back, theirs)? else { return Ok(false) };
        Ok(after.reverted.is_empty() && self.adds_nothing(&after))
    }

    /// Does promoting join the histories, and lose nothing of what was squashed?
    pub(super) fn promote(&self, squashed: &Squashed) -> Result<bool, Error> {
        let Some(tree) = self.merging.tree else { return Ok(false) };
        Ok(self.back_merge() && self.keeps(squashed, tree)?)
    }

    /// Does a merge of what was squashed, that changes no file of the target, lead to a promotion that loses nothing?
    pub(super) fn join(&self, squashed: &Squashed) -> Result<bool, Error> {
        let Merging { ours, theirs, .. } = *self.merging;
        let joined = self.queries.draft(self.queries.tree(ours)?, vec![ours, squashed.of], "")?;
        let Some((tree, after)) = self.look(joined, theirs)? else { return Ok(false) };
        Ok(self.adds_nothing(&after) && self.keeps(squashed, tree)?)
    }

    /// Has the tree what the source has of what was squashed?
    fn keeps(&self, squashed: &Squashed, tree: TreeId) -> Result<bool, Error> {
        let source = self.queries.tree(self.merging.theirs)?;
        for commit in &squashed.commits {
            let commit = self.queries.mirror.commit(*commit)?;
            let before = self.queries.tree_before(&commit)?;
            let is_merge = commit.parents.len() > 1;
            if !is_merge
                && self.queries.has(source, before, commit.tree)?
                && !self.queries.has(tree, before, commit.tree)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Has a branch all that it had, with these picks on top of it?
    fn takes_nothing(&self, branch: CommitId, picked: CommitId) -> Result<bool, Error> {
        let place = SourcePlace { role: SourceRole::Later, ..SourcePlace::default() };
        Ok(self.look_from(&place, branch, picked)?.is_some_and(|(_, hidden)| hidden.removed.is_empty()))
    }

    /// Are all of its findings those of the merge at hand?
    fn adds_nothing(&self, after: &Hidden) -> bool {
        let reverted = |hidden: &Hidden| hidden.reverted.iter().map(|row| row.row.commit).collect::<HashSet<_>>();
        let known: HashSet<CommitId> = missing(self.hidden).chain(removed(self.hidden)).collect();
        after.truncated <= self.hidden.truncated
            && reverted(after).is_subset(&reverted(self.hidden))
            && missing(after).chain(removed(after)).all(|id| known.contains(&id))
    }

    /// Commits picked onto another; `None` where one does not fit, or is a merge.
    fn picked(&self, onto: CommitId, commits: &[CommitId]) -> Result<Option<CommitId>, Error> {
        let mut tip = onto;
        for id in commits {
            let commit = self.queries.mirror.commit(*id)?;
            if commit.parents.len() > 1 {
                return Ok(None);
            }
            let change = (self.queries.tree_before(&commit)?, commit.tree);
            let Some(picked) = self.on(tip, change, &pick_messages::picked_from(&commit.message, *id))? else {
                return Ok(None);
            };
            tip = picked;
        }
        Ok(Some(tip))
    }

    /// A change as a commit on top of another one, which it is where the change does nothing; `None` where it does not fit.
    fn on(&self, tip: CommitId, (from, to): (TreeId, TreeId), message: &str) -> Result<Option<CommitId>, Error> {
        let tree = self.queries.tree(tip)?;
        match self.queries.apply(from, to, tree)? {
            ApplyResult::Tree(same) if same == tree => Ok(Some(tip)),
            ApplyResult::Tree(next) => self.queries.draft(next, vec![tip], message).map(Some),
            ApplyResult::Misfit { .. } => Ok(None),
        }
    }

    /// What merging hides then; `None` where it conflicts.
    fn look(&self, ours: CommitId, theirs: CommitId) -> Result<Option<(TreeId, Hidden)>, Error> {
        self.look_from(self.merging.place, ours, theirs)
    }

    fn look_from(
        &self,
        place: &SourcePlace,
        ours: CommitId,
        theirs: CommitId,
    ) -> Result<Option<(TreeId, Hidden)>, Error> {
        let queries = self.queries.afresh();
        let merge = queries.merge(ours, theirs)?;
        let Some(tree) = merge.result.tree() else { return Ok(None) };
        let names = self.merging.names;
        let merging = Merging { ours, theirs, bases: &merge.bases, tree: Some(tree), place, names };
        Ok(Some((tree, tell(&queries, &merging)?)))
    }
}

/// The target's commits that the source lacks.
pub(super) fn missing(hidden: &Hidden) -> impl Iterator<Item = CommitId> + '_ {
    hidden.target_only.iter().filter(|row| row.state == Presence::Missing).map(|row| row.row.commit)
}

fn removed(hidden: &Hidden) -> impl Iterator<Item = CommitId> + '_ {
    hidden.removed.iter().map(|row| row.row.commit)
}

/// Each once, in their order.
pub(super) fn distinct(commits: impl Iterator<Item = CommitId>) -> Vec<CommitId> {
    let mut all = Vec::new();
    for commit in commits {
        if !all.contains(&commit) {
            all.push(commit);
        }
    }
    all
}

/// So few that people type them.
pub(super) fn typed(commits: &[CommitId]) -> bool {
    (1..=TYPED).contains(&commits.len())
}
