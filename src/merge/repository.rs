//! What a merge needs of an opened repository beside git's own files, which `odb` reads.
//!
//! All of it is rare: objects that no file holds, results to store, settings of files that both sides changed. The rest of
//! the room knows no git library, and works without such a repository where [`super::BareRepository`] allows it.

use crate::model::ObjectId;
use crate::odb::ObjectKind;
use std::path::{Path, PathBuf};
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

    /// The attributes of a path (gitattributes(5)).
    ///
    /// # Errors
    ///
    /// They cannot be read.
    fn attribute(&self, path: &Path, name: &str) -> Result<Attribute, String>;

    /// Does the configuration name a program for a merge driver?
    fn has_merge_driver(&self, name: &str) -> bool;

    /// The submodule at a path, where its own repository is at hand.
    fn submodule(&self, path: &str) -> Option<Box<dyn Submodule>>;
}

/// An attribute of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// Not mentioned.
    Unspecified,
    /// Set without a value.
    Set,
    /// Taken back (`-name`).
    Unset,
    /// Set to a value.
    Value(Vec<u8>),
}

/// A submodule's own repository.
pub trait Submodule {
    /// Is the second commit an ancestor of the first? `false` where that is not known.
    fn contains(&self, newer: ObjectId, older: ObjectId) -> bool;
}
