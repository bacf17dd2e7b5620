//! A dry run while it is walked: its name and what the workflow notes. The plan says the rest.

use super::lines::started;
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
        match event {
            Event::RunStarted { .. } => self.out.say(&started(event)),
            Event::Note { text } => self.out.say(&format!("{} {text}", paint(NAME, "note:"))),
            _ => {}
        }
    }
}
