//! Rows of the journal: how they are written, read and folded into a history.

use super::error::{JournalError, unreadable};
use super::status_word::word;
use crate::model::{Failure, FailureKind, RunId, Value, hex};
use crate::run::{Fingerprint, History, Intent, Key, Record, Settled, StepPath};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Cells above this many bytes stand in a table of their own.
const LARGE: usize = 64 * 1024;
/// How such a cell begins. No JSON text does.
pub(super) const BLOB: &str = "blob:";

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowEvent {
    /// A process took the run.
    Claim,
    /// A wait began.
    Begun,
    /// An effect is about to be performed.
    Intent,
    /// An effect may or may not have happened.
    Unknown,
    /// An effect did not happen: an operator or the server knows.
    Absent,
    /// A command ended.
    Outcome,
    /// A wait that had failed is waited for once more.
    Reopened,
    /// The run's status changed.
    Status,
    /// An operator decided.
    Signal,
}

impl RowEvent {
    /// As it stands in the table.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Begun => "begun",
            Self::Intent => "intent",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
            Self::Outcome => "outcome",
            Self::Reopened => "reopened",
            Self::Status => "status",
            Self::Signal => "signal",
        }
    }
}

/// One row of the journal: what it says, and when and by which process of the run it was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JournalRow {
    /// From 1, without gaps.
    pub seq: i64,
    /// What it says.
    #[serde(flatten)]
    pub content: RowContent,
    /// When.
    pub at: Timestamp,
    /// Of which process of the run.
    pub epoch: i64,
}

/// What a row says. Which fields are there depends on the event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowContent {
    /// What happened.
    pub event: RowEvent,
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// An effect's attempt, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The function; of a status its word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Function and arguments, hashed; of a signal the digest of what was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Value>,
    /// An effect's idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// An outcome's value, a wait's facts, what a probe needs, a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// A failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Who, when it was not the command itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The reason that the operator gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a run's journal ends, and who may write.
pub(super) struct JournalHead {
    pub(super) epoch: i64,
    pub(super) status: String,
    pub(super) seq: i64,
    pub(super) hash: String,
}

/// The head of a run's journal.
pub(super) fn head(db: &Connection, run: &RunId) -> Result<JournalHead, JournalError> {
    db.prepare_cached("SELECT epoch, status, last_seq, last_hash FROM runs WHERE run_id = ?1")?
        .query_row([run.as_str()], |row| {
            Ok(JournalHead { epoch: row.get(0)?, status: row.get(1)?, seq: row.get(2)?, hash: row.get(3)? })
        })
        .optional()?
        .ok_or_else(|| JournalError::Failure(no_such_run(run.as_str())))
}

pub(super) fn no_such_run(run: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no run `{run}`")).hint("`relwf runs` lists them")
}

impl RowContent {
    /// A row about nothing but that this happened.
    pub(super) const fn new(event: RowEvent) -> Self {
        Self {
            event,
            key: None,
            attempt: None,
            name: None,
            fingerprint: None,
            args: None,
            idempotency_key: None,
            data: None,
            error: None,
            actor: None,
            reason: None,
        }
    }

    fn command(event: RowEvent, key: Key, fingerprint: Fingerprint, name: String, args: Value) -> Self {
        let (key, fingerprint, name, args) = (Some(key), Some(fingerprint.0), Some(name), Some(args));
        Self { key, fingerprint, name, args, ..Self::new(event) }
    }

