//! `ci::builds`: lists builds.

use crate::ci::{Build, BuildQuery, CiEvent};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::{BranchName, Revision};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static BUILDS: TypedHostFn<Args, Vec<Build>> = map(
    CommandKind::Read,
    "ci::builds",
    "Builds, newest first; none when no CI is configured.",
    |context, args: Args| {
        let context = Arc::clone(context);
        Ok(read(move |cx| {
            let Some(ci) = context.ci.as_deref() else { return Ok(Vec::new()) };
            let commit = args.commit.as_ref().map(|rev| context.mirror.resolve(rev.as_str())).transpose()?;
            let query = BuildQuery { commit, event: args.event, branch: args.branch.clone() };
            Ok(ci.builds(&query, cx.task)?)
        }))
    },
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// builds of this commit
    commit: Option<Revision>,
    /// builds for this event
    event: Option<CiEvent>,
    /// builds on this branch
    branch: Option<BranchName>,
}
