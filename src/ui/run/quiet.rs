//! The one line of `--quiet`: how a run ended, why, and the one thing to type next. Everything else is in `relwf show`.

use super::summary::{happened, to_approve};
use crate::app::{AskedApproval, FinishedRun, UnseenStep};
use crate::model::{Failure, FailureKind};
use crate::run::{RemarkKind, RunStatus};
use crate::ui::errors::{failure_line, what_next};
use crate::ui::runs::one_line;
use crate::ui::style::{ERROR, GOOD, WARNING, paint};

/// The line; `command_prefix` is what the operator types before a verb.
pub fn line(finished: &FinishedRun, command_prefix: &str) -> String {
    let FinishedRun { run, outcome, .. } = finished;
    let failure = outcome.failure.as_ref();
    let next = |verb: &str| format!("next: {command_prefix} {verb} {run}");
    let (resume, show) = (next("resume"), next("show"));
    let then = |what: String, next: &str| format!("{what} (run {run}); {next}");
    match outcome.status {
        RunStatus::Done => format!("{} {}{}", paint(GOOD, "done:"), one_line(&happened(finished)), unwatched(finished)),
        RunStatus::Planned => format!("{} nothing was changed", paint(GOOD, "dry run:")),
        RunStatus::Suspended => {
            let mut why = failure.map_or_else(|| "it waits".to_owned(), waits_for);
            let address = finished.change.as_ref().and_then(|change| change.url.as_ref());
            if let Some(address) = address.filter(|address| !why.contains(address.as_str())) {
                why.push_str(&format!(" ({address})"));
            }
            let next = if finished.approvals.is_empty() { resume } else { decide(finished, command_prefix) };
            then(format!("{} {why}", paint(WARNING, "suspended:")), &next)
        }
        RunStatus::Interrupted => then(format!("{} nothing is lost", paint(WARNING, "interrupted:")), &resume),
        RunStatus::InDoubt => {
            let what = failure.map_or_else(String::new, |failure| one_line(&failure.message));
            then(format!("{} {what}", paint(ERROR, "in doubt:")), &show)
        }
        RunStatus::Failed | RunStatus::Abandoned | RunStatus::Running => {
            let what = failure.map_or_else(|| paint(ERROR, "failed"), failure_line);
            let goes_on = finished.resumable || failure.is_some_and(|failure| failure.kind == FailureKind::Diverged);
            let hinted = || failure.and_then(|failure| what_next(failure, command_prefix));
            then(what, &if goes_on { resume } else { hinted().unwrap_or(show) })
        }
    }
}

/// Everything that a suspended run waits for.
fn waits_for(failure: &Failure) -> String {
    let waits = std::iter::once(&failure.message).chain(&failure.causes);
    waits.map(|why| one_line(why)).collect::<Vec<_>>().join("; ")
}

/// Every approval that is waited for, and then the run.
fn decide(finished: &FinishedRun, command_prefix: &str) -> String {
    let waiting: Vec<&AskedApproval> = finished.approvals.iter().collect();
    let commands = to_approve(&finished.run, &waiting, command_prefix).into_iter().map(|(command, _)| command);
    let commands: Vec<String> = commands.filter(|command| !command.contains(" --deny ")).collect();
    format!("next: {}", commands.join(" && "))
}

/// What is done, and was not watched.
fn unwatched(finished: &FinishedRun) -> String {
    let seen = finished.unseen.iter().filter(|unseen| unseen.remark.kind != RemarkKind::Nothing);
    let text = |UnseenStep { step, remark }: &UnseenStep| format!("; {}: {}", step.label(), one_line(&remark.why));
    seen.map(text).collect()
}
