//! One process's claim on a run: it writes records until another process takes the run over.

use super::error::JournalError;
use super::lock::FileLock;
use super::rows::{self, JournalHead, RowContent};
use super::store::Store;
use crate::model::{Failure, FailureKind, RunId};
use crate::run::{History, Record, RecordError, Recorder};
use jiff::Timestamp;
use rusqlite::Connection;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A run that this process works on, until it is dropped.
pub struct Claim {
    store: Store,
    run: RunId,
    epoch: i64,
    /// The first failure of the store: nothing may be performed after it, even when the disk has space again.
    broken: Mutex<Option<Failure>>,
    /// Rows that workers wait for. The worker that commits next writes all of them: a commit takes its time, however much it holds.
    waiting: Mutex<PendingRows>,
    committing: Mutex<()>,
    /// Keeps other processes from the run; a takeover does without.
    _lock: Option<FileLock>,
}

#[derive(Default)]
struct PendingRows {
    /// The number of the next row.
    next: u64,
    rows: Vec<(u64, RowContent)>,
}

impl Claim {
    pub(super) fn new(store: Store, run: RunId, epoch: i64, lock: Option<FileLock>) -> Self {
        let (broken, waiting, committing) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { store, run, epoch, broken, waiting, committing, _lock: lock }
    }

    pub fn run(&self) -> &RunId {
        &self.run
    }

    fn mine(&self, db: &Connection) -> Result<JournalHead, JournalError> {
        let head = rows::head(db, &self.run)?;
        if head.epoch == self.epoch { Ok(head) } else { Err(JournalError::TakenOver(head.epoch)) }
    }

    fn waiting(&self) -> MutexGuard<'_, PendingRows> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, problem: JournalError) -> RecordError {
        match problem {
            JournalError::TakenOver(found) => RecordError::TakenOver { run: self.run.clone(), held: self.epoch, found },
            other => {
                let failure = self.store.failure(other);
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                RecordError::Store(broken.get_or_insert(failure).clone())
            }
        }
    }
}

impl PendingRows {
    fn add(&mut self, content: RowContent) -> u64 {
        let number = self.next;
        self.next += 1;
        self.rows.push((number, content));
        number
    }

    /// Everything that waits, if this row still does.
    fn take_with(&mut self, number: u64) -> Option<Vec<(u64, RowContent)>> {
        self.rows.iter().any(|(waits, ..)| *waits == number).then(|| std::mem::take(&mut self.rows))
    }

    fn put_back(&mut self, batch: Vec<(u64, RowContent)>, without: u64) {
        self.rows.splice(0..0, batch.into_iter().filter(|(waits, ..)| *waits != without));
    }
}

impl Recorder for Claim {
    fn history(&self) -> Result<History, RecordError> {
        let db = self.store.db();
        rows::history(&db, &self.run).map_err(|problem| self.error(problem))
    }

    fn record(&self, record: &Record) -> Result<(), RecordError> {
        let number = self.waiting().add(RowContent::of(record.clone()));
        // A worker that panicked here may have taken this row along, and it is not written.
        let Ok(_alone) = self.committing.lock() else {
            return Err(RecordError::Store(Failure::new(FailureKind::Bug, "writing the journal panicked")));
        };
        // Another worker may have written it with its own.
        let Some(batch) = self.waiting().take_with(number) else { return Ok(()) };
        let written = self.store.write(|tx| {
            batch.iter().try_for_each(|(_, content)| {
                let head = self.mine(tx)?;
                rows::append(tx, &self.run, &head, Timestamp::now(), content)
            })
        });
        written.map_err(|problem| {
            // None of them is written. The others try for themselves, and hear of it.
            self.waiting().put_back(batch, number);
            self.error(problem)
        })
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
    pub(super) fn raise(db: &Connection, run: &RunId, content: &RowContent) -> Result<i64, JournalError> {
        let mut head = rows::head(db, run)?;
        head.epoch += 1;
        db.prepare_cached("UPDATE runs SET epoch = ?2 WHERE run_id = ?1")?
            .execute(rusqlite::params![run.as_str(), head.epoch])?;
        rows::append(db, run, &head, Timestamp::now(), content)?;
        Ok(head.epoch)
    }
}
