//! `forge::comment`: says something on a change.

use super::{ChangeNumber, change_number};
use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::inert;
use crate::model::{Failure, Value, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static COMMENT: TypedHostFn<Args, ()> =
    map(CommandKind::Effect, "forge::comment", "Says something on a change, once.", |context, args| {
        Ok(effect(Say { context: Arc::clone(context), args }))
    })
    .throws_outages();

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what `forge::propose` answered, or its number
    change: Value,
    /// what to say; mentions and references in it are shown as text
    text: String,
}

struct Say {
    context: Arc<EffectContext>,
    args: Args,
}

impl TypedEffect for Say {
    type Facts = ChangeNumber;
    type Answer = ();

    fn prepare(&self, _cx: &Performing<'_>) -> Result<ChangeNumber, Failure> {
        Ok(ChangeNumber { number: change_number(&self.args.change)? })
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, ChangeNumber>) -> Result<(), WriteError> {
        let (forge, number) = (&self.context.forge, intent.facts.number);
        forge.comment(number, &inert(&self.args.text), intent.key, cx.task).map_err(WriteError::or_hopeless)
    }

    /// Always "absent": the forge looks for the marker before it writes, so doing it again says it once.
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
