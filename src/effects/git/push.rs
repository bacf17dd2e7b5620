//! `git::push`: moves a branch of the remote, under a lease.

use crate::effects::EffectContext;
use crate::effects::ref_lease::{RefLease, RemoteState};
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Revision, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static PUSH: TypedHostFn<Args, Pushed> = map(
    CommandKind::Effect,
    "git::push",
    "Moves a branch of the remote, under a lease: only if it is where it is expected.",
    |context, args| Ok(effect(Push { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::Moved, "the branch is not where it is expected"),
    (FailureKind::Refused, "the remote does not take it: a hook, a protected branch, missing rights"),
]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch of the remote
    branch: BranchName,
    /// where it should point
    commit: Revision,
    /// the commit it must hold now, or "absent"; by default as last fetched
    expect: Option<Revision>,
}

/// A branch that was moved.
#[derive(Serialize, JsonSchema)]
pub(super) struct Pushed {
    /// the branch
    branch: BranchName,
    /// where it points
    commit: CommitId,
    /// where it pointed; () when it is new
    before: Option<CommitId>,
}

struct Push {
    context: Arc<EffectContext>,
    args: Args,
}

impl Push {
    fn lease(&self) -> Result<RefLease, Failure> {
        let mirror = &self.context.mirror;
        let old = match self.args.expect.as_ref().map(Revision::as_str) {
            Some("absent") => None,
            Some(rev) => Some(mirror.resolve(rev)?),
            None => mirror.branch(&self.args.branch)?,
        };
        let new = mirror.resolve(self.args.commit.as_str())?;
        Ok(RefLease { name: self.args.branch.to_ref(), old: old.map(CommitId::object), new: Some(new.object()) })
    }

    fn pushed(&self, lease: &RefLease) -> Result<Pushed, Failure> {
        let Some(new) = lease.new else { return Err(Failure::new(FailureKind::Bug, "a push without a commit")) };
        Ok(Pushed { branch: self.args.branch.clone(), commit: new.into(), before: lease.old.map(CommitId::from) })
    }
}

impl TypedEffect for Push {
    type Facts = RefLease;
    type Answer = Pushed;

    fn prepare(&self, _cx: &Performing<'_>) -> Result<RefLease, Failure> {
        self.lease()
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, RefLease>) -> Result<Pushed, WriteError> {
        intent.facts.push(&self.context, cx.task)?;
        self.pushed(&intent.facts).map_err(WriteError::Unknown)
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, RefLease>) -> Result<Probe<Pushed>, Failure> {
        Ok(match intent.facts.remote_state(&self.context, cx.task)? {
            RemoteState::Done => Probe::Done(self.pushed(&intent.facts)?),
            RemoteState::Before => Probe::Absent,
            RemoteState::Elsewhere(why) => Probe::Unknown(why),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Pushed>, Failure> {
        Ok(Assumed { value: self.pushed(&self.lease()?)?, note: None })
    }
}
