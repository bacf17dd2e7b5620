//! The approvals that a run asks for: what is asked, what was decided, and an operator's decision recorded.

use super::actor::who;
use super::project::Project;
use super::runs::store;
use crate::effects::ApprovalRequest;
use crate::journal::{Signalled, Store};
use crate::model::{Failure, FailureKind, RunId, shell_quoted};
use crate::run::{ApprovalDecision, History, Key};
use jiff::Timestamp;

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

/// A decision that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Who decided.
    pub actor: String,
    /// What about.
    pub message: String,
}

/// Records an operator's decision about the approval that a run waits for. `key` is needed when it waits for several.
///
/// # Errors
///
/// It waits for none, or for several; another decision came first.
pub fn approve(
    project: &Project,
    id: &RunId,
    key: Option<&Key>,
    approved: bool,
    reason: Option<String>,
) -> Result<Decided, Failure> {
    let store = store(project)?;
    let history = store.history(id)?;
    let key = key.map(|typed| history.typed(typed).unwrap_or(typed).clone());
    let mut open = asked(&store, id, &history)?;
    open.retain(|approval| !approval.settled && key.as_ref().is_none_or(|key| *key == approval.key));
    // Without a key it is the one that is not decided yet.
    if open.iter().any(AskedApproval::waits) {
        open.retain(AskedApproval::waits);
    }
    let usage = |message: String| Failure::new(FailureKind::Usage, message);
    let approval = match open.as_slice() {
        [] => {
            return Err(usage(format!("run {id} does not wait for an approval"))
                .hint(format!("`relwf show {id}` shows its state")));
        }
        [approval] => approval,
        // All are decided: the answer names the first decision.
        [decided, ..] if !decided.waits() => decided,
        many => {
            let keys: Vec<String> = many.iter().map(|approval| approval.key.to_string()).collect();
            let command = |key: &String| format!("\n  relwf approve {id} --key {}", shell_quoted(key));
            return Err(usage(format!("run {id} waits for {} approvals: {}", many.len(), keys.join(", ")))
                .hint(format!("name one:{}", keys.iter().map(command).collect::<String>())));
        }
    };
    let actor = who(project).actor;
    let decision = ApprovalDecision { approved, actor: actor.clone(), reason, at: Timestamp::now() };
    match store.signal(id, &approval.key, &approval.digest, &decision)? {
        Signalled::Written => Ok(Decided { actor, message: approval.message.clone() }),
        Signalled::Already(earlier) => {
            let decision = if earlier.approved { "approved" } else { "refused" };
            Err(Failure::new(
                FailureKind::Refused,
                format!("{} has already {decision} it; the first decision counts", earlier.actor),
            )
            .hint(format!("`relwf resume {id}` goes on with it")))
        }
    }
}
