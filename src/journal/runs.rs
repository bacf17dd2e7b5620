//! Runs: made, listed, found, claimed, abandoned.

use super::chain::{self, Genesis};
use super::claim::Claim;
use super::error::{JournalError, unreadable};
use super::lock::{FileLock, Holder, Who};
use super::reopening::reopening;
use super::rows::{self, JournalHead, JournalRow, RowContent, RowEvent, no_such_run, sha};
use super::status_word::{status, word};
use super::store::Store;
use crate::model::{Failure, FailureKind, ProcessOrigin, RunId, Value};
use crate::run::{ABI, History, RunStatus};
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;

/// A file that a run has pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PinnedSource {
    /// As people know it.
    pub path: String,
    /// Its text when the run began.
    pub text: String,
}

/// A run that is to begin.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    pub id: RunId,
    pub workflow: String,
    /// The root of the project it was started in.
    pub project: String,
    /// The repository's URL.
    pub repo: String,
    /// What no other run may touch meanwhile.
    pub target: Option<String>,
    /// Its parameters.
    pub params: Value,
    /// The workflow and its plugins.
    pub sources: Vec<PinnedSource>,
    /// The text of relwf.toml.
    pub config_text: String,
    /// Who starts it.
    pub who: Who,
    /// Where relwf.toml and the files come from.
    pub process: ProcessOrigin,
}

/// A run, as the journal knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    pub id: RunId,
    pub workflow: String,
    /// The root of the project it was started in.
    pub project: String,
    /// The repository's URL.
    pub repo: String,
    /// What no other run may touch meanwhile.
    pub target: Option<String>,
    /// Its parameters.
    pub params: Value,
    /// The text of relwf.toml when it began.
    #[serde(skip)]
    pub config_text: String,
    /// What its journal means: see [`ABI`].
    pub abi: u32,
    /// Who started it; the process is the last one that worked on it.
    pub who: Who,
    /// When it was made.
    pub created: Timestamp,
    /// When something was last written.
    pub updated: Timestamp,
    /// How it stands: interrupted, when its process was killed.
    pub status: RunStatus,
    /// Its process died without a last entry in the journal.
    pub killed: bool,
    /// What the workflow returned.
    pub value: Option<Value>,
    /// What made it fail, or what it waits for.
    pub failure: Option<Failure>,
    /// How many processes have worked on it.
    pub epoch: i64,
}

/// How many runs an id that fits several of them names.
const NAMED: usize = 10;

/// Which runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those that are not over: running, suspended, interrupted, in doubt.
    Open,
}

/// The key of the first row's data that says where the process comes from.
const PROCESS: &str = "process";

const COLUMNS: &str =
    "run_id, workflow, project, repo, target, params, config_text, abi, actor, host, pid, created, updated,
                       status, value, failure, epoch";

