//! The action that the driver must take in each state of a command.

use super::state::{CommandState, EffectAttempt};
use crate::model::{Failure, HumanDuration, Value};
use crate::run::{CommandRequest, Intent, Record, Settled};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a host has to do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Find the command of the call, then report [`Happened::Started`](super::Happened::Started) or [`Happened::Unfit`](super::Happened::Unfit).
    Start,
    /// Look.
    Read,
    /// Look up a wait's facts.
    Begin,
    /// Look whether a wait is there.
    Observe(Value),
    /// Look up what an effect's probe will need. The host checks first that the run is still its own.
    Prepare,
    /// Perform the effect. The host checks first that the run is still its own.
    Perform(Intent),
    /// Ask the remote. The host checks first that the run is still its own.
    Probe(Intent),
    /// Write this down; [`Happened::Recorded`](super::Happened::Recorded) only when it is on disk.
    Record(Record),
    /// Do nothing for a while, or until ctrl-C.
    Sleep {
        /// How long.
        pause: Duration,
        /// For people, when it is worth showing.
        why: Option<String>,
    },
    /// Nothing more now.
    End(End),
}

/// Why nothing more is to be done with a command for now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Its outcome is on disk.
    Settled(Settled),
    /// A wait is to be looked at again.
    NotYet {
        /// For people: what is missing.
        why: String,
        /// When.
        again: HumanDuration,
    },
    /// It may take long; the process may exit.
    Suspended {
        /// For people: what is missing.
        why: String,
        /// When it is worth another look, where that is known.
        until: Option<Timestamp>,
    },
    /// An effect may or may not have happened; an operator decides.
    InDoubt(Failure),
    /// Cancelled before there was an outcome.
    Interrupted(Failure),
    /// relwf is wrong.
    Bug(Failure),
}

impl CommandState {
    /// What is to be done in this state.
    pub fn action(&self, request: &CommandRequest) -> Action {
        let CommandRequest { key, call, fingerprint, .. } = request.clone();
        let (name, args) = (call.name, call.args);
        match self.clone() {
            Self::Ready(_) => Action::Start,
            Self::Reading { .. } => Action::Read,
            Self::Beginning { .. } => Action::Begin,
            Self::RecordingFacts { facts } => Action::Record(Record::Begun { key, fingerprint, name, args, facts }),
            Self::Observing { facts, .. } => Action::Observe(facts),
            Self::Resting { why, again, .. } => Action::End(End::NotYet { why, again }),
            Self::Suspended { why, until, .. } => Action::End(End::Suspended { why, until }),
            Self::Preparing { .. } => Action::Prepare,
            Self::ProbePause { pause, .. } => Action::Sleep { pause, why: None },
            Self::LookPause { pause, failure, .. } => {
                Action::Sleep { pause, why: Some(format!("{}; trying again", failure.message)) }
            }
            Self::RecordingIntent { attempt: EffectAttempt { intent, number, .. }, .. } => {
                Action::Record(Record::Intent { key, fingerprint, name, args, intent, attempt: number })
            }
            Self::Performing { attempt, .. } => Action::Perform(attempt.intent),
            Self::PerformPause { pause, failure, .. } => {
                Action::Sleep { pause, why: Some(format!("{}; trying again", failure.message)) }
            }
            Self::Probing { attempt, .. } => Action::Probe(attempt.intent),
            Self::RecordingAbsent { .. } => Action::Record(Record::Absent { key, actor: "server".to_owned() }),
            Self::RecordingDoubt { failure } => Action::Record(Record::Unknown { key, failure }),
            Self::InDoubt { failure } => Action::End(End::InDoubt(failure)),
            Self::RecordingOutcome { settled, actor } => {
                Action::Record(Record::Settled { key, fingerprint, name, args, settled, actor })
            }
            Self::Settled { settled } => Action::End(End::Settled(settled)),
            Self::Interrupted { failure } => Action::End(End::Interrupted(failure)),
            Self::Bug { failure } => Action::End(End::Bug(failure)),
        }
    }
}
