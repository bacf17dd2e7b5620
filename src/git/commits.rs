//! Commits, read and written without a work tree.

use crate::model::{CommitId, TreeId};
use serde::{Deserialize, Serialize};

/// Who and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Seconds since 1970.
    pub time: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// A commit that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitInfo {
    /// Its id.
    pub id: CommitId,
    /// Its parents, first parent first.
    pub parents: Vec<CommitId>,
    /// Its tree.
    pub tree: TreeId,
    /// Who wrote it.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
    /// The first line of its message.
    pub summary: String,
    /// The whole message.
    pub message: String,
}

/// A commit to write. Equal values give equal ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCommit {
    /// Its tree.
    pub tree: TreeId,
    /// Its parents, first parent first.
    pub parents: Vec<CommitId>,
    /// Who writes it.
    pub author: Signature,
    /// Who commits it.
    pub committer: Signature,
    /// The whole message.
    pub message: String,
}

/// The kind of a file in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// `100644`.
    Plain,
    /// `100755`.
    Executable,
    /// `120000`.
    Link,
}
