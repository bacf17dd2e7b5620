//! Where a merge's source stands in the line of branches: the environments of relwf.toml, in their order, after the branch that
//! work is done on.

use crate::config::Config;
use crate::git::Mirror;
use crate::hidden::{SourcePlace, SourceRole};
use crate::model::{BranchName, CommitId, Failure};

/// What work is done on, where no environment comes before. Without environments these names are all that is known.
const TRUNKS: [&str; 2] = ["master", "main"];

/// The place of a source that is called `source`.
///
/// # Errors
///
/// The references cannot be read.
pub(crate) fn source_place(
    config: &Config,
    mirror: &Mirror,
    source: Option<&str>,
    target: &str,
) -> Result<SourcePlace, Failure> {
    let named: Option<BranchName> = source.and_then(|name| name.parse().ok());
    let known = named.map(|branch| Ok::<_, Failure>(mirror.branch(&branch)?.map(|_| branch))).transpose()?.flatten();
    let Some(branch) = known else { return Ok(SourcePlace::default()) };
    if config.environments.is_empty() {
        let role = match (TRUNKS.contains(&branch.as_str()), TRUNKS.contains(&target)) {
            (true, _) => SourceRole::Development,
            (false, true) => SourceRole::Later,
            (false, false) => SourceRole::Unknown,
        };
        return Ok(SourcePlace { role, ..SourcePlace::default() });
    }
    let position = |name: &str| config.environments.iter().position(|environment| environment.branch.as_str() == name);
    let Some(at) = position(branch.as_str()) else {
        let mut environments = Vec::new();
        for environment in config.environments.iter().filter(|environment| environment.branch.as_str() != target) {
            environments.extend(mirror.branch(&environment.branch)?);
        }
        return Ok(SourcePlace { role: SourceRole::Development, before: None, environments });
    };
    let role =
        if position(target).is_none_or(|target| target < at) { SourceRole::Later } else { SourceRole::Environment };
    let before = match at.checked_sub(1).and_then(|before| config.environments.get(before)) {
        Some(environment) => tip(mirror, environment.branch.as_str())?,
        None => match tip(mirror, TRUNKS[0])? {
            Some(found) => Some(found),
            None => tip(mirror, TRUNKS[1])?,
        },
    };
    Ok(SourcePlace { role, before: before.filter(|(name, _)| name != target), environments: Vec::new() })
}

fn tip(mirror: &Mirror, name: &str) -> Result<Option<(String, CommitId)>, Failure> {
    let Ok(branch) = name.parse::<BranchName>() else { return Ok(None) };
    Ok(mirror.branch(&branch)?.map(|tip| (name.to_owned(), tip)))
}
