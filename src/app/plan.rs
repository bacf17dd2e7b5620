//! A dry run: what a workflow would do, with the merges that it would make.

use super::new_run_id::new_run_id;
use super::prepare_run::Prepared;
use super::preview::{ChangedFile, changed_files};
use super::project::Project;
use super::run_process::ChosenProcess;
use super::wiring;
use crate::components::ComponentDelta;
use crate::effects::{CommitOutcome, CommitsMade, ScriptCommit, SeriesAnswer};
use crate::git::{Keep, ListedCommit, Mirror};
use crate::hidden::Hidden;
use crate::merge::Conflict;
use crate::model::{CommitId, Failure, HumanDuration, ProcessOrigin, TaskContext, TreeId, Value};
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
    /// The branch that a merge's source comes from, where the workflow names it.
    pub from: Option<String>,
    /// Where it goes.
    pub target: Value,
    /// The commit that it is made on.
    pub ours: CommitId,
    /// How it would come out.
    pub outcome: CommitOutcome,
    pub conflicts: Vec<Conflict>,
    /// The commits that would be new in the target, newest first; of very many only the newest.
    pub commits: Vec<ListedCommit>,
    /// How many would be new in all.
    pub commit_count: u64,
    /// The files that would change in the target.
    pub files: Vec<ChangedFile>,
    /// Of a rollback: what it goes back to, why, and what it undoes.
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
    /// Why.
    pub reason: Option<String>,
    /// The landings that it undoes, newest first.
    pub withdrawn: Vec<ListedCommit>,
}

impl PlannedRun {
    /// There is nothing to do: at most merges that bring nothing new.
    pub fn changes_nothing(&self) -> bool {
        let idle = self.merges.iter().filter(|merge| merge.outcome == CommitOutcome::UpToDate).count();
        self.outcome.failure.is_none() && self.plan.len() == idle
    }

    /// Would the same land as by another look?
    pub fn lands_the_same(&self, other: &Self) -> bool {
        let landings = |planned: &Self| {
            let of = |merge: &PlannedMerge| (merge.source.clone(), merge.target.clone(), merge.ours, merge.outcome);
            planned.merges.iter().map(of).collect::<Vec<_>>()
        };
        landings(self) == landings(other) && self.plan.len() == other.plan.len()
    }
}

/// Walks the workflow without changing anything: no reference moves, neither here nor there.
///
/// # Errors
///
/// The remote or the cache cannot be reached; a failure of the workflow itself is part of the answer.
pub fn dry_run(chosen: ChosenProcess, prepared: &Prepared, listener: &dyn Listener) -> Result<PlannedRun, Failure> {
    let ChosenProcess { project, origin, mirror, .. } = chosen;
    walk(&project, &origin, mirror, prepared, listener)
}

/// The same before a run begins, which keeps its own mirror: what is only looked at stays in memory.
///
/// # Errors
///
/// As [`dry_run`].
pub fn look_ahead(
    chosen: &ChosenProcess,
    prepared: &Prepared,
    listener: &dyn Listener,
    task: TaskContext<'_>,
) -> Result<PlannedRun, Failure> {
    let ChosenProcess { project, origin, .. } = chosen;
    walk(project, origin, project.mirror(Keep::No, task)?, prepared, listener)
}

fn walk(
    project: &Project,
    origin: &ProcessOrigin,
    mirror: Mirror,
    prepared: &Prepared,
    listener: &dyn Listener,
) -> Result<PlannedRun, Failure> {
    let context = wiring::for_dry_run(project, origin, Arc::new(mirror))?;
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
    let text = |name: &str| given(name).as_str().map(str::to_owned);
    let series = |made, answer: SeriesAnswer, target| -> Result<PlannedMerge, Failure> {
        Ok(PlannedMerge {
            made,
            source: given("commits"),
            from: None,
            target,
            ours: answer.ours,
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
            from: text("from"),
            target,
            ours: answer.ours,
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
            from: None,
            target,
            ours: answer.ours,
            outcome: answer.outcome,
            files: files(answer.ours, Some(answer.tree))?,
            conflicts: Vec::new(),
            commits: answer.commits.into_iter().map(ListedCommit::from).collect(),
            commit_count: answer.commit_count,
            rollback: Some(Rollback {
                summary: answer.summary,
                age: answer.age,
                reason: text("reason"),
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
