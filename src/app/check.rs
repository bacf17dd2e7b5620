//! Everything that can be checked in a project without running anything.

use super::component_findings::component_findings;
use super::project::Project;
use super::run_name::run_name_finding;
use super::run_process::local_origin;
use crate::git::Keep;
use crate::model::{Failure, FailureKind, ProcessOrigin, TaskContext};
use crate::script::Diagnostic;
use std::collections::BTreeSet;

/// What was looked at, and what was found.
#[derive(Debug)]
pub struct Checked {
    /// relwf.toml, when there is one.
    pub config: Option<String>,
    /// Workflows that were checked.
    pub workflows: Vec<String>,
    /// Plugins that were checked: those that the workflows import, or all.
    pub plugins: Vec<String>,
    /// What may be wrong, or may be still to come.
    pub warnings: Vec<Failure>,
    /// What is wrong.
    pub findings: Vec<Diagnostic>,
}

/// Checks the named workflows, or all of them with every plugin. A finding in a file that several workflows import is
/// listed once.
///
/// # Errors
///
/// relwf.toml is wrong; a named workflow does not exist.
pub fn check(project: &Project, only: &[String]) -> Result<Checked, Failure> {
    let library = project.library()?;
    let known = library.workflows();
    if let Some(missing) = only.iter().find(|name| !known.contains(name)) {
        return Err(match library.header(missing) {
            Err(diagnostic) => diagnostic.failure,
            Ok(_) => Failure::new(FailureKind::NotFound, format!("there is no workflow `{missing}`")),
        });
    }
    let workflows = if only.is_empty() { known } else { only.to_vec() };
    let plugins: BTreeSet<String> = match only {
        [] => library.plugins().into_iter().collect(),
        only => only.iter().flat_map(|name| library.plugins_of(name)).collect(),
    };
    let mut findings: Vec<Diagnostic> = Vec::new();
    let found = workflows.iter().flat_map(|name| library.check(name));
    for finding in found.chain(plugins.iter().flat_map(|name| library.check_plugin(name))) {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    let config = project.config.file.as_ref().map(|file| project.named(file));
    Ok(Checked { config, workflows, plugins: plugins.into_iter().collect(), warnings: Vec::new(), findings })
}

/// The same, and whether it is what the remote published when it was fetched last; nothing is asked of it.
///
/// # Errors
///
/// See [`check`].
pub fn check_here(project: &Project, only: &[String], task: TaskContext<'_>) -> Result<Checked, Failure> {
    let mut checked = check(project, only)?;
    let mirror = project.cached_mirror(task);
    let origin = mirror.and_then(|mirror| local_origin(project, &mirror).ok()).flatten();
    checked.warnings.extend(origin.as_ref().map(|origin| unpublished(origin, " when it was fetched last")));
    Ok(checked)
}

/// What was checked is not what a run goes by.
fn unpublished(origin: &ProcessOrigin, when: &str) -> Failure {
    Failure::new(FailureKind::Config, format!("these are {}{when}", origin.text()))
        .hint("a run stops at that: commit and push them, or run it with `--process local`")
}

/// The same, and the components on the remote's branches.
///
/// # Errors
///
/// As above; the remote or the cache cannot be reached.
pub fn check_live(project: &Project, only: &[String], task: TaskContext<'_>) -> Result<Checked, Failure> {
    let mirror = project.mirror(Keep::No, task)?;
    let mut checked = check(project, only)?;
    checked.warnings.extend(local_origin(project, &mirror)?.as_ref().map(|origin| unpublished(origin, "")));
    checked.warnings.extend(run_name_finding(project, &mirror)?);
    let environments: Vec<_> = project.config.environments.iter().collect();
    for finding in component_findings(project, &mirror, &environments)? {
        match finding.certain {
            true => checked.findings.push(Diagnostic::nowhere(finding.failure)),
            false => checked.warnings.push(finding.failure),
        }
    }
    Ok(checked)
}
