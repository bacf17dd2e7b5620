//! `config::releases`: is what lands on a branch a release?

use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::BranchName;
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static RELEASES: TypedHostFn<Args, bool> = positional(
    CommandKind::Read,
    "config::releases",
    "Is what lands on this branch a release, by [release]?",
    |context, Args { branch }| {
        let context = Arc::clone(context);
        Ok(read(move |_| Ok(context.config.release.as_ref().is_some_and(|release| release.branch == branch))))
    },
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch
    branch: BranchName,
}
