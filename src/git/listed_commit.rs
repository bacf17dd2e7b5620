//! A commit as lists show it to people and scripts.

use super::CommitInfo;
use crate::model::CommitId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A commit, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedCommit {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// When, RFC 3339.
    pub time: String,
}

impl From<&CommitInfo> for ListedCommit {
    fn from(commit: &CommitInfo) -> Self {
        Self {
            commit: commit.id,
            summary: commit.summary.clone(),
            author: commit.author.name.clone(),
            time: commit.author.when(),
        }
    }
}
