//! What changes for each component between two commits.

use super::files::{Between, CommitFiles};
use super::project::Project;
use crate::components::{ComponentDelta, delta as component_delta};
use crate::git::{Keep, Mirror};
use crate::model::{CommitId, Failure, TaskContext};
use serde::Serialize;

/// The component delta between two commits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delta {
    /// The older commit.
    pub base: CommitId,
    /// The newer commit.
    pub head: CommitId,
    /// One row a component.
    pub components: Vec<ComponentDelta>,
}

/// The delta between two revisions of the remote.
///
/// # Errors
///
/// A revision does not exist; the remote or the cache cannot be reached.
pub fn delta(project: &Project, base: &str, head: &str, task: TaskContext<'_>) -> Result<Delta, Failure> {
    let mirror = project.mirror(Keep::No, task)?;
    let (base, head) = (mirror.resolve(base)?, mirror.resolve(head)?);
    Ok(Delta { base, head, components: component_rows(project, &mirror, (base, head), None)? })
}

/// The rows for two commits that are at hand; `counted` commits lie between them, where that is known.
pub fn component_rows(
    project: &Project,
    mirror: &Mirror,
    (base, head): (CommitId, CommitId),
    counted: Option<u64>,
) -> Result<Vec<ComponentDelta>, Failure> {
    let (before, after) = (CommitFiles { mirror, commit: base }, CommitFiles { mirror, commit: head });
    let history = Between { mirror, base, head, counted };
    let library = project.library()?;
    Ok(component_delta(&project.config.components, &before, &after, &history, &library))
}
