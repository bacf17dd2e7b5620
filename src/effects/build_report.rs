//! Red builds and red checks as failures: the jobs that failed, the ends of their logs, where an operator looks.

use super::shortened_list::shortened;
use crate::ci::{Build, BuildState, Ci, RedJob, Start};
use crate::forge::{Verdict, VerdictState};
use crate::model::{BranchName, CommitId, Failure, FailureKind, TaskContext};
use crate::policy::Reason;
use serde_json::json;
use std::collections::BTreeSet;

/// How many lines of a red job's log are shown.
const LINES: usize = 20;

/// What to do about a deploy that is red.
fn way_on(commit: CommitId, branch: &BranchName, restarts: bool) -> String {
    let again = if restarts { format!(" (`relwf run redeploy --param branch={branch}`)") } else { String::new() };
    format!(
        "have it run again{again} and resume this run, fix forward on the source branch and promote again, or revert it: \
         `relwf run revert-release --param branch={branch} --param commit={commit}`"
    )
}

/// The failure for a build that did not pass, with the end of its log; `landed` is the branch on which the commit has landed.
pub(super) fn red_build(ci: &dyn Ci, build: &Build, landed: Option<&BranchName>, task: TaskContext<'_>) -> Failure {
    let event = build.event.word();
    let what = match build.state {
        BuildState::Errored => "could not be run to its end",
        BuildState::Canceled => "was canceled",
        BuildState::Skipped => "was skipped: nothing ran",
        _ => "is red",
    };
    let jobs = red_jobs(ci, build, task);
    let failure = Failure::new(FailureKind::Red, format!("the {event} build of {} {what}", build.commit.short()));
    let landed = landed.map(|branch| {
        format!("the commit has landed already: {}", way_on(build.commit, branch, ci.start() == Start::Server))
    });
    let log_at = build.url.as_ref().map(|url| format!("its log: {url}"));
    let hints: Vec<String> = landed.into_iter().chain(log_at).collect();
    let failure = if hints.is_empty() { failure } else { failure.hint(hints.join("; ")) };
    let failure =
        if jobs.len() > 1 { jobs.iter().fold(failure, |failure, job| failure.cause(line(job))) } else { failure };
    failure.detail(json!({ "build": build, "jobs": jobs, "log": log_of(&jobs) }))
}

/// The jobs that failed; a verdict stands without them.
pub(super) fn red_jobs(ci: &dyn Ci, build: &Build, task: TaskContext<'_>) -> Vec<RedJob> {
    ci.red_jobs(&build.id, LINES, task).unwrap_or_default()
}

/// A job's name and address.
fn line(job: &RedJob) -> String {
    format!("{}: {}", job.name, job.url.as_deref().unwrap_or("failed"))
}

/// The ends of the jobs' logs; each under its name where there are several.
fn log_of(jobs: &[RedJob]) -> Vec<String> {
    let head = |job: &RedJob| (jobs.len() > 1).then(|| format!("{}:", job.name));
    jobs.iter().flat_map(|job| head(job).into_iter().chain(job.log.iter().cloned())).collect()
}

/// The failure for checks that are red, with the jobs that made them so.
pub(super) fn red_checks(commit: CommitId, red: &[Verdict], jobs: &[RedJob]) -> Failure {
    let names: Vec<String> = red.iter().map(|verdict| verdict.context.clone()).collect();
    let failure =
        Failure::new(FailureKind::Red, format!("on {} these checks are red: {}", commit.short(), shortened(&names, 5)))
            .hint("nothing has landed; have it run again and resume this run, or fix it on the source branch and run the workflow again");
    let failure = with_reports(failure, red);
    let failure = jobs.iter().fold(failure, |failure, job| failure.cause(line(job)));
    failure.detail(json!({ "red": red, "jobs": jobs, "log": log_of(jobs) }))
}

/// The failure for required checks that have ended and say neither yes nor no.
pub(super) fn undecided_checks(commit: CommitId, reasons: &[Reason], verdicts: &[Verdict]) -> Failure {
    let names: Vec<String> = reasons.iter().map(Reason::to_string).collect();
    let ended: Vec<Verdict> = verdicts
        .iter()
        .filter(|verdict| reasons.iter().any(|reason| reason.context == verdict.context))
        .cloned()
        .collect();
    let words = BTreeSet::from_iter(ended.iter().filter_map(|verdict| match verdict.state {
        VerdictState::Neutral => Some("\"neutral\""),
        VerdictState::Skipped => Some("\"skipped\""),
        _ => None,
    }));
    let also = words.into_iter().collect::<Vec<_>>().join(", ");
    let or = match also.as_str() {
        "" => String::new(),
        also => format!(", or count that as green: `also_green = [{also}]` on the environment in relwf.toml"),
    };
    let failure = Failure::new(FailureKind::Red, format!("on {}: {}", commit.short(), shortened(&names, 5)))
        .hint(format!("nothing has landed; have it run again on the forge and resume this run{or}"));
    with_reports(failure, &ended).detail(json!({ "undecided": ended }))
}

/// The failure with each check's own description and address.
fn with_reports(failure: Failure, verdicts: &[Verdict]) -> Failure {
    let telling = verdicts.iter().filter(|verdict| !verdict.description.is_empty() || verdict.url.is_some());
    telling.fold(failure, |failure, verdict| {
        let at = verdict.url.as_deref().unwrap_or_default();
        failure.cause(format!("{}: {} {at}", verdict.context, verdict.description).trim_end())
    })
}

/// The failure for red reports on a commit that has landed.
pub(super) fn red_deploy(commit: CommitId, branch: &BranchName, red: &[Verdict]) -> Failure {
    let name = |verdict: &Verdict| match verdict.state {
        VerdictState::Canceled => format!("{} (canceled)", verdict.context),
        VerdictState::Stale => format!("{} (stale)", verdict.context),
        _ => verdict.context.clone(),
    };
    let names: Vec<String> = red.iter().map(name).collect();
    let message = format!("on {}, which has landed, these are red: {}", commit.short(), shortened(&names, 5));
    let failure = Failure::new(FailureKind::Red, message).hint(way_on(commit, branch, false));
    with_reports(failure, red).detail(json!({ "red": red }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn red(context: &str) -> Verdict {
        Verdict {
            context: context.to_owned(),
            state: VerdictState::Red,
            description: String::new(),
            url: None,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn red_checks_name_themselves() {
        let failure = red_checks(crate::model::ObjectId::ZERO.into(), &[red("a"), red("b")], &[]);
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Red, "on 0000000000 these checks are red: a, b")
        );
    }
}
