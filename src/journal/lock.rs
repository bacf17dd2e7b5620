//! File locks: one process per run, one run per target. The kernel releases them when a process dies.

use super::error::{JournalError, io, unreadable};
use super::preemption::Preemption;
use super::rows::load;
use super::status_word::{status, word};
use super::store::{Store, private};
use crate::model::{Cancel, Failure, FailureKind, RunId, hex, minute_in};
use crate::run::RunStatus;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The operator and the process that work on a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The operator, as git or the system has the name.
    pub actor: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
}

impl Who {
    /// This process, for `actor`.
    pub fn here(actor: impl Into<String>) -> Self {
        let host = ["/proc/sys/kernel/hostname", "/etc/hostname"]
            .iter()
            .find_map(|file| fs::read_to_string(file).ok())
            .or_else(|| std::env::var("HOSTNAME").ok())
            .map_or_else(|| "this machine".to_owned(), |name| name.trim().to_owned());
        Self { actor: actor.into(), host, pid: std::process::id() }
    }
}

/// What is written into a lock file for others to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub run: RunId,
    pub workflow: String,
    /// Who drives it.
    pub who: Who,
    /// Since when.
    pub since: Timestamp,
}

/// A target that another run has locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockConflict {
    /// The target's name.
    pub target: String,
    /// The run that locked it, and who drives it.
    pub holder: Holder,
    /// The state of that run.
    pub status: RunStatus,
    /// Its process died without a last entry in the journal.
    pub killed: bool,
    /// What it waits for, or what made it stop.
    pub why: Option<String>,
}

/// Why a target could not be locked.
#[derive(Debug)]
pub enum LockError {
    /// Another run has locked it.
    Held(Box<LockConflict>),
    /// The lock file or the journal failed.
    Failed(Failure),
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held(held) => held.failure(),
            LockError::Failed(failure) => failure,
        }
    }
}

impl LockConflict {
    /// The message for an operator: who locked it, since when, and what to type.
    pub fn failure(&self) -> Failure {
        let Holder { run, workflow, who, since } = &self.holder;
        let Who { actor, host, pid } = who;
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let state = match (self.status, self.killed) {
            (RunStatus::Running, false) => format!("is running as process {pid} on {host}"),
            (_, true) => format!("was killed on {host}"),
            (RunStatus::Suspended, _) => format!("is waiting{why}"),
            (RunStatus::InDoubt, _) => format!("is in doubt{why}"),
            (other, _) => format!("is {}", word(other)),
        };
        let hint = match self.status {
            RunStatus::Running => "wait until it is done, or stop it with ctrl-C there".to_owned(),
            RunStatus::Suspended => format!(
                "`relwf show {run}` says how it goes on, `relwf abandon {run} --reason …` frees {}",
                self.target
            ),
            _ => format!("`relwf resume {run}` continues it, `relwf abandon {run} --reason …` frees {}", self.target),
        };
        let begun = minute_in(TimeZone::system(), *since);
        Failure::new(
            FailureKind::Held,
            format!("{} is locked by run {run} ({workflow}, by {actor}, {begun}), which {state}", self.target),
        )
        .hint(hint)
        .detail(serde_json::json!({
            "target": self.target, "run": run, "workflow": workflow, "status": self.status, "killed": self.killed,
            "actor": actor, "host": host, "pid": pid, "since": since,
        }))
    }
}

/// A locked file. Dropping it, or dying, frees it. Lock files are never deleted: two processes could otherwise hold two
/// files of one name.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
}

impl Drop for FileLock {
    /// A child that another thread is just starting has a copy of the open file until it runs its program: closing ours would
    /// leave the lock with it.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl FileLock {
    /// Takes the lock, or answers who holds it (where that can be read).
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Result<Self, Option<Holder>>, Failure> {
        // A process that only looks holds the lock for an instant; that must not count.
        const TRIES: u32 = 6;
        let failed = |error: &std::io::Error| io(format!("{} cannot be locked", path.display()), error);
        let mut file = private(path)?;
        for tried in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tried < TRIES => std::thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    let read = file.read_to_string(&mut text);
                    return Ok(Err(read.ok().and_then(|_| serde_json::from_str(&text).ok())));
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
        }
        let text = serde_json::to_string(holder).map_err(unreadable)?;
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(|error| failed(&error))?;
        Ok(Ok(Self { file }))
    }

    /// Does a living process hold it?
    pub(super) fn is_held(path: &Path) -> bool {
        match File::open(path) {
            Ok(file) => {
                let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
                let _ = file.unlock();
                held
            }
            Err(_) => false,
        }
    }
}

/// Holds a target for as long as the process lives.
#[derive(Debug)]
pub struct TargetLock {
    _file: FileLock,
    /// The runs that are not over and have to wait for this one, oldest first.
    pub ahead_of: Vec<Holder>,
}

/// What a run does where another one has locked its target.
#[derive(Debug, Clone, Copy)]
pub enum Precedence<'a> {
    /// It does not begin.
    Yields,
    /// It goes ahead of runs of which nothing is under way but waiting: they are suspended. Their processes are waited for until
    /// they have noticed, or this is raised.
    GoesAhead(&'a Cancel),
}

/// How long the process of a suspended run may take to let go of the target: what it is asking a server for has to end.
const LETS_GO_WITHIN: Duration = Duration::from_secs(90);

