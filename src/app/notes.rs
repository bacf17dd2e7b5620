//! Release notes for two commits, or for what landed last.

use super::project::Project;
use crate::git::{Keep, Mirror};
use crate::model::{BranchName, Failure, FailureKind, TaskContext};
use crate::notes::{self, Notes, NotesRange, PromotionBranches};
use crate::promotion::Detection;

/// The notes between two revisions; without any, what the last landing on the last environment brought.
///
/// # Errors
///
/// A revision does not exist, or nothing has landed; the remote or the cache cannot be reached.
pub fn notes(project: &Project, between: Option<(&str, &str)>, task: TaskContext<'_>) -> Result<Notes, Failure> {
    let mirror = project.mirror(Keep::No, task)?;
    let range = match between {
        Some((from, to)) => NotesRange::named(&mirror, from, to)?,
        None => last_release(project, &mirror)?,
    };
    let pages = project.remote()?.pages();
    let environments = project.config.environments.iter().map(|environment| &environment.branch);
    let prefix = project.config.forge.prefix();
    let branches = PromotionBranches::of(environments, mirror.default_branch()?, prefix, pages.as_ref());
    let library = project.library()?;
    let detection = Detection { components: &project.config.components, plugins: &library };
    let mut notes = notes::gather(&mirror, &range, &branches, pages.as_ref(), detection)?;
    project.add_changelogs(&mut notes.components, task)?;
    Ok(notes)
}

fn last_release(project: &Project, mirror: &Mirror) -> Result<NotesRange, Failure> {
    let Some(branch) = project.config.environments.last().map(|environment| &environment.branch) else {
        return Err(Failure::new(
            FailureKind::Usage,
            "relwf.toml has no environment whose last landing could be meant",
        )
        .hint("name two commits: `relwf notes FROM TO`"));
    };
    let tip = mirror.branch(branch)?.ok_or_else(|| missing(mirror, branch))?;
    NotesRange::of_landing(mirror, branch.as_str(), tip)
}

fn missing(mirror: &Mirror, branch: &BranchName) -> Failure {
    Failure::new(FailureKind::NotFound, format!("{} has no branch `{branch}` (as last fetched)", mirror.url()))
        .hint("name two commits: `relwf notes FROM TO`")
}
