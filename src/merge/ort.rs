//! The merge of two commits, equal to what `git merge-tree --write-tree` makes of them.
//!
//! One [`MergeCache`] serves many merges in one repository and keeps what was read.

use super::attributes::Attributes;
use super::bases::Painter;
use super::commits::{CommitNumber, CommitTable, CommitsRead};
use super::content::{ConflictLabels, ContentContext, KnownTexts};
use super::differences::Differences;
use super::finish::FinishedTree;
use super::message::{Message, MessageKind};
use super::moved_counts::MovedCounts;
use super::renames::Renames;
use super::settings::{CONFLICTS, RENAMES};
use super::similarity::Prints;
use super::store::{Kept, ObjectStore};
use super::submodules::Submodules;
use super::tree_object::{DIRECTORY, Item};
use super::{By, Conflict, MergeError, MergeRepository, MergeResult, Merged};
use super::{bare_repository, directories, fast_path, finish, renames, report, resolve, settings};
use crate::model::{CommitId, ObjectId};
use std::cell::RefCell;
use std::path::Path;

/// What the merges of one repository keep for one another.
pub(super) struct MergeCache {
    objects: Kept,
    commits: RefCell<CommitTable>,
    prints: Prints,
    painter: RefCell<Painter>,
}

impl MergeCache {
    /// For the repository whose objects and references are in this folder; git may be told there not to follow replaced objects.
    ///
    /// # Errors
    ///
    /// It has other objects or parents put in the place of its own.
    pub(super) fn new(common: &Path, follows_replaced: bool, read: CommitsRead) -> Result<Self, MergeError> {
        if let Some(what) = bare_repository::altered(common, follows_replaced) {
            return Err(MergeError::Altered { what });
        }
        Ok(Self {
            objects: Kept::new(common),
            commits: RefCell::new(CommitTable::new(common, read)),
            prints: Prints::default(),
            painter: RefCell::default(),
        })
    }

    /// Takes notice of what others stored meanwhile.
    pub(super) fn refresh(&mut self) {
        self.objects.refresh();
    }
}

/// Merges commits of one repository.
pub(super) struct Engine<'r> {
    repository: Option<&'r dyn MergeRepository>,
    store: ObjectStore<'r>,
    attributes: Attributes<'r>,
    submodules: Submodules<'r>,
    memory: &'r MergeCache,
}

/// A merge's whole answer: the tree is there even when it holds conflict markers.
pub(super) struct OrtAnswer {
    pub(super) bases: Vec<CommitId>,
    pub(super) by: By,
    pub(super) tree: ObjectId,
    pub(super) up_to_date: bool,
    /// Why it is not clean.
    pub(super) conflicts: Option<Vec<Conflict>>,
}

impl<'r> Engine<'r> {
    /// Without a repository what is written stays in the memory.
    pub(super) fn new(repository: Option<&'r dyn MergeRepository>, memory: &'r MergeCache) -> Self {
        Self {
            repository,
            store: ObjectStore::new(repository, &memory.objects),
            attributes: Attributes::new(repository),
            submodules: Submodules::new(repository),
            memory,
        }
    }

    /// Merges `theirs` into `ours`.
    pub(super) fn merge(&self, ours: CommitId, theirs: CommitId) -> Result<MergeResult, MergeError> {
        let answer = self.answer(ours, theirs)?;
        let result = match answer.conflicts {
            Some(conflicts) => Merged::Conflicts(conflicts),
            None if answer.up_to_date => Merged::UpToDate(answer.tree.into()),
            None => Merged::Clean(answer.tree.into()),
        };
        Ok(MergeResult { bases: answer.bases, by: answer.by, drivers: self.attributes.unrun(), result })
    }

    /// Merges two trees over a base that is given: what picks and reverts are made of.
    pub(super) fn merge_trees(&self, trees: [ObjectId; 3], labels: &ConflictLabels) -> Result<MergeResult, MergeError> {
        let [base, ours, theirs] = trees;
        let outcome = |by, result| MergeResult { bases: Vec::new(), by, drivers: self.attributes.unrun(), result };
        self.attributes.merge_into(ours);
        if base == ours || ours == theirs {
            return Ok(outcome(By::Structural, Merged::Clean(theirs.into())));
        }
        let context = self.context(labels, 0);
        let roots = trees.map(|id| Item { mode: DIRECTORY, id });
        if let Some(tree) = fast_path::merge(&context, roots)? {
            return Ok(outcome(By::Structural, Merged::Clean(tree.id.into())));
        }
        let (finished, messages) = self.full(&context, roots)?;
        Ok(outcome(
            By::Full,
            match conflicts(&context, &finished, &messages)? {
                Some(conflicts) => Merged::Conflicts(conflicts),
                None => Merged::Clean(finished.tree.id.into()),
            },
        ))
    }

