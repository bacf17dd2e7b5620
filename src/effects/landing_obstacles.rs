//! What a forge's rules hold against a landing, as refusals and notes: told before anything is proposed.

use super::EffectContext;
use crate::forge::{BranchRules, LandingObstacle, PatternOf};
use crate::git::CommitInfo;
use crate::model::{BranchName, Failure, FailureKind, TaskContext};

fn refused(message: String) -> Failure {
    Failure::new(FailureKind::Refused, message)
}

/// The refusal where nothing at all can land.
pub(super) fn forbids(obstacle: &LandingObstacle, target: &BranchName) -> Option<Failure> {
    match obstacle {
        LandingObstacle::Archived => Some(
            refused("the repository is archived: nothing can land in it".to_owned())
                .hint("unarchive it in its settings, or correct `url` of [repo]"),
        ),
        LandingObstacle::Locked => Some(
            refused(format!("{target} is locked: the forge lets nothing land on it"))
                .hint("unlock the branch in its protection, or promote another one"),
        ),
        _ => None,
    }
}

/// What the rules hold against this very commit; what is uncertain is said.
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
    for obstacle in &rules.obstacles {
        match obstacle {
            LandingObstacle::LinearHistory if commit.parents.len() > 1 => return Err(linear(target)),
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
                        "let relwf's account bypass that rule, or change the rule: the message is made by `git::merge`, the \
                         addresses are those of git's configuration",
                    ));
                }
            }
            other => uncertain(other, target).into_iter().for_each(|note| task.warn(note)),
        }
    }
    Ok(())
}

/// The refusal of merge commits.
pub fn linear(target: &BranchName) -> Failure {
    refused(format!("{target} must have a linear history, and a promotion is a merge commit")).hint(
        "a squashed release severs the history; take \"Require linear history\" off this branch, or let relwf's account bypass it",
    )
}

/// The refusal of unsigned commits.
pub fn unsigned(target: &BranchName) -> Failure {
    refused(format!("{target} takes signed commits only, and relwf signs none here")).hint(
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
