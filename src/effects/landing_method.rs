//! How a commit gets onto a branch: what the forge's rules leave open.

use super::EffectContext;
use crate::forge::{BranchRules, Forge, LandingObstacle, PatternOf};
use crate::git::CommitInfo;
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

/// What the forge's rules hold against this very commit.
///
/// # Errors
///
/// Kind `refused`: it would be refused when it lands, after all that was done for it.
pub(super) fn ensure_acceptable(
    context: &EffectContext,
    rules: &BranchRules,
    target: &BranchName,
    commit: &CommitInfo,
    task: TaskContext<'_>,
) -> Result<(), Failure> {
    let refused = |message: String| Failure::new(FailureKind::Refused, message);
    for obstacle in &rules.obstacles {
        match obstacle {
            LandingObstacle::Signatures if matches!(context.signing, Ok(None)) => return Err(unsigned(target)),
            LandingObstacle::Pattern { of, wanted } => {
                let text = match of {
                    PatternOf::Message => &commit.message,
                    PatternOf::AuthorEmail => &commit.author.email,
                    PatternOf::CommitterEmail => &commit.committer.email,
                };
                if !wanted.fits(text) {
                    let first = text.lines().next().unwrap_or_default();
                    return Err(refused(format!("on {target} {of} {wanted}; here it is `{first}`")).hint(
                        "let relwf's account bypass that rule, or change the rule: the message is made by `git::merge`, the addresses are those of git's configuration",
                    ));
                }
            }
            other => {
                if let Some(note) = uncertain(other, target) {
                    task.warn(note);
                }
            }
        }
    }
    Ok(())
}

/// The refusal of unsigned commits.
pub fn unsigned(target: &BranchName) -> Failure {
    let message = format!("{target} takes signed commits only, and relwf signs none here");
    Failure::new(FailureKind::Refused, message).hint(
        "set `commit.gpgSign` and `user.signingKey` in git's configuration; `relwf doctor` shows how it would sign",
    )
}

/// What may be in the way and cannot be told beforehand, in a sentence.
pub fn uncertain(obstacle: &LandingObstacle, target: &BranchName) -> Option<String> {
    match obstacle {
        LandingObstacle::Deployments(names) => Some(format!(
            "{target} takes only what was deployed to {} before; where no workflow does that for a change, its landing is refused",
            names.join(", ")
        )),
        LandingObstacle::Unreadable => Some(format!(
            "what the classic protection of {target} demands besides checks is unknown: only a token of an administrator may read it"
        )),
        LandingObstacle::Pattern { of, wanted } => Some(format!("on {target} {of} {wanted}")),
        _ => None,
    }
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
    for obstacle in &rules.obstacles {
        match obstacle {
            LandingObstacle::Archived => {
                return Err(refused("the repository is archived: nothing can land in it".to_owned())
                    .hint("unarchive it in its settings, or correct `url` of [repo]"));
            }
            LandingObstacle::Locked => {
                return Err(refused(format!("{target} is locked: the forge lets nothing land on it"))
                    .hint("unlock the branch in its protection, or promote another one"));
            }
            LandingObstacle::LinearHistory => {
                return Err(refused(format!("{target} must have a linear history, and a promotion is a merge commit"))
                    .hint("a squashed release severs the history; take \"Require linear history\" off this branch, or let relwf's account bypass it"));
            }
            _ => {}
        }
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
