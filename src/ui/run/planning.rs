//! A dry run while it is walked: its name and the workflow's notes. The plan shows the rest.

use super::lines::{note, started};
use crate::run::{Event, Listener};
use crate::ui::out::Out;
use crate::ui::style::{NAME, paint};
use std::sync::Arc;

/// A dry run while it is walked.
pub struct Planning {
    out: Arc<Out>,
}

impl Planning {
    /// For these streams.
    pub fn new(out: Arc<Out>) -> Self {
        Self { out }
    }
}

impl Listener for Planning {
    fn event(&self, event: &Event) {
        if let Event::RunStarted { .. } = event {
            self.out.say(&started(event));
        } else if let Some(text) = note(event) {
            self.out.say(&format!("{} {text}", paint(NAME, "note:")));
        }
    }
}