    /// The row of a record.
    pub(super) fn of(record: Record) -> Self {
        match record {
            Record::Begun { key, fingerprint, name, args, facts } => {
                Self { data: Some(facts), ..Self::command(RowEvent::Begun, key, fingerprint, name, args) }
            }
            Record::Intent { key, fingerprint, name, args, intent: Intent { idempotency_key, pre }, attempt } => {
                let (attempt, idempotency_key, data) = (Some(attempt), Some(idempotency_key), Some(pre));
                let command = Self::command(RowEvent::Intent, key, fingerprint, name, args);
                Self { attempt, idempotency_key, data, ..command }
            }
            Record::Unknown { key, failure } => {
                Self { key: Some(key), error: Some(failure), ..Self::new(RowEvent::Unknown) }
            }
            Record::Absent { key, actor } => Self { key: Some(key), actor: Some(actor), ..Self::new(RowEvent::Absent) },
            Record::Settled { key, fingerprint, name, args, settled, actor } => {
                let (data, error) = match settled {
                    Settled::Value(value) => (Some(value), None),
                    Settled::Failure(failure) => (None, Some(failure)),
                };
                Self { data, error, actor, ..Self::command(RowEvent::Outcome, key, fingerprint, name, args) }
            }
            Record::Reopened { key, facts, aside } => {
                let data = Some(serde_json::json!({ "facts": facts, "aside": aside }));
                Self { key: Some(key), data, ..Self::new(RowEvent::Reopened) }
            }
            Record::Status { status, value, failure } => {
                let name = Some(word(status).to_owned());
                Self { name, data: value, error: failure, ..Self::new(RowEvent::Status) }
            }
        }
    }
}

/// A row as it is stored and hashed: a chain of these cannot be changed in the middle without notice.
#[derive(Serialize)]
pub(super) struct StoredRow<'a> {
    pub(super) run: &'a str,
    pub(super) seq: i64,
    pub(super) event: &'a str,
    pub(super) path: Option<&'a str>,
    pub(super) ord: Option<u32>,
    pub(super) attempt: Option<u32>,
    pub(super) name: Option<&'a str>,
    pub(super) fingerprint: Option<&'a str>,
    pub(super) args: Option<&'a str>,
    pub(super) idem_key: Option<&'a str>,
    pub(super) data: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    pub(super) actor: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) at: &'a str,
    pub(super) epoch: i64,
    pub(super) prev_hash: &'a str,
}

impl StoredRow<'_> {
    /// The command that it is about.
    pub(super) fn key(&self) -> Option<Key> {
        self.path.zip(self.ord).map(|(path, ordinal)| Key { path: StepPath::of_journal(path), ordinal })
    }

    pub(super) fn hash(&self) -> Result<String, Failure> {
        Ok(sha(&serde_json::to_vec(self).map_err(unreadable)?))
    }
}

