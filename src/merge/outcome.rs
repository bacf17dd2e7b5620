//! What a merge gives.

use super::Conflict;
use crate::model::{CommitId, Failure, FailureKind, TreeId};
use crate::odb::MAX_TREE_DEPTH;
use serde::{Deserialize, Serialize};

/// Which part of the merge decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The structural walk, which opens only what differs.
    Structural,
    /// The full three-way merge with renames.
    Full,
}

/// What a merge gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MergeResult {
    /// The best common ancestors.
    pub bases: Vec<CommitId>,
    /// Which part decided.
    pub by: By,
    /// Files that both sides changed and that were merged as text, although the attributes name a driver of the user's own.
    pub drivers: Vec<UnrunDriver>,
    pub result: Merged,
}

/// A file that a merge driver of the user's own was to merge: a program, which is not known here, nor on a forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnrunDriver {
    pub path: String,
    /// The driver's name.
    pub driver: String,
}

/// Clean or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Merged {
    /// `theirs` is already part of `ours`: nothing to merge. The tree is ours.
    UpToDate(TreeId),
    /// The merged tree.
    Clean(TreeId),
    /// The two sides conflict.
    Conflicts(Vec<Conflict>),
}

impl Merged {
    /// The tree, unless there are conflicts.
    pub fn tree(&self) -> Option<TreeId> {
        match self {
            Self::UpToDate(tree) | Self::Clean(tree) => Some(*tree),
            Self::Conflicts(_) => None,
        }
    }
}

/// Why there is no answer at all.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The two share no commit.
    #[error("{ours} and {theirs} have no common history")]
    Unrelated { ours: CommitId, theirs: CommitId },
    /// The two share no commit that is there: the history is cut off.
    #[error("{ours} and {theirs} have no common history in this shallow repository")]
    CutOff { ours: CommitId, theirs: CommitId },
    /// An object of a partial clone was left with its remote.
    #[error("{what}: {why}; the repository is a partial clone, which leaves objects with its remote")]
    LeftBehind { what: String, why: String },
    /// More directories lie in each other than git follows.
    #[error("more than {MAX_TREE_DEPTH} directories lie in each other")]
    TooDeep,
    /// A tree is damaged in a way that git refuses, or reads as something else than was meant.
    #[error("tree {id}{} is damaged: {why}", if path.is_empty() { String::new() } else { format!(" of the directory `{path}`") })]
    Tree {
        id: TreeId,
        /// Its directory, as it is shown; empty for the root.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Other objects or parents replace the repository's own.
    #[error("the repository has {what}, which are not followed here")]
    Altered {
        /// What they are.
        what: &'static str,
    },
    /// A path is to be merged by a program of the repository's configuration.
    #[error("{path} is to be merged by the driver `{driver}`, and no program is run for a merge")]
    Driver {
        path: String,
        /// The driver's name.
        driver: String,
    },
    /// A setting that changes git's answer.
    #[error("the repository sets `{name} = {value}`, which is not followed here")]
    Setting { name: &'static str, value: String },
    /// The object database failed.
    #[error("{what}: {why}")]
    Database {
        /// What was being read or written.
        what: String,
        /// What went wrong: the message of what read or wrote it.
        why: String,
    },
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Self {
        match &error {
            MergeError::Unrelated { .. } => Self::new(FailureKind::Git, error.to_string())
                .hint("a promotion needs a common ancestor; check that both branches belong to the same repository"),
            MergeError::CutOff { .. } => Self::new(FailureKind::Git, error.to_string())
                .hint("fetch the rest of the history where it was cut off: `git fetch --unshallow`"),
            MergeError::LeftBehind { .. } => {
                Self::new(FailureKind::Git, error.to_string()).hint("merge in a full clone: one without `--filter`")
            }
            MergeError::TooDeep => Self::new(FailureKind::Git, error.to_string())
                .hint("git follows no deeper either (core.maxTreeDepth); move those directories up, on both branches"),
            MergeError::Tree { .. } => Self::new(FailureKind::Git, error.to_string())
                .hint("`git fsck` shows more; mend it in a new commit on the branch (`git rm`, `git add`)"),
            MergeError::Altered { .. } => Self::new(FailureKind::Git, error.to_string())
                .hint("merge in a clone: replacements and grafts stay behind (`git clone --bare`)"),
            MergeError::Driver { driver, .. } => Self::new(FailureKind::Git, error.to_string()).hint(format!(
                "merge in a bare clone, where it is text; or remove `merge.{driver}.driver` (git config)"
            )),
            MergeError::Setting { name, .. } => Self::new(FailureKind::Git, error.to_string()).hint(format!(
                "`git config --unset {name}`, or merge in a clone, where it stays behind (`git clone --bare`)"
            )),
            MergeError::Database { .. } => Self::new(FailureKind::Git, error.to_string())
                .hint("an object is missing or damaged; `git fsck` on the remote shows which"),
        }
    }
}
