//! The three-way merge of two commits: tree or typed conflicts, equal to what `git merge-tree --write-tree` answers.
//!
//! Pure over an object database: no network, no clock, no environment, no references, no git library. Callers see [`merge`],
//! or a [`Merger`] for many merges, and its [`MergeResult`]; what is inside may change. A [`MergeRepository`] is what it asks for beside
//! git's own files.
//!
//! Inside: `ort` leads. `bases` finds the common ancestors (over `commits`), `structural` decides what
//! needs no renames; for the rest `entries` collects what differs, `renames` and `directories` follow what moved,
//! `resolve` and `content` (over `three_way`) settle each path, `finish` writes the trees and `report` lists the conflicts.
//! `attributes` (over `attribute_rules` and `wildmatch`) say how contents are merged; `settings` are those that are not followed.
//! `store` reads objects; `bare_repository` knows where that needs no opened repository.

mod attribute_rules;
mod attributes;
mod bare_repository;
mod bases;
mod cache;
mod commits;
mod conflict;
mod content;
mod differences;
mod directories;
mod fast_path;
mod finish;
mod git_hash_order;
mod histogram;
mod lines;
mod message;
mod moved_counts;
mod myers;
mod ort;
mod outcome;
mod renames;
mod report;
mod repository;
mod resolve;
mod settings;
mod similarity;
mod slide;
mod store;
mod submodules;
mod three_way;
mod tree_object;
mod wildmatch;

pub use bare_repository::BareRepository;
pub(crate) use conflict::{Conflict, ConflictSide};
pub use conflict::{ConflictKind, Hunk};
pub use outcome::{By, MergeError, MergeResult, Merged, UnrunDriver};
pub(crate) use repository::{AttributeSource, MergeRepository, Submodule};

use crate::model::{CommitId, TreeId};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Merges `theirs` into `ours` as `git merge-tree --write-tree` would; the resulting tree is written to the database.
///
/// # Errors
///
/// Unrelated histories, missing or damaged objects.
pub fn merge(repository: &dyn MergeRepository, ours: CommitId, theirs: CommitId) -> Result<MergeResult, MergeError> {
    Merger::default().merge(repository, ours, theirs)
}

/// Three trees to merge over a base that is given.
#[derive(Debug, Clone, Copy)]
pub struct Trees<'a> {
    /// What both sides are compared with.
    pub base: TreeId,
    /// Our side.
    pub ours: TreeId,
    /// Their side.
    pub theirs: TreeId,
    /// What their side is called where two files want the same path; ours is `HEAD`, as in git.
    pub name: &'a str,
}

/// Merges `theirs` into `ours` over a given base, as `git cherry-pick` and `git revert` do: to pick a commit the base is its
/// parent's tree, to revert it the base is its own tree and `theirs` its parent's. The result is written to the database.
///
/// # Errors
///
/// Missing or damaged objects.
pub fn merge_trees(repository: &dyn MergeRepository, trees: Trees<'_>) -> Result<MergeResult, MergeError> {
    Merger::default().merge_trees(repository, trees)
}

/// Merges many pairs of commits, one after the other, and keeps what it has read: the next merge starts warm.
///
/// It is meant for one repository. Given another, it forgets the first.
#[derive(Default)]
pub struct Merger {
    /// The repository's folder, and what was read of it.
    memory: RefCell<Option<(PathBuf, ort::MergeCache)>>,
    commits: RefCell<commits::CommitsRead>,
}

impl Merger {
    /// One that works beside this one, perhaps in another thread: a commit that either has read the other need not read.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { memory: RefCell::default(), commits: self.commits.clone() }
    }

    /// As [`merge`].
    ///
    /// # Errors
    ///
    /// Unrelated histories, missing or damaged objects.
    pub fn merge(
        &self,
        repository: &dyn MergeRepository,
        ours: CommitId,
        theirs: CommitId,
    ) -> Result<MergeResult, MergeError> {
        self.run(repository, |engine| engine.merge(ours, theirs))
    }

    /// As [`merge`] in a repository that is not opened: nothing is written, so only the tree's id is of use. What cannot be
    /// answered in this way is for [`Merger::merge`] to answer.
    ///
    /// # Errors
    ///
    /// As [`merge`]; also where an object is not a commit, or kept in a way that only libgit2 knows.
    pub fn merge_in(
        &self,
        repository: &BareRepository,
        ours: CommitId,
        theirs: CommitId,
    ) -> Result<MergeResult, MergeError> {
        self.run_in(repository.path(), None, |engine| engine.merge(ours, theirs))
    }

    /// As [`merge_trees`].
    ///
    /// # Errors
    ///
    /// Missing or damaged objects.
    pub fn merge_trees(&self, repository: &dyn MergeRepository, trees: Trees<'_>) -> Result<MergeResult, MergeError> {
        let labels = content::ConflictLabels { ours: b"HEAD".to_vec(), theirs: trees.name.as_bytes().to_vec() };
        let ids = [trees.base, trees.ours, trees.theirs].map(TreeId::object);
        self.run(repository, |engine| engine.merge_trees(ids, &labels))
    }

    /// The tree of a merge even where it has conflicts: with their markers, as `git merge-tree` prints it.
    ///
    /// # Errors
    ///
    /// Unrelated histories, missing or damaged objects.
    pub fn tree(
        &self,
        repository: &dyn MergeRepository,
        ours: CommitId,
        theirs: CommitId,
    ) -> Result<TreeId, MergeError> {
        self.run(repository, |engine| Ok(engine.answer(ours, theirs)?.tree.into()))
    }

    fn run<T>(
        &self,
        repository: &dyn MergeRepository,
        work: impl FnOnce(&ort::Engine<'_>) -> Result<T, MergeError>,
    ) -> Result<T, MergeError> {
        self.run_in(&repository.common_dir(), Some(repository), work)
    }

    fn run_in<T>(
        &self,
        common: &Path,
        repository: Option<&dyn MergeRepository>,
        work: impl FnOnce(&ort::Engine<'_>) -> Result<T, MergeError>,
    ) -> Result<T, MergeError> {
        let common: PathBuf = common.components().collect();
        let mut memory = self.memory.borrow_mut();
        let kept = match memory.take() {
            Some((path, mut kept)) if path == common => {
                kept.refresh();
                kept
            }
            other => {
                // What is in one repository need not be in another.
                if other.is_some() {
                    self.commits.take();
                }
                let replaced = repository.and_then(|repository| repository.setting("core.useReplaceRefs"));
                let follows = replaced.is_none_or(|value| attributes::is_true(&value));
                ort::MergeCache::new(&common, follows, self.commits.borrow().clone())?
            }
        };
        let (common, kept) = memory.insert((common, kept));
        work(&ort::Engine::new(repository, kept)).map_err(|error| bare_repository::explained(common, error))
    }
}
