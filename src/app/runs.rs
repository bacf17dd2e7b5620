//! The runs in this machine's journal, listed and shown.

use super::approvals::{AskedApproval, asked};
use super::doubtful_effects::DoubtfulEffect;
use super::project::Project;
use super::run_facts::{RunFacts, facts};
use crate::journal::{Abandonment, JournalRow, Run, Store, Which};
use crate::model::{Failure, FailureKind, ProcessOrigin, RunId, Value};
use crate::run::{HistoryEntry, Key, RunStatus, Settled, StepPath};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;

/// One row of `relwf runs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    /// Its id.
    pub run: RunId,
    pub workflow: String,
    /// What it locks, e.g. `staging`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    pub status: RunStatus,
    /// When it was started.
    pub created: Timestamp,
    /// When something was last written.
    pub updated: Timestamp,
    /// Who started it.
    pub actor: String,
    /// Where.
    pub project: String,
    /// What made it fail or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// The state of a command of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoryState {
    /// It answered.
    Done,
    Failed,
    /// It was begun and has no outcome.
    Unsettled,
    /// It waits.
    Waiting,
}

/// One command of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryCommand {
    pub key: Key,
    /// The step it belongs to.
    pub step: StepPath,
    /// The function.
    pub command: String,
    /// Its arguments.
    pub args: Value,
    pub state: StoryState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Its failure, or why it is in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Who settled it, when it was not the command itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// When the journal has it first, and last; in JSON the journal tells of that.
    #[serde(skip)]
    pub written: Option<(Timestamp, Timestamp)>,
}

/// Everything about one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStory {
    /// Its row of `relwf runs`.
    #[serde(flatten)]
    pub row: RunRow,
    /// The remote.
    pub repo: String,
    /// Where its process comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessOrigin>,
    /// Its parameters.
    pub params: Value,
    /// What the workflow returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Its commands, in the order in which they began.
    pub commands: Vec<StoryCommand>,
    /// The files it has pinned.
    pub sources: Vec<String>,
    /// Its journal, row by row.
    pub journal: Vec<JournalRow>,
    /// Where the journal was edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<Failure>,
    /// The approvals that it has asked for; in JSON the journal tells of them.
    #[serde(skip)]
    pub approvals: Vec<AskedApproval>,
    /// Who abandoned it; in JSON the journal tells of that too.
    #[serde(skip)]
    pub abandoned: Option<Abandonment>,
    /// What its answers tell; in JSON they are among the commands.
    #[serde(skip)]
    pub facts: RunFacts,
    /// Its effects in doubt.
    #[serde(skip)]
    pub doubtful: Vec<DoubtfulEffect>,
    /// It failed, and `resume` goes on where it did.
    #[serde(skip)]
    pub resumable: bool,
}

/// Which runs are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Those that were started in this folder.
    Here,
    /// Those of this repository, whichever clone of it they were started in.
    Repository,
    /// Those of every project on this machine.
    Everywhere,
}

/// The journal that a project's runs are in.
pub(super) fn store(project: &Project) -> Result<Store, Failure> {
    Store::open(&project.invocation.state_dir()?)
}

fn row(run: Run) -> RunRow {
    RunRow {
        run: run.id,
        workflow: run.workflow,
        target: run.target,
        status: run.status,
        created: run.created,
        updated: run.updated,
        actor: run.who.actor,
        project: run.project,
        error: run.failure,
    }
}

/// The runs, newest first.
///
/// # Errors
///
/// The journal cannot be read.
pub fn runs(project: &Project, which: Which, listed: Listed) -> Result<Vec<RunRow>, Failure> {
    Ok(of_project(project, which, listed)?.into_iter().map(row).collect())
}

/// The run that is meant where none is named: the only one that is open, else the latest.
///
/// # Errors
///
/// There is none; the journal cannot be read.
pub fn meant_run(project: &Project) -> Result<RunId, Failure> {
    let (all, open) = (runs(project, Which::All, Listed::Repository)?, runs(project, Which::Open, Listed::Repository)?);
    let meant = match open.as_slice() {
        [only] => Some(only),
        _ => all.first(),
    };
    meant.map(|row| row.run.clone()).ok_or_else(|| {
        Failure::new(FailureKind::NotFound, "there are no runs of this repository on this machine yet")
            .hint("`relwf list` shows what can be run; `relwf runs --everywhere` lists the runs of other repositories")
    })
}

