//! The local driver: what a run in this process needs, how it begins and how it ends.
//!
//! `drive.rs` decides what happens between the two. Knows neither the store nor the terminal.

use super::drive::Drive;
use super::perform::Performer;
use super::{Commands, Event, Listener, Record, RecordError, Recorder, RetryPolicy, RunStatus, Script};
use crate::model::{Cancel, Failure, FailureKind, RunId, Value};
use std::sync::mpsc;

/// How a run ended in this process.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    pub status: RunStatus,
    /// The workflow's value.
    pub value: Option<Value>,
    /// What made it fail or what it waits for.
    pub failure: Option<Failure>,
}

/// Everything a drive needs.
pub struct LocalDriver<'a> {
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
    /// How many commands may be in flight at once.
    pub parallel: usize,
}

impl LocalDriver<'_> {
    /// Drives the run until it is done, fails, waits or is interrupted.
    ///
    /// A script and a journal that tell different stories give a failed outcome of kind `diverged`; the journal then
    /// calls the run interrupted, because it can go on with the right script.
    ///
    /// # Errors
    ///
    /// The journal failed; nothing more was performed.
    pub fn drive(&self) -> Result<RunOutcome, RecordError> {
        self.drive_with(&RetryPolicy::default())
    }

    /// The same with another policy.
    ///
    /// # Errors
    ///
    /// The journal failed; nothing more was performed.
    pub fn drive_with(&self, policy: &RetryPolicy) -> Result<RunOutcome, RecordError> {
        let history = self.recorder.history()?;
        self.recorder.record(&Record::Status { status: RunStatus::Running, value: None, failure: None })?;
        self.listener.event(&Event::RunStarted {
            run: self.run.clone(),
            workflow: self.workflow.to_owned(),
            params: self.params.clone(),
            dry_run: false,
            resumed: !history.entries.is_empty(),
        });

        let cancel = Cancel::new();
        let (sender, receiver) = mpsc::channel();
        let performer = Performer {
            run: self.run,
            commands: self.commands,
            recorder: self.recorder,
            listener: self.listener,
            policy,
            cancel: &cancel,
            sender,
        };
        let outcome = std::thread::scope(|scope| Drive::new(self, &performer, scope, &receiver, history).run())?;

        let status = match &outcome.failure {
            Some(failure) if failure.kind == FailureKind::Diverged => RunStatus::Interrupted,
            _ => outcome.status,
        };
        let (value, failure) = (outcome.value.clone(), outcome.failure.clone());
        self.recorder.record(&Record::Status { status, value, failure })?;
        self.listener.event(&Event::RunFinished {
            run: self.run.clone(),
            workflow: self.workflow.to_owned(),
            status: outcome.status,
            value: outcome.value.clone(),
            error: outcome.failure.clone(),
            plan: None,
        });
        Ok(outcome)
    }
}

impl RunOutcome {
    pub(super) fn done(value: Value) -> Self {
        Self { status: RunStatus::Done, value: Some(value), failure: None }
    }

    pub(super) fn with(status: RunStatus, failure: Failure) -> Self {
        Self { status, value: None, failure: Some(failure) }
    }
}
