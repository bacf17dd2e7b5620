//! `flow::sleep`: waits for a while.

use super::timer::{Timer, Until};
use crate::effects::typed_host_fn::{TypedHostFn, positional, wait};
use crate::model::HumanDuration;
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static SLEEP: TypedHostFn<Args, ()> = positional(
    CommandKind::Wait,
    "flow::sleep",
    "Waits. Long sleeps suspend the run; `relwf resume` goes on.",
    |context, Args { duration }| Ok(wait(Timer { context: Arc::clone(context), until: Until::After(duration) })),
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// how long
    duration: HumanDuration,
}
