//! `delta::between`: how each component changes.

use super::detection;
use crate::components::ComponentDelta;
use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::{FailureKind, Revision};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static BETWEEN: TypedHostFn<Args, Vec<ComponentDelta>> = positional(
    CommandKind::Read,
    "delta::between",
    "How each component changes from `base` to `head`. A manifest that cannot be read is reported in its own row (`error`).",
    |context, args: Args| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let mirror = &context.mirror;
            let (base, head) = (mirror.resolve(args.base.as_str())?, mirror.resolve(args.head.as_str())?);
            detection(&context).between(mirror, base, head)
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such commit")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what is there now: branch, tag, commit
    base: Revision,
    /// what would be there
    head: Revision,
}
