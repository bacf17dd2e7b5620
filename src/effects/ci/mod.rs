//! `ci::…`: builds: starting them, listing them, waiting for them, and for what they deploy. Here is what they share.

mod builds;
mod healthy;
mod restart;
mod trigger;
mod wait;

use super::EffectContext;
use super::typed_host_fn::AnyHostFn;
use super::waiting::{POLL, later};
use crate::ci::{Build, BuildQuery, BuildState, Ci, CiEvent, Trigger};
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, TaskContext};
use crate::run::Performing;
use jiff::Timestamp;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] =
    &[&trigger::TRIGGER, &builds::BUILDS, &restart::RESTART, &wait::WAIT, &healthy::HEALTHY];

/// The CI, or what to do about there being none.
pub(super) fn configured(context: &EffectContext) -> Result<&dyn Ci, Failure> {
    context.ci.as_deref().ok_or_else(|| {
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
        state if state.is_over() => BuildOutcome::Ended(build),
        _ => BuildOutcome::Open(build),
    }
}

/// What a server knows of a build that may have been started under a key.
pub(super) enum StartedBuild {
    /// It was.
    Found(Build),
    /// It is not listed.
    NotListed,
    /// Several were: that cannot be ours alone.
    Several,
}

/// How long a CI's list of builds may lag behind what it was asked for.
const LAG: HumanDuration = HumanDuration::new(std::time::Duration::from_secs(60));

/// Looks for the build of a key, for as long as the server's list may lag.
pub(super) fn started_build(
    context: &EffectContext,
    key: &str,
    branch: &BranchName,
    task: TaskContext<'_>,
) -> Result<StartedBuild, Failure> {
    let ci = configured(context)?;
    let until = later(context.clock.now(), LAG);
    loop {
        let mut found = ci.find(key, branch, task)?;
        match (found.len(), found.pop()) {
            (1, Some(build)) => return Ok(StartedBuild::Found(build)),
            (0, _) if context.clock.now() < until && !task.cancel.is_raised() => {
                task.say("looking whether the build was started");
                context.clock.sleep(POLL.duration());
            }
            (0, _) => return Ok(StartedBuild::NotListed),
            _ => return Ok(StartedBuild::Several),
        }
    }
}

/// A build that a wait needs.
pub(super) struct WantedBuild<'a> {
    pub(super) commit: CommitId,
    pub(super) event: CiEvent,
    pub(super) branch: &'a BranchName,
    /// When it was waited for once more: what had not passed by then does not count.
    pub(super) again: Option<Timestamp>,
}

/// For a CI whose builds we start: the build of this commit for this event; run now, if it was never run to its end and `may_start`
/// has nothing against it.
pub(super) fn build_here(
    ci: &dyn Ci,
    cx: &Performing<'_>,
    wanted: &WantedBuild<'_>,
    may_start: impl FnOnce() -> Result<(), Failure>,
) -> Result<BuildOutcome, Failure> {
    let &WantedBuild { commit, event, branch, again } = wanted;
    let query = BuildQuery { commit: Some(commit), event: Some(event), branch: Some(branch.clone()) };
    // One that has begun and not ended was killed: only one process at a time runs it, and that is this one now.
    let counts = |build: &Build| build.state == BuildState::Passed || build.finished > again;
    if let Some(build) = ci.builds(&query, cx.task)?.into_iter().find(counts) {
        return Ok(outcome(build));
    }
    may_start()?;
    // One key for this wait in this run: a resumed run finds the attempt that was killed.
    let nth = again.map(|again| format!("-{}", again.as_nanosecond())).unwrap_or_default();
    let key = format!("relwf-{}-{}{nth}", cx.run, cx.key);
    let trigger = Trigger { key, commit, event, branch: branch.clone(), env: Vec::new() };
    let ticket = ci.trigger(&trigger, cx.task)?;
    ci.resolve(&ticket, cx.task)?.map(outcome).ok_or_else(|| {
        Failure::new(FailureKind::Bug, format!("the build {} ran, but its result is not there", ticket.0))
    })
}
