//! What a commit of one side takes back that the other side has: a revert of a commit, of a merge, a rollback to an earlier
//! release, or a merge that drops it.

use super::Error;
use super::dropped::{dropped, takes_back};
use super::history::{HistoryStep, TargetHistory};
use super::promotions::{CommitChange, Promotions};
use super::queries::Queries;
use crate::git::{CommitInfo, LogRange};
use crate::model::{CommitId, TreeId};
use std::collections::HashSet;

/// How many reverted commits are looked at, the newest first.
const LISTED: usize = 100;

/// What is known where a commit is looked at.
pub(super) struct View<'a, 'm> {
    pub(super) queries: &'a Queries<'m>,
    pub(super) history: &'a TargetHistory,
    pub(super) promotions: &'a Promotions,
    /// The files of the side that has what was taken back.
    pub(super) kept: TreeId,
    /// The merge's result.
    pub(super) result: TreeId,
    /// Are the two known to be promoted one into the other? There a file that is put back was taken back; between other branches that is
    /// how work goes on.
    pub(super) promoted: bool,
}

/// Which lines of a change tell that a part of it is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Those that it adds or takes away.
    Any,
    /// Those that it adds: what it takes away is gone wherever it never was.
    Added,
}

/// Commits of the other side that are taken back.
pub(super) struct TakenBack {
    /// Those whose change the result lacks.
    pub(super) lost: Vec<CommitInfo>,
    /// The others: the other side has undone or replaced them itself.
    pub(super) known: Vec<CommitInfo>,
}

/// A stretch of the history that is taken back: all that the second has and the first lacks.
struct Withdrawn {
    back_to: Option<CommitId>,
    from: CommitId,
}

/// A commit alone, or a merge with all that it brought.
fn withdrawn(commit: &CommitInfo) -> Withdrawn {
    Withdrawn { back_to: commit.parents.first().copied(), from: commit.id }
}

impl View<'_, '_> {
    /// The other side's commits that this commit takes back, newest first.
    pub(super) fn taken_back(&self, commit: &CommitInfo, change: &CommitChange) -> Result<TakenBack, Error> {
        if commit.parents.len() > 1 {
            return self.of_those(dropped(self.queries, commit, change)?);
        }
        // First what it says that it is, then whatever it undoes.
        let mut withdrawn = Vec::new();
        for candidate in self.withdrawn(commit, change)? {
            // What was gone before was taken back by another commit.
            if !self.queries.has(change.before, candidate.tree, self.queries.before(&candidate)?)? {
                withdrawn.push(candidate);
            }
        }
        let found = self.of_those(withdrawn)?;
        if !found.lost.is_empty() {
            return Ok(found);
        }
        Ok(TakenBack { lost: self.of_those(self.undone(commit, change)?)?.lost, ..found })
    }

    /// Those of the candidates that the other side has.
    pub(super) fn of_those(&self, candidates: Vec<CommitInfo>) -> Result<TakenBack, Error> {
        let (mut lost, mut known) = (Vec::new(), Vec::new());
        for candidate in candidates {
            if !self.is_known(&candidate)? {
                continue;
            }
            if self.is_lost(&candidate)? {
                lost.push(candidate);
            } else {
                known.push(candidate);
            }
        }
        Ok(TakenBack { lost, known })
    }

    /// The commits that a revert or a rollback takes back.
    fn withdrawn(&self, commit: &CommitInfo, change: &CommitChange) -> Result<Vec<CommitInfo>, Error> {
        let withdrawn = match self.named(commit, change)? {
            Some(found) => Some(found),
            None => match self.rolled_back(commit)? {
                Some(found) => Some(found),
                None => self.inverse(commit, change)?,
            },
        };
        let Some(Withdrawn { back_to, from }) = withdrawn else { return Ok(Vec::new()) };
        // Only what was on the target can be taken back there.
        if !self.queries.mirror.is_ancestor(from, commit.id)? {
            return Ok(Vec::new());
        }
        let range = LogRange { from, not: back_to.into_iter().collect(), first_parent: false, limit: Some(LISTED) };
        self.queries.log(&range)
    }

