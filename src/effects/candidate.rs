//! `candidate::…`: what could be promoted. The judging has its own file.

use super::World;
use super::candidates::{CandidateQuery, Candidates, Line};
use super::declare::{Declared, args, map, read, value};
use crate::model::{BranchName, Failure, HumanDuration};
use crate::run::{Call, Command, Kind, ParamType, Performing, optional, required};
use serde::Deserialize;
use std::sync::Arc;

/// How many are listed when nobody says.
const LIMIT: usize = 50;

const LINE: &str = "\"first-parent\", which is the default, or \"all\": also commits that came with a merge";

pub(super) const COMMANDS: &[Declared] = &[
    map(
        Kind::Read,
        "candidate::list",
        &[
            required("branch", ParamType::Branch, "where releases come from"),
            required("target", ParamType::Branch, "where they go; what it has already is no candidate"),
            optional("soak", ParamType::Duration, "how long a candidate must have been green"),
            optional("line", ParamType::String, LINE),
            optional("limit", ParamType::Int, "at most this many; 50 by default"),
        ],
        "a list of #{ id, summary, author, time, green, why, since? }",
        "Commits of `branch` that `target` lacks, newest first, each with its reason.",
        all,
    ),
    map(
        Kind::Read,
        "candidate::latest_green",
        &[
            required("branch", ParamType::Branch, "where releases come from"),
            required("target", ParamType::Branch, "where they go"),
            optional("soak", ParamType::Duration, "how long it must have been green"),
            optional("line", ParamType::String, LINE),
        ],
        "#{ id, summary, author, time, green, why, since? }",
        "The newest commit of `branch` whose push build is neither red nor unfinished, and on which every check is green that \
         its environment or the forge requires; throws kind \"no-candidate\" with the reasons.",
        latest_green,
    ),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CandidateArgs {
    branch: BranchName,
    target: BranchName,
    #[serde(default)]
    soak: HumanDuration,
    #[serde(default)]
    line: Line,
    limit: Option<usize>,
}

fn question(wanted: CandidateArgs) -> (CandidateQuery, usize) {
    let query = CandidateQuery { branch: wanted.branch, target: wanted.target, soak: wanted.soak, line: wanted.line };
    (query, wanted.limit.unwrap_or(LIMIT))
}

fn candidates<'a>(world: &'a World, cx: &Performing<'a>) -> Candidates<'a> {
    Candidates {
        config: &world.config,
        mirror: &world.mirror,
        forge: &*world.forge,
        ci: world.ci.as_deref(),
        now: cx.now,
        task: cx.task,
    }
}

fn all(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let (query, limit) = question(args(call)?);
    let world = Arc::clone(world);
    Ok(read(move |cx| value(candidates(&world, cx).list(&query, limit)?)))
}

fn latest_green(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let (query, _) = question(args(call)?);
    let world = Arc::clone(world);
    Ok(read(move |cx| value(candidates(&world, cx).latest_green(&query)?)))
}
