//! `git::log`: the commits of a range.

use super::{LOG_LIMIT, ScriptCommit};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::git::LogRange;
use crate::model::{FailureKind, Revision};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static LOG: TypedHostFn<Args, Vec<ScriptCommit>> = map(
    CommandKind::Read,
    "git::log",
    "Commits that `from` has and `not` lacks, newest first.",
    |context, args: Args| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let not = args.not.as_ref().map(|rev| context.mirror.resolve(rev.as_str())).transpose()?;
            let range = LogRange {
                from: context.mirror.resolve(args.from.as_str())?,
                not: not.into_iter().collect(),
                first_parent: args.first_parent,
                limit: Some(args.limit.unwrap_or(LOG_LIMIT)),
            };
            Ok(context.mirror.log(&range)?.iter().map(ScriptCommit::from).collect())
        }))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such commit")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the newest commit, or a branch
    from: Revision,
    /// excluded, with all its ancestors
    not: Option<Revision>,
    /// follow only first parents
    #[serde(default)]
    first_parent: bool,
    /// how many at most; 1000 by default
    limit: Option<usize>,
}
