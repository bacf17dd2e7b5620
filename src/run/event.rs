//! The events of a run, for its listeners: the terminal, `--json`, a log. Data only; wording belongs to the listeners.

use super::{CommandRequest, Commands, Key, PlanItem, Remark, Settled, StepPath};
use crate::model::{Failure, RunId, Shown, SourceLocation, Value};
use serde::{Deserialize, Serialize};

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// A process works on it (or was killed while it did).
    Running,
    /// The workflow returned.
    Done,
    /// The workflow failed.
    Failed,
    /// Waits for people, CI or time.
    Suspended,
    /// An effect may or may not have happened; an operator decides.
    InDoubt,
    /// ctrl-C; resumable.
    Interrupted,
    /// A dry run that came to its end.
    Planned,
    /// Abandoned by an operator.
    Abandoned,
}

impl RunStatus {
    /// Can such a run go on?
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Suspended | Self::Interrupted | Self::InDoubt)
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    /// It returned.
    Done,
    /// It threw.
    Failed,
}

/// One line of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run begins, or goes on.
    RunStarted {
        run: RunId,
        workflow: String,
        /// Its parameters.
        params: Value,
        /// Is it a dry run?
        dry_run: bool,
        /// Does it go on from a journal?
        resumed: bool,
    },
    /// A step (or a parallel branch, which is a step named after its item) begins.
    StepStarted {
        /// Its path, e.g. `roll[acme]`.
        step: StepPath,
        /// Where it is written.
        at: SourceLocation,
    },
    /// A step ended.
    StepFinished {
        /// Its path.
        step: StepPath,
        /// How.
        status: StepStatus,
        /// Milliseconds since it started in this process.
        took_ms: u64,
    },
    /// A command is performed.
    CommandStarted {
        key: Key,
        /// The step it belongs to.
        step: StepPath,
        /// The function.
        command: String,
        /// Its arguments.
        args: Value,
        /// Where it is written.
        at: SourceLocation,
    },
    /// A command reports its progress.
    CommandProgress {
        key: Key,
        /// For people.
        text: String,
        /// What becomes of it.
        #[serde(skip)]
        shown: Shown,
    },
    /// A wait has looked and found it is not there yet.
    Waiting {
        key: Key,
        /// For people.
        why: String,
    },
    /// A command is not over yet: at most once a minute, where nothing else was said of it.
    StillWaiting {
        key: Key,
        /// The function.
        command: String,
        /// What a wait lacks, for people; absent where it was not found out yet.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Milliseconds since it started in this process.
        waited_ms: u64,
    },
    /// A command ended.
    CommandFinished {
        key: Key,
        /// The step it belongs to.
        step: StepPath,
        /// The function.
        command: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
        /// Its failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
        /// What is to be said of the value beside that it is there.
        #[serde(skip_serializing_if = "Option::is_none")]
        remark: Option<Remark>,
        /// Milliseconds.
        took_ms: u64,
    },
    /// `flow::note`, or `print` in a workflow.
    Note { text: String },
    /// The last event.
    RunFinished {
        run: RunId,
        workflow: String,
        /// How it ended.
        status: RunStatus,
        /// What the workflow returned.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
        /// What made it fail or what it waits for.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
        /// A dry run's plan.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<Vec<PlanItem>>,
    },
}

impl Event {
    /// The command of this request is performed.
    pub(super) fn command_started(request: &CommandRequest) -> Self {
        let CommandRequest { key, call, .. } = request.clone();
        Self::CommandStarted { step: key.path.clone(), key, command: call.name, args: call.args, at: call.at }
    }

    /// The command of this request ended, in this process.
    pub(super) fn command_finished(
        request: &CommandRequest,
        ended: Settled,
        commands: &dyn Commands,
        took_ms: u64,
    ) -> Self {
        let CommandRequest { key, call, .. } = request.clone();
        let (value, error) = match ended {
            Settled::Value(value) => (Some(value), None),
            Settled::Failure(failure) => (None, Some(failure)),
        };
        let remark = value.as_ref().and_then(|value| commands.remark(&call.name, value));
        Self::CommandFinished { step: key.path.clone(), key, command: call.name, value, error, remark, took_ms }
    }
}

/// Receives a run's events, from several threads.
pub trait Listener: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}
