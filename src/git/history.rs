//! Questions about the graph of commits.

use crate::model::CommitId;

/// A part of the history: reachable from `from`, not reachable from any of `not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRange {
    /// The newest commit.
    pub from: CommitId,
    /// Left out with all their ancestors.
    pub not: Vec<CommitId>,
    /// Follow only first parents?
    pub first_parent: bool,
    /// At most so many.
    pub limit: Option<usize>,
}
