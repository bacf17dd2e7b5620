//! `ci::trigger` and `ci::builds`: starting builds and listing them.

use super::World;
use super::declare::{Declared, args, facts, map, read, value};
use super::git::tip;
use super::waiting::{POLL, later};
use crate::ci::{Build, BuildQuery, BuildState, Ci, CiEvent, Start, Ticket, Trigger};
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, Value, WriteError, unknown};
use crate::run::{
    Assumed, Call, Command, Effect, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional, required,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So long may a CI's list of builds lag behind what it was asked for.
const LAG: HumanDuration = HumanDuration::new(std::time::Duration::from_secs(60));

pub(super) const EVENT: &str = "\"push\", \"pull_request\", \"api\" or \"cron\"";

pub(super) const COMMANDS: &[Declared] = &[
    map(
        Kind::Effect,
        "ci::trigger",
        &[
            required("branch", ParamType::Branch, "the branch the build is for"),
            optional("commit", ParamType::Commit, "the commit to build; by default the branch's tip"),
            optional("event", ParamType::String, EVENT),
            optional("env", ParamType::Map, "further variables for the build"),
        ],
        "#{ id }",
        "Starts a build, of event \"api\" when nothing else is said.",
        |world, call| Ok(Command::Effect(Box::new(StartBuild { world: Arc::clone(world), wanted: args(call)? }))),
    ),
    map(
        Kind::Read,
        "ci::builds",
        &[
            optional("commit", ParamType::Commit, "builds of this commit"),
            optional("event", ParamType::String, EVENT),
            optional("branch", ParamType::Branch, "builds on this branch"),
        ],
        "a list of #{ id, commit, event, state, url, finished }",
        "Builds, newest first; none when no CI is configured.",
        builds,
    ),
];

/// The CI, or what to do about there being none.
pub(super) fn configured(world: &World) -> Result<&dyn Ci, Failure> {
    world.ci.as_deref().ok_or_else(|| {
        Failure::new(FailureKind::Config, "no CI is configured, so no build can be started")
            .hint("add [ci] to relwf.toml, e.g. `command = [\"make\", \"travis_${event}\"]`")
    })
}

/// A build that we run ourselves, or found.
pub(super) enum BuildOutcome {
    /// It has ended.
    Ended(Build),
    /// It goes on somewhere else.
    Open(Build),
}

pub(super) fn outcome(build: Build) -> BuildOutcome {
    match build.state {
        BuildState::Queued | BuildState::Running => BuildOutcome::Open(build),
        BuildState::Passed | BuildState::Failed | BuildState::Errored | BuildState::Canceled => {
            BuildOutcome::Ended(build)
        }
    }
}

/// For a CI whose builds we start: the build of this commit for this event; run now, if it was never run to its end.
pub(super) fn build_here(
    ci: &dyn Ci,
    cx: &Performing<'_>,
    commit: CommitId,
    event: CiEvent,
    branch: &BranchName,
) -> Result<BuildOutcome, Failure> {
    let query = BuildQuery { commit: Some(commit), event: Some(event), branch: Some(branch.clone()) };
    if let Some(build) = ci.builds(&query, cx.task)?.into_iter().next() {
        return Ok(outcome(build));
    }
    // One key for this wait in this run: a resumed run finds the attempt that was killed.
    let key = format!("relwf-{}-{}", cx.run, cx.key);
    let trigger = Trigger { key, commit, event, branch: branch.clone(), env: Vec::new() };
    let ticket = ci.trigger(&trigger, cx.task)?;
    ci.resolve(&ticket, cx.task)?.map(outcome).ok_or_else(|| {
        Failure::new(FailureKind::Bug, format!("the build {} ran, but its result is not there", ticket.0))
    })
}

pub(super) fn build_value(build: &Build) -> Value {
    json!({ "id": build.id, "state": build.state, "url": build.url })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerArgs {
    branch: BranchName,
    commit: Option<String>,
    event: Option<CiEvent>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

struct StartBuild {
    world: Arc<World>,
    wanted: TriggerArgs,
}

#[derive(Serialize, Deserialize)]
struct Planned {
    commit: CommitId,
    event: CiEvent,
}

impl StartBuild {
    fn plan(&self) -> Result<Planned, Failure> {
        configured(&self.world)?;
        let commit = match &self.wanted.commit {
            Some(rev) => self.world.mirror.resolve(rev)?,
            None => tip(&self.world, &self.wanted.branch)?,
        };
        Ok(Planned { commit, event: self.wanted.event.unwrap_or(CiEvent::Api) })
    }
}

impl Effect for StartBuild {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        value(self.plan()?)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let planned: Planned = facts(&intent.pre).map_err(WriteError::Refused)?;
        let trigger = Trigger {
            key: intent.idempotency_key.clone(),
            commit: planned.commit,
            event: planned.event,
            branch: self.wanted.branch.clone(),
            env: self.wanted.env.clone().into_iter().collect(),
        };
        let Ticket(id) = configured(&self.world)
            .map_err(WriteError::Refused)?
            .trigger(&trigger, cx.task)
            .map_err(WriteError::or_hopeless)?;
        Ok(json!({ "id": id }))
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let ci = configured(&self.world)?;
        // What we run ourselves knows its key: the same one never runs to its end twice.
        if ci.start() == Start::Us {
            return Ok(Probe::Absent);
        }
        let key = &intent.idempotency_key;
        let until = later(self.world.clock.now(), LAG);
        loop {
            match ci.find(key, &self.wanted.branch, cx.task)?.as_slice() {
                [build] => return Ok(Probe::Done(json!({ "id": build.id }))),
                [] if self.world.clock.now() < until && !cx.task.cancel.is_raised() => {
                    cx.task.say("looking whether the build was started");
                    self.world.clock.sleep(POLL.duration());
                }
                [] => return Ok(Probe::Absent),
                _ => return Ok(Probe::Unknown(format!("several builds have {key} in their message"))),
            }
        }
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        self.plan()?;
        Ok(Assumed { value: json!({ "id": unknown("id of the build") }), note: None })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildsArgs {
    commit: Option<String>,
    event: Option<CiEvent>,
    branch: Option<BranchName>,
}

fn builds(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let wanted: BuildsArgs = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |cx| {
        let Some(ci) = world.ci.as_deref() else { return Ok(Value::Array(Vec::new())) };
        let commit = wanted.commit.as_deref().map(|rev| world.mirror.resolve(rev)).transpose()?;
        let query = BuildQuery { commit, event: wanted.event, branch: wanted.branch.clone() };
        value(ci.builds(&query, cx.task)?)
    }))
}