    /// The other side's commits that are there before a change and undone after it, whatever else it does: as a whole, or in one of
    /// their files.
    fn undone(&self, commit: &CommitInfo, change: &CommitChange) -> Result<Vec<CommitInfo>, Error> {
        let mut found = Vec::new();
        for candidate in self.history.touching(self.queries, &change.paths)? {
            let (before, after) = (self.queries.tree_before(candidate)?, candidate.tree);
            if !self.queries.is_spent()
                && (self.puts_back(change, before, after)?
                    || self.covers(change, before, after)?
                        && self.queries.has(change.after, after, before)?
                        && !self.queries.has(change.before, after, before)?
                        && self.queries.has(change.before, before, after)?)
                // What was squashed is there under another id.
                && (self.queries.mirror.is_ancestor(candidate.id, commit.id)?
                    || self.queries.has(change.before, before, after)? && self.adds(before, after)?)
            {
                found.push(candidate.clone());
            }
        }
        Ok(found)
    }

    /// Does a change add anything? What only takes away is there wherever it never was.
    fn adds(&self, before: TreeId, after: TreeId) -> Result<bool, Error> {
        self.queries
            .changed(before, after)?
            .iter()
            .try_fold(false, |found, path| Ok(found || !self.grown(path, &[(before, after)])?.is_empty()))
    }

    /// Does the change concern every file of another one? What is there as a whole before it and undone after it does.
    fn covers(&self, change: &CommitChange, before: TreeId, after: TreeId) -> Result<bool, Error> {
        Ok(self.queries.changed(before, after)?.iter().all(|path| change.paths.contains(path)))
    }

    /// Is a file after the change what it was before another one, and was as that one left it?
    fn puts_back(&self, change: &CommitChange, before: TreeId, after: TreeId) -> Result<bool, Error> {
        let entry = |tree, path: &String| self.queries.entry(tree, path);
        let changed = self.queries.changed(before, after)?;
        changed.iter().filter(|path| self.promoted && change.paths.contains(path)).try_fold(false, |found, path| {
            let (old, new) = (entry(before, path)?, entry(after, path)?);
            Ok(found || old != new && entry(change.before, path)? == new && entry(change.after, path)? == old)
        })
    }

    /// Has the other side this commit, or its change in another one?
    fn is_known(&self, candidate: &CommitInfo) -> Result<bool, Error> {
        if !self.history.is_own(self.queries, candidate.id)? {
            return Ok(true);
        }
        // A squash: the other side may have a part of it in commits of its own.
        let before = self.queries.before(candidate)?;
        Ok(self.queries.has(self.kept, before, candidate.tree)?
            // What takes back is no work of which a part could be lost.
            || self.loses_a_part(before, candidate.tree, Part::Added)? && !takes_back(self.queries, candidate)?)
    }

    /// Does the other side have this commit's change, and the result not?
    fn is_lost(&self, candidate: &CommitInfo) -> Result<bool, Error> {
        let before = self.queries.before(candidate)?;
        let paths = self.queries.changed(before, candidate.tree)?;
        if paths.is_empty() || self.promotions.settled_now(self.queries, &paths)? {
            return Ok(false);
        }
        if candidate.parents.len() > 1 {
            return self.is_lost_by_hand(candidate, before, &paths);
        }
        if self.queries.has(self.result, before, candidate.tree)?
            || self.queries.has(self.kept, candidate.tree, before)?
        {
            return Ok(false);
        }
        // Where only a part of it is there, that part counts.
        Ok(self.queries.has(self.kept, before, candidate.tree)?
            || self.loses_a_part(before, candidate.tree, Part::Any)?)
    }

