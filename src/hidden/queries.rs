//! The repository queries that this room needs, with limits on how many commits and merges are examined.

use super::Error;
use super::remerged::{Found, Located, Remerges};
use crate::git::{CommitInfo, Ident, LogRange, Mirror, NewCommit, Remerge, TreeEntry};
use crate::merge::{ConflictKind, MergeError, MergeResult, Merged, Merger, Trees};
use crate::model::{CommitId, ObjectId, TreeId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// How many merges, and comparisons of changes, finding what one merge hides may cost.
const MERGES: usize = 1000;
/// How many paths are looked up to find a change made once more.
const LOOKUPS: usize = 8000;

/// Two trees that are compared.
type TreePair = (TreeId, TreeId);

/// A repository that is being queried.
pub(super) struct Queries<'a> {
    pub(super) mirror: &'a Mirror,
    merger: &'a Merger,
    merges: Cell<usize>,
    lookups: Cell<usize>,
    patches: RefCell<HashMap<TreePair, Option<ObjectId>>>,
    differences: RefCell<HashMap<TreePair, Rc<[String]>>>,
    remerges: RefCell<HashMap<(CommitId, CommitId), TreeId>>,
    known: Rc<Remerges>,
}

/// What becomes of a tree when a change is applied to it.
pub(super) enum ApplyResult {
    /// The tree afterwards.
    Tree(TreeId),
    /// The change does not fit.
    Misfit {
        /// Only because files that it changes are deleted.
        deleted: bool,
    },
}

impl<'a> Queries<'a> {
    pub(super) fn new(mirror: &'a Mirror, merger: &'a Merger) -> Self {
        Self {
            mirror,
            merger,
            merges: Cell::new(0),
            lookups: Cell::new(0),
            patches: RefCell::default(),
            differences: RefCell::default(),
            remerges: RefCell::default(),
            known: Rc::default(),
        }
    }

    /// Merges that are known need not be made again.
    pub(super) fn knowing(self, known: Vec<Remerge>) -> Self {
        Self { known: Rc::new(Remerges::knowing(known)), ..self }
    }

    /// The merges that were made and not known before.
    pub(super) fn found_remerges(&self) -> Result<Vec<Remerge>, Error> {
        self.known.found(|found| {
            let paths = self.changed(found.tree, found.committed)?;
            let entry = |path: &String| Ok((path.clone(), self.entry_and_mode(found.tree, path)?));
            paths.iter().map(entry).collect()
        })
    }

    /// The same repository, with limits of its own.
    pub(super) fn afresh(&self) -> Self {
        Self { known: Rc::clone(&self.known), ..Self::new(self.mirror, self.merger) }
    }

    /// Has everything been queries that may be?
    pub(super) fn is_spent(&self) -> bool {
        self.merges.get() >= MERGES
    }

    pub(super) fn may_look_up(&self, paths: usize) -> bool {
        self.lookups.set(self.lookups.get() + paths);
        self.lookups.get() <= LOOKUPS
    }

    pub(super) fn log(&self, range: &LogRange) -> Result<Vec<CommitInfo>, Error> {
        Ok(self.mirror.log(range)?)
    }

    pub(super) fn tree(&self, commit: CommitId) -> Result<TreeId, Error> {
        Ok(self.mirror.tree(commit)?)
    }

    /// The tree before a commit: its first parent's; nothing before the first commit, or where the history is cut off.
    pub(super) fn tree_before(&self, commit: &CommitInfo) -> Result<TreeId, Error> {
        match commit.parents.first() {
            Some(parent) => self.tree(*parent),
            None => Ok(self.mirror.write_tree(&BTreeMap::new())?),
        }
    }

    /// The files before a commit, as a revert of it means that: those of the parent that it goes back to, where it names one.
    pub(super) fn tree_before_revert(&self, commit: &CommitInfo, back_to: Option<CommitId>) -> Result<TreeId, Error> {
        match back_to.filter(|id| commit.parents.contains(id)) {
            Some(parent) => self.tree(parent),
            None => self.tree_before(commit),
        }
    }