/// Adds one row and moves the head; the caller has begun a transaction and checked what must hold.
pub(super) fn append(
    db: &Connection,
    run: &RunId,
    head: &JournalHead,
    now: Timestamp,
    content: &RowContent,
) -> Result<(), JournalError> {
    let json = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let args = cell(db, json(&content.args))?;
    let data = cell(db, json(&content.data))?;
    let error = match &content.error {
        Some(failure) => cell(db, Some(serde_json::to_string(failure).map_err(unreadable)?))?,
        None => None,
    };
    let at = now.to_string();
    let row = StoredRow {
        run: run.as_str(),
        seq: head.seq + 1,
        event: content.event.word(),
        path: content.key.as_ref().map(|key| key.path.as_str()),
        ord: content.key.as_ref().map(|key| key.ordinal),
        attempt: match content.event {
            RowEvent::Outcome => reopened(db, run)?,
            _ => content.attempt,
        },
        name: content.name.as_deref(),
        fingerprint: content.fingerprint.as_deref(),
        args: args.as_deref(),
        idem_key: content.idempotency_key.as_deref(),
        data: data.as_deref(),
        error: error.as_deref(),
        actor: content.actor.as_deref(),
        reason: content.reason.as_deref(),
        at: &at,
        epoch: head.epoch,
        prev_hash: &head.hash,
    };
    let hash = row.hash()?;
    db.prepare_cached(
        "INSERT INTO journal (run_id, seq, event, path, ord, attempt, name, fingerprint, args, idem_key, data, error,
                              actor, reason, at, epoch, prev_hash, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?
    .execute(params![
        row.run,
        row.seq,
        row.event,
        row.path,
        row.ord,
        row.attempt,
        row.name,
        row.fingerprint,
        row.args,
        row.idem_key,
        row.data,
        row.error,
        row.actor,
        row.reason,
        row.at,
        row.epoch,
        row.prev_hash,
        hash,
    ])?;
    db.prepare_cached("UPDATE runs SET last_seq = ?2, last_hash = ?3, updated = ?4 WHERE run_id = ?1")?
        .execute(params![row.run, row.seq, hash, row.at])?;
    if content.event == RowEvent::Status {
        db.prepare_cached("UPDATE runs SET status = ?2, value = ?3, failure = ?4 WHERE run_id = ?1")?
            .execute(params![row.run, row.name, row.data, row.error])?;
    }
    Ok(())
}

/// How often a wait of this run was waited for once more, unless never: a command has one outcome between two of those.
fn reopened(db: &Connection, run: &RunId) -> Result<Option<u32>, JournalError> {
    let count: u32 = db
        .prepare_cached("SELECT count(*) FROM journal WHERE run_id = ?1 AND event = 'reopened'")?
        .query_row([run.as_str()], |row| row.get(0))?;
    Ok((count > 0).then_some(count))
}

/// Every row of a run, in order.
pub(super) fn rows(db: &Connection, run: &RunId) -> Result<Vec<JournalRow>, JournalError> {
    let mut rows = Vec::new();
    scan(db, run, |stored, _| {
        rows.push(read(db, stored)?);
        Ok(())
    })?;
    Ok(rows)
}

/// The history that a run's rows tell.
pub(super) fn history(db: &Connection, run: &RunId) -> Result<History, JournalError> {
    let mut history = History::default();
    for row in rows(db, run)? {
        if let Some(record) = record(row)? {
            history.apply(record);
        }
    }
    Ok(history)
}

/// Shows every stored row of a run, with its hash.
pub(super) fn scan(
    db: &Connection,
    run: &RunId,
    mut visit: impl FnMut(&StoredRow<'_>, &str) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut statement = db.prepare_cached(
        "SELECT seq, event, path, ord, attempt, name, fingerprint, args, idem_key, data, error, actor, reason, at, epoch,
                prev_hash, hash
         FROM journal WHERE run_id = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([run.as_str()])?;
    while let Some(row) = rows.next()? {
        let text = |index: usize| -> Result<Option<&str>, JournalError> {
            let text = row.get_ref(index)?.as_str_or_null();
            text.map_err(|error| JournalError::Failure(unreadable(error)))
        };
        let must = |index: usize| text(index)?.ok_or_else(|| JournalError::Failure(unreadable("an empty cell")));
        let stored = StoredRow {
            run: run.as_str(),
            seq: row.get(0)?,
            event: must(1)?,
            path: text(2)?,
            ord: row.get(3)?,
            attempt: row.get(4)?,
            name: text(5)?,
            fingerprint: text(6)?,
            args: text(7)?,
            idem_key: text(8)?,
            data: text(9)?,
            error: text(10)?,
            actor: text(11)?,
            reason: text(12)?,
            at: must(13)?,
            epoch: row.get(14)?,
            prev_hash: must(15)?,
        };
        visit(&stored, must(16)?)?;
    }
    Ok(())
}

fn read(db: &Connection, row: &StoredRow<'_>) -> Result<JournalRow, JournalError> {
    let value = |cell: Option<&str>| -> Result<Option<Value>, JournalError> {
        cell.map(|cell| Ok(serde_json::from_str(&load(db, cell)?).map_err(unreadable)?)).transpose()
    };
    let content = RowContent {
        event: serde_json::from_value(row.event.into())
            .map_err(|_| unreadable(format!("record {} is a `{}`, which relwf does not write", row.seq, row.event)))?,
        key: row.key(),
        attempt: row.attempt,
        name: row.name.map(str::to_owned),
        fingerprint: row.fingerprint.map(str::to_owned),
        args: value(row.args)?,
        idempotency_key: row.idem_key.map(str::to_owned),
        data: value(row.data)?,
        error: match row.error {
            Some(cell) => Some(serde_json::from_str(&load(db, cell)?).map_err(unreadable)?),
            None => None,
        },
        actor: row.actor.map(str::to_owned),
        reason: row.reason.map(str::to_owned),
    };
    Ok(JournalRow { seq: row.seq, content, at: row.at.parse().map_err(unreadable)?, epoch: row.epoch })
}

/// The record that a row keeps, when it keeps one that matters to a history.
fn record(row: JournalRow) -> Result<Option<Record>, Failure> {
    let RowContent { event, key, attempt, name, fingerprint, args, idempotency_key, data, error, actor, .. } =
        row.content;
    let lacks = |what: &str| unreadable(format!("record {} lacks its {what}", row.seq));
    let key = key.ok_or_else(|| lacks("key"));
    let fingerprint = fingerprint.map(Fingerprint).ok_or_else(|| lacks("fingerprint"));
    let name = name.ok_or_else(|| lacks("function"));
    let args = args.ok_or_else(|| lacks("arguments"));
    Ok(Some(match event {
        RowEvent::Claim | RowEvent::Status | RowEvent::Signal => return Ok(None),
        RowEvent::Unknown => Record::Unknown { key: key?, failure: error.ok_or_else(|| lacks("failure"))? },
        RowEvent::Absent => Record::Absent { key: key?, actor: actor.ok_or_else(|| lacks("actor"))? },
        RowEvent::Reopened => {
            let ReopenedData { facts, aside } = serde_json::from_value(data.unwrap_or_default()).map_err(unreadable)?;
            Record::Reopened { key: key?, facts, aside }
        }
        RowEvent::Begun => {
            let facts = data.ok_or_else(|| lacks("facts"))?;
            Record::Begun { key: key?, fingerprint: fingerprint?, name: name?, args: args?, facts }
        }
        RowEvent::Intent => {
            let idempotency_key = idempotency_key.ok_or_else(|| lacks("idempotency key"))?;
            let intent = Intent { idempotency_key, pre: data.ok_or_else(|| lacks("facts"))? };
            let attempt = attempt.ok_or_else(|| lacks("attempt"))?;
            Record::Intent { key: key?, fingerprint: fingerprint?, name: name?, args: args?, intent, attempt }
        }
        RowEvent::Outcome => {
            let settled = match (data, error) {
                (_, Some(failure)) => Settled::Failure(failure),
                (Some(value), None) => Settled::Value(value),
                (None, None) => return Err(lacks("outcome")),
            };
            Record::Settled { key: key?, fingerprint: fingerprint?, name: name?, args: args?, settled, actor }
        }
    }))
}

/// The commands that this row sets aside.
pub(super) fn set_aside(row: &JournalRow) -> Result<Vec<Key>, Failure> {
    match (row.content.event, &row.content.data) {
        (RowEvent::Reopened, Some(data)) => Ok(ReopenedData::deserialize(data).map_err(unreadable)?.aside),
        _ => Ok(Vec::new()),
    }
}

/// The data of a row about a wait that is waited for once more.
#[derive(Deserialize)]
struct ReopenedData {
    facts: Value,
    aside: Vec<Key>,
}

/// What stands in a cell: the text, or where the text is.
pub(super) fn cell(db: &Connection, text: Option<String>) -> Result<Option<String>, JournalError> {
    let Some(text) = text else { return Ok(None) };
    if text.len() <= LARGE {
        return Ok(Some(text));
    }
    let name = sha(text.as_bytes());
    db.prepare_cached("INSERT OR IGNORE INTO blobs (sha, text) VALUES (?1, ?2)")?.execute([&name, &text])?;
    Ok(Some(format!("{BLOB}{name}")))
}

/// The text that a cell stands for.
pub(super) fn load<'c>(db: &Connection, cell: &'c str) -> Result<std::borrow::Cow<'c, str>, JournalError> {
    let Some(name) = cell.strip_prefix(BLOB) else { return Ok(cell.into()) };
    let text: Option<String> =
        db.prepare_cached("SELECT text FROM blobs WHERE sha = ?1")?.query_row([name], |row| row.get(0)).optional()?;
    text.map(Into::into).ok_or_else(|| JournalError::Failure(unreadable(format!("the large value {name} is missing"))))
}

/// SHA-256, in hexadecimal.
pub(super) fn sha(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
