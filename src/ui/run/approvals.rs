//! What to type for an approval while the run still does other things.

use crate::model::{RunId, shell_quoted};
use crate::run::{Event, Key};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Hears which commands are approvals.
#[derive(Default)]
pub(super) struct Approvals {
    heard: Mutex<(Option<RunId>, HashSet<Key>)>,
}

impl Approvals {
    /// Hears every event.
    pub(super) fn hear(&self, event: &Event) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { run, .. } => heard.0 = Some(run.clone()),
            Event::CommandStarted { key, command, .. } if command == "flow::approve" => {
                heard.1.insert(key.clone());
            }
            _ => {}
        }
    }

    /// What a wait lacks, and for an approval how it is given.
    pub(super) fn waiting(&self, key: &Key, why: &str) -> String {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match &heard.0 {
            Some(run) if heard.1.contains(key) => {
                format!("{why} (`relwf approve {run} --key {}`)", shell_quoted(&key.to_string()))
            }
            _ => why.to_owned(),
        }
    }
}
