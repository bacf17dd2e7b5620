//! Checks that a proposed change is still as it was proposed: not closed, not retargeted, given no new head, not merged as
//! something else.
//!
//! Undoes nothing of that. Whether what landed is exactly what was tested is for `landing_proof` to say.

use super::EffectContext;
use crate::forge::{Change, ChangeState};
use crate::model::{BranchName, CommitId, Failure, FailureKind, TaskContext};
use serde_json::json;

/// What was proposed.
pub(super) struct Proposed<'a> {
    pub(super) context: &'a EffectContext,
    pub(super) commit: CommitId,
    pub(super) target: &'a BranchName,
}

impl Proposed<'_> {
    /// It is open as it was proposed, or merged with the commit in its history.
    ///
    /// # Errors
    ///
    /// Kind `denied` where the change was closed, moved or retargeted on the forge, kind `git` where it has landed on another
    /// branch.
    pub(super) fn ensure_unchanged(&self, change: &Change, task: TaskContext<'_>) -> Result<(), Failure> {
        let number = change.number;
        let elsewhere = change.base != *self.target;
        match (change.state, change.merged_as) {
            (ChangeState::Closed, _) => Err(denied(format!("change {number} was closed on the forge"))
                .hint("nothing has landed; run the workflow again when it is wanted after all")),
            (ChangeState::Merged, landed) if elsewhere => Err(self.landed_elsewhere(change, landed)),
            (ChangeState::Open, _) if elsewhere => Err(self.retargeted(change)),
            (ChangeState::Open, _) if change.head != self.commit => Err(head_moved(number)),
            (ChangeState::Merged, Some(landed)) => self.merged(number, landed, task),
            (ChangeState::Open | ChangeState::Merged, _) => Ok(()),
        }
    }

    fn retargeted(&self, change: &Change) -> Failure {
        denied(format!("change {} was retargeted to {}", change.number, change.base)).hint(format!(
            "nothing has landed; it was tested for {} alone: close it, and run the workflow again",
            self.target
        ))
    }

    fn landed_elsewhere(&self, change: &Change, landed: Option<CommitId>) -> Failure {
        let (number, base) = (change.number, &change.base);
        let taken_back = landed.map_or_else(
            || format!("look what it did to {base}"),
            |id| format!("revert it with `relwf run revert-release --param branch={base} --param commit={id}`"),
        );
        Failure::new(FailureKind::Git, format!("change {number} was retargeted to {base} and merged there"))
            .hint(format!(
                "do not deploy it: it was tested for {} alone, where nothing has landed; stop the build of {base}, and \
                 {taken_back}",
                self.target
            ))
            .detail(json!({ "landed": landed, "branch": base, "expected": self.target }))
    }

    fn merged(&self, number: u64, landed: CommitId, task: TaskContext<'_>) -> Result<(), Failure> {
        if landed == self.commit {
            return Ok(());
        }
        let (mirror, target) = (&self.context.mirror, self.target);
        if !mirror.contains(landed.object()) {
            mirror.fetch_objects(&[target.to_ref()], task)?;
        }
        if !mirror.contains(landed.object()) {
            let message = format!("change {number} was merged as {}, which {target} does not show", landed.short());
            return Err(Failure::new(FailureKind::Network, message)
                .hint(format!("look at {target}: it may have been moved back; then run the workflow again")));
        }
        if mirror.is_ancestor(self.commit, landed)? {
            return Ok(());
        }
        let (landed_short, commit) = (landed.short(), self.commit.short());
        let message =
            format!("change {number} was squashed or rebased: its commit {landed_short} is not a merge of {commit}");
        Err(denied(message)
            .hint(format!(
                "that severs {target} from what was promoted, and it was not tested: revert it (`relwf run revert-release \
                 --param branch={target} --param commit={landed}`, for a rebase every commit of it), and run the workflow \
                 again; merge changes with a merge commit only"
            ))
            .detail(json!({ "landed": landed, "expected": self.commit })))
    }
}

fn denied(message: String) -> Failure {
    Failure::new(FailureKind::Denied, message)
}

pub(super) fn head_moved(number: u64) -> Failure {
    denied(format!("the head of change {number} was moved: it is no longer what was tested"))
        .hint("nothing has landed; bring what was pushed there to the source branch, and run the workflow again")
}
