//! Components that an environment's branch does not have, and manifests that cannot be read there: misspelt names, mostly.

use super::project::Project;
use crate::config::Environment;
use crate::git::Mirror;
use crate::model::{Failure, FailureKind};
use crate::promotion::Detection;

/// One component that is not found, or cannot be read, on at least one branch.
pub(super) struct ComponentFinding {
    /// Is it found nowhere, or unreadable somewhere? Else it may be on its way from branch to branch.
    pub(super) certain: bool,
    pub(super) failure: Failure,
}

/// Looks for every component on the branch of every environment.
pub(super) fn component_findings(
    project: &Project,
    mirror: &Mirror,
    environments: &[&Environment],
) -> Result<Vec<ComponentFinding>, Failure> {
    let library = project.library()?;
    let detection = Detection { components: &project.config.components, plugins: &library };
    let mut sides = Vec::new();
    for environment in environments {
        if let Some(tip) = mirror.branch(&environment.branch)? {
            sides.push((&environment.branch, detection.between(mirror, tip, tip)?));
        }
    }
    let mut findings = Vec::new();
    for (index, component) in project.config.components.iter().enumerate() {
        let rows: Vec<_> = sides.iter().filter_map(|(branch, rows)| Some((*branch, rows.get(index)?))).collect();
        let name = &component.name;
        findings.extend(rows.iter().filter_map(|(branch, row)| {
            let error = row.error.clone()?;
            let message = format!("`{name}` on {branch}: {}", error.message);
            Some(ComponentFinding { certain: true, failure: Failure { message, ..error } })
        }));
        let absent: Vec<_> = rows.iter().filter(|(_, row)| row.absent).collect();
        if let Some((_, row)) = absent.first() {
            let branches: Vec<&str> = absent.iter().map(|(branch, _)| branch.as_str()).collect();
            let sought = row.warning.as_deref().unwrap_or_default();
            let failure = Failure::new(
                FailureKind::NotFound,
                format!("`{name}` is not found on {}: {sought}", branches.join(", ")),
            )
            .hint(format!("correct the table of `{name}` in relwf.toml, unless it is still to come"));
            findings.push(ComponentFinding { certain: absent.len() == rows.len(), failure });
        }
    }
    Ok(findings)
}
