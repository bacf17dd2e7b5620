//! The seam between a workflow and the world.
//!
//! Every host call that reads or changes something is one of three traits. There are no default methods: an effect
//! without a probe or without an assumed outcome does not compile.

use super::{Call, Key, Remark};
use crate::model::{Failure, HumanDuration, RunId, TaskContext, Value, WriteError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Turns a call into the command that can be performed.
pub trait Commands: Send + Sync {
    /// The command for a call.
    ///
    /// # Errors
    ///
    /// Kind `arguments` when the arguments do not fit; nothing was done then.
    fn command(&self, call: &Call) -> Result<Command, Failure>;

    /// What becomes of a call of this function whose server cannot be reached, or does not know who asks.
    fn on_outage(&self, function: &str) -> OnOutage;

    /// What is to be said of this answer of a function beside that it is there.
    fn remark(&self, function: &str, answer: &Value) -> Option<Remark>;
}

/// A command, by how it touches the world.
pub enum Command {
    /// Looks.
    Read(Box<dyn Read>),
    /// Looks until something is there.
    Wait(Box<dyn Wait>),
    /// Changes.
    Effect(Box<dyn Effect>),
}

/// How a command touches the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandKind {
    /// Looks only; real in a dry run too.
    Read,
    /// Looks again and again until something is there; assumed in a dry run.
    Wait,
    /// Changes something; planned in a dry run.
    Effect,
}

impl CommandKind {
    /// The kind of this command.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Read(_) => Self::Read,
            Command::Wait(_) => Self::Wait,
            Command::Effect(_) => Self::Effect,
        }
    }
}

/// What becomes of a command whose server cannot be reached, or does not know who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnOutage {
    /// The run is suspended and goes on once it can: it says nothing about the release.
    #[default]
    Suspend,
    /// It is the script's to decide.
    Throw,
}

/// What a command needs of the driver that performs it.
pub struct Performing<'a> {
    pub run: &'a RunId,
    /// The command's place in the run.
    pub key: &'a Key,
    /// ctrl-C, and where progress goes.
    pub task: TaskContext<'a>,
    /// The clock.
    pub now: Timestamp,
}

/// Looks at the world; may be repeated freely.
pub trait Read: Send + Sync {
    /// Looks.
    ///
    /// # Errors
    ///
    /// What the script can catch.
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure>;
}

/// What a look at something awaited gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation<A = Value> {
    /// It is there.
    Ready(A),
    /// Not yet: look again after this long, in this process.
    NotYet {
        /// For people: what is missing.
        why: String,
        /// When to look again.
        again: HumanDuration,
    },
    /// Not yet, and it may take long: the run is suspended, the process may exit.
    Suspend {
        /// For people: what is missing and how it is given.
        why: String,
        /// The time that is waited for, where it is known.
        until: Option<Timestamp>,
    },
}

/// Waits for people, CI or time.
pub trait Wait: Send + Sync {
    /// Facts to write down once, when the wait begins (its deadline, a digest of what is shown); given back in every
    /// later look, in this process and the next.
    ///
    /// # Errors
    ///
    /// What the script can catch.
    fn begin(&self, cx: &Performing<'_>) -> Result<Value, Failure>;

    /// Looks once.
    ///
    /// # Errors
    ///
    /// What the script can catch: red checks, a passed deadline.
    fn observe(&self, cx: &Performing<'_>, begun: &Value) -> Result<Observation, Failure>;

    /// The facts with which it is waited for once more, after it had failed: a deadline that is still ahead.
    ///
    /// # Errors
    ///
    /// The facts cannot be read.
    fn again(&self, cx: &Performing<'_>, begun: &Value) -> Result<Value, Failure>;

    /// What a dry run takes for granted.
    ///
    /// # Errors
    ///
    /// What the script can catch.
    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure>;
}

/// What a dry run takes for granted about an effect or a wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumed<A = Value> {
    /// What the script sees.
    pub value: A,
    /// For people, e.g. "assuming the checks pass"; `None` when the value speaks for itself.
    pub note: Option<String>,
}

/// What is on disk before an effect is performed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The same for every attempt of this command in this run: `relwf-<run>-<hash>`.
    pub idempotency_key: String,
    /// What [`Effect::prepare`] found: expected old ids, dates, identity.
    pub pre: Value,
}

/// What the remote says about an effect that may have happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe<A = Value> {
    /// It happened; this is its outcome.
    Done(A),
    /// It did not happen.
    Absent,
    /// It is certain that it failed, and that trying again would not help.
    Refused(Failure),
    /// The remote cannot tell.
    Unknown(String),
}

/// What to do when the remote cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// Stop; an operator decides.
    #[default]
    Ask,
    /// Go on as if it had happened.
    Skip,
    /// Do it again.
    Retry,
}

/// Changes the world.
pub trait Effect: Send + Sync {
    /// Looks up what the probe will need; the answer is on disk before [`Effect::perform`] is called.
    ///
    /// # Errors
    ///
    /// What the script can catch; nothing was done.
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure>;

    /// Does it.
    ///
    /// # Errors
    ///
    /// See [`WriteError`]: the class decides whether it is tried again, probed or reported.
    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError>;

    /// Asks the remote whether it happened.
    ///
    /// # Errors
    ///
    /// The remote could not be asked.
    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure>;

    /// Makes again what it made on this machine, where that is gone: the cache may be deleted between two processes of a
    /// run. Called for effects with an outcome, before a run goes on; most leave nothing here.
    ///
    /// # Errors
    ///
    /// It cannot be made again.
    fn restore(&self, _cx: &Performing<'_>, _intent: &Intent, _outcome: &Value) -> Result<(), Failure> {
        Ok(())
    }

    /// What to do when the probe cannot tell.
    fn on_unknown(&self) -> OnUnknown;

    /// The outcome a dry run takes for granted; computed for real where that changes nothing.
    ///
    /// # Errors
    ///
    /// What would make it fail and can be known beforehand.
    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure>;
}
