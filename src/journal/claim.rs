//! The recorder of one process: writes while its epoch is the run's.

use super::failure::Problem;
use super::lock::FileLock;
use super::rows::{self, Head, RowContent};
use super::store::Store;
use crate::model::{Failure, RunId};
use crate::run::{History, Record, RecordError, Recorder};
use jiff::Timestamp;
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};

/// A run that this process works on, until it is dropped.
pub struct Claim {
    store: Store,
    run: RunId,
    epoch: i64,
    /// The first failure of the store: nothing may be performed after it, even when the disk has space again.
    broken: Mutex<Option<Failure>>,
    /// Keeps other processes from the run; a takeover does without.
    _lock: Option<FileLock>,
}

impl Claim {
    pub(super) fn new(store: Store, run: RunId, epoch: i64, lock: Option<FileLock>) -> Self {
        Self { store, run, epoch, broken: Mutex::new(None), _lock: lock }
    }

    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// How many processes have worked on it, this one included.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    fn mine(&self, db: &Connection) -> Result<Head, Problem> {
        let head = rows::head(db, &self.run)?;
        if head.epoch == self.epoch { Ok(head) } else { Err(Problem::TakenOver(head.epoch)) }
    }

    fn error(&self, problem: Problem) -> RecordError {
        match problem {
            Problem::TakenOver(found) => RecordError::TakenOver { run: self.run.clone(), held: self.epoch, found },
            other => {
                let failure = self.store.failure(other);
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                RecordError::Store(broken.get_or_insert(failure).clone())
            }
        }
    }
}

impl Recorder for Claim {
    fn history(&self) -> Result<History, RecordError> {
        let db = self.store.db();
        rows::history(&db, &self.run).map_err(|problem| self.error(problem))
    }

    fn record(&self, record: &Record) -> Result<(), RecordError> {
        let content = RowContent::of(record.clone());
        let written = self.store.write(|tx| {
            let head = self.mine(tx)?;
            rows::append(tx, &self.run, &head, Timestamp::now(), &content)
        });
        written.map_err(|problem| self.error(problem))
    }

    fn still_mine(&self) -> Result<(), RecordError> {
        if let Some(failure) = self.broken.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Err(RecordError::Store(failure.clone()));
        }
        self.mine(&self.store.db()).map(drop).map_err(|problem| self.error(problem))
    }
}

impl Store {
    /// Raises the epoch: the process that held the run before can write no more.
    pub(super) fn raise(db: &Connection, run: &RunId, content: &RowContent) -> Result<i64, Problem> {
        let mut head = rows::head(db, run)?;
        head.epoch += 1;
        db.prepare_cached("UPDATE runs SET epoch = ?2 WHERE run_id = ?1")?
            .execute(rusqlite::params![run.as_str(), head.epoch])?;
        rows::append(db, run, &head, Timestamp::now(), content)?;
        Ok(head.epoch)
    }
}
