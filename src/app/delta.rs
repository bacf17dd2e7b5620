//! What changes for each component between two commits.

use super::project::Project;
use crate::components::ComponentDelta;
use crate::git::Keep;
use crate::model::{CommitId, Failure, TaskContext};
use crate::promotion::Detection;
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
    let library = project.library()?;
    let detection = Detection { components: &project.config.components, plugins: &library };
    let mut components = detection.between(&mirror, base, head)?;
    project.add_changelogs(&mut components, task)?;
    Ok(Delta { base, head, components })
}
