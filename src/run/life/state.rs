//! The states of a command, and where the journal leaves it.

use crate::model::{Failure, HumanDuration, RunId, Value, hex};
use crate::run::{Fingerprint, HistoryEntry, Intent, Key, Settled};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Where a command is in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandState {
    /// Asked for; nothing of it is under way in this process.
    Ready(Written),
    /// A read looks.
    Reading {
        /// This is the nth try.
        tries: u32,
    },
    /// A wait looks up its facts.
    Beginning {
        /// This is the nth try.
        tries: u32,
    },
    /// A wait's facts are being written down.
    RecordingFacts {
        /// What [`crate::run::Wait::begin`] answered.
        facts: Value,
    },
    /// A wait looks whether it is there.
    Observing {
        /// What the journal has of it.
        facts: Value,
        /// This is the nth try.
        tries: u32,
    },
    /// Not there yet; this process looks again.
    Resting {
        /// What the journal has of it.
        facts: Value,
        /// For people: what is missing.
        why: String,
        /// When to look again.
        again: HumanDuration,
    },
    /// It may take long; the process may exit.
    Suspended {
        /// What the journal has of it: where it goes on.
        written: Written,
        /// For people: what is missing.
        why: String,
        /// When it is worth another look, where that is known.
        until: Option<Timestamp>,
    },
    /// An effect looks up what its probe will need.
    Preparing {
        /// This is the nth try.
        tries: u32,
    },
    /// It could not look; sleeps before the next try.
    LookPause {
        /// What it looks at.
        look: Look,
        /// The next try's number.
        tries: u32,
        /// How long.
        pause: Duration,
        /// Why.
        failure: Failure,
    },
    /// An intent is being written down.
    RecordingIntent {
        /// What is written.
        attempt: EffectAttempt,
        /// The tries of this process, this one included.
        tries: Tries,
    },
    /// The effect is performed.
    Performing {
        /// What is on disk.
        attempt: EffectAttempt,
        /// The tries of this process, this one included.
        tries: Tries,
    },
    /// It did not happen; sleeps before the next try.
    PerformPause {
        /// What is on disk.
        attempt: EffectAttempt,
        /// The tries so far.
        tries: Tries,
        /// How long.
        pause: Duration,
        /// Why it did not happen.
        failure: Failure,
    },
    /// The remote is asked whether the effect happened.
    Probing {
        /// What is on disk.
        attempt: EffectAttempt,
        /// From 0.
        look: u32,
        /// Why it has to be asked.
        cause: ProbeCause,
    },
    /// No trace yet; sleeps before the next look: lists lag, and what was sent may still arrive.
    ProbePause {
        /// What is on disk.
        attempt: EffectAttempt,
        /// The next look's number.
        look: u32,
        /// How long.
        pause: Duration,
        /// Why it has to be asked.
        cause: ProbeCause,
    },
    /// That it did not happen, as the server knows, is being written down.
    RecordingAbsent {
        /// What is on disk.
        attempt: EffectAttempt,
        /// With the time that the server asked for.
        failure: Failure,
    },
    /// That it may or may not have happened is being written down.
    RecordingDoubt {
        /// Why the remote cannot tell.
        failure: Failure,
    },
    /// It may or may not have happened; an operator decides.
    InDoubt {
        /// Why the remote cannot tell.
        failure: Failure,
    },
    /// The outcome is being written down.
    RecordingOutcome {
        /// The outcome.
        settled: Settled,
        /// What settled it, when it was not the command itself.
        actor: Option<String>,
    },
    /// The outcome is on disk; the script may see it.
    Settled {
        /// The outcome.
        settled: Settled,
    },
    /// Cancelled before there was an outcome; a resumed run goes on from the journal.
    Interrupted {
        /// What it came from.
        failure: Failure,
    },
    /// relwf is wrong.
    Bug {
        /// How.
        failure: Failure,
    },
}

/// What changes nothing, and may be tried again freely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// A read.
    Read,
    /// A wait's facts.
    Begin,
    /// A look of a wait.
    Observe {
        /// What the journal has of it.
        facts: Value,
    },
    /// What an effect's probe will need.
    Prepare,
}

impl Look {
    /// The nth try of it.
    pub(super) fn nth(self, tries: u32) -> CommandState {
        match self {
            Self::Read => CommandState::Reading { tries },
            Self::Begin => CommandState::Beginning { tries },
            Self::Observe { facts } => CommandState::Observing { facts, tries },
            Self::Prepare => CommandState::Preparing { tries },
        }
    }

