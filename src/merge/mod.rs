//! The three-way merge of two commits: tree or typed conflicts.
//!
//! Pure over an object database: no network, no clock, no environment, no references. Callers see only [`merge`] and its
//! [`Outcome`]; what is inside may change.

mod attributes;
mod bases;
mod commit_graph;
mod commits;
mod conflict;
mod content;
mod directories;
mod entries;
mod finish;
mod histogram;
mod lines;
mod myers;
mod note;
pub mod ort;
mod outcome;
mod pack;
mod renames;
mod report;
mod resolve;
mod similarity;
mod slide;
mod store;
mod structural;
mod table_order;
mod three_way;
mod tree;

pub use conflict::{Conflict, ConflictKind, Hunk, Side};
pub use outcome::{By, MergeError, Merged, Outcome};

use crate::git::Objects;
use crate::model::CommitId;

/// Merges `theirs` into `ours` as `git merge-tree --write-tree` would; the resulting tree is written to the database.
///
/// # Errors
///
/// Unrelated histories, missing or damaged objects.
pub fn merge(_objects: &Objects, _ours: CommitId, _theirs: CommitId) -> Result<Outcome, MergeError> {
    unimplemented!()
}
