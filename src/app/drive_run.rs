//! Drives a run that was started or resumed until it ends or stops, and says how.

use super::approvals::{AskedApproval, asked};
use super::doubtful_effects::DoubtfulEffect;
use super::open_changes::{OpenChange, left_open, still_open};
use super::prepare_run::Prepared;
use super::project::Project;
use super::wiring;
use crate::components::ComponentDelta;
use crate::effects::CommitsMade;
use crate::journal::{Abandonment, Claim, Holder, Store, TargetLock};
use crate::model::{Failure, FailureKind, RunId, TaskContext};
use crate::run::{Commands, Listener, LocalDriver, RecordError, Remark, RunOutcome, RunStatus, Settled, StepPath};
use std::time::Instant;

/// How many commands of one run are performed at once.
const PARALLEL: usize = 16;

/// A run that ended, or stopped, in this process.
#[derive(Debug)]
pub struct FinishedRun {
    pub run: RunId,
    pub workflow: String,
    /// How it ended, or why it stopped.
    pub outcome: RunOutcome,
    /// What the last commit that it made ships.
    pub components: Vec<ComponentDelta>,
    /// Milliseconds in this process.
    pub took_ms: u64,
    /// The approvals that it waits for.
    pub approvals: Vec<AskedApproval>,
    /// Effects in doubt.
    pub unsettled: Vec<DoubtfulEffect>,
    /// The changes that it leaves open.
    pub open: Vec<OpenChange>,
    /// What was not tested, watched or asked, in the order of the workflow: each step with why.
    pub unseen: Vec<UnseenStep>,
    /// It failed, and can go on once what it waited for is otherwise.
    pub resumable: bool,
}

/// A step that waited for nothing.
#[derive(Debug)]
pub struct UnseenStep {
    pub step: StepPath,
    pub remark: Remark,
}

/// Drives it until it is done, fails, waits or is interrupted.
pub(super) fn drive(
    project: &Project,
    prepared: &Prepared,
    store: &Store,
    claim: &Claim,
    context: &wiring::Ready,
    listener: &dyn Listener,
) -> Result<FinishedRun, Failure> {
    let began = Instant::now();
    let driver = LocalDriver {
        run: claim.run(),
        workflow: &prepared.workflow,
        script: &*prepared.program,
        params: &prepared.params,
        commands: &context.commands,
        recorder: claim,
        listener,
        cancel: &project.invocation.cancel,
        parallel: PARALLEL,
    };
    let outcome = driver.drive().map_err(|error| lost(store, claim.run(), error))?;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let history = store.history(claim.run())?;
    let mut finished = FinishedRun {
        run: claim.run().clone(),
        workflow: prepared.workflow.clone(),
        outcome,
        components: Vec::new(),
        took_ms,
        approvals: asked(store, claim.run(), &history)?.into_iter().filter(AskedApproval::waits).collect(),
        unsettled: Vec::new(),
        open: Vec::new(),
        unseen: Vec::new(),
        resumable: store.reopening(claim.run())?.is_some(),
    };
    if finished.outcome.status == RunStatus::Failed {
        let task = TaskContext { cancel: &project.invocation.cancel, progress: &|_| {} };
        finished.open = still_open(left_open(&history.entries), &*context.forge, task);
    }
    for (key, entry) in history.entries {
        match entry.settled {
            Some(Settled::Value(value)) => {
                let waited = entry.begun.is_some();
                if let Some(remark) = context.commands.remark(&entry.name, &value).filter(|_| waited) {
                    finished.unseen.push(UnseenStep { step: key.path.clone(), remark });
                }
                if let Some(commits) = CommitsMade::read(&entry.name, &value) {
                    finished.components = commits.components().to_vec();
                }
            }
            None if entry.unknown.is_some() => finished.unsettled.push(DoubtfulEffect::of(&key, &entry)),
            Some(_) | None => {}
        }
    }
    Ok(finished)
}

pub(super) fn lost(store: &Store, run: &RunId, error: RecordError) -> Failure {
    let taken = match error {
        RecordError::Store(failure) => return failure,
        taken @ RecordError::TakenOver { .. } => Failure::new(FailureKind::Held, taken.to_string()),
    };
    match store.abandonment(run) {
        Ok(Some(Abandonment { actor, reason, .. })) => {
            Failure { message: format!("run {run} was abandoned by {actor}: {reason}"), ..taken }
                .hint(format!("nothing more was done here; `relwf show {run}` shows what was done before"))
        }
        Ok(None) | Err(_) => taken.hint(format!("nothing more was done here; `relwf show {run}` shows how it goes on")),
    }
}

/// Locks what the run changes, if anything, until the lock is dropped.
pub(super) fn lock(
    store: &Store,
    repo: &str,
    target: Option<&str>,
    holder: &Holder,
) -> Result<Option<TargetLock>, Failure> {
    target.map(|target| store.lock_target(repo, target, holder).map_err(Failure::from)).transpose()
}
