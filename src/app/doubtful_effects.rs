//! Effects that may or may not have happened, and what an operator's verdict on each still needs.

use crate::effects::host_functions;
use crate::model::Value;
use crate::run::{HistoryEntry, Key, ValueType};

/// An effect that may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
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