    /// Is something of this change on the other side, line by line, and not in the result? A change in a file that has moved counts only as a whole.
    fn loses_a_part(&self, before: TreeId, after: TreeId, part: Part) -> Result<bool, Error> {
        let (kept, result) = (self.kept, self.result);
        self.queries.changed(before, after)?.iter().try_fold(false, |loses, path| {
            Ok(loses
                || self.queries.entry(kept, path)? != self.queries.entry(result, path)?
                    && (!self.grown(path, &[(before, after), (result, kept)])?.is_empty()
                        || part == Part::Any && !self.grown(path, &[(after, before), (kept, result)])?.is_empty()))
        })
    }

    /// Does a commit of this side undo that one, or each line of it that is lost? Then its diff shows it, and whether that was meant for
    /// the other side is known.
    pub(super) fn is_undone_visibly(&self, undone: &CommitInfo) -> Result<bool, Error> {
        let (before, after) = (self.queries.tree_before(undone)?, undone.tree);
        let mut changes = Vec::new();
        for commit in self.history.line.iter().flat_map(HistoryStep::all).filter(|commit| commit.parents.len() < 2) {
            let change = (self.queries.tree_before(commit)?, commit.tree);
            if self.queries.has(change.1, after, before)? && !self.queries.has(change.0, after, before)? {
                return Ok(true);
            }
            changes.push(change);
        }
        let mut any = false;
        for path in self.queries.changed(before, after)?.iter() {
            let mut lost = self.grown(path, &[(before, after), (self.result, self.kept)])?;
            any |= !lost.is_empty();
            for &(old, new) in &changes {
                if !lost.is_empty() && self.queries.entry(old, path)? != self.queries.entry(new, path)? {
                    let went = self.grown(path, &[(new, old)])?;
                    lost.retain(|line| !went.contains(line));
                }
            }
            if !lost.is_empty() {
                return Ok(false);
            }
        }
        Ok(any)
    }

    /// The telling lines of a file of which there are more in the second of each of these pairs of trees.
    fn grown(&self, path: &str, pairs: &[(TreeId, TreeId)]) -> Result<HashSet<Vec<u8>>, Error> {
        let mut grown: Option<HashSet<Vec<u8>>> = None;
        for (old, new) in pairs {
            let (old, new) = (self.queries.lines(*old, path)?, self.queries.lines(*new, path)?);
            let came = |line: &Vec<u8>| old.get(line).is_none_or(|count| Some(count) < new.get(line));
            match &mut grown {
                Some(grown) => grown.retain(|line| new.contains_key(line) && came(line)),
                None => grown = Some(new.keys().filter(|line| tells(line) && came(line)).cloned().collect()),
            }
        }
        Ok(grown.unwrap_or_default())
    }

    /// The same of what a merge does by itself: what merging alone would not do. Of conflicts that it resolves only one half may be
    /// there, so that the change cannot be undone to see.
    fn is_lost_by_hand(&self, merge: &CommitInfo, before: TreeId, paths: &[String]) -> Result<bool, Error> {
        if self.queries.has(self.result, before, merge.tree)? {
            return Ok(false);
        }
        if !self.queries.has(self.kept, before, merge.tree)? {
            return self.loses_a_part(before, merge.tree, Part::Any);
        }
        paths.iter().try_fold(false, |lost, path| {
            let kept = self.queries.entry(self.kept, path)?;
            Ok(lost
                || self.queries.entry(merge.tree, path)?.is_some() && self.queries.entry(self.result, path)? != kept)
        })
    }

    /// What the message says is reverted, when that is true.
    fn named(&self, commit: &CommitInfo, change: &CommitChange) -> Result<Option<Withdrawn>, Error> {
        for (reverted, back_to) in named(&commit.message) {
            // It may be a commit of another repository.
            let Ok(reverted) = self.queries.mirror.commit(reverted) else { continue };
            let back_to = back_to.filter(|id| reverted.parents.contains(id)).or(reverted.parents.first().copied());
            let Some(back_to) = back_to else { continue };
            let tree = self.queries.tree(back_to)?;
            if self.queries.same_change((change.after, change.before), (tree, reverted.tree))?
                || self.queries.has(change.after, reverted.tree, tree)?
            {
                return Ok(Some(Withdrawn { back_to: Some(back_to), from: reverted.id }));
            }
        }
        Ok(None)
    }