impl Store {
    /// Makes a run and claims it for this process.
    ///
    /// # Errors
    ///
    /// Kind `io`; nothing was made then.
    pub fn create_run(&self, new: &NewRun) -> Result<Claim, Failure> {
        let lock = self.hold(&new.id, &new.workflow, &new.who)?;
        let now = Timestamp::now().to_string();
        let pinned: Vec<(&str, String)> =
            new.sources.iter().map(|source| (source.path.as_str(), sha(source.text.as_bytes()))).collect();
        let params = new.params.to_string();
        let genesis = Genesis {
            run: new.id.as_str(),
            workflow: &new.workflow,
            project: &new.project,
            repo: &new.repo,
            target: new.target.as_deref(),
            params: &params,
            config_text: &new.config_text,
            abi: ABI,
            created: &now,
            sources: &pinned,
        }
        .hash()?;
        let epoch = self.change(|tx| {
            tx.execute(
                "INSERT INTO runs (run_id, workflow, project, repo, target, params, config_text, abi, actor, host, pid,
                                   created, head_hash, status, updated, epoch, last_seq, last_hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?12, 0, 0, ?13)",
                params![
                    new.id.as_str(),
                    new.workflow,
                    new.project,
                    new.repo,
                    new.target,
                    params,
                    new.config_text,
                    ABI,
                    new.who.actor,
                    new.who.host,
                    new.who.pid,
                    now,
                    genesis,
                    word(RunStatus::Running),
                ],
            )?;
            for (ord, (source, (path, name))) in new.sources.iter().zip(&pinned).enumerate() {
                // A text that is there already is written again: an edited one must not become part of another run.
                let shared = "INSERT INTO texts (sha, text) VALUES (?1, ?2) ON CONFLICT (sha) DO UPDATE SET text = ?2";
                tx.execute(shared, [name, &source.text])?;
                tx.execute(
                    "INSERT INTO sources (run_id, ord, path, sha) VALUES (?1, ?2, ?3, ?4)",
                    params![new.id.as_str(), i64::try_from(ord).unwrap_or(i64::MAX), path, name],
                )?;
            }
            let mut first = claimed(&new.who);
            if let Some(data) = &mut first.data {
                data[PROCESS] = serde_json::to_value(&new.process).map_err(unreadable)?;
            }
            Self::raise(tx, &new.id, &first)
        })?;
        Ok(Claim::new(self.clone(), new.id.clone(), epoch, Some(lock)))
    }

    /// Claims a run that is not over, or has failed by what may be otherwise now, to go on with it.
    ///
    /// # Errors
    ///
    /// Kind `held` while another process works on it, `usage` when it is over or cannot be continued, `not-found`; `io`
    /// when its journal was edited.
    pub fn claim(&self, run: &RunId, who: &Who) -> Result<Claim, Failure> {
        let found = self.find(run)?;
        let lock = self.hold(run, &found.workflow, who)?;
        self.take(run, who, Some(lock))
    }

    /// Takes a run from a process that still holds it but cannot be reached: its next effect is refused.
    ///
    /// # Errors
    ///
    /// As [`Store::claim`], but never `held`.
    pub fn take_over(&self, run: &RunId, who: &Who) -> Result<Claim, Failure> {
        let lock = self.hold(run, &self.find(run)?.workflow, who).ok();
        self.take(run, who, lock)
    }

    fn take(&self, run: &RunId, who: &Who, lock: Option<FileLock>) -> Result<Claim, Failure> {
        let epoch = self.change(|tx| {
            if reopening(tx, run)?.is_none() {
                open_head(tx, run)?;
            }
            let abi: u32 = tx.query_row("SELECT abi FROM runs WHERE run_id = ?1", [run.as_str()], |row| row.get(0))?;
            if abi != ABI {
                let what = format!("run {run} was begun by another relwf (journal {abi}, this one knows {ABI})");
                return Err(Failure::new(FailureKind::Usage, what)
                    .hint(format!("go on with the relwf that began it, or `relwf abandon {run} --reason …`"))
                    .into());
            }
            chain::check(tx, run)?;
            tx.execute(
                "UPDATE runs SET host = ?2, pid = ?3 WHERE run_id = ?1",
                params![run.as_str(), who.host, who.pid],
            )?;
            Self::raise(tx, run, &claimed(who))
        })?;
        Ok(Claim::new(self.clone(), run.clone(), epoch, lock))
    }

    /// Abandons a run. Its target is free; a process that still works on it can write no more.
    ///
    /// # Errors
    ///
    /// Kind `usage` when it is over already, `not-found`.
    pub fn abandon(&self, run: &RunId, actor: &str, reason: &str) -> Result<(), Failure> {
        self.change(|tx| {
            open_head(tx, run)?;
            let content = RowContent {
                name: Some(word(RunStatus::Abandoned).to_owned()),
                actor: Some(actor.to_owned()),
                reason: Some(reason.to_owned()),
                ..RowContent::new(RowEvent::Status)
            };
            Self::raise(tx, run, &content).map(drop)
        })
    }

    /// Runs, newest first.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn runs(&self, which: Which) -> Result<Vec<Run>, Failure> {
        let runs = self.select(&format!("SELECT {COLUMNS} FROM runs ORDER BY created DESC, run_id DESC"), [])?;
        Ok(runs.into_iter().filter(|run| which == Which::All || run.status.is_open()).collect())
    }

    /// The run of that id, or the only one whose id begins, or ends, like that.
    ///
    /// # Errors
    ///
    /// Kind `not-found` when there is none; `usage`, naming them, when there are several.
    pub fn run(&self, id: &str) -> Result<Run, Failure> {
        let find = |condition: &str| {
            self.select(&format!("SELECT {COLUMNS} FROM runs WHERE {condition} ORDER BY created DESC"), [id])
        };
        if id.is_empty() {
            return Err(no_such_run(id));
        }
        let conditions = ["run_id = ?1", "substr(run_id, 1, length(?1)) = ?1", "substr(run_id, -length(?1)) = ?1"];
        for condition in conditions {
            let mut found = find(condition)?;
            if found.len() > 1 {
                let ids: Vec<String> = found.iter().take(NAMED).map(|run| run.id.to_string()).collect();
                let newest = if found.len() > NAMED { "the newest are " } else { "" };
                return Err(Failure::new(FailureKind::Usage, format!("`{id}` could be any of {} runs", found.len()))
                    .hint(format!("type more of it: {newest}{}", ids.join(", "))));
            }
            if let Some(run) = found.pop() {
                return Ok(run);
            }
        }
        Err(no_such_run(id))
    }

    /// The files that a run has pinned.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn sources(&self, run: &RunId) -> Result<Vec<PinnedSource>, Failure> {
        self.read(|db| {
            let mut statement =
                db.prepare("SELECT path, text FROM sources JOIN texts USING (sha) WHERE run_id = ?1 ORDER BY ord")?;
            let rows =
                statement.query_map([run.as_str()], |row| Ok(PinnedSource { path: row.get(0)?, text: row.get(1)? }))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Where its process comes from; `None` for a run of an older relwf.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn process_of(&self, run: &RunId) -> Result<Option<ProcessOrigin>, Failure> {
        let first = self.records(run)?.into_iter().find(|row| row.content.event == RowEvent::Claim);
        Ok(first.and_then(|row| serde_json::from_value(row.content.data?.get(PROCESS)?.clone()).ok()))
    }

    /// Everything written of a run, in order.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn records(&self, run: &RunId) -> Result<Vec<JournalRow>, Failure> {
        self.read(|db| rows::rows(db, run))
    }

    /// What a run's journal has of its commands.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn history(&self, run: &RunId) -> Result<History, Failure> {
        self.read(|db| rows::history(db, run))
    }

    fn find(&self, run: &RunId) -> Result<Run, Failure> {
        let mut found = self.select(&format!("SELECT {COLUMNS} FROM runs WHERE run_id = ?1"), [run.as_str()])?;
        found.pop().ok_or_else(|| no_such_run(run.as_str()))
    }

    fn select(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Run>, Failure> {
        let mut runs = self.read(|db| {
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(read(db, row)?);
            }
            Ok(runs)
        })?;
        for run in &mut runs {
            (run.status, run.killed) = self.derived(&run.id, run.status);
        }
        Ok(runs)
    }

    /// Locks a run against other processes of this machine.
    pub(super) fn hold(&self, run: &RunId, workflow: &str, who: &Who) -> Result<FileLock, Failure> {
        let since = Timestamp::now();
        let holder = Holder { run: run.clone(), workflow: workflow.to_owned(), who: who.clone(), since };
        FileLock::take(&self.run_lock(run), &holder)?.map_err(|other| {
            let by = other.map_or_else(
                || "another process".to_owned(),
                |other| format!("process {} of {} on {}", other.who.pid, other.who.actor, other.who.host),
            );
            Failure::new(FailureKind::Held, format!("run {run} is locked by {by}"))
                .hint("wait until it is done, or stop it with ctrl-C there")
        })
    }
}

