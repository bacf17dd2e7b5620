//! How a commit gets onto a branch: what the forge's rules leave open.

use super::EffectContext;
use super::landing_obstacles::forbids;
use crate::forge::{BranchRules, Forge};
use crate::model::{BranchName, Failure, FailureKind, TaskContext};
use serde::{Deserialize, Serialize};

/// How a commit gets onto the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LandingMethod {
    /// By a leased push of the commit itself.
    #[default]
    Push,
    /// By the forge's own merge of the change.
    Forge,
}

/// The way that a forge's rules leave open.
pub(super) fn landing_method(
    context: &EffectContext,
    target: &BranchName,
    task: TaskContext<'_>,
) -> Result<LandingMethod, Failure> {
    landing_method_by(&*context.forge, &context.forge.rules(target, task)?, target)
}

/// Push where that is allowed; else the forge merges, if it makes merge commits.
///
/// # Errors
///
/// Kind `refused` where nothing that relwf does would land.
pub fn landing_method_by(
    forge: &dyn Forge,
    rules: &BranchRules,
    target: &BranchName,
) -> Result<LandingMethod, Failure> {
    let refused = |message: String| Failure::new(FailureKind::Refused, message);
    if let Some(refusal) = rules.obstacles.iter().find_map(|obstacle| forbids(obstacle, target)) {
        return Err(refusal);
    }
    match (rules.write, rules.direct_push, rules.merge_commits) {
        (Some(false), ..) => Err(refused("relwf's token may read this repository but not write to it".to_owned())
            .hint("`relwf doctor` shows where the token comes from; contents and pull requests must be writable")),
        (_, Some(false), _) if rules.merge == Some(false) => {
            Err(refused(format!("this login may neither push to {target} nor have changes merged into it"))
                .hint("allow its account one of them in the protection of the branch, or use the token of one that may"))
        }
        (_, Some(false), Some(false)) => Err(refused(format!(
            "{target} takes neither pushes nor merge commits: the forge would squash or rebase"
        ))
        .hint("a squashed release severs the history; allow merge commits in the repository's settings, or let relwf push")),
        (_, Some(false), _) if rules.queue => Err(refused(format!(
            "{target} is behind a merge queue, which makes merges of its own: what lands would not be what was tested"
        ))
        .hint("allow relwf's account to bypass the rule, or remove the queue from this branch: promotions come one at a time")),
        (_, Some(false), _) if forge.caps().merges => Ok(LandingMethod::Forge),
        _ => Ok(LandingMethod::Push),
    }
}
