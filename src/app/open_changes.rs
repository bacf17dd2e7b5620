//! The changes that a run has proposed and leaves open.

use crate::effects::ProposedChange;
use crate::forge::{ChangeState, Forge};
use crate::model::{TaskContext, Value};
use crate::run::{HistoryEntry, Key, Settled};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A change that was proposed, and neither landed nor was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenChange {
    /// Its number on the forge.
    pub number: u64,
    /// Its page on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Those of them that are open on the forge now; one of which it does not tell may be.
pub(super) fn still_open(left: Vec<OpenChange>, forge: &dyn Forge, task: TaskContext<'_>) -> Vec<OpenChange> {
    let over = |change: &OpenChange| match forge.change(change.number, task) {
        Ok(found) => found.is_none_or(|found| found.state != ChangeState::Open),
        Err(_) => false,
    };
    left.into_iter().filter(|change| !over(change)).collect()
}

/// The changes that a run leaves open, as far as it knows.
pub(super) fn left_open(entries: &BTreeMap<Key, HistoryEntry>) -> Vec<OpenChange> {
    let number = |change: &Value| change.get("number").unwrap_or(change).as_u64();
    let value = |entry: &HistoryEntry| match &entry.settled {
        Some(Settled::Value(value)) => Some(value.clone()),
        _ => None,
    };
    let ends =
        |entry: &&HistoryEntry| matches!(entry.name.as_str(), "forge::land" | "forge::close") && value(entry).is_some();
    let gone: Vec<u64> = entries.values().filter(ends).filter_map(|entry| number(entry.args.get("change")?)).collect();
    let proposed = entries.values().filter(|entry| entry.name == "forge::propose").filter_map(value);
    let open = proposed.filter_map(|change| {
        let ProposedChange { number, url, .. } = ProposedChange::deserialize(&change).ok()?;
        Some(OpenChange { number: *number.known()?, url: url.known().cloned().flatten() })
    });
    open.filter(|change| !gone.contains(&change.number)).collect()
}
