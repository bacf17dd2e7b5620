//! Deletes the branch that relwf created for a change, if no other push has moved it.

use crate::effects::EffectContext;
use crate::effects::ref_lease::RefLease;
use crate::forge::Change;
use crate::model::{BranchName, CommitId, TaskContext, Value};
use crate::policy;
use serde_json::json;

/// Deletes the branch of a change, if it is one of ours and still as we left it: `given` is the change as it was proposed, or its
/// number. Failing to is no failure.
pub(super) fn delete_branch(context: &EffectContext, change: &Change, given: &Value, task: TaskContext<'_>) {
    let ours = |name: &&BranchName| is_own(context, name) && **name != change.base;
    let Some(branch) = change.head_branch.as_ref().filter(ours).filter(|_| change.marker.is_some()) else { return };
    if given.get("head").is_some_and(|head| *head != json!(change.head)) {
        return task.warn(format!("the branch {branch} is kept: it has new commits"));
    }
    delete(context, branch, change.head, task);
}

/// The same of a change of which the forge says nothing now: the branches of ours that have what was proposed.
pub(super) fn delete_branch_of(context: &EffectContext, given: &Value, task: TaskContext<'_>) {
    let Some(head) = given.get("head").and_then(|head| head.as_str()?.parse::<CommitId>().ok()) else { return };
    let Ok(refs) = context.mirror.remote_refs(task) else { return };
    let held = refs.into_iter().filter(|(_, tip)| *tip == head.object());
    for branch in held.filter_map(|(name, _)| name.branch()).filter(|branch| is_own(context, branch)) {
        delete(context, &branch, head, task);
    }
}

/// Is it a branch of those that relwf makes?
fn is_own(context: &EffectContext, name: &BranchName) -> bool {
    name.as_str().starts_with(context.config.forge.prefix()) && !policy::is_environment_branch(&context.config, name)
}

fn delete(context: &EffectContext, branch: &BranchName, head: CommitId, task: TaskContext<'_>) {
    let lease = RefLease { name: branch.to_ref(), old: Some(head.object()), new: None };
    if let Err(error) = lease.push(context, task) {
        task.warn(format!("the branch {branch} is kept: {error}"));
    }
}
