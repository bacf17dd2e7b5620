//! `flow::approve`: an operator's decision, bound to exactly what was shown.

use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Observation, TypedHostFn, TypedWait, positional, wait};
use crate::model::{Failure, FailureKind, OrUnknown, TimeText, Value, hex};
use crate::run::{CommandKind, Performing};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

pub(super) static APPROVE: TypedHostFn<Args, Approval> = positional(
    CommandKind::Wait,
    ApprovalRequest::FUNCTION,
    "Waits until an operator approves; a refusal throws kind \"denied\".",
    |context, args| Ok(wait(Approve { context: Arc::clone(context), args })),
)
.throws(&[(FailureKind::Denied, "an operator refused")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what is asked
    message: String,
    /// what the decision rests on; a decision holds for exactly this
    #[serde(default)]
    show: Value,
}

/// An operator's approval.
#[derive(Serialize, JsonSchema)]
pub(super) struct Approval {
    /// who approved
    actor: OrUnknown<String>,
    /// why, in their words
    reason: Option<String>,
    /// when
    #[schemars(with = "TimeText")]
    at: OrUnknown<Timestamp>,
}

struct Approve {
    context: Arc<EffectContext>,
    args: Args,
}

/// What is shown to the operator who decides, and its digest.
#[derive(Serialize, Deserialize)]
pub(crate) struct ApprovalRequest {
    pub(crate) digest: String,
    pub(crate) message: String,
    show: Value,
}

impl ApprovalRequest {
    /// The function that asks for it.
    pub(crate) const FUNCTION: &str = "flow::approve";

    /// What a run lacks that waits for it. What to type is for those to say who know how many approvals the run waits for.
    pub(crate) fn why(&self) -> String {
        format!("approval: {}", self.message)
    }
}

impl Approve {
    /// A decision counts only for what was shown: the digest covers all of it.
    fn digest(&self) -> String {
        let hash =
            Sha256::new().chain_update(&self.args.message).chain_update([0]).chain_update(self.args.show.to_string());
        hex(&hash.finalize()[..16])
    }
}

impl TypedWait for Approve {
    type Begun = ApprovalRequest;
    type Answer = Approval;

    fn begin(&self, _cx: &Performing<'_>) -> Result<ApprovalRequest, Failure> {
        Ok(ApprovalRequest { digest: self.digest(), message: self.args.message.clone(), show: self.args.show.clone() })
    }

    fn observe(&self, cx: &Performing<'_>, asked: ApprovalRequest) -> Result<Observation<Approval>, Failure> {
        let Some(decision) = self.context.signals.decision(cx.run, cx.key, &asked.digest)? else {
            return Ok(Observation::Suspend { why: asked.why(), until: None });
        };
        if decision.approved {
            let (actor, at) = (decision.actor.into(), decision.at.into());
            return Ok(Observation::Ready(Approval { actor, reason: decision.reason, at }));
        }
        let detail = json!({ "actor": decision.actor, "reason": decision.reason, "at": decision.at });
        let because = decision.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        Err(Failure::new(FailureKind::Denied, format!("{} refused{because}", decision.actor)).detail(detail))
    }

    fn again(&self, _cx: &Performing<'_>, asked: ApprovalRequest) -> ApprovalRequest {
        asked
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Approval>, Failure> {
        let value = Approval {
            actor: OrUnknown::unknown("name of the operator who approves"),
            reason: None,
            at: OrUnknown::unknown("time of the approval"),
        };
        Ok(Assumed { value, note: Some(format!("assuming it is approved: {}", self.args.message)) })
    }
}
