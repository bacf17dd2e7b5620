//! `forge::…`: changes: proposing one, speaking on it, waiting for its checks, landing it, ending it. Here is what they share.

mod change;
mod close;
mod comment;
mod conclude;
mod land;
mod own_branch;
mod propose;
mod status;
mod wait_checks;

pub use propose::ProposedChange;

use super::EffectContext;
use super::typed_host_fn::AnyHostFn;
use crate::forge::Change;
use crate::model::{Failure, FailureKind, TaskContext, Value, unknown_inside};
use serde::{Deserialize, Serialize};

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[
    &propose::PROPOSE,
    &wait_checks::WAIT_CHECKS,
    &land::LAND,
    &conclude::CONCLUDE,
    &change::CHANGE,
    &close::CLOSE,
    &comment::COMMENT,
    &status::STATUS,
];

/// The change that a command is about, as its intent has it.
#[derive(Serialize, Deserialize)]
struct ChangeNumber {
    number: u64,
}

/// A change that relwf opened, as the forge knows it now; `instead` is what a person does with another one.
fn own_change(context: &EffectContext, number: u64, instead: &str, task: TaskContext<'_>) -> Result<Change, Failure> {
    let found = context.forge.change(number, task)?.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("there is no change {number}"))
            .hint("`relwf changes` lists those that relwf has open")
    })?;
    if found.marker.is_none() {
        return Err(Failure::new(FailureKind::Denied, format!("change {number} was not opened by relwf"))
            .hint(format!("nothing was done to it; {instead} it on the forge")));
    }
    Ok(found)
}

/// ` (ADDRESS)` of a change given as a map, where it has one: for lines that say what is waited for.
fn at(change: &Value) -> String {
    let address = change.get("url").and_then(Value::as_str);
    address.map(|address| format!(" ({address})")).unwrap_or_default()
}

/// The number of a change given as a map or as the number itself.
pub(super) fn change_number(change: &Value) -> Result<u64, Failure> {
    if let Some(what) = unknown_inside(change) {
        return Err(Failure::new(FailureKind::Unknown, format!("only a real run knows the {what}")));
    }
    change.as_u64().or_else(|| change.get("number")?.as_u64()).ok_or_else(|| {
        Failure::new(FailureKind::Arguments, "`change` is neither a change nor the number of one")
            .hint("pass what `forge::propose` answered, or its `number`")
    })
}
