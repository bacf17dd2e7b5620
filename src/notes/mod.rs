//! Release notes: what landed between two commits, by pull request and author, and how the components changed. `relwf notes`,
//! the message of a release's tag and the release on a forge are written from what is gathered here.
//!
//! Knows nothing of terminals, workflows or the network. Messages of commits are hints (`change_hint`); that something was taken
//! back is found by content (`crate::hidden`).

mod change_hint;
mod landed;
mod promotion_branches;
mod range;
mod render;

pub use promotion_branches::PromotionBranches;
pub use range::NotesRange;
pub use render::{Form, render};

use crate::components::ComponentDelta;
use crate::forge::ProjectPages;
use crate::git::{ListedCommit, LogRange, Mirror};
use crate::hidden::RevertedBy;
use crate::model::{CommitId, Failure};
use crate::promotion::Detection;
use landed::Landed;
use serde::Serialize;

/// How many commits are read: the newest of very many.
const READ: usize = 20_000;

/// What landed between two commits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notes {
    /// The older commit.
    pub from: NotedRevision,
    /// The newer commit.
    pub to: NotedRevision,
    /// The page that shows what lies between them, where the forge is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
    /// Changes that were reviewed on a forge, the last that landed first.
    pub changes: Vec<NotedChange>,
    /// Commits that came with no such change, newest first. Merges are none of them: they stand for what they bring.
    pub commits: Vec<NotedCommit>,
    /// How many commits the newer one has that the older one lacks, merges included.
    pub commit_count: u64,
    /// How many commits only the older one has.
    pub removed_count: u64,
    /// Who wrote them, by how many; of very many commits, the authors of the newest.
    pub authors: Vec<NotedAuthor>,
    /// How each component changed.
    pub components: Vec<ComponentDelta>,
}

/// A revision as it was given, and the commit it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotedRevision {
    /// As it was given.
    #[serde(rename = "ref")]
    pub name: String,
    /// What it is.
    pub commit: CommitId,
}

/// A pull request or merge request, as far as messages of commits tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotedChange {
    /// Its number on the forge.
    pub number: u64,
    /// The same as people write it: `#12`, on GitLab `!12`.
    #[serde(skip)]
    pub shown: String,
    pub title: String,
    /// Its page, where the forge is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who wrote its commits.
    pub authors: Vec<String>,
    /// The commit that it landed as: a merge, or its squash.
    pub commit: CommitId,
    /// Its commits, newest first.
    pub commits: Vec<ListedCommit>,
    /// What took it back before the newer commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverted_by: Option<RevertedBy>,
    /// What it does is to take these back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reverts: Vec<CommitId>,
}

/// A commit that came with no such change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotedCommit {
    #[serde(flatten)]
    pub row: ListedCommit,
    /// What took it back before the newer commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverted_by: Option<RevertedBy>,
    /// What it does is to take these back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reverts: Vec<CommitId>,
}

/// An author, with how many of the commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotedAuthor {
    pub name: String,
    pub commits: u64,
}

/// Gathers the notes of a range. The components have no changelogs yet.
///
/// # Errors
///
/// The history or a commit's files cannot be read.
pub fn gather(
    mirror: &Mirror,
    range: &NotesRange,
    branches: &PromotionBranches,
    pages: Option<&ProjectPages>,
    detection: Detection<'_>,
) -> Result<Notes, Failure> {
    let (from, to) = (range.from.commit, range.to.commit);
    let new = LogRange { from: to, not: vec![from], first_parent: false, limit: Some(READ) };
    let commits = mirror.log(&new)?;
    let commit_count = match commits.len() {
        READ => mirror.count(&LogRange { limit: None, ..new })?,
        read => read as u64,
    };
    let gone = LogRange { from, not: vec![to], first_parent: false, limit: None };
    let Landed { changes, commits, authors } = landed::read(mirror, commits, to, branches, pages)?;
    Ok(Notes {
        from: range.from.clone(),
        to: range.to.clone(),
        compare: pages.map(|pages| pages.compare(from, to)),
        changes,
        commits,
        commit_count,
        removed_count: mirror.count(&gone)?,
        authors,
        components: detection.between(mirror, from, to)?,
    })
}
