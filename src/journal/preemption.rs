//! An urgent run goes ahead of one that only waits: that one is suspended, and its process can write no more.

use super::error::JournalError;
use super::lock::Holder;
use super::rows::{self, RowContent, RowEvent};
use super::status_word::{status, word};
use super::store::Store;
use crate::model::{Failure, FailureKind, RunId, Value};
use crate::run::{HistoryEntry, RunStatus};

/// Of a wait's facts: the process that waits does itself what it waits for, and must not be stopped.
const WORKS_HERE: &str = "works_here";

/// May the other run be gone ahead of?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preemption {
    /// Nothing of it is under way but waiting: it is suspended, or was already.
    Suspended,
    /// It is over.
    Over,
    /// It is at work on something, or in doubt.
    Refused,
}

impl Store {
    /// Suspends `run` in favour of another one, where nothing of it is under way but waiting.
    pub(super) fn preempt(&self, run: &RunId, target: &str, by: &Holder) -> Result<Preemption, Failure> {
        self.change(|tx| {
            let head = match rows::head(tx, run) {
                Ok(head) => head,
                // Its process has locked the target and not written the run yet.
                Err(JournalError::Failure(failure)) if failure.kind == FailureKind::NotFound => {
                    return Ok(Preemption::Refused);
                }
                Err(error) => return Err(error),
            };
            let written = status(&head.status)?;
            if !written.is_open() {
                return Ok(Preemption::Over);
            }
            let (written, _) = self.derived(run, written);
            let history = rows::history(tx, run)?;
            let pending = || history.entries.values().filter(|entry| entry.settled.is_none());
            // A wait may be for what this very process does.
            let works = |entry: &HistoryEntry| {
                written == RunStatus::Running
                    && entry.begun.as_ref().is_some_and(|facts| facts.get(WORKS_HERE) == Some(&Value::Bool(true)))
            };
            let at_work = |entry: &HistoryEntry| entry.may_have_happened() || works(entry);
            if written == RunStatus::InDoubt || pending().any(at_work) {
                return Ok(Preemption::Refused);
            }
            if written == RunStatus::Running {
                // Between two commands it is about to do something.
                if !pending().any(|entry| entry.begun.is_some()) {
                    return Ok(Preemption::Refused);
                }
                let content = RowContent {
                    name: Some(word(RunStatus::Suspended).to_owned()),
                    actor: Some(by.who.actor.clone()),
                    error: Some(preempted(run, target, by)),
                    ..RowContent::new(RowEvent::Status)
                };
                Self::raise(tx, run, &content)?;
            }
            Ok(Preemption::Suspended)
        })
    }
}

/// What the run that has to wait says.
fn preempted(run: &RunId, target: &str, by: &Holder) -> Failure {
    let message = format!("run {} ({}, by {}) went ahead of it on {target}", by.run, by.workflow, by.who.actor);
    Failure::new(FailureKind::Held, message).hint(format!("`relwf resume {run}` goes on once that run is over"))
}
