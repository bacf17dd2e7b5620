//! After a deploy that failed: which release the branch had before, whether that was deployed well, and what goes back to it.
//!
//! A help at a bad hour and nothing more: where something cannot be found out, less is said.

use super::EffectContext;
use super::git::{standing_release, whole_age};
use super::landing_reports::LandingReports;
use super::shortened_list::shortened;
use crate::ci::{BuildQuery, BuildState, CiEvent};
use crate::git::CommitInfo;
use crate::model::{BranchName, CommitId, Failure, TaskContext};
use crate::policy::{self, Awaited, DeployReport, judge_deploy};

/// How many releases are looked at for one that is not red.
const MOST: usize = 5;

/// How the deploy of an earlier release ended.
enum Deployed {
    Red,
    /// In words.
    Green(String),
    Unknown,
}

/// The failure of a deploy, with the release before in its hint.
pub(super) fn with_release_before(
    failure: Failure,
    context: &EffectContext,
    branch: &BranchName,
    landed: CommitId,
    task: TaskContext<'_>,
) -> Failure {
    match (release_before(context, branch, landed, task), failure.hint.clone()) {
        (Some(before), Some(hint)) => failure.hint(format!("{hint}; {before}")),
        (Some(before), None) => failure.hint(before),
        (None, _) => failure,
    }
}

/// Which release was there before, and what goes back to it; `None` where the branch is no environment's, or none is known.
pub(super) fn release_before(
    context: &EffectContext,
    branch: &BranchName,
    landed: CommitId,
    task: TaskContext<'_>,
) -> Option<String> {
    policy::environment_of(&context.config, branch)?;
    let (mut at, mut red) = (landed, Vec::new());
    while red.len() < MOST {
        let release = standing_release(&context.mirror, at).ok()??;
        match deployed(context, branch, release.id, task) {
            Deployed::Red => red.push(release.id.short().to_string()),
            Deployed::Green(words) => return Some(told(context, branch, &release, &format!(", {words}"), &red)),
            Deployed::Unknown => return Some(told(context, branch, &release, "", &red)),
        }
        at = release.id;
    }
    None
}

/// `the release before: 1a2b3c4d5e “Promote …”, 3d old, its push build was green; … goes back to it`.
fn told(context: &EffectContext, branch: &BranchName, release: &CommitInfo, words: &str, red: &[String]) -> String {
    let age = context.clock.now().as_second().saturating_sub(release.committer.time);
    let age = u64::try_from(age).map(|age| format!(", {} old", whole_age(age))).unwrap_or_default();
    let (id, summary) = (release.id.short(), &release.summary);
    // Without `release` a rollback takes the newest, whatever became of its deploy.
    let (skipped, named) = if red.is_empty() {
        (String::new(), String::new())
    } else {
        (format!(" (red as well: {})", shortened(red, MOST)), format!(" --param release={}", release.id))
    };
    format!(
        "the release before{skipped}: {id} “{summary}”{age}{words}; `relwf run rollback --param branch={branch}{named} --param \
         reason=…` goes back to it"
    )
}

/// How the deploy of a release ended, by its push build and by what reports on it.
fn deployed(context: &EffectContext, branch: &BranchName, release: CommitId, task: TaskContext<'_>) -> Deployed {
    let query = BuildQuery { commit: Some(release), event: Some(CiEvent::Push), branch: Some(branch.clone()) };
    let builds = context.ci.as_deref().and_then(|ci| ci.builds(&query, task).ok()).unwrap_or_default();
    let build = builds.first().map(|build| build.state);
    let reports = LandingReports { context, branch };
    let awaited = reports.awaited();
    let said = judge_deploy(awaited, &[], &reports.on(release, task).unwrap_or_default());
    match (build, said) {
        (Some(build), _) if build.is_red() => Deployed::Red,
        (_, DeployReport::Red(_)) => Deployed::Red,
        (Some(BuildState::Passed), _) => Deployed::Green("its push build was green".to_owned()),
        (_, DeployReport::Green(green)) if !green.is_empty() => Deployed::Green(match awaited {
            Awaited::Named(names) => format!("green: {}", shortened(names, MOST)),
            _ => "what reported on it was green".to_owned(),
        }),
        _ => Deployed::Unknown,
    }
}
