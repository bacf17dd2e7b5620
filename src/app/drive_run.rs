//! Drives a run that was started or resumed until it ends or stops, and says how.

use super::approvals::{AskedApproval, asked};
use super::doubtful_effects::DoubtfulEffect;
use super::open_changes::{Leftover, OpenChange, leftovers, proposed, settled};
use super::prepare_run::Prepared;
use super::project::Project;
use super::wiring;
use crate::components::ComponentDelta;
use crate::effects::CommitsMade;
use crate::journal::{Abandonment, Claim, Holder, Precedence, Store, TargetLock};
use crate::model::{Cancel, Failure, FailureKind, RunId, TaskContext, Value};
use crate::run::{
    Commands, Event, HistoryEntry, Key, Listener, LocalDriver, RecordError, Recorder, Remark, RunOutcome, RunStatus,
    Settled, StepPath,
};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How many commands of one run are performed at once.
const PARALLEL: usize = 16;

/// How often a run looks whether it still is this process's.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

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
    /// The change that it proposed last.
    pub change: Option<OpenChange>,
    /// What it leaves at the forge, of a run that failed.
    pub left: Vec<Leftover>,
    /// What was not tested, watched or asked, in the order of the workflow: each step with why.
    pub unseen: Vec<UnseenStep>,
    /// It failed, and can go on once what it waited for is otherwise.
    pub resumable: bool,
    /// The runs that waited for this one and can go on now.
    pub ahead_of: Vec<PreemptedRun>,
}

/// A run that waited for another one.
#[derive(Debug)]
pub struct PreemptedRun {
    pub run: RunId,
    pub workflow: String,
    /// Whose it is.
    pub actor: String,
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
    ahead_of: &[Holder],
    listener: &dyn Listener,
) -> Result<FinishedRun, Failure> {
    let began = Instant::now();
    let cancel = project.invocation.cancel.narrower();
    for waits in ahead_of {
        let Holder { run, workflow, who, .. } = waits;
        let text = format!("run {run} ({workflow}, by {}) waits until this one is over", who.actor);
        listener.event(&Event::Note { text });
    }
    let driver = LocalDriver {
        run: claim.run(),
        workflow: &prepared.workflow,
        script: &*prepared.program,
        params: &prepared.params,
        commands: &context.commands,
        recorder: claim,
        listener,
        cancel: &cancel,
        parallel: PARALLEL,
    };
    let outcome = std::thread::scope(|scope| {
        let (ends, ended) = std::sync::mpsc::channel::<()>();
        let cancel = &cancel;
        scope.spawn(move || watch(claim, cancel, &ended));
        let outcome = driver.drive();
        drop(ends);
        outcome
    });
    let outcome = outcome.or_else(|error| suspended_meanwhile(store, claim.run(), error))?;
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
        change: proposed(&history.entries).last(),
        left: Vec::new(),
        unseen: Vec::new(),
        resumable: store.reopening(claim.run())?.is_some(),
        ahead_of: Vec::new(),
    };
    // One that failed and can go on is still ahead of them.
    if !finished.outcome.status.is_open() && !finished.resumable {
        let waits = |held: &&Holder| store.run(held.run.as_str()).is_ok_and(|run| run.status.is_open());
        let told = |Holder { run, workflow, who, .. }: &Holder| {
            let (run, workflow, actor) = (run.clone(), workflow.clone(), who.actor.clone());
            PreemptedRun { run, workflow, actor }
        };
        finished.ahead_of = ahead_of.iter().filter(waits).map(told).collect();
    }
    if finished.outcome.status == RunStatus::Failed {
        let task = TaskContext { cancel: &project.invocation.cancel, progress: &|_| {} };
        let prefix = project.config.forge.prefix();
        finished.left = leftovers(&history.entries, &*context.forge, &context.mirror, prefix, task);
    }
    finished.components = shipped(&history.entries, finished.outcome.value.as_ref());
    for (key, entry) in history.entries {
        match entry.settled {
            Some(Settled::Value(value)) => {
                let waited = entry.begun.is_some();
                if let Some(remark) = context.commands.remark(&entry.name, &value).filter(|_| waited) {
                    finished.unseen.push(UnseenStep { step: key.path.clone(), remark });
                }
            }
            None if entry.unknown.is_some() => finished.unsettled.push(DoubtfulEffect::of(&key, &entry)),
            Some(_) | None => {}
        }
    }
    Ok(finished)
}

/// What the commit ships that landed, or that was proposed; of several the one that the run answers. A workflow may have made others on
/// the way to it.
fn shipped(entries: &BTreeMap<Key, HistoryEntry>, answer: Option<&Value>) -> Vec<ComponentDelta> {
    let answered = answer.and_then(|answer| answer.get("commit"));
    let landed = settled(entries, "forge::land").max_by_key(|(_, value)| value.get("commit") == answered);
    let last = landed.or_else(|| settled(entries, "forge::propose").next_back());
    let commit = last.and_then(|(entry, _)| entry.args.get("commit")?.as_str());
    let mut made = entries.values().filter_map(|entry| match &entry.settled {
        Some(Settled::Value(value)) => CommitsMade::read(&entry.name, value),
        _ => None,
    });
    let is_it = |made: &CommitsMade| match (commit, made.commit()) {
        (Some(commit), Some(made)) => commit == made.to_string(),
        (None, _) => true,
        (Some(_), None) => false,
    };
    made.rfind(is_it).map(|made| made.components().to_vec()).unwrap_or_default()
}

/// Stops the work of this process soon after the run was taken from it; a wait would not notice otherwise.
fn watch(claim: &Claim, cancel: &Cancel, ended: &Receiver<()>) {
    while ended.recv_timeout(LOOKS_EVERY) == Err(RecvTimeoutError::Timeout) {
        if matches!(claim.still_mine(), Err(RecordError::TakenOver { .. })) {
            return cancel.raise();
        }
    }
}

/// Where another run has gone ahead of this one, it waits.
fn suspended_meanwhile(store: &Store, run: &RunId, error: RecordError) -> Result<RunOutcome, Failure> {
    let failure = lost(store, run, error);
    let found = store.run(run.as_str())?;
    match found.failure.filter(|why| found.status == RunStatus::Suspended && why.kind == FailureKind::Held) {
        Some(why) => Ok(RunOutcome { status: RunStatus::Suspended, value: None, failure: Some(why) }),
        None => Err(failure),
    }
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

/// Locks what the run changes, if anything, until the lock is dropped. An urgent workflow goes ahead of runs that only wait.
pub(super) fn lock(
    store: &Store,
    repo: &str,
    prepared: &Prepared,
    holder: &Holder,
    cancel: &Cancel,
) -> Result<Option<TargetLock>, Failure> {
    let precedence = if prepared.preempts() { Precedence::GoesAhead(cancel) } else { Precedence::Yields };
    let target = prepared.target.as_deref();
    target.map(|target| store.lock_target(repo, target, holder, precedence).map_err(Failure::from)).transpose()
}
