//! The chain that ties every row to the one before it, and the first one to the run: an edit of what was written shows.
//!
//! It guards against accidents and edits by hand. A user who can write the file can also compute a new chain.

use super::error::{JournalError, unreadable};
use super::rows::{BLOB, RowEvent, StoredRow, head, load, no_such_run, scan, sha};
use super::status_word::{status as status_of, word};
use super::store::Store;
use crate::model::{Failure, FailureKind, RunId};
use crate::run::RunStatus;
use rusqlite::Connection;
use serde::Serialize;

impl Store {
    /// Checks that nothing written of a run was changed since; answers how many records it has.
    ///
    /// # Errors
    ///
    /// Kind `io`, with the first record that is not as it was written.
    pub fn verify_chain(&self, run: &RunId) -> Result<i64, Failure> {
        self.read(|db| check(db, run))
    }
}

/// The same inside a transaction, for everything that goes on from what the journal says.
pub(super) fn check(db: &Connection, run: &RunId) -> Result<i64, JournalError> {
    let genesis = genesis(db, run)?;
    verify(db, run, &genesis)
}

/// Everything of a run that never changes; the hash of it is the first link of its chain.
#[derive(Serialize)]
pub(super) struct Genesis<'a> {
    pub(super) run: &'a str,
    pub(super) workflow: &'a str,
    pub(super) project: &'a str,
    pub(super) repo: &'a str,
    pub(super) target: Option<&'a str>,
    pub(super) params: &'a str,
    pub(super) config_text: &'a str,
    pub(super) abi: u32,
    pub(super) created: &'a str,
    pub(super) sources: &'a [(&'a str, String)],
}

impl Genesis<'_> {
    pub(super) fn hash(&self) -> Result<String, Failure> {
        Ok(sha(&serde_json::to_vec(self).map_err(unreadable)?))
    }
}

/// The first link, computed anew from what the tables hold.
fn genesis(db: &Connection, run: &RunId) -> Result<String, JournalError> {
    let mut statement =
        db.prepare("SELECT path, text FROM sources JOIN texts USING (sha) WHERE run_id = ?1 ORDER BY ord")?;
    let texts = statement
        .query_map([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(String, String)>>>()?;
    let sources: Vec<(&str, String)> = texts.iter().map(|(path, text)| (path.as_str(), sha(text.as_bytes()))).collect();
    let sql = "SELECT workflow, project, repo, target, params, config_text, created, abi FROM runs WHERE run_id = ?1";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([run.as_str()])?;
    let row = rows.next()?.ok_or_else(|| JournalError::Failure(no_such_run(run.as_str())))?;
    let text = |index: usize| row.get::<_, String>(index);
    let (workflow, project, repo) = (text(0)?, text(1)?, text(2)?);
    let (target, params, config_text, created) = (row.get::<_, Option<String>>(3)?, text(4)?, text(5)?, text(6)?);
    let genesis = Genesis {
        run: run.as_str(),
        workflow: &workflow,
        project: &project,
        repo: &repo,
        target: target.as_deref(),
        params: &params,
        config_text: &config_text,
        abi: row.get(7)?,
        created: &created,
        sources: &sources,
    };
    Ok(genesis.hash()?)
}

/// Checks every link from the run's own hash to the last row; answers how many rows there are.
fn verify(db: &Connection, run: &RunId, genesis: &str) -> Result<i64, JournalError> {
    let head = head(db, run)?;
    let open = status_of(&head.status).map_or(true, RunStatus::is_open);
    let mut last = (0, genesis.to_owned());
    let mut status = (word(RunStatus::Running).to_owned(), None, None);
    scan(db, run, |row, hash| {
        let broken = |why: &str| JournalError::Failure(edited(run, row.seq, open, &format!("{} {why}", named(row))));
        if row.seq != last.0 + 1 {
            return Err(broken("follows on records that are missing"));
        }
        if row.prev_hash != last.1 {
            return Err(broken("does not follow from what stands before it"));
        }
        if row.hash()? != hash {
            return Err(broken("is not what was written"));
        }
        for cell in [row.args, row.data, row.error].into_iter().flatten() {
            if let Some(name) = cell.strip_prefix(BLOB)
                && sha(load(db, cell)?.as_bytes()) != name
            {
                return Err(broken("has a large value that is not what was written"));
            }
        }
        if row.event == RowEvent::Status.word() {
            let text = |cell: Option<&str>| cell.map(str::to_owned);
            status = (row.name.unwrap_or_default().to_owned(), text(row.data), text(row.error));
        }
        last = (row.seq, hash.to_owned());
        Ok(())
    })?;
    if last != (head.seq, head.hash) {
        return Err(edited(run, last.0 + 1, open, "its last records are missing").into());
    }
    // The table of runs repeats what the last such record says.
    let repeated = db
        .prepare_cached("SELECT status, value, failure FROM runs WHERE run_id = ?1")?
        .query_row([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if status != repeated {
        return Err(edited(run, last.0, open, "its status is not what was written").into());
    }
    Ok(last.0)
}

/// A record, for people: `record 4 (outcome of flow::uuid at #0)`.
fn named(row: &StoredRow<'_>) -> String {
    let command = row.name.zip(row.key()).map(|(name, key)| format!(" of {name} at {}", key.label()));
    format!("record {} ({}{})", row.seq, row.event, command.unwrap_or_default())
}

/// `open` says whether the run can still be abandoned.
fn edited(run: &RunId, seq: i64, open: bool, what: &str) -> Failure {
    let hint = match open {
        true => {
            format!(
                "the run cannot go on from it; check on the remotes what it did, then `relwf abandon {run} --reason …`"
            )
        }
        false => "the run is over, and nothing goes on from it; check on the remotes what it did".to_owned(),
    };
    Failure::new(FailureKind::Io, format!("the journal of run {run} was edited: {what}"))
        .hint(hint)
        .detail(serde_json::json!({ "run": run, "seq": seq }))
}
