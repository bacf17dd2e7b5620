//! A dry run: what a workflow would do, with the merges that it would make.

use super::launch::Prepared;
use super::preview::{ChangedFile, changed_files};
use super::project::Project;
use super::run_id::new_run_id;
use super::wiring;
use crate::git::ListedCommit;
use crate::git::{Keep, Mirror};
use crate::hidden::Hidden;
use crate::merge::Conflict;
use crate::model::{CommitId, Failure, TaskContext, TreeId, Value};
use crate::run::{DryDriver, Listener, Outcome, PlanItem};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// What a workflow would do.
#[derive(Debug)]
pub struct Planned {
    /// How it would end.
    pub outcome: Outcome,
    /// Every effect, in order.
    pub plan: Vec<PlanItem>,
    /// The merges among them.
    pub merges: Vec<PlannedMerge>,
}

/// How a commit is made that a workflow would land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// A promotion.
    Merge,
    /// Commits taken over.
    Pick,
    /// Commits taken back.
    Revert,
    /// An earlier release's files.
    Restore,
}

/// How a host function makes commits, if it does.
pub fn made(command: &str) -> Option<Made> {
    Some(match command {
        "git::merge" => Made::Merge,
        "git::cherry_pick" => Made::Pick,
        "git::revert" => Made::Revert,
        "git::restore_tree" => Made::Restore,
        _ => return None,
    })
}

/// A merge, or another commit to land, that the workflow would make.
#[derive(Debug)]
pub struct PlannedMerge {
    /// How it is made.
    pub made: Made,
    /// What is merged, picked, reverted or gone back to.
    pub source: Value,
    /// Where it goes.
    pub target: Value,
    /// `clean`, `conflicts` or `up-to-date`.
    pub outcome: String,
    /// Its conflicts.
    pub conflicts: Vec<Conflict>,
    /// The commits that would be new in the target, newest first; of very many only the newest.
    pub commits: Vec<ListedCommit>,
    /// How many would be new in all.
    pub commit_count: usize,
    /// The files that would change in the target.
    pub files: Vec<ChangedFile>,
    /// What would ship, as rows of the delta.
    pub components: Value,
    /// What the merge does not say by itself.
    pub hidden: Hidden,
}

/// Walks the workflow without changing anything: no reference moves, neither here nor there.
///
/// # Errors
///
/// The remote or the cache cannot be reached; a failure of the workflow itself is part of the answer.
pub fn dry_run(
    project: &Project,
    prepared: &Prepared,
    listener: &dyn Listener,
    task: TaskContext<'_>,
) -> Result<Planned, Failure> {
    let world = wiring::for_reading(project, Keep::No, task)?;
    let run = new_run_id(Timestamp::now());
    let driver = DryDriver {
        run: &run,
        workflow: &prepared.workflow,
        script: &*prepared.program,
        params: &prepared.params,
        commands: &world.commands,
        listener,
        cancel: &project.invocation.cancel,
    };
    let (outcome, plan) = driver.drive();
    let merges = plan.iter().filter_map(|item| Some((made(&item.command)?, item)));
    let merges = merges.map(|(made, item)| planned(&world.mirror, made, item)).collect::<Result<Vec<_>, _>>()?;
    Ok(Planned { outcome, plan, merges })
}

fn planned(mirror: &Mirror, made: Made, item: &PlanItem) -> Result<PlannedMerge, Failure> {
    fn field<T: DeserializeOwned>(value: &Value, key: &str) -> Option<T> {
        serde_json::from_value(value.get(key)?.clone()).ok()
    }
    let assumed = &item.assumed;
    let ours: Option<CommitId> = field(assumed, "ours");
    let files = match (ours, field::<TreeId>(assumed, "tree")) {
        (Some(ours), Some(tree)) => changed_files(mirror, mirror.tree(ours)?, tree)?,
        _ => Vec::new(),
    };
    let commits = assumed.get("commits").and_then(Value::as_array).into_iter().flatten().filter_map(|commit| {
        Some(ListedCommit {
            commit: field(commit, "commit").or_else(|| field(commit, "id"))?,
            summary: field(commit, "summary").unwrap_or_default(),
            author: field(commit, "author").unwrap_or_default(),
            time: field(commit, "time").unwrap_or_default(),
        })
    });
    let commits: Vec<ListedCommit> = commits.collect();
    let source = match made {
        Made::Merge => "source",
        Made::Pick | Made::Revert => "commits",
        Made::Restore => "release",
    };
    Ok(PlannedMerge {
        made,
        source: item.args.get(source).cloned().unwrap_or_default(),
        target: item.args.get("target").cloned().unwrap_or_default(),
        outcome: field(assumed, "outcome").unwrap_or_default(),
        conflicts: field(assumed, "conflicts").unwrap_or_default(),
        commit_count: field(assumed, "commit_count").unwrap_or(commits.len()),
        commits,
        files,
        components: assumed.get("components").cloned().unwrap_or_default(),
        hidden: field(assumed, "hidden").unwrap_or_default(),
    })
}
