//! What a run would land, in short, before it begins: enough to say yes or no. `--dry-run` shows every effect.

use super::components::components;
use super::conflicts::conflicts;
use super::errors::TextLookup;
use super::hidden::hidden;
use super::lists::{ROWS, counted, rest};
use super::out::Out;
use super::plan::{ends_here, rollback};
use super::preview::commits;
use super::run::{note, short};
use super::style::{DIM, GOOD, NAME, paint};
use super::working::Working;
use crate::app::{CommitOrigin, CommitOutcome, PlannedMerge, PlannedRun};
use crate::model::{Cancel, Progress, TaskContext, Value};
use crate::run::{Event, Listener, PlanItem};
use std::sync::{Mutex, PoisonError};

/// What is asked.
pub const QUESTION: &str = "Go on?";

/// Listens while the workflow is looked at: a spinner shows what it does, and its notes are kept.
pub struct Looking<'a> {
    working: Working<'a>,
    notes: Mutex<Notes>,
}

/// What the workflow wants to be read: what it has chosen, and why. Behind its first step it speaks of what is shown anyway.
#[derive(Default)]
struct Notes {
    texts: Vec<String>,
    complete: bool,
}

impl<'a> Looking<'a> {
    /// For these streams.
    pub fn new(out: &'a Out) -> Self {
        Self { working: Working::new(out), notes: Mutex::default() }
    }

    /// What slow work is given.
    pub fn task<'b>(&'b self, cancel: &'b Cancel) -> TaskContext<'b> {
        self.working.task(cancel)
    }

    /// What the workflow wants to be read.
    pub fn notes(self) -> Vec<String> {
        self.notes.into_inner().unwrap_or_else(PoisonError::into_inner).texts
    }
}

impl Listener for Looking<'_> {
    fn event(&self, event: &Event) {
        let say = |what: &str| self.working.say(Progress { what: what.to_owned(), ..Progress::default() });
        match event {
            Event::CommandStarted { command, .. } => say(command),
            Event::CommandProgress { text, .. } => say(text),
            _ => {}
        }
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.complete |= matches!(event, Event::StepStarted { .. });
        if !notes.complete {
            notes.texts.extend(note(event));
        }
    }
}

/// The workflow, then each landing: what goes where, what speaks for and against it.
pub fn in_short(workflow: &str, planned: &PlannedRun, notes: &[String], texts: TextLookup<'_>) -> String {
    let mut parts = vec![format!("{} would do this:\n", paint(NAME, workflow))];
    parts.extend(notes.iter().map(|text| format!("{} {text}\n", paint(NAME, "note:"))));
    parts.extend(planned.merges.iter().map(landing));
    if planned.merges.is_empty() {
        parts.push(effects(&planned.plan));
    }
    parts.extend(planned.outcome.failure.as_ref().map(|failure| ends_here(failure, texts)));
    parts.join("\n")
}

/// Says that there is nothing to do, and why.
pub fn nothing_to_do(out: &Out, planned: &PlannedRun) {
    let why = match &planned.outcome.value {
        Some(Value::String(text)) => text.as_str(),
        _ => "nothing would be changed",
    };
    out.error_line(&format!("{} {why}", paint(GOOD, "nothing to do:")));
}

/// One landing: its head, then what is in it.
fn landing(merge: &PlannedMerge) -> String {
    let mut out = head(merge);
    let merged = merge.made == CommitOrigin::Merge;
    let listed = if merge.made == CommitOrigin::Restore {
        String::new()
    } else {
        let count = usize::try_from(merge.commit_count).unwrap_or(usize::MAX);
        commits(&merge.commits, count, merged && merge.outcome == CommitOutcome::Clean)
    };
    let target = short(&merge.target);
    for part in [
        conflicts(&merge.conflicts, &target, &short(&merge.source)),
        listed,
        components(&merge.components),
        hidden(&merge.hidden),
    ] {
        if !part.is_empty() {
            out.push_str(&format!("\n{}\n", part.trim_end()));
        }
    }
    out
}

/// `staging → production: d10fa062be “Promote master (5b44f3aaca) to staging” by Robin Sample`; of a rollback also what it withdraws,
/// and why.
fn head(merge: &PlannedMerge) -> String {
    let (source, target) = (short(&merge.source), paint(NAME, short(&merge.target)));
    let newest = merge.commits.iter().find(|commit| merge.source == commit.commit.to_string().as_str());
    let what = newest.map(|commit| format!(" “{}” by {}", commit.summary, commit.author)).unwrap_or_default();
    match (merge.made, &merge.rollback) {
        (_, Some(back)) => {
            let reason = back.reason.as_deref().map(|reason| format!("reason: {reason}\n")).unwrap_or_default();
            format!("roll {target} back to {source}\n{}{reason}", rollback(back))
        }
        (CommitOrigin::Merge, None) if merge.outcome == CommitOutcome::UpToDate => {
            format!("{target} has {source} already\n")
        }
        (CommitOrigin::Merge, None) => match &merge.from {
            Some(from) => format!("{from} → {target}: {source}{what}\n"),
            None => format!("{source}{what} → {target}\n"),
        },
        (CommitOrigin::Pick, None) => format!("pick {source} → {target}\n"),
        (CommitOrigin::Revert | CommitOrigin::Restore, None) => format!("revert {source} on {target}\n"),
    }
}

/// Of a workflow that makes no commits: a line for each effect.
fn effects(plan: &[PlanItem]) -> String {
    let line = |item: &PlanItem| {
        let note = item.note.as_ref().map(|note| format!("  {}", paint(DIM, note))).unwrap_or_default();
        let step = if item.step.is_empty() { String::new() } else { format!("{}: ", item.step.label()) };
        format!("  {step}{}{note}\n", item.command)
    };
    let lines: String = plan.iter().take(ROWS).map(line).collect();
    format!("{}\n{lines}{}", counted(plan.len(), "effect", "effects"), rest(plan.len()))
}
