//! `forge::status`: sets a check's status on a commit.

use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::{Verdict, VerdictState};
use crate::model::{CommitId, Failure, Revision, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static STATUS: TypedHostFn<Args, ()> =
    map(CommandKind::Effect, "forge::status", "Records a check's word on a commit.", |context, args| {
        Ok(effect(SetStatus { context: Arc::clone(context), args }))
    });

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the commit that is judged
    commit: Revision,
    /// the check, e.g. "manual/qa"
    context: String,
    /// its word
    state: VerdictState,
    /// why
    #[serde(default)]
    description: String,
}

struct SetStatus {
    context: Arc<EffectContext>,
    args: Args,
}

/// What is judged, and when; fixed in the intent.
#[derive(Serialize, Deserialize)]
pub(super) struct Judged {
    commit: CommitId,
    at: Timestamp,
}

impl TypedEffect for SetStatus {
    type Facts = Judged;
    type Answer = ();

    fn prepare(&self, cx: &Performing<'_>) -> Result<Judged, Failure> {
        // The head of a change that another machine proposed need not be here: its id is enough.
        let commit = match self.context.mirror.resolve(self.args.commit.as_str()) {
            Ok(commit) => commit,
            Err(error) => self.args.commit.as_str().parse().map_err(|_| Failure::from(error))?,
        };
        Ok(Judged { commit, at: cx.now })
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Judged>) -> Result<(), WriteError> {
        let judged = intent.facts;
        let verdict = Verdict {
            context: self.args.context.clone(),
            state: self.args.state,
            description: self.args.description.clone(),
            url: None,
            at: judged.at,
        };
        self.context.forge.set_status(judged.commit, &verdict, cx.task).map_err(WriteError::or_hopeless)
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Judged>) -> Result<Probe<()>, Failure> {
        let reported = self.context.forge.verdicts(intent.facts.commit, cx.task)?.into_iter().any(|verdict| {
            verdict.context == self.args.context
                && verdict.state == self.args.state
                && verdict.description == self.args.description
        });
        // Saying the same again changes nothing.
        Ok(if reported { Probe::Done(()) } else { Probe::Absent })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<()>, Failure> {
        self.context.mirror.resolve(self.args.commit.as_str())?;
        Ok(Assumed { value: (), note: None })
    }
}
