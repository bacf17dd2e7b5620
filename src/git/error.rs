//! How git fails, as data.

use super::Expected;
use crate::model::{Failure, ObjectId, RefName};

/// A failure of this room. (Its maker refines the variants.)
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// A failure with its kind and hint.
    #[error("{0}")]
    Failure(Failure),
}

/// How a push fails.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The lease failed: the reference is not where it was expected. Nothing happened.
    #[error("{name} moved")]
    Moved {
        /// The reference.
        name: RefName,
        /// What was expected.
        expected: Expected,
        /// What is there.
        found: Option<ObjectId>,
    },
    /// The server refused: a hook, a protected branch. Nothing happened.
    #[error("the server refused to update {name}: {message}")]
    Rejected {
        /// The reference.
        name: RefName,
        /// git's word, e.g. `pre-receive hook declined`.
        message: String,
        /// The server's own lines.
        server: Vec<String>,
    },
    /// Nothing was sent for certain.
    #[error("{0}")]
    NotSent(GitError),
    /// The connection broke after sending: nobody knows.
    #[error("{0}")]
    Unknown(GitError),
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Failure(failure) => failure,
        }
    }
}

impl From<PushError> for Failure {
    fn from(_error: PushError) -> Self {
        unimplemented!()
    }
}