    /// The oldest landing whose files the commit has again: a younger one with the same files took back itself what came in between.
    fn rolled_back(&self, commit: &CommitInfo) -> Result<Option<Withdrawn>, Error> {
        let mut earlier = self.landed_before(commit)?;
        let Some(from) = earlier.next() else { return Ok(None) };
        let release = earlier.filter(|landed| landed.tree == commit.tree).last();
        Ok(release.map(|release| Withdrawn { back_to: Some(release.id), from: from.id }))
    }

    /// The landings before this one, newest first; none for a commit that came with another.
    fn landed_before(&self, commit: &CommitInfo) -> Result<impl Iterator<Item = &CommitInfo>, Error> {
        Ok(self.history.landed(self.queries)?.iter().skip_while(|landed| landed.id != commit.id).skip(1))
    }

    /// Is the change just the other way round than the candidate's?
    fn undoes(&self, change: &CommitChange, candidate: &CommitInfo) -> Result<bool, Error> {
        let before = self.queries.tree_before(candidate)?;
        self.queries.same_change((change.after, change.before), (before, candidate.tree))
    }

    /// The commit whose change is undone line by line, said or not: a landing, or a commit that came with one.
    fn inverse(&self, commit: &CommitInfo, change: &CommitChange) -> Result<Option<Withdrawn>, Error> {
        let Some(path) = change.paths.first() else { return Ok(None) };
        for candidate in self.landed_before(commit)? {
            if !self.queries.may_look_up(2) {
                break;
            }
            let before = self.queries.tree_before(candidate)?;
            if self.queries.entry(before, path)? != self.queries.entry(candidate.tree, path)?
                && self.queries.changed(before, candidate.tree)? == change.paths
                && self.undoes(change, candidate)?
            {
                return Ok(Some(withdrawn(candidate)));
            }
        }
        for candidate in self.history.changing(self.queries, &change.paths)? {
            if self.undoes(change, candidate)? && self.queries.mirror.is_ancestor(candidate.id, commit.id)? {
                return Ok(Some(withdrawn(candidate)));
            }
        }
        Ok(None)
    }
}

/// Is a line not one of those that stand anywhere, like a bracket?
fn tells(line: &[u8]) -> bool {
    line.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count() > 2
}

/// `This reverts commit …`, as git writes it, with the parent of a merge that was gone back to.
pub(super) fn named(message: &str) -> Vec<(CommitId, Option<CommitId>)> {
    let words: Vec<&str> = message.split_whitespace().collect();
    let id = |word: Option<&&str>| word?.trim_end_matches(['.', ',']).parse::<CommitId>().ok();
    let said = |at: usize, said: &[&str]| words.get(at..at + said.len()) == Some(said);
    (0..words.len())
        .filter(|at| said(*at, &["This", "reverts", "commit"]))
        .filter_map(|at| {
            let back_to =
                said(at + 4, &["reversing", "changes", "made", "to"]).then(|| id(words.get(at + 8))).flatten();
            Some((id(words.get(at + 3))?, back_to))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_writes_is_read() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let id = |text: &str| text.parse::<CommitId>().unwrap();
        assert_eq!(named(&format!("Revert \"x\"\n\nThis reverts commit {a}.\n")), [(id(&a), None)]);
        let merge = format!("Revert \"x\"\n\nThis reverts commit {a}, reversing\nchanges made to {b}.\n\nToo slow.\n");
        assert_eq!(named(&merge), [(id(&a), Some(id(&b)))]);
        assert_eq!(named(&format!("Two\n\nThis reverts commit {a}.\nThis reverts commit {b}.")).len(), 2);
        assert_eq!(named("This reverts commit 1234567.\nThis reverts commit"), []);
    }
}
