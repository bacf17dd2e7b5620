//! `flow::wait_until`: waits for a time.

use super::timer::{Timer, Until};
use crate::effects::typed_host_fn::{TypedHostFn, positional, wait};
use crate::model::TimeText;
use crate::run::CommandKind;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static WAIT_UNTIL: TypedHostFn<Args, ()> =
    positional(CommandKind::Wait, "flow::wait_until", "Waits until a time.", |context, Args { time }| {
        Ok(wait(Timer { context: Arc::clone(context), until: Until::At(time) }))
    });

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// RFC 3339
    #[schemars(with = "TimeText")]
    time: Timestamp,
}
