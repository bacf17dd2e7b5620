//! What a merge needs of an opened repository beside git's own files, which `odb` reads.
//!
//! All of it is rare: objects that no file holds, results to store, settings of files that both sides changed. The rest of
//! the room knows no git library, and works without such a repository where [`super::BareRepository`] allows it.

use crate::model::{ObjectId, TreeId};
use crate::odb::ObjectKind;
use std::path::PathBuf;
use std::sync::Arc;

/// A repository as a merge sees it. Errors are the repository's own messages.
pub trait MergeRepository {
    /// The folder that holds the objects and references; for a linked work tree that of its main repository.
    fn common_dir(&self) -> PathBuf;

    /// Is there no work tree?
    fn is_bare(&self) -> bool;

    /// An object that git's files do not hold, for example one that lives in memory.
    ///
    /// # Errors
    ///
    /// It is missing or cannot be read.
    fn read(&self, id: ObjectId) -> Result<(ObjectKind, Arc<[u8]>), String>;

    /// Stores an object.
    ///
    /// # Errors
    ///
    /// It cannot be stored.
    fn write(&self, kind: ObjectKind, data: &[u8]) -> Result<(), String>;

    /// Where its `.gitattributes` files are.
    fn attribute_source(&self) -> AttributeSource;

    /// A setting of the repository's own configuration; what a user has set up for all repositories does not count.
    fn setting(&self, name: &str) -> Option<String>;

    /// Does the repository's own configuration have a merge driver of this name?
    fn has_merge_driver(&self, name: &str) -> bool;

    /// The submodule at a path, where its own repository is at hand.
    fn submodule(&self, path: &str) -> Option<Box<dyn Submodule>>;
}

/// Where a repository's `.gitattributes` files are: `info/attributes` counts in each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeSource {
    /// Nowhere: it has no work tree.
    Nowhere,
    /// In the work tree at this path.
    WorkTree(PathBuf),
    /// In the tree that is merged into, as with `git --attr-source`: a mirror.
    Target,
    /// In this tree (`attr.tree`).
    Tree(TreeId),
}

/// A submodule's own repository.
pub trait Submodule {
    /// Is the second commit an ancestor of the first? `false` where that is not known.
    fn contains(&self, newer: ObjectId, older: ObjectId) -> bool;
}