impl Store {
    /// Locks `target` of the repository `repo` for a run. A run that is not over holds its target even when no process
    /// works on it; the run itself may always come back.
    ///
    /// Take it before the run is made, so that no second run can be made meanwhile.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] says by whom.
    pub fn lock_target(
        &self,
        repo: &str,
        target: &str,
        holder: &Holder,
        precedence: Precedence<'_>,
    ) -> Result<TargetLock, LockError> {
        let digest = Sha256::new().chain_update(repo).chain_update([0]).chain_update(target).finalize();
        let name: String = hex(&digest[..16]);
        let path = self.locks().join(format!("target-{name}.lock"));
        let file = self.lock_file(&path, target, holder, precedence)?;
        let mut ahead_of = Vec::new();
        for held in self.open_runs(repo, target, &holder.run).map_err(LockError::Failed)? {
            let preempted = match precedence {
                Precedence::Yields => Preemption::Refused,
                Precedence::GoesAhead(_) => {
                    self.preempt(&held.holder.run, target, holder).map_err(LockError::Failed)?
                }
            };
            match preempted {
                Preemption::Suspended => ahead_of.push(held.holder),
                Preemption::Over => {}
                Preemption::Refused => return Err(LockError::Held(Box::new(held))),
            }
        }
        Ok(TargetLock { _file: file, ahead_of })
    }

    /// Takes the target's lock file, from a living process where it only waits.
    fn lock_file(
        &self,
        path: &Path,
        target: &str,
        holder: &Holder,
        precedence: Precedence<'_>,
    ) -> Result<FileLock, LockError> {
        let asked = Instant::now();
        loop {
            let other = match FileLock::take(path, holder).map_err(LockError::Failed)? {
                Ok(file) => return Ok(file),
                Err(other) => other,
            };
            let waits = match (&other, precedence) {
                (Some(other), Precedence::GoesAhead(cancel)) => {
                    let preempted = self.preempt(&other.run, target, holder).map_err(LockError::Failed)?;
                    preempted != Preemption::Refused && asked.elapsed() < LETS_GO_WITHIN && !cancel.is_raised()
                }
                _ => false,
            };
            if !waits {
                // Its holder may be about to write its name; it is a living process in any case.
                let holder = other.unwrap_or_else(|| Holder {
                    run: RunId::new("?"),
                    workflow: "?".to_owned(),
                    who: Who { actor: "another process".to_owned(), ..Who::here("") },
                    since: Timestamp::now(),
                });
                let (target, status) = (target.to_owned(), RunStatus::Running);
                let held = LockConflict { target, holder, status, killed: false, why: None };
                return Err(LockError::Held(Box::new(held)));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The runs, other than `except`, that hold a target because they are not over, oldest first.
    fn open_runs(&self, repo: &str, target: &str, except: &RunId) -> Result<Vec<LockConflict>, Failure> {
        let found = self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT run_id, workflow, actor, host, pid, created, status, failure FROM runs
                 WHERE repo = ?1 AND target = ?2 AND run_id <> ?3
                   AND status IN ('running', 'suspended', 'interrupted', 'in-doubt')
                 ORDER BY created",
            )?;
            let rows = statement.query_map(params![repo, target, except.as_str()], |row| {
                let who = Who { actor: row.get(2)?, host: row.get(3)?, pid: row.get(4)? };
                let run = RunId::new(row.get::<_, String>(0)?);
                let (created, word): (String, String) = (row.get(5)?, row.get(6)?);
                Ok((run, row.get::<_, String>(1)?, who, created, word, row.get::<_, Option<String>>(7)?))
            })?;
            rows.map(|row| {
                let (run, workflow, who, created, word, failure) = row?;
                let failure = failure.map(|cell| Ok::<_, JournalError>(load(db, &cell)?.into_owned())).transpose()?;
                Ok((run, workflow, who, created, word, failure))
            })
            .collect::<Result<Vec<_>, JournalError>>()
        })?;
        found
            .into_iter()
            .map(|(run, workflow, who, created, word, failure)| {
                let failure: Option<Failure> = failure.and_then(|text| serde_json::from_str(&text).ok());
                let since = created.parse().map_err(unreadable)?;
                let (status, killed) = self.derived(&run, status(&word)?);
                let holder = Holder { run, workflow, who, since };
                let why = failure.map(|failure| failure.message);
                Ok(LockConflict { target: target.to_owned(), holder, status, killed, why })
            })
            .collect()
    }

    /// A run that calls itself running while no process holds its lock was killed: it is interrupted.
    pub(super) fn derived(&self, run: &RunId, status: RunStatus) -> (RunStatus, bool) {
        match status {
            RunStatus::Running if !FileLock::is_held(&self.run_lock(run)) => (RunStatus::Interrupted, true),
            other => (other, false),
        }
    }

    /// The lock file of a run. Run ids are ours, but they come from the command line: nothing in them may be a path.
    pub(super) fn run_lock(&self, run: &RunId) -> PathBuf {
        let safe: String =
            run.as_str().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        self.locks().join(format!("run-{safe}.lock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_lock_is_free_although_a_child_that_is_just_starting_has_a_copy_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let who = Who { actor: "ada".into(), host: "bench".into(), pid: 1 };
        let holder = Holder { run: RunId::new("r1"), workflow: "w".into(), who, since: Timestamp::UNIX_EPOCH };
        let lock = FileLock::take(&path, &holder).unwrap().unwrap();
        let _copy = lock.file.try_clone().unwrap();
        assert!(FileLock::is_held(&path));
        drop(lock);
        assert!(!FileLock::is_held(&path));
        assert!(FileLock::take(&path, &holder).unwrap().is_ok());
    }
}
