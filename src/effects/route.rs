//! How a commit gets onto a branch: what the forge's rules leave open.

use super::World;
use crate::model::{BranchName, Failure, FailureKind, Watch};
use serde::{Deserialize, Serialize};

/// How a commit gets onto the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Route {
    /// By a leased push of the commit itself.
    #[default]
    Push,
    /// By the forge's own merge of the change.
    Forge,
}

/// Push where that is allowed; else the forge merges, if it makes merge commits.
pub(super) fn route(world: &World, target: &BranchName, watch: Watch<'_>) -> Result<Route, Failure> {
    let rules = world.forge.rules(target, watch)?;
    match (rules.direct_push, rules.merge_commits) {
        (Some(false), Some(false)) => Err(Failure::new(
            FailureKind::Refused,
            format!("{target} takes neither pushes nor merge commits: the forge would squash or rebase"),
        )
        .hint("a squashed release severs the history; allow merge commits in the repository's settings, or let relwf push")),
        (Some(false), _) if world.forge.caps().merges => Ok(Route::Forge),
        _ => Ok(Route::Push),
    }
}
