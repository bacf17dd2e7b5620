//! A bare mirror of one remote in the cache folder.

use super::commits::FileMode;
use super::{
    CommitInfo, Credentials, GitError, LogRange, NewCommit, Objects, PushError, RefUpdate, RemoteUrl, Signature,
};
use crate::model::{BranchName, CommitId, ObjectId, RefName, TreeId, Watch};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What becomes of what is fetched and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// References and objects are stored in the cache.
    Yes,
    /// Previews and dry runs: the cache's references stay as they are, new objects live in memory; this process sees both.
    No,
}

/// What a fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// References that changed.
    pub updated: usize,
    /// Bytes received.
    pub bytes: u64,
}

/// A bare mirror of one remote in the cache folder. Share it between threads as it is.
pub struct Mirror;

#[allow(unused_variables, clippy::all)]
impl Mirror {
    /// Opens the mirror of `url`; clones it first when there is none (or a broken one).
    pub fn open(
        cache: &Path,
        url: &RemoteUrl,
        credentials: Arc<Credentials>,
        keep: Keep,
        watch: Watch<'_>,
    ) -> Result<Self, GitError> {
        unimplemented!()
    }
    /// An existing repository as it is: nothing is fetched, nothing but objects is written (in memory).
    pub fn at(path: &Path) -> Result<Self, GitError> {
        unimplemented!()
    }
    /// Fetches branches and tags.
    pub fn sync(&self, watch: Watch<'_>) -> Result<Synced, GitError> {
        unimplemented!()
    }
    /// The remote.
    pub fn url(&self) -> &RemoteUrl {
        unimplemented!()
    }
    /// What merges work on.
    pub fn objects(&self) -> &Objects {
        unimplemented!()
    }
    /// A branch of the remote, as last fetched.
    pub fn branch(&self, name: &BranchName) -> Result<Option<CommitId>, GitError> {
        unimplemented!()
    }
    /// All branches of the remote, as last fetched.
    pub fn branches(&self) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        unimplemented!()
    }
    /// Anything git understands: branch, tag, full or short id, `HEAD~3`.
    pub fn resolve(&self, rev: &str) -> Result<CommitId, GitError> {
        unimplemented!()
    }
    /// One commit.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, GitError> {
        unimplemented!()
    }
    /// A part of the history, newest first.
    pub fn log(&self, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
        unimplemented!()
    }
    /// How many commits a part of the history has.
    pub fn count(&self, range: &LogRange) -> Result<u64, GitError> {
        unimplemented!()
    }
    /// Is `ancestor` part of `descendant`'s history (or the same)?
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        unimplemented!()
    }
    /// Is the object here?
    pub fn contains(&self, id: ObjectId) -> bool {
        unimplemented!()
    }
    /// A file at a commit; `None` when it is not there.
    pub fn read(&self, commit: CommitId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        unimplemented!()
    }
    /// All files of a commit with their blobs.
    pub fn list(&self, commit: CommitId) -> Result<Vec<(String, ObjectId)>, GitError> {
        unimplemented!()
    }
    /// A commit's tree.
    pub fn tree(&self, commit: CommitId) -> Result<TreeId, GitError> {
        unimplemented!()
    }
    /// Paths that differ between two trees, with git's letter (A, M, D, T).
    pub fn changed_files(&self, from: TreeId, to: TreeId) -> Result<Vec<(String, char)>, GitError> {
        unimplemented!()
    }
    /// Writes a commit. Equal values give equal ids.
    pub fn write_commit(&self, new: &NewCommit) -> Result<CommitId, GitError> {
        unimplemented!()
    }
    /// Writes a tree of these files.
    pub fn write_tree(&self, files: &BTreeMap<String, (Vec<u8>, FileMode)>) -> Result<TreeId, GitError> {
        unimplemented!()
    }
    /// Writes an annotated tag object, without a reference to it.
    pub fn write_tag(
        &self,
        target: ObjectId,
        name: &str,
        tagger: &Signature,
        message: &str,
    ) -> Result<ObjectId, GitError> {
        unimplemented!()
    }
    /// Target and message of an annotated tag object; `None` when the object is something else.
    pub fn read_tag(&self, id: ObjectId) -> Result<Option<(ObjectId, String)>, GitError> {
        unimplemented!()
    }
    /// Writes a commit's files into an empty folder; no `.git`.
    pub fn checkout(&self, commit: CommitId, into: &Path) -> Result<(), GitError> {
        unimplemented!()
    }
    /// Every reference of the remote, asked now.
    pub fn remote_refs(&self, watch: Watch<'_>) -> Result<BTreeMap<RefName, ObjectId>, GitError> {
        unimplemented!()
    }
    /// Fetches what these references hold; no reference of the cache moves.
    pub fn fetch_objects(&self, refs: &[RefName], watch: Watch<'_>) -> Result<(), GitError> {
        unimplemented!()
    }
    /// Moves references on the remote, each under its lease: all of them or none.
    pub fn push(&self, updates: &[RefUpdate], watch: Watch<'_>) -> Result<(), PushError> {
        unimplemented!()
    }
}
