//! The run's events as JSON lines on stdout.

use crate::run::{Event, Listener};
use crate::ui::errors::unless_broken;
use crate::ui::out::Out;
use std::sync::Arc;

/// One event a line on stdout. A reader that went away does not stop the run.
pub struct JsonLines {
    out: Arc<Out>,
}

impl JsonLines {
    /// For these streams.
    pub fn new(out: Arc<Out>) -> Self {
        Self { out }
    }
}

impl Listener for JsonLines {
    fn event(&self, event: &Event) {
        match serde_json::to_string(event) {
            Ok(line) => unless_broken(self.out.answer_line(&line)),
            Err(error) => self.out.error_line(&format!("an event cannot be written as JSON: {error}")),
        }
    }
}
