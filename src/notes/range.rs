//! Between which commits: two that were named, or what the last landing of a branch brought.

use super::NotedRevision;
use crate::git::Mirror;
use crate::hidden::newest_landing;
use crate::model::{CommitId, Failure, FailureKind};

/// Two commits, by the names that people gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotesRange {
    pub from: NotedRevision,
    pub to: NotedRevision,
}

impl NotesRange {
    /// Between two revisions.
    ///
    /// # Errors
    ///
    /// One of them does not exist.
    pub fn named(mirror: &Mirror, from: &str, to: &str) -> Result<Self, Failure> {
        let revision =
            |name: &str| Ok::<_, Failure>(NotedRevision { name: name.to_owned(), commit: mirror.resolve(name)? });
        Ok(Self { from: revision(from)?, to: revision(to)? })
    }

    /// What the landing brought that ends at this commit, of a branch or a release called `name`: one commit, or several where one
    /// run landed them together.
    ///
    /// # Errors
    ///
    /// Kind `not-found` where nothing was there before.
    pub fn of_landing(mirror: &Mirror, name: &str, commit: CommitId) -> Result<Self, Failure> {
        let landing = newest_landing(mirror, commit)?;
        let before = landing.last().and_then(|oldest| oldest.parents.first().copied());
        let Some(before) = before else {
            return Err(Failure::new(
                FailureKind::NotFound,
                format!("nothing was on {name} before {}", commit.short()),
            )
            .hint("name two commits: `relwf notes FROM TO`"));
        };
        let from = NotedRevision { name: before.to_string(), commit: before };
        Ok(Self { from, to: NotedRevision { name: name.to_owned(), commit } })
    }
}