    pub(super) fn answer(&self, ours: CommitId, theirs: CommitId) -> Result<OrtAnswer, MergeError> {
        let (one, two) = {
            let mut commits = self.memory.commits.borrow_mut();
            (commits.number(ours.object()), commits.number(theirs.object()))
        };
        let (ours_tree, theirs_tree) = (self.tree_of(one)?, self.tree_of(two)?);
        self.attributes.merge_into(ours_tree.id);
        let bases = self.bases(&[one], &[two])?;
        let mut answer = OrtAnswer {
            bases: bases.iter().map(|base| self.memory.commits.borrow().known(*base).id.into()).collect(),
            by: By::Structural,
            tree: ours_tree.id,
            up_to_date: false,
            conflicts: None,
        };
        match bases[..] {
            [] => return Err(MergeError::Unrelated { ours, theirs }),
            [base] if base == two => answer.up_to_date = true,
            [base] if base == one => answer.tree = theirs_tree.id,
            _ => {
                let labels =
                    ConflictLabels { ours: ours.to_string().into_bytes(), theirs: theirs.to_string().into_bytes() };
                let context = self.context(&labels, 0);
                let base = self.base_tree(&bases, 0)?;
                let roots = [base, ours_tree, theirs_tree];
                let simple = if bases.len() == 1 { fast_path::merge(&context, roots)? } else { None };
                if let Some(tree) = simple {
                    answer.tree = tree.id;
                } else {
                    let (finished, messages) = self.full(&context, roots)?;
                    answer.by = By::Full;
                    answer.tree = finished.tree.id;
                    answer.conflicts = conflicts(&context, &finished, &messages)?;
                }
            }
        }
        Ok(answer)
    }

    fn context<'a>(&'a self, labels: &'a ConflictLabels, depth: usize) -> ContentContext<'a, 'r> {
        ContentContext {
            store: &self.store,
            attributes: &self.attributes,
            submodules: &self.submodules,
            labels,
            depth,
            texts: KnownTexts::default(),
        }
    }

    fn bases(&self, ours: &[CommitNumber], theirs: &[CommitNumber]) -> Result<Vec<CommitNumber>, MergeError> {
        self.memory.painter.borrow_mut().bases(&mut self.memory.commits.borrow_mut(), &self.store, ours, theirs)
    }

    fn tree_of(&self, commit: CommitNumber) -> Result<Item, MergeError> {
        let tree = self.memory.commits.borrow_mut().tree(&self.store, commit)?;
        Ok(Item { mode: DIRECTORY, id: tree })
    }

    /// The tree to merge from: the base's, or the merge of all bases, conflicts and all, oldest first.
    fn base_tree(&self, bases: &[CommitNumber], depth: usize) -> Result<Item, MergeError> {
        let Some((first, rest)) = bases.split_last() else {
            // No common history: everything was added on both sides.
            return Ok(Item { mode: DIRECTORY, id: self.store.write_tree(&[])? });
        };
        let labels =
            ConflictLabels { ours: b"Temporary merge branch 1".to_vec(), theirs: b"Temporary merge branch 2".to_vec() };
        if !rest.is_empty() {
            self.ensure_default(&CONFLICTS)?;
        }
        let context = self.context(&labels, depth + 1);
        let mut merged = vec![*first];
        let mut tree = self.tree_of(*first)?;
        for next in rest.iter().rev() {
            let common = self.bases(&merged, &[*next])?;
            let base = self.base_tree(&common, depth + 1)?;
            let (finished, _) = self.full(&context, [base, tree, self.tree_of(*next)?])?;
            tree = finished.tree;
            merged.push(*next);
        }
        Ok(tree)
    }

    fn ensure_default(&self, settings: &[settings::Default]) -> Result<(), MergeError> {
        self.repository.map_or(Ok(()), |repository| settings::ensure_default(repository, settings))
    }

    fn full(
        &self,
        context: &ContentContext<'_, 'r>,
        roots: [Item; 3],
    ) -> Result<(FinishedTree, Vec<Message>), MergeError> {
        self.ensure_default(&RENAMES)?;
        let mut messages: Vec<Message> = Vec::new();
        let mut all = Differences::collect(&self.store, roots)?;
        let prints = &self.memory.prints;
        let none = Renames { from: Vec::new(), moved: MovedCounts::default() };
        let found = [
            none,
            renames::find(&self.store, prints, &mut all.sides[1])?,
            renames::find(&self.store, prints, &mut all.sides[2])?,
        ];
        renames::close_again(&mut all, &found);
        let renamed = directories::apply(&mut all, &found, context.depth == 0, &mut messages)?;
        resolve::apply(&mut all, context, &renamed, &mut messages)?;
        let finished = finish::finish(&all, context, &mut messages)?;
        messages.dedup_by(|a, b| a.kind == MessageKind::AutoMerging && b.kind == a.kind && a.paths == b.paths);
        Ok((finished, messages))
    }
}

/// Why a full merge is not clean.
fn conflicts(
    context: &ContentContext<'_, '_>,
    finished: &FinishedTree,
    messages: &[Message],
) -> Result<Option<Vec<Conflict>>, MergeError> {
    let clean = finished.unsettled.is_empty() && !messages.iter().any(|message| message.kind.spoils());
    if clean { Ok(None) } else { report::conflicts(context, &finished.unsettled, messages).map(Some) }
}
