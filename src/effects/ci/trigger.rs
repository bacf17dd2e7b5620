//! `ci::trigger`: starts a build.

use super::{StartedBuild, configured, started_build};
use crate::ci::{CiEvent, Start, Ticket, Trigger};
use crate::effects::EffectContext;
use crate::effects::git::tip;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::model::{BranchName, CommitId, Failure, FailureKind, OrUnknown, Revision, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static TRIGGER: TypedHostFn<Args, Started> = map(
    CommandKind::Effect,
    "ci::trigger",
    "Starts a build, of event \"api\" unless another is named.",
    |context, args| Ok(effect(StartBuild { context: Arc::clone(context), args })),
)
.throws(&[(FailureKind::Config, "relwf.toml has no [ci]"), (FailureKind::Refused, "the CI does not start it")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch the build is for
    branch: BranchName,
    /// the commit to build; by default the branch's tip
    commit: Option<Revision>,
    /// what the build counts as
    event: Option<CiEvent>,
    /// further variables for the build
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// A build that was started.
#[derive(Serialize, JsonSchema)]
pub(super) struct Started {
    /// its id, for `ci::wait`
    id: OrUnknown<String>,
}

struct StartBuild {
    context: Arc<EffectContext>,
    args: Args,
}

/// What is built; fixed in the intent.
#[derive(Serialize, Deserialize)]
pub(super) struct PlannedBuild {
    commit: CommitId,
    event: CiEvent,
}

impl StartBuild {
    fn plan(&self) -> Result<PlannedBuild, Failure> {
        configured(&self.context)?;
        let commit = match &self.args.commit {
            Some(rev) => self.context.mirror.resolve(rev.as_str())?,
            None => tip(&self.context, &self.args.branch)?,
        };
        Ok(PlannedBuild { commit, event: self.args.event.unwrap_or(CiEvent::Api) })
    }
}

impl TypedEffect for StartBuild {
    type Facts = PlannedBuild;
    type Answer = Started;

    fn prepare(&self, _cx: &Performing<'_>) -> Result<PlannedBuild, Failure> {
        self.plan()
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, PlannedBuild>) -> Result<Started, WriteError> {
        let trigger = Trigger {
            key: intent.key.to_owned(),
            commit: intent.facts.commit,
            event: intent.facts.event,
            branch: self.args.branch.clone(),
            env: self.args.env.clone().into_iter().collect(),
        };
        let Ticket(id) = configured(&self.context)
            .map_err(WriteError::Refused)?
            .trigger(&trigger, cx.task)
            .map_err(WriteError::or_hopeless)?;
        Ok(Started { id: id.into() })
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, PlannedBuild>) -> Result<Probe<Started>, Failure> {
        let ci = configured(&self.context)?;
        // What we run ourselves knows its key: the same one never runs to its end twice.
        if ci.start() == Start::Us {
            return Ok(Probe::Absent);
        }
        let (key, branch) = (intent.key, &self.args.branch);
        Ok(match started_build(&self.context, key, branch, cx.task)? {
            StartedBuild::Found(build) => Probe::Done(Started { id: build.id.into() }),
            StartedBuild::NotListed if ci.shows_keys(branch, cx.task)? => Probe::Absent,
            StartedBuild::NotListed => Probe::Unknown(format!("no build shows {key}, and none shows any key")),
            StartedBuild::Several => Probe::Unknown(format!("several builds have {key} in their message")),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Started>, Failure> {
        self.plan()?;
        Ok(Assumed { value: Started { id: OrUnknown::unknown("id of the build") }, note: None })
    }
}
