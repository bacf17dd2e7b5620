//! The changes that relwf has open, as the forge knows them now: what was remembered of them may be over.

use super::project::Project;
use super::wiring::{self, ProjectServices};
use crate::forge::{Change, ChangeSearch, ChangeState};
use crate::git::Keep;
use crate::model::{BranchName, CommitId, Failure, TaskContext};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A change that relwf opened and that has neither landed nor was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeRow {
    pub number: u64,
    /// Its page on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where it is to land.
    pub target: BranchName,
    /// What it proposes.
    pub commit: CommitId,
    pub title: String,
}

/// The open changes of relwf for the environments' branches and the default branch, the newest first.
///
/// # Errors
///
/// The forge or the remote cannot be reached.
pub fn changes(project: &Project, task: TaskContext<'_>) -> Result<Vec<ChangeRow>, Failure> {
    let mirror = Arc::new(project.mirror(Keep::No, task)?);
    let ProjectServices { forge, .. } = wiring::parts(project, Arc::clone(&mirror))?;
    let environments = project.config.environments.iter().map(|environment| environment.branch.clone());
    let bases: BTreeSet<BranchName> = environments.chain(mirror.default_branch()?).collect();
    let mut rows = Vec::new();
    for base in &bases {
        let search = ChangeSearch { base, head_branch: None, marker: None };
        let found = forge.find_changes(&search, task)?.into_iter();
        rows.extend(found.filter(|change| change.state == ChangeState::Open && change.marker.is_some()).map(row));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.number));
    Ok(rows)
}

fn row(change: Change) -> ChangeRow {
    let Change { number, url, base, head, title, .. } = change;
    ChangeRow { number, url, target: base, commit: head, title }
}
