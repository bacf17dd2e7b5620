//! The input events of a command's state machine, and the context of a step: the run, the retry policy, the time.

use crate::model::{Failure, RunId, Value, WriteError};
use crate::run::{CommandKind, CommandRequest, Observation, OnOutage, OnUnknown, Probe, RetryPolicy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What happened to a command, as its host saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
    /// A process takes it up, for the first time or again; the call is of this kind.
    Started(CommandKind),
    /// The call fits no command.
    Unfit(Failure),
    /// A read answered.
    Answered(Result<Value, Failure>),
    /// A wait's facts were looked up.
    Begun(Result<Value, Failure>),
    /// A wait looked.
    Observed(Result<Observation, Failure>),
    /// An effect was prepared.
    Prepared(Result<Value, Failure>),
    /// An effect was performed.
    Performed(Result<Value, WriteError>),
    /// The remote was asked.
    Probed {
        /// Its answer.
        found: Result<Probe, Failure>,
        /// What the effect wants when the remote cannot tell.
        on_unknown: OnUnknown,
    },
    /// A dry run took this for granted.
    Assumed(Result<Value, Failure>),
    /// The record is on disk.
    Recorded,
    /// The pause is over, or was cut short by ctrl-C.
    Slept,
    /// The command's own code panicked.
    Panicked(Failure),
}

impl Happened {
    /// Its name, for messages about bugs.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::Unfit(_) => "unfit",
            Self::Answered(_) => "answered",
            Self::Begun(_) => "begun",
            Self::Observed(_) => "observed",
            Self::Prepared(_) => "prepared",
            Self::Performed(_) => "performed",
            Self::Probed { .. } => "probed",
            Self::Assumed(_) => "assumed",
            Self::Recorded => "recorded",
            Self::Slept => "slept",
            Self::Panicked(_) => "panicked",
        }
    }
}

/// Everything that a step depends on beside the state and what happened.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    pub run: &'a RunId,
    /// The command.
    pub request: &'a CommandRequest,
    /// How long to retry, and how often to probe.
    pub policy: &'a RetryPolicy,
    /// What becomes of the command while its server cannot be reached.
    pub on_outage: OnOutage,
    /// When it happened.
    pub moment: Moment,
}

/// The time, as a host sees it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Since this process took the command up first.
    pub elapsed: Duration,
    /// The clock.
    pub now: Timestamp,
    /// Chance for jitter, from 0 to 1023.
    pub chance: u32,
    /// Has the run been cancelled?
    pub cancellation: Cancellation,
}

/// Has the run been cancelled?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// No.
    None,
    /// ctrl-C, or the journal failed.
    Requested,
}
