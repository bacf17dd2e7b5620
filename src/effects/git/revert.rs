//! `git::revert`: commits of a branch undone by new ones on top of it.

use super::remark;
use super::series::{Series, SeriesAnswer, SeriesMode};
use crate::effects::commit_effect::commits;
use crate::effects::revision_args::Revisions;
use crate::effects::typed_host_fn::{TypedHostFn, map};
use crate::model::{BranchName, FailureKind, Revision, Value};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static REVERT: TypedHostFn<Args, SeriesAnswer> = map(
    CommandKind::Effect,
    "git::revert",
    "Takes commits of `target` back on top of its tip, in the cache; nothing is pushed. A revert can be reverted.",
    |context, args: Args| {
        let (reverted, mode) = (Revisions::read(&args.commits)?, SeriesMode::Revert { reason: args.reason });
        let (context, target, onto, mainline) = (Arc::clone(context), args.target, args.onto, args.mainline);
        Ok(commits(Series { context, commits: reverted, target, onto, mainline, mode }))
    },
)
.throws(&[
    (FailureKind::NotFound, "there is no such commit or branch"),
    (
        FailureKind::Git,
        "the branch does not have a commit, a merge is reverted without `mainline`, or git reverts differently",
    ),
])
.remarks(remark);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// a commit, a range "A..B" (without A), or a list of them
    commits: Value,
    /// the branch that has them; its tip as last fetched
    target: BranchName,
    /// a commit that was made on the tip already, to go on from instead; it lands with these
    onto: Option<Revision>,
    /// for merges: which parent, from 1, is gone back to
    mainline: Option<usize>,
    /// why, for the messages
    reason: Option<String>,
}
