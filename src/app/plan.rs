//! A dry run: what a workflow would do, with the merges that it would make.

use super::new_run_id::new_run_id;
use super::prepare_run::Prepared;
use super::preview::{ChangedFile, changed_files};
use super::run_process::ChosenProcess;
use super::wiring;
use crate::components::ComponentDelta;
use crate::effects::{CommitOutcome, CommitsMade, ScriptCommit, SeriesAnswer};
use crate::git::ListedCommit;
use crate::git::Mirror;
use crate::hidden::Hidden;
use crate::merge::Conflict;
use crate::model::{Failure, HumanDuration, TreeId, Value};
use crate::run::{DryDriver, Listener, PlanItem, RunOutcome};
use jiff::Timestamp;
use std::sync::Arc;

/// What a workflow would do.
#[derive(Debug)]
pub struct PlannedRun {
    /// How it would end.
    pub outcome: RunOutcome,
    /// Every effect, in order.
    pub plan: Vec<PlanItem>,
    /// The merges among them.
    pub merges: Vec<PlannedMerge>,
}

/// How a commit is made that a workflow would land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOrigin {
    /// A promotion.
    Merge,
    /// Commits cherry-picked.
    Pick,
    /// Commits reverted.
    Revert,
    /// An earlier release's files.
    Restore,
}

/// A merge, or another commit to land, that the workflow would make.
#[derive(Debug)]
pub struct PlannedMerge {
    /// How it is made.
    pub made: CommitOrigin,
    /// What is merged, picked, reverted or gone back to.
    pub source: Value,
    /// Where it goes.
    pub target: Value,
    /// How it would come out.
    pub outcome: CommitOutcome,
    pub conflicts: Vec<Conflict>,
    /// The commits that would be new in the target, newest first; of very many only the newest.
    pub commits: Vec<ListedCommit>,
    /// How many would be new in all.
    pub commit_count: u64,
    /// The files that would change in the target.
    pub files: Vec<ChangedFile>,
    /// Of a rollback: how old the release is, and the landings that it undoes, newest first.
    pub rollback: Option<Rollback>,
    /// What would ship.
    pub components: Vec<ComponentDelta>,
    /// What a clean merge hides.
    pub hidden: Hidden,
}

/// What a rollback goes back to.
#[derive(Debug)]
pub struct Rollback {
    /// The first line of the release's message.
    pub summary: String,
    /// How old it is.
    pub age: Option<HumanDuration>,
    /// The landings that it undoes, newest first.
    pub withdrawn: Vec<ListedCommit>,
}

/// Walks the workflow without changing anything: no reference moves, neither here nor there.
///
/// # Errors
///
/// The remote or the cache cannot be reached; a failure of the workflow itself is part of the answer.
pub fn dry_run(chosen: ChosenProcess, prepared: &Prepared, listener: &dyn Listener) -> Result<PlannedRun, Failure> {
    let ChosenProcess { project, origin, mirror, .. } = chosen;
    let context = wiring::for_dry_run(&project, &origin, Arc::new(mirror))?;
    let run = new_run_id(Timestamp::now());
    let driver = DryDriver {
        run: &run,
        workflow: &prepared.workflow,
        script: &*prepared.program,
        params: &prepared.params,
        commands: &context.commands,
        listener,
        cancel: &project.invocation.cancel,
    };
    let (outcome, plan) = driver.drive();
    let merges = plan.iter().filter_map(|item| planned(&context.mirror, item).transpose()).collect::<Result<_, _>>()?;
    Ok(PlannedRun { outcome, plan, merges })
}

/// What a planned command would make; `None` where it makes no commits, or what it rests on is not known yet.
fn planned(mirror: &Mirror, item: &PlanItem) -> Result<Option<PlannedMerge>, Failure> {
    let Some(commits) = CommitsMade::read(&item.command, &item.assumed) else { return Ok(None) };
    let files = |ours, tree: Option<TreeId>| match tree {
        Some(tree) => changed_files(mirror, mirror.tree(ours)?, tree),
        None => Ok(Vec::new()),
    };
    let given = |name: &str| item.args.get(name).cloned().unwrap_or_default();
    let target = given("target");
    let series = |made, answer: SeriesAnswer, target| -> Result<PlannedMerge, Failure> {
        Ok(PlannedMerge {
            made,
            source: given("commits"),
            target,
            outcome: answer.outcome,
            files: files(answer.ours, answer.tree)?,
            conflicts: answer.conflicts,
            commits: answer.commits.into_iter().map(|made| ListedCommit::from(made.commit)).collect(),
            commit_count: answer.commit_count,
            rollback: None,
            components: answer.components,
            hidden: Hidden::default(),
        })
    };
    Ok(Some(match commits {
        CommitsMade::Merge(answer) => PlannedMerge {
            made: CommitOrigin::Merge,
            source: given("source"),
            target,
            outcome: answer.outcome,
            files: files(answer.ours, answer.tree)?,
            conflicts: answer.conflicts,
            commits: answer.commits.into_iter().map(ListedCommit::from).collect(),
            commit_count: answer.commit_count,
            rollback: None,
            components: answer.components,
            hidden: answer.hidden,
        },
        CommitsMade::Pick(answer) => series(CommitOrigin::Pick, answer, target)?,
        CommitsMade::Revert(answer) => series(CommitOrigin::Revert, answer, target)?,
        CommitsMade::Restore(answer) => PlannedMerge {
            made: CommitOrigin::Restore,
            source: Value::String(answer.release.to_string()),
            target,
            outcome: answer.outcome,
            files: files(answer.ours, Some(answer.tree))?,
            conflicts: Vec::new(),
            commits: answer.commits.into_iter().map(ListedCommit::from).collect(),
            commit_count: answer.commit_count,
            rollback: Some(Rollback {
                summary: answer.summary,
                age: answer.age,
                withdrawn: answer.withdrawn.into_iter().map(ListedCommit::from).collect(),
            }),
            components: answer.components,
            hidden: Hidden::default(),
        },
    }))
}

impl From<ScriptCommit> for ListedCommit {
    fn from(commit: ScriptCommit) -> Self {
        Self { commit: commit.id, summary: commit.summary, author: commit.author, time: commit.time }
    }
}
