//! Output of `relwf show`: one run in detail.

use super::errors::{failure_text, no_texts};
use super::lists::counted;
use super::run::{ONCE_GREEN, next, phrase, short, to_approve, to_settle};
use super::run_facts::run_facts;
use super::runs::{one_line, status, took};
use super::style::{DIM, ERROR, GOOD, NAME, WARNING, paint};
use super::time::{self, local};
use crate::app::{Abandonment, AskedApproval, RunRow, RunStory, StoryState};
use crate::model::FailureKind;
use crate::run::{ApprovalDecision, RunStatus, StepPath};
use jiff::Timestamp;

/// Why a run stands where it is, and what to type next. Nothing goes on from an edited journal.
fn why_it_stands(story: &RunStory, command_prefix: &str) -> String {
    let RunRow { run, status, error, .. } = &story.row;
    let waiting: Vec<&AskedApproval> = story.approvals.iter().filter(|approval| approval.waits()).collect();
    let has_decision = |why: &str| {
        let about = |approval: &AskedApproval| approval.why == why;
        story.approvals.iter().any(about) && !waiting.iter().any(|approval| about(approval))
    };
    let mut out = String::new();
    match (status, error) {
        (_, Some(error)) if error.kind == FailureKind::Waiting => {
            let waits = std::iter::once(&error.message).chain(&error.causes).filter(|why| !has_decision(why));
            waits.for_each(|why| out.push_str(&format!("{} {why}\n", paint(WARNING, "waiting:"))));
        }
        (RunStatus::Interrupted, None) => {
            out.push_str(&format!("{} its process was killed; nothing is lost\n", paint(WARNING, "interrupted:")));
        }
        (RunStatus::Interrupted, Some(error)) if error.kind == FailureKind::Interrupted => {
            out.push_str(&format!("{} nothing is lost\n", paint(WARNING, "interrupted:")));
        }
        (_, Some(error)) => out.push_str(&failure_text(error, &no_texts)),
        (_, None) => {}
    }
    let resume = |what: &str| vec![(format!("{command_prefix} resume {run}"), what.to_owned())];
    let lines = match status {
        _ if story.edited.is_some() => Vec::new(),
        RunStatus::Running | RunStatus::Suspended | RunStatus::Interrupted if !waiting.is_empty() => {
            to_approve(run, &waiting, command_prefix)
        }
        RunStatus::Suspended if out.is_empty() => resume("go on with the decision"),
        RunStatus::Suspended => resume("look again"),
        RunStatus::Interrupted => resume("go on"),
        RunStatus::Failed if story.resumable => resume(ONCE_GREEN),
        RunStatus::InDoubt => {
            let lines = to_settle(&format!("{command_prefix} resume {run}"), &story.doubtful);
            lines.into_iter().map(|(command, what)| (command, what.to_owned())).collect()
        }
        _ => Vec::new(),
    };
    next(&mut out, &lines);
    if out.is_empty() { out } else { format!("\n{out}") }
}

/// A decision: which, whose, when and why.
fn decided(decision: &ApprovalDecision) -> String {
    let ApprovalDecision { approved, actor, reason, at } = decision;
    let word = if *approved { "approved" } else { "refused" };
    let reason = reason.as_deref().map(|reason| format!(": {}", one_line(reason))).unwrap_or_default();
    format!("{word} by {actor}, {}{reason}", local(*at))
}

/// The changes that it proposed, with their addresses.
fn changes(story: &RunStory) -> Vec<(u64, &str)> {
    let proposed = story.commands.iter().filter(|command| command.command == "forge::propose");
    proposed
        .filter_map(|command| {
            let change = command.value.as_ref()?;
            Some((change.get("number")?.as_u64()?, change.get("url")?.as_str()?))
        })
        .collect()
}

