//! The summary of a run that has ended, or stopped, and what to type next.

use super::command_phrase::short;
use super::live::remark_sign;
use crate::app::{AskedApproval, DoubtfulEffect, FinishedRun, Leftover, OpenChange, PreemptedRun, UnseenStep};
use crate::model::{FailureKind, RunId, Value, shell_quoted, unknown_inside};
use crate::run::RunStatus;
use crate::ui::components::components;
use crate::ui::errors::{TextLookup, failure_text};
use crate::ui::out::{Form, Out, Verbosity};
use crate::ui::style::{ERROR, GOOD, NAME, WARNING, paint};
use crate::ui::table::table;
use crate::ui::time::took;
use std::fmt::Display;

/// What `resume` does with a run that failed by something red.
pub const ONCE_GREEN: &str = "go on where it failed, once that is green";

/// Prints how a run ended. `command_prefix` is what the operator types before a verb, e.g. `relwf -C service`.
pub fn finished(out: &Out, finished: &FinishedRun, command_prefix: &str, texts: TextLookup<'_>) {
    if out.form == Form::Json {
        return;
    }
    if out.verbosity == Verbosity::Quiet {
        return out.error_line(&super::quiet::line(finished, command_prefix));
    }
    let text = summary(finished, command_prefix, texts);
    match finished.outcome.status {
        RunStatus::Done => out.say(text.trim_end()),
        _ => out.error_line(text.trim_end()),
    }
}

fn summary(finished: &FinishedRun, command_prefix: &str, texts: TextLookup<'_>) -> String {
    let FinishedRun {
        run,
        workflow,
        outcome,
        components: shipped,
        took_ms,
        approvals,
        unsettled,
        change,
        left,
        unseen,
        resumable,
        ahead_of,
    } = finished;
    let time = took(*took_ms);
    let mut text = String::new();
    // What did not land shipped nothing.
    let shipping = matches!(outcome.status, RunStatus::Done | RunStatus::Suspended);
    if shipping && !shipped.is_empty() {
        text.push_str(&format!("\n{}", components(shipped)));
    }
    text.push('\n');
    let error = outcome.failure.as_ref();
    let resume = format!("{command_prefix} resume {run}");
    let show = format!("{command_prefix} show {run}");
    match outcome.status {
        RunStatus::Done => {
            text.push_str(&format!("{} {}\n", paint(GOOD, "done:"), happened(finished)));
            text.push_str(&untold(unseen));
        }
        RunStatus::Suspended => {
            let why = error.map(|error| error.message.as_str()).unwrap_or("something that is not there yet");
            text.push_str(&format!("{} run {run} waits: {why}\n", paint(WARNING, "suspended:")));
            for also in error.iter().flat_map(|error| &error.causes) {
                text.push_str(&format!("  and: {also}\n"));
            }
            // Where it stands in no reason already.
            let told = |address: &String| why.contains(address.as_str());
            if let Some(address) = change.as_ref().and_then(|change| change.url.as_ref()).filter(|url| !told(url)) {
                text.push_str(&format!("  its change: {address}\n"));
            }
            if !approvals.is_empty() {
                let waiting: Vec<&AskedApproval> = approvals.iter().collect();
                next(&mut text, &to_approve(run, &waiting, command_prefix));
            } else {
                next(
                    &mut text,
                    &[(resume, "look again"), (format!("{command_prefix} abandon {run} --reason TEXT"), "abandon it")],
                );
            }
        }
        RunStatus::InDoubt => {
            if let Some(error) = error {
                text.push_str(&failure_text(error, texts));
            }
            text.push_str(&format!(
                "{} run {run} has stopped. Check what happened, then:\n",
                paint(ERROR, "in doubt:")
            ));
            let mut lines = to_settle(&resume, unsettled);
            lines.push((show, "what is known"));
            next(&mut text, &lines);
        }
        RunStatus::Interrupted => {
            text.push_str(&format!("{} run {run} after {time}; nothing is lost\n", paint(WARNING, "interrupted:")));
            next(&mut text, &[(resume, "go on")]);
        }
        RunStatus::Planned => text.push_str(&format!("{} nothing was changed\n", paint(GOOD, "dry run:"))),
        RunStatus::Failed if error.is_some_and(|error| error.kind == FailureKind::Diverged) => {
            if let Some(error) = error {
                text.push_str(&failure_text(error, texts));
            }
            text.push_str(&format!("{} run {run} is where it was\n", paint(ERROR, "stopped:")));
            next(&mut text, &[(resume, "go on with the files it began with")]);
        }
        RunStatus::Failed | RunStatus::Abandoned | RunStatus::Running => {
            if let Some(error) = error {
                text.push_str(&failure_text(error, texts));
            }
            text.push_str(&format!("{} {} after {time} (run {run})\n", paint(ERROR, "failed:"), paint(NAME, workflow)));
            let again = resumable.then(|| (resume, ONCE_GREEN));
            next(&mut text, &again.into_iter().chain([(show, "what was done before it failed")]).collect::<Vec<_>>());
            let refused = error.is_some_and(|error| error.kind == FailureKind::Denied);
            left.iter().for_each(|left| text.push_str(&format!("  {}\n", leftover(left, refused, command_prefix))));
        }
    }
    let waited = |PreemptedRun { run, workflow, actor }: &PreemptedRun| {
        let what = format!("go on with {workflow}, by {actor}, which waited for this run");
        (format!("{command_prefix} resume {run}"), what)
    };
    let waited: Vec<(String, String)> = ahead_of.iter().map(waited).collect();
    if !waited.is_empty() {
        next(&mut text, &waited);
    }
    text
}

