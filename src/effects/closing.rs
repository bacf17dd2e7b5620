//! How a change ends: closed without landing, or concluded after it. Either way the branch that it came from goes.

use super::World;
use super::declare::{Declared, args, map};
use super::forge::{change_number, effect};
use super::lease::RefLease;
use crate::forge::{Change, ChangeState};
use crate::model::{BranchName, Failure, FailureKind, TaskContext, Value, WriteError};
use crate::policy;
use crate::run::{Assumed, Effect, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional, required};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

pub(super) const COMMANDS: &[Declared] = &[
    map(
        Kind::Effect,
        "forge::close",
        &[
            required("change", ParamType::Any, "what `forge::propose` answered, or its number"),
            optional("reason", ParamType::String, "written on the change"),
        ],
        "()",
        "Closes a change without landing it, and deletes the branch that relwf made for it.",
        |world, call| effect(Close { world: Arc::clone(world), wanted: args(call)? }),
    ),
    map(
        Kind::Effect,
        "forge::conclude",
        &[
            required("change", ParamType::Any, "what `forge::propose` answered, or its number"),
            required("text", ParamType::String, "how it went; written on the change"),
        ],
        "()",
        "Says on a change that landed how it went, and deletes the branch that relwf made for it.",
        |world, call| effect(Conclude { world: Arc::clone(world), wanted: args(call)? }),
    ),
];

/// Deletes the branch of a change, if it is one of ours and still as we left it: `given` is the change as it was proposed, or its
/// number. Failing to is no failure.
fn delete_branch(world: &World, change: &Change, given: &Value, task: TaskContext<'_>) {
    let config = &world.config;
    let ours = |name: &&BranchName| {
        name.as_str().starts_with(config.forge.prefix())
            && **name != change.base
            && !policy::is_environment_branch(config, name)
    };
    let Some(branch) = change.head_branch.as_ref().filter(ours).filter(|_| change.marker.is_some()) else { return };
    if given.get("head").is_some_and(|head| *head != json!(change.head)) {
        return task.warn(format!("the branch {branch} is kept: it has new commits"));
    }
    let lease = RefLease { name: branch.to_ref(), old: Some(change.head.object()), new: None };
    if let Err(error) = lease.push(world, task) {
        task.warn(format!("the branch {branch} is kept: {error}"));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseArgs {
    change: Value,
    reason: Option<String>,
}

struct Close {
    world: Arc<World>,
    wanted: CloseArgs,
}

impl Effect for Close {
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        let number = change_number(&self.wanted.change)?;
        let change = self.world.forge.change(number, cx.task)?.ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format!("there is no change {number}")).hint("look at its number")
        })?;
        if change.marker.is_none() {
            return Err(Failure::new(FailureKind::Denied, format!("change {number} was not opened by relwf"))
                .hint("nothing was done to it; close it on the forge"));
        }
        Ok(json!({ "number": number }))
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let number = change_number(&intent.pre).map_err(WriteError::Refused)?;
        let forge = &self.world.forge;
        if let Some(reason) = &self.wanted.reason {
            forge.comment(number, reason, &intent.idempotency_key, cx.task).map_err(WriteError::or_hopeless)?;
        }
        let change = forge.close(number, ChangeState::Closed, cx.task).map_err(WriteError::or_hopeless)?;
        delete_branch(&self.world, &change, &self.wanted.change, cx.task);
        Ok(Value::Null)
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let change = self.world.forge.change(change_number(&intent.pre)?, cx.task)?;
        Ok(match change {
            Some(change) if change.state == ChangeState::Closed => {
                delete_branch(&self.world, &change, &self.wanted.change, cx.task);
                Probe::Done(Value::Null)
            }
            // Performing it says what is wrong with it.
            Some(_) | None => Probe::Absent,
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        Ok(Assumed { value: Value::Null, note: None })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConcludeArgs {
    change: Value,
    text: String,
}

struct Conclude {
    world: Arc<World>,
    wanted: ConcludeArgs,
}

impl Effect for Conclude {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        Ok(json!({ "number": change_number(&self.wanted.change)? }))
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let number = change_number(&intent.pre).map_err(WriteError::Refused)?;
        let forge = &self.world.forge;
        match forge.comment(number, &self.wanted.text, &intent.idempotency_key, cx.task) {
            Ok(()) => {}
            // It has landed and works, whoever locked the conversation.
            Err(WriteError::Refused(failure)) => {
                cx.task.warn(format!("no comment on change {number}: {failure}"));
            }
            Err(error) => return Err(WriteError::or_hopeless(error)),
        }
        if let Some(change) = forge.change(number, cx.task).map_err(WriteError::or_hopeless)? {
            delete_branch(&self.world, &change, &self.wanted.change, cx.task);
        }
        Ok(Value::Null)
    }

    /// Always "absent": the forge looks for the marker before it writes, and what is deleted is gone.
    fn probe(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Probe, Failure> {
        Ok(Probe::Absent)
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        Ok(Assumed { value: Value::Null, note: None })
    }
}
