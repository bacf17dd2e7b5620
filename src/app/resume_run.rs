//! Goes on with a run that stopped, from its pinned files or from today's.

use super::actor::who;
use super::drive_run::{FinishedRun, drive, lock, lost};
use super::invocation::{Fetch, Invocation};
use super::prepare_run::{Prepared, Unready, compiled, prepare_from};
use super::project::Project;
use super::run_process::local_origin;
use super::wiring;
use crate::config;
use crate::git::Keep;
use crate::journal::{Claim, Holder, Reopening, Run, Store};
use crate::model::{Failure, FailureKind, RunId, SourceLocation, TaskContext};
use crate::run::{Call, Command, Commands, Listener, Performing, Record, Recorder, restore};
use crate::script::{CompiledWorkflow, Library, SourceFile};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// Which sources a run goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// Those it began with.
    Pinned,
    /// Today's files.
    New,
}

/// Goes on with a run that was suspended, interrupted or killed.
///
/// # Errors
///
/// Another process works on it, it is over, its sources are wrong, the remote or the journal cannot be used.
pub fn continue_run(
    invocation: &Invocation,
    run: &RunId,
    scripts: Scripts,
    listener: &dyn Listener,
    task: TaskContext<'_>,
    begun: &dyn Fn(&RunId),
) -> Result<FinishedRun, Unready> {
    let store = Store::open(&invocation.state_dir()?)?;
    let found = store.run(run.as_str())?;
    // The pinned files are trusted from here on.
    store.verify_chain(run)?;
    let (project, library) = sources(invocation, &store, &found, scripts)?;
    let params = |_: &CompiledWorkflow| Ok(found.params.clone());
    let prepared = match scripts {
        Scripts::Pinned => compiled(&library, &found.workflow, params)?,
        Scripts::New => prepare_from(&library, &found.workflow, params)?,
    };
    let prepared = Prepared { target: found.target.clone(), ..prepared };
    let who = who(&project);
    let holder =
        Holder { run: run.clone(), workflow: found.workflow.clone(), who: who.clone(), since: Timestamp::now() };
    let claim = store.claim(run, &who)?;
    let lock = lock(&store, &found.repo, &prepared, &holder, &project.invocation.cancel)?;
    // What a killed process left open is looked up on the remote by the driver; what was fetched last is enough to begin.
    let mirror = project.mirror(Keep::Yes, task).map_err(|failure| match failure.kind {
        FailureKind::NotFound | FailureKind::Network => failure.hint(format!(
            "the run works on this remote: bring it back and resume, or `relwf abandon {run} --reason …`"
        )),
        _ => failure,
    })?;
    let process = match scripts {
        Scripts::Pinned => store.process_of(run)?,
        Scripts::New => local_origin(&project, &mirror)?,
    };
    let mirror = Arc::new(mirror);
    let context = wiring::for_run(&project, process, mirror, store.clone())?;
    if let Some(failed) = store.reopening(run)? {
        reopen(&store, &claim, &failed, &context.commands, task)?;
    }
    restore(run, &store.history(run)?, &context.commands, task, Timestamp::now())?;
    begun(run);
    let ahead_of = lock.as_ref().map_or(&[][..], |lock| &lock.ahead_of);
    Ok(drive(&project, &prepared, &store, &claim, &context, ahead_of, listener)?)
}

/// Waits once more for what made a run fail.
fn reopen(
    store: &Store,
    claim: &Claim,
    Reopening { key, aside }: &Reopening,
    commands: &dyn Commands,
    task: TaskContext<'_>,
) -> Result<(), Failure> {
    let run = claim.run();
    let history = store.history(run)?;
    let Some((entry, begun)) = history.entries.get(key).and_then(|entry| Some((entry, entry.begun.as_ref()?))) else {
        return Ok(());
    };
    let call = Call { name: entry.name.clone(), args: entry.args.clone(), at: SourceLocation::new("", 0, 0) };
    if let Command::Wait(wait) = commands.command(&call)? {
        let facts = wait.again(&Performing { run, key, task, now: Timestamp::now() }, begun)?;
        let reopened = Record::Reopened { key: key.clone(), facts, aside: aside.clone() };
        claim.record(&reopened).map_err(|error| lost(store, run, error))?;
    }
    Ok(())
}

/// The project and the files that a run goes on with.
fn sources(invocation: &Invocation, store: &Store, run: &Run, scripts: Scripts) -> Result<(Project, Library), Failure> {
    let root = PathBuf::from(&run.project);
    let invocation =
        Invocation { dir: root.clone(), repo: Some(run.repo.clone()), fetch: Fetch::First, ..invocation.clone() };
    match scripts {
        Scripts::New => {
            let project = Project::open(&Invocation { config: None, ..invocation })?;
            let library = project.library()?;
            Ok((project, library))
        }
        Scripts::Pinned => {
            let config = config::parse(&run.config_text, "relwf.toml", &root)?;
            let pinned = store.sources(&run.id)?;
            let pinned = pinned.into_iter().map(|source| SourceFile { path: source.path, text: source.text }).collect();
            let library = Library::pinned(pinned, crate::effects::host_functions());
            Ok((Project::with(invocation, config), library))
        }
    }
}
