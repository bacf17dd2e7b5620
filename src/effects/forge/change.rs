//! `forge::change`: one change that relwf opened, as the forge knows it now.

use super::own_change;
use super::propose::ProposedChange;
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::FailureKind;
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
            let found = own_change(&context, number, "land", cx.task)?;
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
