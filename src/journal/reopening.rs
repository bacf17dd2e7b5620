//! Runs that failed by a wait which may end otherwise when it is asked again: a check or a deploy that is run once more, a deadline
//! that has passed.

use super::error::JournalError;
use super::rows::{self, RowEvent};
use super::store::Store;
use crate::model::{Failure, FailureKind, RunId};
use crate::run::{Key, RunStatus};
use rusqlite::Connection;
use std::collections::HashMap;

/// How a failed run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopening {
    /// The wait that made it fail.
    pub key: Key,
    /// What the script asked for first after that.
    pub aside: Vec<Key>,
}

impl Store {
    /// How this run can go on although it failed, where it can.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn reopening(&self, run: &RunId) -> Result<Option<Reopening>, Failure> {
        self.read(|db| reopening(db, run))
    }
}

/// The last wait whose failure is the run's own.
pub(super) fn reopening(db: &Connection, run: &RunId) -> Result<Option<Reopening>, JournalError> {
    let head = rows::head(db, run)?;
    if head.status != super::status_word::word(RunStatus::Failed) {
        return Ok(None);
    }
    let rows = rows::rows(db, run)?;
    let status = rows.iter().rfind(|row| row.content.event == RowEvent::Status);
    let Some(failure) = status.and_then(|row| row.content.error.as_ref()).filter(|failure| may_change(failure)) else {
        return Ok(None);
    };
    let is_it = |found: &Failure| found.kind == failure.kind && found.message == failure.message;
    let ended = rows
        .iter()
        .rfind(|row| row.content.event == RowEvent::Outcome && row.content.error.as_ref().is_some_and(is_it));
    let Some((ended, key)) = ended.and_then(|row| Some((row.seq, row.content.key.as_ref()?))) else { return Ok(None) };
    let mut first: HashMap<&Key, (i64, RowEvent)> = HashMap::new();
    for row in &rows {
        for key in rows::set_aside(row)? {
            first.remove(&key);
        }
        if let Some(key) = &row.content.key {
            first.entry(key).or_insert((row.seq, row.content.event));
        }
    }
    // An effect that failed is for a new run.
    if first.get(key).is_none_or(|(_, event)| *event != RowEvent::Begun) {
        return Ok(None);
    }
    let mut aside: Vec<(i64, &Key)> =
        first.into_iter().filter(|(_, (seq, _))| *seq > ended).map(|(key, (seq, _))| (seq, key)).collect();
    aside.sort_unstable();
    Ok(Some(Reopening { key: key.clone(), aside: aside.into_iter().map(|(_, key)| key.clone()).collect() }))
}

/// May it be otherwise later? A check is run again, a deadline was too short.
fn may_change(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Red | FailureKind::Timeout)
}
