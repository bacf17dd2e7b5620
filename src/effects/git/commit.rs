//! `git::commit`: one commit.

use super::ScriptCommit;
use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::{FailureKind, Revision};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static COMMIT: TypedHostFn<Args, ScriptCommit> = positional(
    CommandKind::Read,
    "git::commit",
    "One commit. A branch's name means the remote's branch as last fetched.",
    |context, Args { rev }| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let id = context.mirror.resolve(rev.as_str())?;
            Ok(ScriptCommit::from(&context.mirror.commit(id)?))
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such commit")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// anything git understands: branch, tag, full or short id, HEAD~3
    rev: Revision,
}
