//! Starts a run: its row in the journal, the lock of its target, its pinned sources.

use super::actor::who;
use super::drive_run::{FinishedRun, drive, lock};
use super::new_run_id::new_run_id;
use super::prepare_run::Prepared;
use super::run_process::ChosenProcess;
use super::wiring;
use crate::journal::{Holder, NewRun, PinnedSource, Store};
use crate::model::{Failure, RunId};
use crate::run::Listener;
use jiff::Timestamp;
use std::sync::Arc;

/// Begins a run and drives it until it is done, fails, waits or is interrupted. `begun` gets its id before anything
/// happens.
///
/// # Errors
///
/// The target is locked by another run, the remote or the journal cannot be used.
pub fn start(
    chosen: ChosenProcess,
    prepared: &Prepared,
    listener: &dyn Listener,
    begun: &dyn Fn(&RunId),
) -> Result<FinishedRun, Failure> {
    let ChosenProcess { project, origin, mirror, .. } = chosen;
    let project = &project;
    let store = Store::open(&project.invocation.state_dir()?)?;
    let who = who(project);
    let run = new_run_id(Timestamp::now());
    let repo = project.remote()?.url.to_string();
    let holder =
        Holder { run: run.clone(), workflow: prepared.workflow.clone(), who: who.clone(), since: Timestamp::now() };
    // Locked until the run has stopped.
    let lock = lock(&store, &repo, prepared, &holder, &project.invocation.cancel)?;
    let context = wiring::for_run(project, Some(origin.clone()), Arc::new(mirror), store.clone())?;
    let pinned = prepared.program.sources().iter();
    let claim = store.create_run(&NewRun {
        id: run.clone(),
        workflow: prepared.workflow.clone(),
        project: project.config.root.display().to_string(),
        repo,
        target: prepared.target.clone(),
        params: prepared.params.clone(),
        sources: pinned.map(|source| PinnedSource { path: source.path.clone(), text: source.text.clone() }).collect(),
        config_text: project.config.text.clone(),
        who,
        process: origin,
    })?;
    begun(&run);
    let ahead_of = lock.as_ref().map_or(&[][..], |lock| &lock.ahead_of);
    drive(project, prepared, &store, &claim, &context, ahead_of, listener)
}
