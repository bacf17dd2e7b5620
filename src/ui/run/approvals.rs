//! What to type for an approval while the run still does other things.

use crate::app::ApprovalRequest;
use crate::model::{RunId, shell_quoted};
use crate::run::{Event, Key};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Knows which commands are approvals.
#[derive(Default)]
pub(super) struct Approvals {
    known: Mutex<(Option<RunId>, HashSet<Key>)>,
}

impl Approvals {
    /// Takes note of every event.
    pub(super) fn observe(&self, event: &Event) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { run, .. } => known.0 = Some(run.clone()),
            Event::CommandStarted { key, command, .. } if command == ApprovalRequest::FUNCTION => {
                known.1.insert(key.clone());
            }
            _ => {}
        }
    }

    /// What a wait lacks, and for an approval how it is given.
    pub(super) fn waiting(&self, key: &Key, why: &str) -> String {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &known.0 {
            Some(run) if known.1.contains(key) => {
                format!("{why} (`relwf approve {run} --key {}`)", shell_quoted(&key.to_string()))
            }
            _ => why.to_owned(),
        }
    }
}