    /// What the journal has meanwhile.
    pub(super) fn written(self) -> Written {
        match self {
            Self::Observe { facts } => Written::Begun { facts },
            Self::Read | Self::Begin | Self::Prepare => Written::Nothing,
        }
    }
}

/// What the journal has of a command without an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    Nothing,
    /// A wait's facts.
    Begun {
        /// What [`crate::run::Wait::begin`] answered.
        facts: Value,
    },
    /// An effect's intent: it may have happened.
    Intended(EffectAttempt),
    /// An effect's intent, and that the last attempt did not happen: the remote need not be asked.
    Absent(EffectAttempt),
}

/// An attempt at an effect, as the journal has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectAttempt {
    /// What is on disk before the effect is performed; the same for every attempt.
    pub intent: Intent,
    /// From 1, counted over all processes of the run.
    pub number: u32,
    /// Is it on disk that it is in doubt?
    pub doubt: Doubt,
}

/// Is it on disk that an effect is in doubt? It is written down once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// No.
    Unrecorded,
    /// Yes.
    Recorded,
}

/// The tries of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How many.
    pub count: u32,
    /// [`Moment::elapsed`](super::Moment::elapsed) at the first of them.
    pub since: Duration,
}

/// Why the remote has to be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeCause {
    /// An earlier process left an intent without an outcome.
    Recovery,
    /// The effect was performed and its answer was lost.
    Unanswered {
        /// How.
        failure: Failure,
        /// The tries so far.
        tries: Tries,
    },
    /// The effect panicked on its way.
    Panicked {
        /// Where.
        failure: Failure,
    },
}

/// A command that was just asked for.
impl Default for CommandState {
    fn default() -> Self {
        Self::Ready(Written::Nothing)
    }
}

impl CommandState {
    /// Where the journal leaves a command.
    pub fn of(entry: &HistoryEntry) -> Self {
        let attempt = |intent: &Intent| {
            let doubt = if entry.unknown.is_some() { Doubt::Recorded } else { Doubt::Unrecorded };
            EffectAttempt { intent: intent.clone(), number: entry.attempts, doubt }
        };
        match (&entry.settled, &entry.intent, &entry.begun) {
            (Some(settled), ..) => Self::Settled { settled: settled.clone() },
            (None, Some(intent), _) if entry.absent => Self::Ready(Written::Absent(attempt(intent))),
            (None, Some(intent), _) => Self::Ready(Written::Intended(attempt(intent))),
            (None, None, Some(facts)) => Self::Ready(Written::Begun { facts: facts.clone() }),
            (None, None, None) => Self::Ready(Written::Nothing),
        }
    }

    /// Its name, for messages about bugs.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Reading { .. } => "reading",
            Self::Beginning { .. } => "beginning",
            Self::RecordingFacts { .. } => "recording-facts",
            Self::Observing { .. } => "observing",
            Self::Resting { .. } => "resting",
            Self::Suspended { .. } => "suspended",
            Self::Preparing { .. } => "preparing",
            Self::LookPause { .. } => "look-pause",
            Self::RecordingIntent { .. } => "recording-intent",
            Self::Performing { .. } => "performing",
            Self::PerformPause { .. } => "perform-pause",
            Self::Probing { .. } => "probing",
            Self::ProbePause { .. } => "probe-pause",
            Self::RecordingAbsent { .. } => "recording-absent",
            Self::RecordingDoubt { .. } => "recording-doubt",
            Self::InDoubt { .. } => "in-doubt",
            Self::RecordingOutcome { .. } => "recording-outcome",
            Self::Settled { .. } => "settled",
            Self::Interrupted { .. } => "interrupted",
            Self::Bug { .. } => "bug",
        }
    }
}

impl EffectAttempt {
    /// The first attempt at an effect. Its idempotency key is the same for every attempt of a command in a run, and
    /// different for every other command.
    pub(super) fn first(run: &RunId, key: &Key, fingerprint: &Fingerprint, pre: Value) -> Self {
        let digest =
            Sha256::new().chain_update(key.to_string()).chain_update([0]).chain_update(&fingerprint.0).finalize();
        let hash: String = hex(&digest[..8]);
        let intent = Intent { idempotency_key: format!("relwf-{run}-{hash}"), pre };
        Self { intent, number: 1, doubt: Doubt::Unrecorded }
    }

    /// The next one, with the same intent.
    pub(super) fn next(self) -> Self {
        Self { number: self.number + 1, ..self }
    }
}
