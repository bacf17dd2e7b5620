//! What is said of a step in a tick's place, from the answers of its commands.

use crate::run::{Event, Remark, RemarkKind, StepPath};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The remarks on the steps that run.
#[derive(Default)]
pub(super) struct StepRemarks(Mutex<HashMap<StepPath, Seen>>);

#[derive(Default)]
struct Seen {
    remarks: Vec<Remark>,
    /// Answers that speak for themselves.
    plain: usize,
}

impl StepRemarks {
    /// Takes note of the commands that end.
    pub(super) fn observe(&self, event: &Event) {
        let Event::CommandFinished { step, command, remark, error: None, .. } = event else { return };
        if command == "flow::note" {
            return;
        }
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = steps.entry(step.clone()).or_default();
        match remark {
            Some(remark) => seen.remarks.push(remark.clone()),
            None => seen.plain += 1,
        }
    }

    /// What is to be said of a step that has ended: the worst of it; that there was nothing to do only where all say so.
    pub(super) fn take(&self, step: &StepPath) -> Option<Remark> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(step)?;
        let worst = seen.remarks.iter().map(|remark| remark.kind).max()?;
        if worst == RemarkKind::Nothing && seen.plain > 0 {
            return None;
        }
        let mut whys: Vec<&str> = Vec::new();
        for remark in seen.remarks.iter().filter(|remark| remark.kind == worst) {
            if !whys.contains(&remark.why.as_str()) {
                whys.push(&remark.why);
            }
        }
        Some(Remark { kind: worst, why: whys.join("; ") })
    }
}

/// Did the workflow's own handler of its end run, and is there nothing to say of it?
pub(super) fn is_handler(step: &StepPath) -> bool {
    step.names().last().is_some_and(|name| ["on_failure", "always"].contains(&name.as_str()))
}
