//! `git::delete_branch`: deletes a branch of the remote, under a lease.

use crate::effects::EffectContext;
use crate::effects::ref_lease::{RefLease, RemoteState};
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Revision, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static DELETE_BRANCH: TypedHostFn<Args, ()> = map(
    CommandKind::Effect,
    "git::delete_branch",
    "Deletes a branch of the remote, under a lease.",
    |context, args| Ok(effect(Delete { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::Moved, "the branch is not where it is expected"),
    (FailureKind::Refused, "the remote does not delete it: a hook, a protected branch, missing rights"),
]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch of the remote
    branch: BranchName,
    /// the commit it must hold now; by default as last fetched
    expect: Option<Revision>,
}

struct Delete {
    context: Arc<EffectContext>,
    args: Args,
}

impl Delete {
    fn lease(&self) -> Result<RefLease, Failure> {
        let mirror = &self.context.mirror;
        let old = match &self.args.expect {
            Some(rev) => Some(mirror.resolve(rev.as_str())?),
            None => mirror.branch(&self.args.branch)?,
        };
        Ok(RefLease { name: self.args.branch.to_ref(), old: old.map(CommitId::object), new: None })
    }
}

impl TypedEffect for Delete {
    type Facts = RefLease;
    type Answer = ();

    fn prepare(&self, _cx: &Performing<'_>) -> Result<RefLease, Failure> {
        self.lease()
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, RefLease>) -> Result<(), WriteError> {
        // A branch that was not there when this began needs no push.
        if intent.facts.old.is_some() {
            intent.facts.push(&self.context, cx.task)?;
        }
        Ok(())
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, RefLease>) -> Result<Probe<()>, Failure> {
        Ok(match intent.facts.remote_state(&self.context, cx.task)? {
            RemoteState::Done => Probe::Done(()),
            RemoteState::Before => Probe::Absent,
            RemoteState::Elsewhere(why) => Probe::Unknown(why),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<()>, Failure> {
        self.lease()?;
        Ok(Assumed { value: (), note: None })
    }
}
