//! `git::branch`: the tip of a branch of the remote.

use super::ScriptCommit;
use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::BranchName;
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static BRANCH: TypedHostFn<Args, Option<ScriptCommit>> = positional(
    CommandKind::Read,
    "git::branch",
    "The tip of a branch of the remote as last fetched, or () when there is no such branch.",
    |context, Args { name }| {
        let context = Arc::clone(context);
        Ok(read(move |_| match context.mirror.branch(&name)? {
            Some(tip) => Ok(Some(ScriptCommit::from(&context.mirror.commit(tip)?))),
            None => Ok(None),
        }))
    },
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch
    name: BranchName,
}
