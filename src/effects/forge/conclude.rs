//! `forge::conclude`: comments the result on a change that landed, and deletes the branch that relwf made for it.

use super::own_branch::{delete_branch, delete_branch_of};
use super::{ChangeNumber, change_number};
use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::inert;
use crate::model::{Failure, Value, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static CONCLUDE: TypedHostFn<Args, ()> = map(
    CommandKind::Effect,
    "forge::conclude",
    "Says on a change that landed how it went, and deletes the branch that relwf made for it.",
    |context, args| Ok(effect(Conclude { context: Arc::clone(context), args })),
)
.throws_outages();

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what `forge::propose` answered, or its number
    change: Value,
    /// how it went; written on the change
    text: String,
}

struct Conclude {
    context: Arc<EffectContext>,
    args: Args,
}

impl TypedEffect for Conclude {
    type Facts = ChangeNumber;
    type Answer = ();

    fn prepare(&self, _cx: &Performing<'_>) -> Result<ChangeNumber, Failure> {
        Ok(ChangeNumber { number: change_number(&self.args.change)? })
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, ChangeNumber>) -> Result<(), WriteError> {
        let number = intent.facts.number;
        let forge = &self.context.forge;
        let commented = forge.comment(number, &inert(&self.args.text), intent.key, cx.task);
        // It has landed: its branch goes, whatever the forge answers.
        match forge.change(number, cx.task) {
            Ok(Some(change)) => delete_branch(&self.context, &change, &self.args.change, cx.task),
            Ok(None) => {}
            Err(_) => delete_branch_of(&self.context, &self.args.change, cx.task),
        }
        match commented {
            // It works, though its conversation is locked.
            Err(WriteError::Refused(failure)) => {
                cx.task.warn(format!("no comment on change {number}: {failure}"));
                Ok(())
            }
            other => other.map_err(WriteError::or_hopeless),
        }
    }

    /// Always "absent": the forge looks for the marker before it writes, and what is deleted is gone.
    fn probe(&self, _cx: &Performing<'_>, _intent: TypedIntent<'_, ChangeNumber>) -> Result<Probe<()>, Failure> {
        Ok(Probe::Absent)
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<()>, Failure> {
        Ok(Assumed { value: (), note: None })
    }
}