    /// What a commit started from: its parent's files, or what merging its parents gives.
    pub(super) fn before(&self, commit: &CommitInfo) -> Result<TreeId, Error> {
        if let [first, second] = commit.parents[..] {
            if let Some(tree) = self.known.of(commit.id, (first, second), commit.tree) {
                // It counts as the merge that it spares: what is looked at does not depend on what was known.
                if self.remerges.borrow_mut().insert((first, second), tree).is_none() {
                    self.merges.set(self.merges.get() + 1);
                }
                return Ok(tree);
            }
            match self.remerged(first, second) {
                // Histories that share nothing.
                Err(Error::Merge(MergeError::Unrelated { .. })) => {}
                Ok(tree) => {
                    self.known.note(commit.id, Found { tree, committed: commit.tree });
                    return Ok(tree);
                }
                failed => return failed,
            }
        }
        self.tree_before(commit)
    }

    /// A tree whose files are to be read: makes the merge that gives it, where it was spared.
    fn made(&self, tree: TreeId) -> Result<TreeId, Error> {
        if let Some(outline) = self.known.outline(tree) {
            let (ours, theirs) = outline.parents;
            self.merger.tree(self.mirror.objects(), ours, theirs)?;
            self.known.made(tree);
        }
        Ok(tree)
    }

    /// The paths that differ.
    pub(super) fn changed(&self, from: TreeId, to: TreeId) -> Result<Rc<[String]>, Error> {
        if from == to {
            return Ok(Rc::default());
        }
        if let Some(known) = self.differences.borrow().get(&(from, to)) {
            return Ok(Rc::clone(known));
        }
        let outlined = self.known.outline(from).and_then(|outline| outline.paths_unlike(to));
        let paths = match outlined {
            Some(paths) => paths,
            None => {
                let (from, to) = (self.made(from)?, self.made(to)?);
                self.mirror.changed_files(from, to)?.into_iter().map(|(path, _)| path).collect()
            }
        };
        self.differences.borrow_mut().insert((from, to), Rc::clone(&paths));
        Ok(paths)
    }

    pub(super) fn entry(&self, tree: TreeId, path: &str) -> Result<Option<ObjectId>, Error> {
        Ok(self.entry_and_mode(tree, path)?.map(|(id, _)| id))
    }

    /// The same with its mode.
    pub(super) fn entry_and_mode(&self, tree: TreeId, path: &str) -> Result<TreeEntry, Error> {
        let tree = match self.known.locate(tree, path) {
            Located::Is(entry) => return Ok(entry),
            Located::In(tree) => tree,
            Located::Unknown => self.made(tree)?,
        };
        Ok(self.mirror.entry_and_mode(tree, path)?)
    }

    /// The lines of a file, and how often each is there; none where it is not, or is no file.
    pub(super) fn lines(&self, tree: TreeId, path: &str) -> Result<HashMap<Vec<u8>, usize>, Error> {
        let tree = match self.known.locate(tree, path) {
            Located::In(tree) => tree,
            Located::Is(_) | Located::Unknown => self.made(tree)?,
        };
        let text = self.mirror.read(tree, path)?.unwrap_or_default();
        let mut lines = HashMap::new();
        for line in text.split(|byte| *byte == b'\n') {
            *lines.entry(line.to_vec()).or_insert(0) += 1;
        }
        Ok(lines)
    }

    /// The identity of a change.
    pub(super) fn patch(&self, from: TreeId, to: TreeId) -> Result<Option<ObjectId>, Error> {
        if let Some(known) = self.patches.borrow().get(&(from, to)) {
            return Ok(*known);
        }
        self.merges.set(self.merges.get() + 1);
        let id = self.mirror.patch_id(self.made(from)?, self.made(to)?)?;
        self.patches.borrow_mut().insert((from, to), id);
        Ok(id)
    }

