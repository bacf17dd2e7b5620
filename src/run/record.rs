//! Journal records, and the trait of the recorder: a record is on disk when `record` returns.

use super::{Fingerprint, History, Intent, Key, RunStatus, Settled};
use crate::model::{Failure, RunId, Value};
use serde::{Deserialize, Serialize};

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A wait began; `facts` come back in every later look.
    Begun {
        /// The command.
        key: Key,
        /// Function and arguments, hashed.
        fingerprint: Fingerprint,
        /// The function.
        name: String,
        /// Its arguments.
        args: Value,
        /// What [`super::Wait::begin`] answered.
        facts: Value,
    },
    /// An effect is about to be performed.
    Intent {
        /// The command.
        key: Key,
        /// Function and arguments, hashed.
        fingerprint: Fingerprint,
        /// The function.
        name: String,
        /// Its arguments.
        args: Value,
        /// What the probe will need.
        intent: Intent,
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// An effect may or may not have happened, and the remote could not tell.
    Unknown {
        /// The command.
        key: Key,
        /// Why.
        failure: Failure,
    },
    /// An effect did not happen: an operator or the server knows; it will be performed again.
    Absent {
        /// The command.
        key: Key,
        /// Who knows.
        actor: String,
    },
    /// A command ended.
    Settled {
        /// The command.
        key: Key,
        /// Function and arguments, hashed.
        fingerprint: Fingerprint,
        /// The function.
        name: String,
        /// Its arguments.
        args: Value,
        /// How.
        settled: Settled,
        /// Who settled it, when it was not the command itself: `probe`, `operator`.
        actor: Option<String>,
    },
    /// A wait that had failed is waited for once more.
    Reopened {
        /// The command.
        key: Key,
        /// Its facts from here on.
        facts: Value,
        /// What the script asked for first after that failure: it may ask for something else now.
        aside: Vec<Key>,
    },
    /// The run's status changed.
    Status {
        /// To this.
        status: RunStatus,
        /// The workflow's value, once it is done.
        value: Option<Value>,
        /// What made it fail, or what it waits for.
        failure: Option<Failure>,
    },
}

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Another process has taken the run over: its epoch is higher. Nothing may be performed any more.
    #[error("run {run} was taken over by another process")]
    TakenOver {
        run: RunId,
        /// The epoch this process holds.
        held: i64,
        /// The epoch in the journal.
        found: i64,
    },
    /// The store failed: a full disk, a damaged file.
    #[error("{0}")]
    Store(Failure),
}

/// Keeps the journal of one run.
pub trait Recorder: Send + Sync {
    /// Everything written so far.
    ///
    /// # Errors
    ///
    /// The store failed.
    fn history(&self) -> Result<History, RecordError>;

    /// Writes one record; durable when it returns.
    ///
    /// # Errors
    ///
    /// The record is not on disk, and the caller must not go on.
    fn record(&self, record: &Record) -> Result<(), RecordError>;

    /// Checks that this process still owns the run.
    ///
    /// # Errors
    ///
    /// [`RecordError::TakenOver`] when it does not.
    fn still_mine(&self) -> Result<(), RecordError>;
}
