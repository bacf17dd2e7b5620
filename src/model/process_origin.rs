//! Which process a run goes by: the commit that published relwf.toml, workflows and plugins, or files that nothing published.

use super::{BranchName, CommitId};
use serde::{Deserialize, Serialize};

/// Where the process of a run comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum ProcessOrigin {
    /// As a branch of the remote has it.
    Published {
        branch: BranchName,
        commit: CommitId,
        /// Files of this machine that it has not, used beside it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unpublished: Vec<String>,
    },
    /// Files of this machine, which differ from what the branch has.
    Local {
        branch: BranchName,
        commit: CommitId,
        /// The files that differ.
        differences: Vec<String>,
    },
    /// Files of this machine; no branch has any.
    Unpublished { branch: Option<BranchName> },
    /// The configuration that was named with `--config`, and the files beside it.
    Named { file: String },
}

impl ProcessOrigin {
    /// In words, for people who look at the run or at its change.
    pub fn text(&self) -> String {
        match self {
            Self::Published { branch, commit, unpublished } => {
                let beside = if unpublished.is_empty() {
                    String::new()
                } else {
                    format!(", with what is not committed yet: {}", unpublished.join(", "))
                };
                format!("as {branch} publishes it ({}){beside}", commit.short())
            }
            Self::Local { branch, commit, differences } => format!(
                "local files that differ from what {branch} publishes ({}): {}",
                commit.short(),
                differences.join(", ")
            ),
            Self::Unpublished { branch: Some(branch) } => {
                format!("that of this folder, not committed yet: {branch} publishes none")
            }
            Self::Unpublished { branch: None } => "that of this folder: the remote publishes none".to_owned(),
            Self::Named { file } => format!("{file} and the files beside it, as --config names them"),
        }
    }

    /// Has nothing been published of it that others could look at?
    pub const fn is_local(&self) -> bool {
        matches!(self, Self::Local { .. } | Self::Named { .. })
    }
}
