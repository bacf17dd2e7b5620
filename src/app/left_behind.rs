//! What a stopped run leaves for an operator: effects in doubt, the answer that each still needs, and open changes.

use crate::effects::{ProposedChange, host_functions};
use crate::model::Value;
use crate::run::{HistoryEntry, Key, Settled, ValueType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An effect that may or may not have happened.
#[derive(Debug)]
pub struct DoubtfulEffect {
    /// The command's key.
    pub key: Key,
    /// What it answers, as JSON with gaps; `None` where it answers nothing.
    pub answers: Option<String>,
}

impl DoubtfulEffect {
    pub(super) fn of(key: &Key, entry: &HistoryEntry) -> Self {
        Self { key: key.clone(), answers: missing_answer(&entry.name, &Value::Null).map(|(answers, _)| answers) }
    }
}

/// A command's answer as JSON with gaps, and the fields that an operator's value for it lacks; `None` where it lacks nothing.
pub(super) fn missing_answer(command: &str, value: &Value) -> Option<(String, Vec<&'static str>)> {
    let answer = host_functions().iter().copied().find(|function| function.name == command)?.answer();
    if *answer == ValueType::Nothing {
        return None;
    }
    let fields = answer.fields();
    let missing = fields.iter().filter(|field| !field.optional && value.get(&field.name).is_none());
    let missing: Vec<&str> = missing.map(|field| field.name.as_str()).collect();
    let gaps: Vec<String> = fields.iter().map(|field| format!("\"{}\":…", field.name)).collect();
    let gaps = if gaps.is_empty() { "…".to_owned() } else { format!("{{{}}}", gaps.join(",")) };
    (value.is_null() || !missing.is_empty()).then_some((gaps, missing))
}

/// A change that was proposed, and neither landed nor was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenChange {
    /// Its number on the forge.
    pub number: u64,
    /// Its page on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
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
