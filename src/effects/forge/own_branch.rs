//! Deletes the branch that relwf created for a change, if no other push has moved it.

use crate::effects::EffectContext;
use crate::effects::ref_lease::RefLease;
use crate::forge::Change;
use crate::model::{BranchName, TaskContext, Value};
use crate::policy;
use serde_json::json;

/// Deletes the branch of a change, if it is one of ours and still as we left it: `given` is the change as it was proposed, or its
/// number. Failing to is no failure.
pub(super) fn delete_branch(context: &EffectContext, change: &Change, given: &Value, task: TaskContext<'_>) {
    let config = &context.config;
    let ours = |name: &&BranchName| {
        name.as_str().starts_with(config.forge.prefix())
            && **name != change.base
            && !policy::is_environment_branch(config, name)
    };
    let Some(branch) = change.head_branch.as_ref().filter(ours).filter(|_| change.marker.is_some()) else { return };
    if given.get("head").is_some_and(|head| *head != json!(change.head)) {
        return task.warn(format!("the branch {branch} is kept: it has new commits"));
    }
    let lease = RefLease { name: branch.to_ref(), old: Some(change.head.object()), new: None };
    if let Err(error) = lease.push(context, task) {
        task.warn(format!("the branch {branch} is kept: {error}"));
    }
}
