//! `forge::close`: ends a change without landing it.

use super::own_branch::delete_branch;
use super::{ChangeNumber, change_number, own_change};
use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::{ChangeState, inert};
use crate::model::{Failure, FailureKind, Value, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static CLOSE: TypedHostFn<Args, ()> = map(
    CommandKind::Effect,
    "forge::close",
    "Closes a change without landing it, and deletes the branch that relwf made for it.",
    |context, args| Ok(effect(Close { context: Arc::clone(context), args })),
)
.throws(&[(FailureKind::NotFound, "there is no such change"), (FailureKind::Denied, "relwf did not open it")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what `forge::propose` answered, or its number
    change: Value,
    /// written on the change
    reason: Option<String>,
}

struct Close {
    context: Arc<EffectContext>,
    args: Args,
}

impl TypedEffect for Close {
    type Facts = ChangeNumber;
    type Answer = ();

    fn prepare(&self, cx: &Performing<'_>) -> Result<ChangeNumber, Failure> {
        let number = change_number(&self.args.change)?;
        own_change(&self.context, number, "close", cx.task)?;
        Ok(ChangeNumber { number })
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, ChangeNumber>) -> Result<(), WriteError> {
        let number = intent.facts.number;
        let forge = &self.context.forge;
        if let Some(reason) = &self.args.reason {
            forge.comment(number, &inert(reason), intent.key, cx.task).map_err(WriteError::or_hopeless)?;
        }
        let change = forge.close(number, ChangeState::Closed, cx.task).map_err(WriteError::or_hopeless)?;
        delete_branch(&self.context, &change, &self.args.change, cx.task);
        Ok(())
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, ChangeNumber>) -> Result<Probe<()>, Failure> {
        let change = self.context.forge.change(intent.facts.number, cx.task)?;
        Ok(match change {
            Some(change) if change.state == ChangeState::Closed => {
                delete_branch(&self.context, &change, &self.args.change, cx.task);
                Probe::Done(())
            }
            // Performing it says what is wrong with it.
            Some(_) | None => Probe::Absent,
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<()>, Failure> {
        Ok(Assumed { value: (), note: None })
    }
}
