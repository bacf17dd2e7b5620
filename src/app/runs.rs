//! The runs in this machine's journal: list and show them, approve, settle, abandon.

use super::approvals::{AskedApproval, asked};
use super::launch::who;
use super::left_behind::{OpenChange, left_open, missing_answer};
use super::project::Project;
use crate::journal::{Abandonment, DoubtVerdict, JournalRow, Run, Signalled, Store, Which};
use crate::model::{Failure, FailureKind, RunId, Value, shell_quoted};
use crate::run::{ApprovalDecision, HistoryEntry, Key, RunStatus, Settled, StepPath};
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
}

/// Everything about one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunStory {
    /// Its row of `relwf runs`.
    #[serde(flatten)]
    pub row: RunRow,
    /// The remote.
    pub repo: String,
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
}

/// An operator's verdict on one effect in doubt.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The command's key.
    pub key: Key,
    /// Did it happen, and what did it answer?
    pub verdict: DoubtVerdict,
}

/// A decision that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Who decided.
    pub actor: String,
    /// What about.
    pub message: String,
}

/// Which runs are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Those of this project.
    Here,
    /// Those of every project on this machine.
    Everywhere,
}

fn store(project: &Project) -> Result<Store, Failure> {
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
pub fn runs(project: &Project, listed: Listed) -> Result<Vec<RunRow>, Failure> {
    Ok(of_project(project, Which::All, listed)?.into_iter().map(row).collect())
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
    let mut runs = store(project)?.runs(which)?;
    runs.retain(|run| listed == Listed::Everywhere || run.project == root);
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
    // Of each command its first row, and the actor of its last one.
    let mut rows: HashMap<&Key, (usize, Option<&str>)> = HashMap::new();
    for (index, row) in journal.iter().enumerate() {
        if let Some(key) = &row.content.key {
            rows.entry(key).or_insert((index, None)).1 = row.content.actor.as_deref();
        }
    }
    let history = store.history(id).map_err(readable)?;
    let approvals = asked(&store, id, &history).map_err(readable)?;
    let abandoned = store.abandonment(id).map_err(readable)?;
    let mut commands: Vec<(usize, StoryCommand)> = history
        .entries
        .into_iter()
        .map(|(key, entry)| {
            let (first, actor) = rows.get(&key).copied().unwrap_or((usize::MAX, None));
            (first, command(key, entry, actor))
        })
        .collect();
    commands.sort_by_key(|(first, _)| *first);
    Ok(RunStory {
        repo: run.repo.clone(),
        params: run.params.clone(),
        value: run.value.clone(),
        commands: commands.into_iter().map(|(_, command)| command).collect(),
        sources: store.sources(id)?.into_iter().map(|source| source.path).collect(),
        row: row(run),
        journal,
        edited,
        approvals,
        abandoned,
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
        step: key.path.clone(),
        key,
        command: entry.name,
        args: entry.args,
        state,
        value,
        error,
    }
}

/// Records an operator's decision about the approval that a run waits for. `key` is needed when it waits for several.
///
/// # Errors
///
/// It waits for none, or for several; another decision came first.
pub fn approve(
    project: &Project,
    id: &RunId,
    key: Option<&Key>,
    approved: bool,
    reason: Option<String>,
) -> Result<Decided, Failure> {
    let store = store(project)?;
    let history = store.history(id)?;
    let key = key.map(|typed| history.typed(typed).unwrap_or(typed).clone());
    let mut open = asked(&store, id, &history)?;
    open.retain(|approval| !approval.settled && key.as_ref().is_none_or(|key| *key == approval.key));
    // Without a key it is the one that is not decided yet.
    if open.iter().any(AskedApproval::waits) {
        open.retain(AskedApproval::waits);
    }
    let usage = |message: String| Failure::new(FailureKind::Usage, message);
    let approval = match open.as_slice() {
        [] => {
            return Err(usage(format!("run {id} does not wait for an approval"))
                .hint(format!("`relwf show {id}` shows its state")));
        }
        [approval] => approval,
        // All are decided: the answer names the first decision.
        [decided, ..] if !decided.waits() => decided,
        many => {
            let keys: Vec<String> = many.iter().map(|approval| approval.key.to_string()).collect();
            let command = |key: &String| format!("\n  relwf approve {id} --key {}", shell_quoted(key));
            return Err(usage(format!("run {id} waits for {} approvals: {}", many.len(), keys.join(", ")))
                .hint(format!("name one:{}", keys.iter().map(command).collect::<String>())));
        }
    };
    let actor = who(project).actor;
    let decision = ApprovalDecision { approved, actor: actor.clone(), reason, at: Timestamp::now() };
    match store.signal(id, &approval.key, &approval.digest, &decision)? {
        Signalled::Written => Ok(Decided { actor, message: approval.message.clone() }),
        Signalled::Already(earlier) => {
            let decision = if earlier.approved { "approved" } else { "refused" };
            Err(Failure::new(
                FailureKind::Refused,
                format!("{} has already {decision} it; the first decision counts", earlier.actor),
            )
            .hint(format!("`relwf resume {id}` goes on with it")))
        }
    }
}

/// Abandons a run; answers the changes that it leaves open.
///
/// # Errors
///
/// It is over already.
pub fn abandon(project: &Project, id: &RunId, reason: &str) -> Result<Vec<OpenChange>, Failure> {
    let store = store(project)?;
    store.abandon(id, &who(project).actor, reason)?;
    // It is abandoned, also where the journal was edited so that its commands cannot be read.
    Ok(store.history(id).map(|history| left_open(&history.entries)).unwrap_or_default())
}

/// Records an operator's verdict on an effect in doubt.
///
/// # Errors
///
/// That command is not in doubt, or it answers something that the workflow goes on with, and no value was given.
pub fn settle(project: &Project, id: &RunId, settlement: &Settlement) -> Result<(), Failure> {
    let actor = who(project).actor;
    let store = store(project)?;
    let history = store.history(id)?;
    let key = history.typed(&settlement.key).unwrap_or(&settlement.key);
    if let DoubtVerdict::Happened(value) = &settlement.verdict
        && let Some(entry) = history.entries.get(key)
        && let Some((answers, missing)) = missing_answer(&entry.name, value)
    {
        let name = &entry.name;
        let written = shell_quoted(&format!("{key}=done:{answers}"));
        let missing = if missing.is_empty() { String::new() } else { format!(": {}", missing.join(", ")) };
        return Err(Failure::new(
            FailureKind::Usage,
            format!("the workflow goes on with what {name} answered, which `{key}=done` lacks{missing}"),
        )
        .hint(format!("write --settle {written}, with what you found instead of each …")));
    }
    store.settle(id, key, settlement.verdict.clone(), &actor, "on the command line")
}
