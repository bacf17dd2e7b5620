//! Decisions by operators: approvals, whether an effect in doubt happened, and that a run was abandoned.

use super::chain;
use super::error::{JournalError, unreadable};
use super::lock::Who;
use super::rows::{self, RowContent, RowEvent};
use super::runs::open_head;
use super::status_word::word;
use super::store::Store;
use crate::model::{Failure, FailureKind, RunId};
use crate::run::{ApprovalDecision, HistoryEntry, Key, RunStatus};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signalled {
    /// It counts.
    Written,
    /// There is an earlier decision, and it counts.
    Already(ApprovalDecision),
}

/// That a run was abandoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abandonment {
    /// By whom.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// An operator's decision about an effect in doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum DoubtVerdict {
    /// It happened, and this was its value.
    Happened(crate::model::Value),
    /// It did not happen: it is performed again.
    Absent,
}

impl Store {
    /// Records an operator's decision about what was shown (its `digest`). The first decision counts.
    ///
    /// # Errors
    ///
    /// Kind `usage` when the run is over, `not-found`; `io` when its journal was edited.
    pub fn signal(
        &self,
        run: &RunId,
        key: &Key,
        digest: &str,
        decision: &ApprovalDecision,
    ) -> Result<Signalled, Failure> {
        self.change(|tx| {
            let head = open_head(tx, run)?;
            chain::check(tx, run)?;
            if let Some(earlier) = decided(tx, run, key, digest)? {
                return Ok(Signalled::Already(earlier));
            }
            let content = RowContent {
                key: Some(key.clone()),
                fingerprint: Some(digest.to_owned()),
                data: Some(serde_json::json!({ "approved": decision.approved })),
                actor: Some(decision.actor.clone()),
                reason: decision.reason.clone(),
                ..RowContent::new(RowEvent::Signal)
            };
            rows::append(tx, run, &head, decision.at, &content)?;
            Ok(Signalled::Written)
        })
    }

    /// The decision about what has this digest, once there is one.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn decision(&self, run: &RunId, key: &Key, digest: &str) -> Result<Option<ApprovalDecision>, Failure> {
        self.read(|db| decided(db, run, key, digest))
    }

    /// Who abandoned the run and why, once it was.
    ///
    /// # Errors
    ///
    /// Kind `io`.
    pub fn abandonment(&self, run: &RunId) -> Result<Option<Abandonment>, Failure> {
        self.read(|db| {
            let found = db
                .prepare_cached(
                    "SELECT actor, at, reason FROM journal
                     WHERE run_id = ?1 AND event = 'status' AND name = ?2 ORDER BY seq DESC LIMIT 1",
                )?
                .query_row(params![run.as_str(), word(RunStatus::Abandoned)], |row| {
                    Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((actor, at, reason)) = found else { return Ok(None) };
            Ok(Some(Abandonment { actor, at: at.parse().map_err(unreadable)?, reason }))
        })
    }

    /// Writes down what an operator found out about an effect in doubt.
    ///
    /// # Errors
    ///
    /// Kind `usage` when that command is not in doubt, `held` while a process works on the run; `io` when its journal was
    /// edited.
    pub fn settle(
        &self,
        run: &RunId,
        key: &Key,
        verdict: DoubtVerdict,
        actor: &str,
        reason: &str,
    ) -> Result<(), Failure> {
        let _lock = self.hold(run, "settle", &Who::here(actor))?;
        self.change(|tx| {
            let head = open_head(tx, run)?;
            chain::check(tx, run)?;
            let mut history = rows::history(tx, run)?;
            let Some(entry) = history.entries.remove(key).filter(HistoryEntry::may_have_happened) else {
                let failure = Failure::new(FailureKind::Usage, format!("{} of run {run} is not in doubt", key.label()))
                    .hint(format!("`relwf show {run}` shows what is"));
                return Err(failure.into());
            };
            let row = |event| RowContent {
                key: Some(key.clone()),
                actor: Some(actor.to_owned()),
                reason: Some(reason.to_owned()),
                ..RowContent::new(event)
            };
            let content = match verdict {
                DoubtVerdict::Absent => row(RowEvent::Absent),
                DoubtVerdict::Happened(value) => RowContent {
                    name: Some(entry.name),
                    fingerprint: Some(entry.fingerprint.0),
                    args: Some(entry.args),
                    data: Some(value),
                    ..row(RowEvent::Outcome)
                },
            };
            rows::append(tx, run, &head, Timestamp::now(), &content)
        })
    }
}

fn decided(db: &Connection, run: &RunId, key: &Key, digest: &str) -> Result<Option<ApprovalDecision>, JournalError> {
    let found = db
        .prepare_cached(
            "SELECT data, actor, reason, at FROM journal
             WHERE run_id = ?1 AND path = ?2 AND ord = ?3 AND fingerprint = ?4 AND event = 'signal'",
        )?
        .query_row(params![run.as_str(), key.path.as_str(), key.ordinal, digest], |row| {
            let (data, actor): (String, String) = (row.get(0)?, row.get(1)?);
            let (reason, at): (Option<String>, String) = (row.get(2)?, row.get(3)?);
            Ok((data, actor, reason, at))
        })
        .optional()?;
    let Some((data, actor, reason, at)) = found else { return Ok(None) };
    let data: serde_json::Value = serde_json::from_str(&data).map_err(unreadable)?;
    let approved = data.get("approved").and_then(serde_json::Value::as_bool).unwrap_or(false);
    Ok(Some(ApprovalDecision { approved, actor, reason, at: at.parse().map_err(unreadable)? }))
}
