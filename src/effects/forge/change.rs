//! `forge::change`: one change that relwf opened, as the forge knows it now.

use super::propose::ProposedChange;
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::{Failure, FailureKind};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static CHANGE: TypedHostFn<Args, ProposedChange> = map(
    CommandKind::Read,
    "forge::change",
    "One change that relwf opened, as the forge knows it now; what it proposes is fetched.",
    |context, Args { number }: Args| {
        let context = Arc::clone(context);
        Ok(read(move |cx| {
            let found = context.forge.change(number, cx.task)?.ok_or_else(|| {
                Failure::new(FailureKind::NotFound, format!("there is no change {number}"))
                    .hint("`relwf changes` lists those that relwf has open")
            })?;
            if found.marker.is_none() {
                return Err(Failure::new(FailureKind::Denied, format!("change {number} was not opened by relwf"))
                    .hint("nothing was done to it; land it on the forge"));
            }
            if let Some(branch) = found.head_branch.as_ref().filter(|_| !context.mirror.contains(found.head.object())) {
                context.mirror.fetch_objects(&[branch.to_ref()], cx.task)?;
            }
            Ok(ProposedChange::from(found))
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such change"), (FailureKind::Denied, "relwf did not open it")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// its number
    number: u64,
}
