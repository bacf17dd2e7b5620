//! The changes that a run has proposed, and what it leaves of them at the forge.

use crate::effects::ProposedChange;
use crate::forge::{ChangeState, Forge};
use crate::git::Mirror;
use crate::model::{BranchName, TaskContext, Value};
use crate::run::{HistoryEntry, Key, Settled};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A change that was proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenChange {
    /// Its number on the forge.
    pub number: u64,
    /// Its page on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What is left of a change at the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// It is open.
    Open(OpenChange),
    /// It is over, and the branch that relwf made for it is still there.
    Branch { change: OpenChange, branch: BranchName, landed: bool },
}

/// What is left of these changes now; one of which the forge does not tell may be open.
pub(super) fn leftovers(
    entries: &BTreeMap<Key, HistoryEntry>,
    forge: &dyn Forge,
    mirror: &Mirror,
    prefix: &str,
    task: TaskContext<'_>,
) -> Vec<Leftover> {
    let refs = OnceCell::new();
    let there = |branch: &BranchName| {
        let refs = refs.get_or_init(|| mirror.remote_refs(task).unwrap_or_default());
        branch.as_str().starts_with(prefix) && refs.contains_key(&branch.to_ref())
    };
    let known = left_open(entries);
    let left = |change: OpenChange| match forge.change(change.number, task) {
        Ok(None) => None,
        Ok(Some(found)) if found.state == ChangeState::Open => Some(Leftover::Open(change)),
        Ok(Some(found)) => {
            let branch = found.head_branch.filter(there)?;
            Some(Leftover::Branch { change, branch, landed: found.state == ChangeState::Merged })
        }
        Err(_) => known.contains(&change).then_some(Leftover::Open(change)),
    };
    proposed(entries).filter_map(left).collect()
}

/// The changes that a run leaves open, as far as it knows.
pub(super) fn left_open(entries: &BTreeMap<Key, HistoryEntry>) -> Vec<OpenChange> {
    let number = |change: &Value| change.get("number").unwrap_or(change).as_u64();
    let ends = |entry: &&HistoryEntry| {
        matches!(entry.name.as_str(), "forge::land" | "forge::close")
            && matches!(entry.settled, Some(Settled::Value(_)))
    };
    let gone: Vec<u64> = entries.values().filter(ends).filter_map(|entry| number(entry.args.get("change")?)).collect();
    proposed(entries).filter(|change| !gone.contains(&change.number)).collect()
}

/// The commands of this function that have answered, each with its answer.
pub(super) fn settled<'e>(
    entries: &'e BTreeMap<Key, HistoryEntry>,
    function: &'static str,
) -> impl DoubleEndedIterator<Item = (&'e HistoryEntry, &'e Value)> {
    entries.values().filter(move |entry| entry.name == function).filter_map(|entry| match &entry.settled {
        Some(Settled::Value(value)) => Some((entry, value)),
        _ => None,
    })
}

/// The changes that a run has proposed, in its order.
pub(super) fn proposed(entries: &BTreeMap<Key, HistoryEntry>) -> impl Iterator<Item = OpenChange> + '_ {
    settled(entries, "forge::propose").filter_map(|(_, change)| {
        let ProposedChange { number, url, .. } = ProposedChange::deserialize(change).ok()?;
        Some(OpenChange { number: *number.known()?, url: url.known().cloned().flatten() })
    })
}
