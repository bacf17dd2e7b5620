//! The local driver: performs pending commands on threads, intent before and outcome after every effect.

use super::{Commands, Listener, Recorder, RunStatus, Script};
use crate::model::{Cancel, Failure, RunId, Value};

/// How a run ended in this process.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Its status.
    pub status: RunStatus,
    /// The workflow's value.
    pub value: Option<Value>,
    /// What made it fail or what it waits for.
    pub failure: Option<Failure>,
}

/// Everything a drive needs.
pub struct LocalDriver<'a> {
    /// The run.
    pub run: &'a RunId,
    /// The workflow's name, for events.
    pub workflow: &'a str,
    /// The workflow.
    pub script: &'a dyn Script,
    /// Its parameters.
    pub params: &'a Value,
    /// Turns calls into commands.
    pub commands: &'a dyn Commands,
    /// Keeps the journal.
    pub recorder: &'a dyn Recorder,
    /// Hears events.
    pub listener: &'a dyn Listener,
    /// ctrl-C.
    pub cancel: &'a Cancel,
    /// At most so many commands at once.
    pub parallel: usize,
}

impl LocalDriver<'_> {
    /// Drives the run until it is done, fails, waits or is interrupted.
    ///
    /// # Errors
    ///
    /// The journal failed; nothing more was performed.
    pub fn drive(&self) -> Result<Outcome, super::RecordError> {
        unimplemented!()
    }
}
