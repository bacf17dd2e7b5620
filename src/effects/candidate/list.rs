//! `candidate::list`: the commits that could be promoted, judged.

use super::{CandidateQuery, Line, ScriptCandidate, candidates};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::{BranchName, FailureKind, HumanDuration};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static LIST: TypedHostFn<Args, Vec<ScriptCandidate>> = map(
    CommandKind::Read,
    "candidate::list",
    "Commits of `branch` that `target` lacks, newest first, each with its reason.",
    |context, Args { branch, target, soak, line, limit }| {
        let context = Arc::clone(context);
        let query = CandidateQuery { branch, target, soak, line };
        Ok(read(move |cx| candidates(&context, cx).list(&query, limit.unwrap_or(LIMIT))))
    },
)
.throws(&[(FailureKind::NotFound, "there is no such branch")]);

/// How many are listed by default.
const LIMIT: usize = 50;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// where releases come from
    branch: BranchName,
    /// where they go; what it has already is no candidate
    target: BranchName,
    /// how long a candidate must have been green
    #[serde(default)]
    soak: HumanDuration,
    /// "first-parent", which is the default, or "all": also commits that came with a merge
    #[serde(default)]
    line: Line,
    /// how many at most; 50 by default
    limit: Option<usize>,
}