    /// Is the change from `old` to `new` the same as that from `from` to `to`?
    pub(super) fn same_change(
        &self,
        (old, new): (TreeId, TreeId),
        (from, to): (TreeId, TreeId),
    ) -> Result<bool, Error> {
        let one = self.patch(old, new)?;
        Ok(one.is_some() && one == self.patch(from, to)?)
    }

    /// Applies the change from one tree to another to a third.
    pub(super) fn apply(&self, from: TreeId, to: TreeId, onto: TreeId) -> Result<ApplyResult, Error> {
        self.merges.set(self.merges.get() + 1);
        let (from, to, onto) = (self.made(from)?, self.made(to)?, self.made(onto)?);
        let trees = Trees { base: from, ours: onto, theirs: to, name: "theirs" };
        Ok(match self.merger.merge_trees(self.mirror.objects(), trees)?.result {
            Merged::Clean(tree) | Merged::UpToDate(tree) => ApplyResult::Tree(tree),
            Merged::Conflicts(conflicts) => {
                let deleted = |kind| matches!(kind, ConflictKind::ModifyDelete | ConflictKind::RenameDelete);
                ApplyResult::Misfit { deleted: conflicts.iter().all(|conflict| deleted(conflict.kind)) }
            }
        })
    }

    /// Does `tree` have the change from one tree to another, so that applying it does nothing?
    pub(super) fn has(&self, tree: TreeId, from: TreeId, to: TreeId) -> Result<bool, Error> {
        if let Some(known) = self.has_by_entries(tree, from, to)? {
            return Ok(known);
        }
        Ok(matches!(self.apply(from, to, tree)?, ApplyResult::Tree(same) if same == tree))
    }

    /// The same where the files' ids tell it: all are as the change leaves them, or one is still as it was before. Most often they do,
    /// and then nothing has to be merged.
    fn has_by_entries(&self, tree: TreeId, from: TreeId, to: TreeId) -> Result<Option<bool>, Error> {
        let mut all = true;
        for path in self.changed(from, to)?.iter() {
            let (old, new, now) = (self.entry(from, path)?, self.entry(to, path)?, self.entry(tree, path)?);
            // Of a file that only has another mode now, the id says nothing.
            if now == new && old != new {
                continue;
            }
            // A file that is in neither may be one that moved.
            if now == old && old != new && old.is_some() {
                return Ok(Some(false));
            }
            all = false;
        }
        Ok(all.then_some(true))
    }

    pub(super) fn merge(&self, ours: CommitId, theirs: CommitId) -> Result<MergeResult, Error> {
        self.merges.set(self.merges.get() + 1);
        Ok(self.merger.merge(self.mirror.objects(), ours, theirs)?)
    }

    /// A commit that only this look sees.
    pub(super) fn draft(&self, tree: TreeId, parents: Vec<CommitId>, message: &str) -> Result<CommitId, Error> {
        let drafter = Ident { name: "draft".to_owned(), email: "draft".to_owned(), time: 0, offset_minutes: 0 };
        let (author, committer) = (drafter.clone(), drafter);
        Ok(self.mirror.write_commit(&NewCommit { tree, parents, author, committer, message: message.to_owned() })?)
    }

    /// The result of a merge where it is clean.
    pub(super) fn merged(&self, ours: CommitId, theirs: CommitId) -> Result<Option<TreeId>, Error> {
        Ok(self.merge(ours, theirs)?.result.tree())
    }

    /// What a merge commit started from: its parents merged, conflicts and all.
    pub(super) fn remerged(&self, ours: CommitId, theirs: CommitId) -> Result<TreeId, Error> {
        if let Some(known) = self.remerges.borrow().get(&(ours, theirs)) {
            return Ok(*known);
        }
        self.merges.set(self.merges.get() + 1);
        let tree = self.merger.tree(self.mirror.objects(), ours, theirs)?;
        self.remerges.borrow_mut().insert((ours, theirs), tree);
        Ok(tree)
    }
}
