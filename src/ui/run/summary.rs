//! The summary of a run that has ended, or stopped, and what to type next.

use super::phrase::short;
use crate::app::{DoubtfulEffect, FinishedRun, OpenChange};
use crate::model::{FailureKind, Value, unknown_inside};
use crate::run::RunStatus;
use crate::ui::components::components;
use crate::ui::errors::{TextLookup, failure_text};
use crate::ui::out::{Form, Out};
use crate::ui::style::{ERROR, GOOD, NAME, WARNING, paint};
use crate::ui::time::took;

/// Prints how a run ended. `command_prefix` is what the operator types before a verb, e.g. `relwf -C service`.
pub fn finished(out: &Out, finished: &FinishedRun, command_prefix: &str, texts: TextLookup<'_>) {
    if out.form == Form::Json {
        return;
    }
    let text = summary(finished, command_prefix, texts);
    match finished.outcome.status {
        RunStatus::Done => out.say(text.trim_end()),
        _ => out.error_line(text.trim_end()),
    }
}

fn summary(finished: &FinishedRun, command_prefix: &str, texts: TextLookup<'_>) -> String {
    let FinishedRun { run, workflow, outcome, components: shipped, took_ms, approval, unsettled, open } = finished;
    let time = took(*took_ms);
    let mut text = String::new();
    // What did not land shipped nothing.
    let shipping = matches!(outcome.status, RunStatus::Done | RunStatus::Suspended);
    if shipping && !shipped.is_empty() {
        text.push_str(&format!("\n{}", components(shipped)));
    }
    text.push('\n');
    let error = outcome.failure.as_ref();
    let next = |text: &mut String, lines: &[(String, &str)]| {
        let widest = lines.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        for (command, what) in lines {
            text.push_str(&format!("  {command:widest$}  {what}\n"));
        }
    };
    let resume = format!("{command_prefix} resume {run}");
    let show = format!("{command_prefix} show {run}");
    match outcome.status {
        RunStatus::Done => {
            text.push_str(&format!("{} {workflow} in {time}", paint(GOOD, "done:")));
            if let Some(value) = outcome.value.as_ref().and_then(result) {
                text.push_str(&format!(": {value}"));
            }
            text.push_str(&format!(" (run {run})\n"));
        }
        RunStatus::Suspended => {
            let why = error.map(|error| error.message.as_str()).unwrap_or("something that is not there yet");
            text.push_str(&format!("{} run {run} waits: {why}\n", paint(WARNING, "suspended:")));
            if *approval {
                let deny = format!("{command_prefix} approve {run} --deny --reason TEXT");
                next(
                    &mut text,
                    &[
                        (format!("{command_prefix} approve {run}"), "go on"),
                        (deny, "refuse"),
                        (resume, "continue after the decision"),
                    ],
                );
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
            let mut lines = Vec::new();
            for DoubtfulEffect { key, answers } in unsettled {
                let settle = |what: &str| format!("{resume} --settle {}", quoted(&format!("{key}={what}")));
                lines.push(match answers {
                    Some(answers) => {
                        (settle(&format!("done:{answers}")), "it happened: replace each … with the real output")
                    }
                    None => (settle("done"), "it happened"),
                });
                lines.push((settle("absent"), "it did not happen"));
            }
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
            next(&mut text, &[(show, "what was done before it failed")]);
            open.iter().for_each(|change| text.push_str(&format!("  {}\n", still_open(change, command_prefix))));
        }
    }
    text
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A change that is left open, and what to do about it; `command_prefix` as in [`finished`].
pub fn still_open(change: &OpenChange, command_prefix: &str) -> String {
    let number = change.number;
    let name = change.url.clone().unwrap_or_else(|| format!("change {number}"));
    format!(
        "still open: {name}; `{command_prefix} run close-change --param change={number} --param reason=…` closes it and deletes its branch"
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
        other => Some(short(other)),
    }
}