/// `promote-staging in 3m12s: 9f6a55b974 landed on staging (run r0vgkwzsfrx)`.
pub(super) fn happened(finished: &FinishedRun) -> String {
    let FinishedRun { run, workflow, outcome, took_ms, change, .. } = finished;
    let value = outcome.value.as_ref().and_then(result).map(|value| format!(": {value}")).unwrap_or_default();
    let by = change.as_ref().and_then(|change| change.url.as_ref());
    let by = by.map(|address| format!(", {address}")).unwrap_or_default();
    format!("{workflow} in {}{value} (run {run}{by})", took(*took_ms))
}

/// What was not tested, watched or asked, a line each, as the steps have it.
fn untold(unseen: &[UnseenStep]) -> String {
    let line = |UnseenStep { step, remark }: &UnseenStep| {
        format!("{} {}: {}\n", remark_sign(remark.kind), step.label(), remark.why)
    };
    unseen.iter().map(line).collect()
}

/// What to type next, a line each.
pub fn next(text: &mut String, lines: &[(String, impl Display)]) {
    let rows: Vec<Vec<String>> =
        lines.iter().map(|(command, what)| vec![format!("  {command}"), what.to_string()]).collect();
    text.push_str(&table(&[], &rows));
}

/// What decides about these approvals, each with its command; `command_prefix` as in [`finished`].
pub fn to_approve(run: &RunId, waiting: &[&AskedApproval], command_prefix: &str) -> Vec<(String, String)> {
    let approve = format!("{command_prefix} approve {run}");
    let mut lines: Vec<(String, String)> = match waiting {
        [_] => vec![(approve.clone(), "go on".to_owned())],
        many => many
            .iter()
            .map(|AskedApproval { key, message, .. }| {
                let key = shell_quoted(&key.to_string());
                (format!("{approve} --key {key}"), format!("yes to: {}", short(&message.as_str().into())))
            })
            .collect(),
    };
    let deny = if waiting.len() == 1 { "--deny --reason TEXT" } else { "--key KEY --deny --reason TEXT" };
    lines.push((format!("{approve} {deny}"), "refuse".to_owned()));
    lines.push((format!("{command_prefix} resume {run}"), "continue after the decision".to_owned()));
    lines
}

/// What settles these effects, each with what it says; `resume` goes on with the run.
pub fn to_settle(resume: &str, doubtful: &[DoubtfulEffect]) -> Vec<(String, &'static str)> {
    let mut lines = Vec::new();
    for DoubtfulEffect { key, answers } in doubtful {
        let settle = |what: &str| format!("{resume} --settle {}", shell_quoted(&format!("{key}={what}")));
        lines.push(match answers {
            Some(answers) => (settle(&format!("done:{answers}")), "it happened: replace each … with the real output"),
            None => (settle("done"), "it happened"),
        });
        lines.push((settle("absent"), "it did not happen"));
    }
    lines
}

/// What is left at the forge, and what to do about it.
fn leftover(left: &Leftover, refused: bool, command_prefix: &str) -> String {
    match left {
        Leftover::Open(change) if refused => format!(
            "still open: {}; `{command_prefix} close {} --reason TEXT` closes it and deletes its branch",
            named(change),
            change.number
        ),
        Leftover::Open(change) => still_open(change, command_prefix),
        Leftover::Branch { change, branch, landed: false } => format!(
            "still there: the branch {branch} of {}, which is closed; `{command_prefix} close {} --reason TEXT` deletes it",
            named(change),
            change.number
        ),
        Leftover::Branch { change, branch, landed: true } => format!(
            "still there: the branch {branch} of {}, which has landed; `git push origin --delete {branch}` deletes it",
            named(change)
        ),
    }
}

/// Its address, where it has one.
pub(super) fn named(change: &OpenChange) -> String {
    change.url.clone().unwrap_or_else(|| format!("change {}", change.number))
}

/// A change that is left open, and what to do about it; `command_prefix` as in [`finished`].
pub fn still_open(change: &OpenChange, command_prefix: &str) -> String {
    let number = change.number;
    let name = named(change);
    format!(
        "still open: {name}; `{command_prefix} close {number} --reason TEXT` closes it and deletes its branch, `{command_prefix} land \
         {number}` lands it once it is green"
    )
}

/// What a workflow returned, in a few words.
fn result(value: &Value) -> Option<String> {
    let field = |key: &str| value.get(key).filter(|value| !value.is_null());
    match value {
        Value::Null => None,
        Value::Object(_) => {
            let (commit, branch) = (field("commit")?, field("branch")?);
            let landed =
                unknown_inside(value).is_none().then(|| format!("{} landed on {}", short(commit), short(branch)));
            Some(landed.unwrap_or_else(|| format!("would land on {}", short(branch))))
        }
        // A sentence is not cut: its second half may be what decides.
        Value::String(text) => Some(text.clone()),
        other => Some(short(other)),
    }
}