/// How long a step took, where that is a second or more.
fn lasted(story: &RunStory, step: &StepPath) -> String {
    let written =
        || story.commands.iter().filter(|command| command.step == *step).filter_map(|command| command.written);
    let (Some(from), Some(to)) = (written().map(|(from, _)| from).min(), written().map(|(_, to)| to).max()) else {
        return String::new();
    };
    let millis = u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default();
    if millis < 1000 { String::new() } else { paint(DIM, format!(" ({})", time::took(millis))) }
}

/// Everything about one run. `command_prefix` is what the operator types before a verb.
pub fn show(story: &RunStory, verbose: bool, command_prefix: &str) -> String {
    let run = &story.row;
    let mut out = format!(
        "{} {} {}\n{}\n",
        paint(NAME, &run.run),
        run.workflow,
        status(run.status),
        paint(DIM, format!("started {} by {}, took {}", local(run.created), run.actor, took(run, Timestamp::now())))
    );
    for (number, url) in changes(story) {
        out.push_str(&format!("{} {}\n", paint(DIM, format!("change {number}:")), url));
    }
    if let Some(process) = &story.process {
        out.push_str(&format!("{}\n", paint(DIM, format!("process: {}", process.text()))));
    }
    if let Some(params) = story.params.as_object().filter(|params| !params.is_empty()) {
        let given: Vec<String> = params
            .iter()
            .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()))
            .map(|(k, v)| format!("{k}={}", short(v)))
            .collect();
        out.push_str(&format!("{}\n", paint(DIM, given.join(" "))));
    }
    out.push_str(&run_facts(&story.facts, run.status));
    out.push('\n');
    let mut step = None;
    for command in &story.commands {
        if step != Some(&command.step) {
            step = Some(&command.step);
            if !command.step.is_empty() {
                out.push_str(&format!("{}{}\n", paint(NAME, command.step.label()), lasted(story, &command.step)));
            }
        }
        let state = match command.state {
            StoryState::Done => paint(GOOD, "✓"),
            StoryState::Failed => paint(ERROR, "✗"),
            StoryState::Unsettled => paint(ERROR, "?"),
            StoryState::Waiting => paint(WARNING, "…"),
        };
        let shown = if verbose { phrase(&command.command, &command.args) } else { command.command.clone() };
        let mut line = format!("  {state} {shown}");
        if let Some(actor) = &command.actor {
            line.push_str(&paint(DIM, format!(" (settled by {actor})")));
        }
        let asked = story.approvals.iter().find(|approval| approval.key == command.key);
        if command.state == StoryState::Unsettled || asked.is_some_and(AskedApproval::waits) {
            line.push_str(&format!(" {}", paint(DIM, format!("(key {})", command.key))));
        }
        if let Some(decision) = asked.and_then(|approval| approval.decision.as_ref()) {
            line.push_str(&format!(": {}", decided(decision)));
        } else if let Some(error) = &command.error {
            line.push_str(&format!(": {}", one_line(&error.message)));
        }
        out.push_str(&line);
        out.push('\n');
    }
    if story.commands.is_empty() {
        out.push_str("nothing was done yet\n");
    }
    if verbose {
        out.push_str(&format!("\n{}\n", paint(DIM, counted(story.sources.len(), "pinned file", "pinned files"))));
        story.sources.iter().for_each(|source| out.push_str(&format!("  {source}\n")));
    }
    if let Some(value) = story.value.as_ref().filter(|value| !value.is_null()) {
        out.push_str(&format!("\n{} {}\n", paint(DIM, "result:"), short(value)));
    }
    if let Some(Abandonment { actor, at, reason }) = &story.abandoned {
        let reason = one_line(reason);
        out.push_str(&format!("\n{} by {actor}, {}: {reason}\n", paint(DIM, "abandoned"), local(*at)));
    }
    out.push_str(&why_it_stands(story, command_prefix));
    if let Some(edited) = &story.edited {
        out.push_str(&format!("\n{}", failure_text(edited, &no_texts)));
    }
    out
}
