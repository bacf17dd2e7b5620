//! `ci::restart`: has the CI run a red build of a commit once more.

use super::configured;
use crate::ci::{Build, BuildQuery, BuildState, Ci, CiEvent, Start};
use crate::config::CiKind;
use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Revision, TaskContext, TimeText, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing, Remark};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static RESTART: TypedHostFn<Args, Restarted> = map(
    CommandKind::Effect,
    "ci::restart",
    "Has the CI run what is red of a commit's newest build once more; `ci::wait` with its `since` waits for that.",
    |context, args| Ok(effect(Restart { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::Config, "relwf.toml has no [ci] that could be asked"),
    (FailureKind::NotFound, "the CI has no such build"),
    (FailureKind::Refused, "the CI does not run it again"),
])
.remarks(|answer| match answer.get("was")?.as_str()? {
    "passed" => Some(Remark::nothing("its build is green")),
    "running" | "queued" => Some(Remark::nothing("its build is running already")),
    _ => None,
});

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the commit whose build it is
    commit: Revision,
    /// what the build counts as
    event: CiEvent,
    /// the branch the build is for
    branch: BranchName,
}

/// A build that runs once more, unless it was green or running.
#[derive(Serialize, JsonSchema)]
pub(super) struct Restarted {
    /// its id
    id: String,
    /// where people see it
    url: Option<String>,
    /// how it stood before
    was: BuildState,
    /// what had ended by then does not count, for `ci::wait`; () where nothing was restarted
    #[schemars(with = "Option<TimeText>")]
    since: Option<Timestamp>,
}

/// The build as it was.
#[derive(Serialize, Deserialize)]
pub(super) struct Before {
    build: Build,
    at: Timestamp,
}

impl Before {
    fn answer(self) -> Restarted {
        let Self { build: Build { id, url, state, finished, .. }, at } = self;
        // The server's clock and ours may differ: its own time of the end counts where it tells one.
        Restarted { id, url, was: state, since: state.is_red().then(|| finished.unwrap_or(at)) }
    }
}

struct Restart {
    context: Arc<EffectContext>,
    args: Args,
}

impl Restart {
    /// The CI; whatever only reports to the forge cannot be asked for anything.
    fn ci(&self) -> Result<&dyn Ci, Failure> {
        if self.context.ci.is_none() && self.context.config.ci.kind == Some(CiKind::Status) {
            return Err(Failure::new(
                FailureKind::Config,
                "[ci] is of kind \"status\": relwf reads what reports, and can start nothing",
            )
            .hint("have it run again where it runs, then `relwf resume` of the run that failed goes on"));
        }
        configured(&self.context)
    }

    fn newest(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Build, Failure> {
        let Args { event, branch, .. } = &self.args;
        let query = BuildQuery { commit: Some(commit), event: Some(*event), branch: Some(branch.clone()) };
        let found = self.ci()?.builds(&query, task)?.into_iter().next();
        found.ok_or_else(|| {
            Failure::new(
                FailureKind::NotFound,
                format!("the CI has no {} build of {} on {branch} that could run again", event.word(), commit.short()),
            )
            .hint(format!(
                "look at the CI: what deploys otherwise is started again there; to deploy the release before, `relwf run rollback \
                 --param branch={branch} --param reason=…`"
            ))
        })
    }

    fn before(&self, cx: &Performing<'_>) -> Result<Before, Failure> {
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        Ok(Before { build: self.newest(commit, cx.task)?, at: cx.now })
    }
}

impl TypedEffect for Restart {
    type Facts = Before;
    type Answer = Restarted;

    fn prepare(&self, cx: &Performing<'_>) -> Result<Before, Failure> {
        self.before(cx)
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Before>) -> Result<Restarted, WriteError> {
        let before = intent.facts;
        if before.build.state.is_red() {
            let ci = self.ci().map_err(WriteError::Refused)?;
            ci.restart(&before.build.id, cx.task).map_err(WriteError::or_hopeless)?;
        }
        Ok(before.answer())
    }

    /// A build that runs, or has ended later than it had, was restarted. Restarting it twice is refused or changes nothing.
    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Before>) -> Result<Probe<Restarted>, Failure> {
        let before = intent.facts;
        let ci = self.ci()?;
        if !before.build.state.is_red() || ci.start() == Start::Us {
            return Ok(Probe::Done(before.answer()));
        }
        let now = self.newest(before.build.commit, cx.task)?;
        let restarted = !now.state.is_red() || now.finished != before.build.finished;
        Ok(if restarted { Probe::Done(before.answer()) } else { Probe::Absent })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<Restarted>, Failure> {
        let before = self.before(cx)?;
        let state = before.build.state;
        let note = if state.is_red() { "runs it again" } else { "leaves it as it is: it is not red" };
        Ok(Assumed { value: before.answer(), note: Some(note.to_owned()) })
    }
}
