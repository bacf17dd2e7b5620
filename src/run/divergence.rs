//! What a run says when script and journal do not fit: the three ways in which they differ, as failures.

use super::{Call, HistoryEntry, Key};
use crate::model::{Failure, FailureKind, Value};

/// The same place, another command.
pub(super) fn other_command(key: &Key, entry: &HistoryEntry, call: &Call) -> Failure {
    let at = key.label();
    let what = if entry.name == call.name {
        format!("at {at} the journal has `{}` with other arguments than the script asks for", entry.name)
    } else {
        format!("at {at} the journal has `{}`, the script asks for `{}`", entry.name, call.name)
    };
    diverged(what)
        .at(call.at.clone())
        .detail(serde_json::json!({ "key": key.to_string(), "journal": recorded(entry), "script": asked(call) }))
}

/// A command without an outcome, where the journal goes on.
pub(super) fn too_early(key: &Key, call: &Call, later: &Key, entry: &HistoryEntry) -> Failure {
    diverged(format!(
        "the script asks for `{}` at {}, which the journal does not have, before `{}` at {}, which it has",
        call.name,
        key.label(),
        entry.name,
        later.label()
    ))
    .at(call.at.clone())
    .detail(serde_json::json!({ "key": later.to_string(), "journal": recorded(entry), "script": asked(call) }))
}

/// The script got past an entry without asking for it.
pub(super) fn never_asked(key: &Key, entry: &HistoryEntry) -> Failure {
    diverged(format!("the journal has `{}` at {}, the script never asks for it", entry.name, key.label()))
        .detail(serde_json::json!({ "key": key.to_string(), "journal": recorded(entry), "script": null }))
}

fn diverged(message: String) -> Failure {
    Failure::new(FailureKind::Diverged, message)
        .hint("nothing was done; resume with the sources that the run has pinned, or abandon it and start a new run")
}

fn recorded(entry: &HistoryEntry) -> Value {
    serde_json::json!({ "command": entry.name, "args": entry.args })
}

fn asked(call: &Call) -> Value {
    serde_json::json!({ "command": call.name, "args": call.args })
}