/// The runs of this project that can go on, oldest first.
///
/// # Errors
///
/// The journal cannot be read.
pub fn resumable(project: &Project) -> Result<Vec<RunId>, Failure> {
    let open = of_project(project, Which::Open, Listed::Here)?.into_iter().rev();
    // A running one is in the hands of a living process: one whose process was killed counts as interrupted.
    Ok(open.filter(|run| run.status != RunStatus::Running).map(|run| run.id).collect())
}

fn of_project(project: &Project, which: Which, listed: Listed) -> Result<Vec<Run>, Failure> {
    let root = project.config.root.display().to_string();
    let repo =
        if listed == Listed::Repository { project.remote().ok().map(|remote| remote.url.to_string()) } else { None };
    let mut runs = store(project)?.runs(which)?;
    runs.retain(|run| listed == Listed::Everywhere || run.project == root || Some(&run.repo) == repo.as_ref());
    Ok(runs)
}

/// The run whose id begins like that.
///
/// # Errors
///
/// There is none, or there are several.
pub fn find_run(project: &Project, id: &str) -> Result<RunId, Failure> {
    Ok(store(project)?.run(id)?.id)
}

/// Everything about one run.
///
/// # Errors
///
/// The journal cannot be read.
pub fn show(project: &Project, id: &RunId) -> Result<RunStory, Failure> {
    let store = store(project)?;
    let run = store.run(id.as_str())?;
    let edited = store.verify_chain(id).err();
    // Where the journal was edited is more useful than that a row of it cannot be read.
    let readable = |failure: Failure| edited.clone().unwrap_or(failure);
    let journal = store.records(id).map_err(readable)?;
    // Of each command its first row and its last one.
    let mut rows: HashMap<&Key, (usize, &JournalRow)> = HashMap::new();
    for (index, row) in journal.iter().enumerate() {
        if let Some(key) = &row.content.key {
            rows.entry(key).or_insert((index, row)).1 = row;
        }
    }
    let history = store.history(id).map_err(readable)?;
    let approvals = asked(&store, id, &history).map_err(readable)?;
    let abandoned = store.abandonment(id).map_err(readable)?;
    let in_doubt = history.entries.iter().filter(|(_, entry)| entry.settled.is_none() && entry.unknown.is_some());
    let doubtful = in_doubt.map(|(key, entry)| DoubtfulEffect::of(key, entry)).collect();
    let mut commands: Vec<(usize, StoryCommand)> = history
        .entries
        .into_iter()
        .chain(history.aside)
        .map(|(key, entry)| {
            let written = rows.get(&key).copied();
            let first = written.map_or(usize::MAX, |(first, _)| first);
            let began = journal.get(first).map(|row| row.at);
            let last = written.map(|(_, last)| last);
            let mut command = command(key, entry, last.and_then(|row| row.content.actor.as_deref()));
            command.written = began.zip(last.map(|row| row.at));
            (first, command)
        })
        .collect();
    commands.sort_by_key(|(first, _)| *first);
    let commands: Vec<StoryCommand> = commands.into_iter().map(|(_, command)| command).collect();
    Ok(RunStory {
        repo: run.repo.clone(),
        process: store.process_of(id)?,
        params: run.params.clone(),
        value: run.value.clone(),
        facts: facts(&commands, &run.params),
        commands,
        sources: store.sources(id)?.into_iter().map(|source| source.path).collect(),
        row: row(run),
        journal,
        edited,
        approvals,
        abandoned,
        doubtful,
        resumable: store.reopening(id)?.is_some(),
    })
}

fn command(key: Key, entry: HistoryEntry, actor: Option<&str>) -> StoryCommand {
    let settled = entry.settled.is_some();
    let (state, value, error) = match (entry.settled, entry.begun) {
        (Some(Settled::Value(value)), _) => (StoryState::Done, Some(value), None),
        (Some(Settled::Failure(failure)), _) => (StoryState::Failed, None, Some(failure)),
        (None, Some(_)) => (StoryState::Waiting, None, None),
        (None, None) => (StoryState::Unsettled, None, entry.unknown),
    };
    StoryCommand {
        actor: actor.filter(|_| settled).map(str::to_owned),
        written: None,
        step: key.path.clone(),
        key,
        command: entry.name,
        args: entry.args,
        state,
        value,
        error,
    }
}
