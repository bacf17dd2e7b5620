//! `flow::now`: the time.

use crate::effects::typed_host_fn::{NoArgs, TypedHostFn, positional, read};
use crate::model::TimeText;
use crate::run::CommandKind;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) static NOW: TypedHostFn<NoArgs, Now> =
    positional(CommandKind::Read, "flow::now", "The time, the same again when the run is resumed.", |_, NoArgs {}| {
        Ok(read(|cx| Ok(Now(cx.now))))
    });

/// The time as RFC 3339.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Now(#[schemars(with = "TimeText")] Timestamp);
