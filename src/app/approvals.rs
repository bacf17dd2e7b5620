//! The approvals that a run has asked for, and what was decided about each.

use crate::effects::ApprovalRequest;
use crate::journal::Store;
use crate::model::{Failure, FailureKind, RunId};
use crate::run::{ApprovalDecision, History, Key};

/// An approval that a run has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedApproval {
    /// The command's key.
    pub key: Key,
    /// What is asked.
    pub message: String,
    /// What the run says that it lacks.
    pub why: String,
    /// What the decision is bound to.
    pub(super) digest: String,
    /// The decision, once there is one.
    pub decision: Option<ApprovalDecision>,
    /// Has the run gone on with it?
    pub(super) settled: bool,
}

impl AskedApproval {
    /// Does it wait for an operator?
    pub fn waits(&self) -> bool {
        !self.settled && self.decision.is_none()
    }
}

/// Every approval that a run has asked for, in the order of the keys.
pub(super) fn asked(store: &Store, run: &RunId, history: &History) -> Result<Vec<AskedApproval>, Failure> {
    let mut asked = Vec::new();
    for (key, entry) in history.entries.iter().filter(|(_, entry)| entry.name == ApprovalRequest::FUNCTION) {
        let Some(begun) = &entry.begun else { continue };
        let request: ApprovalRequest = serde_json::from_value(begun.clone()).map_err(|error| {
            Failure::new(FailureKind::Bug, "an approval is written down in another shape").cause(error)
        })?;
        asked.push(AskedApproval {
            decision: store.decision(run, key, &request.digest)?,
            key: key.clone(),
            why: request.why(),
            message: request.message,
            digest: request.digest,
            settled: entry.settled.is_some(),
        });
    }
    Ok(asked)
}
