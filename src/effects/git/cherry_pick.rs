//! `git::cherry_pick`: commits applied on top of a branch.

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

pub(super) static CHERRY_PICK: TypedHostFn<Args, SeriesAnswer> = map(
    CommandKind::Effect,
    "git::cherry_pick",
    "Picks commits onto the tip of `target`, in the cache; nothing is pushed. Those whose change is there already are `skipped`.",
    |context, args: Args| {
        let (picked, mode) = (Revisions::read(&args.commits)?, SeriesMode::Pick { trailer: args.trailer.unwrap_or(true) });
        let (context, target, onto, mainline) = (Arc::clone(context), args.target, args.onto, args.mainline);
        Ok(commits(Series { context, commits: picked, target, onto, mainline, mode }))
    },
)
.throws(&[
    (FailureKind::NotFound, "there is no such commit or branch"),
    (FailureKind::Git, "a merge is picked without `mainline`, or git picks differently"),
])
.remarks(remark);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// a commit, a range "A..B" (without A), or a list of them
    commits: Value,
    /// the branch they are picked onto; its tip as last fetched
    target: BranchName,
    /// a commit that was made on the tip already, to go on from instead; it lands with these
    onto: Option<Revision>,
    /// for merges: which parent, from 1, they are compared with
    mainline: Option<usize>,
    /// say in each message where it was picked from (`-x`); true by default
    trailer: Option<bool>,
}
