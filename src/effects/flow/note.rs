//! `flow::note`: says something.

use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::Value;
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static NOTE: TypedHostFn<Args, ()> = positional(
    CommandKind::Read,
    "flow::note",
    "Says something; it stays in the run's journal.",
    |_, Args { text }| {
        Ok(read(move |cx| {
            cx.task.say(text.as_str().map_or_else(|| text.to_string(), str::to_owned));
            Ok(())
        }))
    },
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what to say
    text: Value,
}
