//! Prepares, starts, drives and resumes runs.

use super::approvals::{AskedApproval, asked};
use super::invocation::{Fetch, Invocation};
use super::left_behind::{DoubtfulEffect, OpenChange, left_open};
use super::project::Project;
use super::run_id::new_run_id;
use super::wiring;
use crate::components::ComponentDelta;
use crate::config;
use crate::effects::CommitsMade;
use crate::git::{Identity, Keep};
use crate::journal::{Abandonment, Claim, Holder, NewRun, PinnedSource, Run, Store, TargetLock, Who};
use crate::model::{Failure, FailureKind, RunId, TaskContext, Value};
use crate::run::{Listener, LocalDriver, RecordError, RunOutcome, Settled, restore};
use crate::script::{CompiledWorkflow, Diagnostic, Library, SourceFile};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// How many commands of one run are performed at once.
const PARALLEL: usize = 16;

/// A workflow that was checked and may run.
pub struct Prepared {
    /// Its name.
    pub workflow: String,
    /// Compiled, with its plugins.
    pub program: Arc<CompiledWorkflow>,
    /// Its parameters, defaults filled in.
    pub params: Value,
    /// What it locks: no other run may change it meanwhile.
    pub target: Option<String>,
}

/// Why a workflow may not run. Nothing was done.
#[derive(Debug)]
pub enum Unready {
    /// Configuration or parameters.
    Failure(Failure),
    /// What the static check found.
    Findings(Vec<Diagnostic>),
}

impl From<Failure> for Unready {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Which sources a run goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// Those it began with.
    Pinned,
    /// Today's files.
    New,
}

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
}

/// Checks a workflow with everything it imports, and its parameters.
///
/// # Errors
///
/// What is wrong; nothing was done.
pub fn prepare(project: &Project, workflow: &str, given: &BTreeMap<String, String>) -> Result<Prepared, Unready> {
    prepare_from(&project.library()?, workflow, |program| Ok(program.params(given)?))
}

fn prepare_from(
    library: &Library,
    workflow: &str,
    params: impl FnOnce(&CompiledWorkflow) -> Result<Value, Unready>,
) -> Result<Prepared, Unready> {
    // A workflow that does not exist, or cannot be read at all, is one finding and not a list.
    library.header(workflow).map_err(|diagnostic| Unready::Findings(vec![diagnostic]))?;
    let findings = library.check(workflow);
    if !findings.is_empty() {
        return Err(Unready::Findings(findings));
    }
    let program = library.program(workflow).map_err(|diagnostic| Unready::Findings(vec![diagnostic]))?;
    let params = params(&program)?;
    let lock = program.header().lock.as_ref().and_then(|name| params.get(name));
    let target = lock.and_then(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    });
    Ok(Prepared { workflow: workflow.to_owned(), program: Arc::new(program), params, target })
}

/// Begins a run and drives it until it is done, fails, waits or is interrupted. `begun` gets its id before anything
/// happens.
///
/// # Errors
///
/// The target is locked by another run, the remote or the journal cannot be used.
pub fn start(
    project: &Project,
    prepared: &Prepared,
    listener: &dyn Listener,
    task: TaskContext<'_>,
    begun: &dyn Fn(&RunId),
) -> Result<FinishedRun, Failure> {
    let store = Store::open(&project.invocation.state_dir()?)?;
    let who = who(project);
    let run = new_run_id(Timestamp::now());
    let repo = project.remote()?.url.to_string();
    let holder =
        Holder { run: run.clone(), workflow: prepared.workflow.clone(), who: who.clone(), since: Timestamp::now() };
    // Locked until the run has stopped.
    let _lock = lock(&store, &repo, prepared.target.as_deref(), &holder)?;
    let mirror = Arc::new(project.mirror(Keep::Yes, task)?);
    let context = wiring::for_run(project, mirror, store.clone())?;
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
    })?;
    begun(&run);
    drive(project, prepared, &store, &claim, &context, listener)
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
    let prepared = prepare_from(&library, &found.workflow, |_| Ok(found.params.clone()))?;
    let prepared = Prepared { target: found.target.clone(), ..prepared };
    let who = who(&project);
    let holder =
        Holder { run: run.clone(), workflow: found.workflow.clone(), who: who.clone(), since: Timestamp::now() };
    let claim = store.claim(run, &who)?;
    let _lock = lock(&store, &found.repo, found.target.as_deref(), &holder)?;
    // What a killed process left open is looked up on the remote by the driver; what was fetched last is enough to begin.
    let mirror = project.mirror(Keep::Yes, task).map_err(|failure| match failure.kind {
        FailureKind::NotFound => failure.hint(format!(
            "the run works on this remote: bring it back and resume, or `relwf abandon {run} --reason …`"
        )),
        _ => failure,
    })?;
    let mirror = Arc::new(mirror);
    let context = wiring::for_run(&project, mirror, store.clone())?;
    restore(run, &store.history(run)?, &context.commands, task, Timestamp::now())?;
    begun(run);
    Ok(drive(&project, &prepared, &store, &claim, &context, listener)?)
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

fn drive(
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
    };
    finished.open = left_open(&history.entries);
    for (key, entry) in history.entries {
        match entry.settled {
            Some(Settled::Value(value)) => {
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

fn lost(store: &Store, run: &RunId, error: RecordError) -> Failure {
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

fn lock(store: &Store, repo: &str, target: Option<&str>, holder: &Holder) -> Result<Option<TargetLock>, Failure> {
    target.map(|target| store.lock_target(repo, target, holder).map_err(Failure::from)).transpose()
}

/// The operator and this process, for the journal: the name is git's, else the system's.
pub fn who(project: &Project) -> Who {
    let env = &project.invocation.env;
    let found = Identity::find(&**env, Some(&project.config.root)).ok();
    let actor = found.map(|identity| format!("{} <{}>", identity.committer.0, identity.committer.1));
    Who::here(actor.or_else(|| env("USER")).unwrap_or_else(|| "unknown".to_owned()))
}
