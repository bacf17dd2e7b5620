//! The tables, and their version.

use super::error::JournalError;
use crate::model::{Failure, FailureKind};
use rusqlite::{Connection, TransactionBehavior};

/// The version this program reads and writes; kept in `user_version`.
const VERSION: i64 = 2;

/// `application_id`: "relw", so that `file` and people can tell the file from others.
const APPLICATION: i64 = 0x7265_6c77;

/// The first schema. Cells that hold more than 64 KiB say `blob:<sha256>` and stand in `blobs`.
const FIRST: &str = "
CREATE TABLE runs (
    run_id      TEXT PRIMARY KEY,
    workflow    TEXT NOT NULL,
    project     TEXT NOT NULL,
    repo        TEXT NOT NULL,
    target      TEXT,
    params      TEXT NOT NULL,
    config_text TEXT NOT NULL,
    abi         INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    created     TEXT NOT NULL,
    head_hash   TEXT NOT NULL,
    status      TEXT NOT NULL,
    value       TEXT,
    failure     TEXT,
    updated     TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    last_hash   TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_target ON runs (repo, target, status);

CREATE TABLE texts (
    sha  TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE sources (
    run_id TEXT NOT NULL REFERENCES runs,
    ord    INTEGER NOT NULL,
    path   TEXT NOT NULL,
    sha    TEXT NOT NULL REFERENCES texts,
    PRIMARY KEY (run_id, ord)
) STRICT;

CREATE TABLE blobs (
    sha  TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE journal (
    run_id      TEXT NOT NULL REFERENCES runs,
    seq         INTEGER NOT NULL,
    event       TEXT NOT NULL,
    path        TEXT,
    ord         INTEGER,
    attempt     INTEGER,
    name        TEXT,
    fingerprint TEXT,
    args        TEXT,
    idem_key    TEXT,
    data        TEXT,
    error       TEXT,
    actor       TEXT,
    reason      TEXT,
    at          TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    prev_hash   TEXT NOT NULL,
    hash        TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
-- A command has one outcome, and what was shown to people is decided once: two writers cannot both win.
CREATE UNIQUE INDEX one_outcome ON journal (run_id, path, ord) WHERE event = 'outcome';
CREATE UNIQUE INDEX one_signal ON journal (run_id, path, ord, fingerprint) WHERE event = 'signal';
";

/// What the second has beside the first: a wait that failed may be waited for once more, and then has another outcome.
const SECOND: &str = "
DROP INDEX one_outcome;
CREATE UNIQUE INDEX one_outcome ON journal (run_id, path, ord, coalesce(attempt, 0)) WHERE event = 'outcome';
CREATE INDEX reopened ON journal (run_id) WHERE event = 'reopened';
";

/// The schema's number, 0 where there are no tables; refuses what a newer program wrote.
pub(super) fn known(db: &Connection) -> Result<i64, JournalError> {
    let found = version(db)?;
    if found > VERSION {
        return Err(JournalError::Failure(
            Failure::new(
                FailureKind::Io,
                format!("the journal was written by a newer relwf (schema {found}, this one knows {VERSION})"),
            )
            .hint("update relwf, or set RELWF_STATE_DIR to another folder"),
        ));
    }
    Ok(found)
}

/// Makes the tables where there are none, and brings older ones up to date; refuses what a newer program wrote.
pub(super) fn prepare(db: &mut Connection) -> Result<(), JournalError> {
    if known(db)? == VERSION {
        return Ok(());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = version(&tx)?;
    if found < 1 {
        tx.execute_batch(FIRST)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
    }
    if found < 2 {
        tx.execute_batch(SECOND)?;
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    tx.commit()?;
    Ok(())
}

fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}