fn claimed(who: &Who) -> RowContent {
    let data = serde_json::json!({ "host": who.host, "pid": who.pid });
    RowContent { actor: Some(who.actor.clone()), data: Some(data), ..RowContent::new(RowEvent::Claim) }
}

/// The head of a run that can go on; a run that is over is refused.
pub(super) fn open_head(tx: &Transaction<'_>, run: &RunId) -> Result<JournalHead, JournalError> {
    let head = rows::head(tx, run)?;
    match status(&head.status)? {
        status if status.is_open() => Ok(head),
        status => Err(over(run, status).into()),
    }
}

/// The refusal to go on with a run that is over.
fn over(run: &RunId, status: RunStatus) -> Failure {
    let how = match status {
        RunStatus::Done => "has already finished".to_owned(),
        RunStatus::Failed => "has already failed".to_owned(),
        RunStatus::Abandoned => "was abandoned".to_owned(),
        other => format!("is {}", word(other)),
    };
    Failure::new(FailureKind::Usage, format!("run {run} {how}"))
        .hint(format!("`relwf show {run}` shows what it did; start a new one with `relwf run`"))
}

fn read(db: &Connection, row: &Row<'_>) -> Result<Run, JournalError> {
    let text = |index: usize| row.get::<_, String>(index);
    let optional = |index: usize| -> Result<Option<String>, JournalError> {
        let cell: Option<String> = row.get(index)?;
        cell.map(|cell| Ok(rows::load(db, &cell)?.into_owned())).transpose()
    };
    // One run's damage must not hide the others: what cannot be read is shown as that.
    let shown = |error: serde_json::Error| format!("cannot be read: {error}");
    let value = optional(14)?.map(|text| serde_json::from_str(&text).unwrap_or_else(|error| shown(error).into()));
    let failure = optional(15)?.map(|text| {
        serde_json::from_str(&text)
            .unwrap_or_else(|error| Failure::new(FailureKind::Io, format!("why it stopped {}", shown(error))))
    });
    Ok(Run {
        id: RunId::new(text(0)?),
        workflow: text(1)?,
        project: text(2)?,
        repo: text(3)?,
        target: row.get(4)?,
        params: serde_json::from_str(&text(5)?).map_err(unreadable)?,
        config_text: text(6)?,
        abi: row.get(7)?,
        who: Who { actor: text(8)?, host: text(9)?, pid: row.get(10)? },
        created: text(11)?.parse().map_err(unreadable)?,
        updated: text(12)?.parse().map_err(unreadable)?,
        status: status(&text(13)?)?,
        killed: false,
        value,
        failure,
        epoch: row.get(16)?,
    })
}
