//! `git::landing`: what landed on a branch last.

use super::{ScriptCommit, tip};
use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::hidden::newest_landing;
use crate::model::{BranchName, FailureKind};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static LANDING: TypedHostFn<Args, Vec<ScriptCommit>> = positional(
    CommandKind::Read,
    "git::landing",
    "The commits of a branch's own line that landed on it last, newest first; several where one run landed them together, as \
     `reland` and `hotfix` do.",
    |context, Args { branch }| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let landing = newest_landing(&context.mirror, tip(&context, &branch)?)?;
            Ok(landing.iter().map(ScriptCommit::from).collect())
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such branch")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch; its tip as last fetched
    branch: BranchName,
}
