//! `candidate::latest_green`: the newest commit that may be promoted.

use super::{CandidateQuery, Line, ScriptCandidate, candidates};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::{BranchName, FailureKind, HumanDuration};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static LATEST_GREEN: TypedHostFn<Args, ScriptCandidate> = map(
    CommandKind::Read,
    "candidate::latest_green",
    "The newest commit of `branch` whose push build is neither red nor unfinished, and on which every check is green that its \
     environment or the forge requires; throws kind \"no-candidate\" with the reasons.",
    |context, Args { branch, target, soak, line }| {
        let context = Arc::clone(context);
        let query = CandidateQuery { branch, target, soak, line };
        Ok(read(move |cx| candidates(&context, cx).latest_green(&query)))
    },
)
.throws(&[
    (FailureKind::NoCandidate, "no commit may be promoted; the causes say why"),
    (FailureKind::NotFound, "there is no such branch"),
]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// where releases come from
    branch: BranchName,
    /// where they go
    target: BranchName,
    /// how long it must have been green
    #[serde(default)]
    soak: HumanDuration,
    /// "first-parent", which is the default, or "all": also commits that came with a merge
    #[serde(default)]
    line: Line,
}
