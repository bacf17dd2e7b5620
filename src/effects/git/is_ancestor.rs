//! `git::is_ancestor`: is one commit part of another's history?

use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::{FailureKind, Revision};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static IS_ANCESTOR: TypedHostFn<Args, bool> = positional(
    CommandKind::Read,
    "git::is_ancestor",
    "Is `ancestor` part of `descendant`'s history, or the same commit?",
    |context, Args { ancestor, descendant }| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let mirror = &context.mirror;
            let (ancestor, descendant) = (mirror.resolve(ancestor.as_str())?, mirror.resolve(descendant.as_str())?);
            Ok(mirror.is_ancestor(ancestor, descendant)?)
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such commit")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the older one
    ancestor: Revision,
    /// the newer one
    descendant: Revision,
}
