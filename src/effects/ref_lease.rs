//! One leased push as an effect: what the intent holds, how its failures are classed, what the probe asks.

use super::EffectContext;
use crate::git::{Expected, PushError, RefUpdate};
use crate::model::{Failure, FailureKind, ObjectId, RefName, TaskContext, WriteError};
use serde::{Deserialize, Serialize};

/// A reference, what it held and what it is to hold; part of the intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RefLease {
    #[serde(rename = "ref")]
    pub(super) name: RefName,
    /// `None`: it did not exist.
    pub(super) old: Option<ObjectId>,
    /// `None`: it is deleted.
    pub(super) new: Option<ObjectId>,
}

/// What the remote holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RemoteState {
    /// The new value.
    Done,
    /// The old value.
    Before,
    /// Somewhere else; the text says where.
    Elsewhere(String),
}

impl RefLease {
    /// Pushes. A reference that is already where it is to be is no failure.
    pub(super) fn push(&self, context: &EffectContext, task: TaskContext<'_>) -> Result<(), WriteError> {
        match context.mirror.push(&[self.update()], task) {
            Ok(()) => Ok(()),
            Err(PushError::Moved { found, .. }) if found == self.new => Ok(()),
            Err(error) => Err(push_failed(error)),
        }
    }

    pub(super) fn update(&self) -> RefUpdate {
        RefUpdate { name: self.name.clone(), expected: self.old.map_or(Expected::Absent, Expected::Id), new: self.new }
    }

    /// Asks the remote.
    pub(super) fn remote_state(&self, context: &EffectContext, task: TaskContext<'_>) -> Result<RemoteState, Failure> {
        let held = context.mirror.remote_refs(task)?.remove(&self.name);
        if held == self.new {
            return Ok(RemoteState::Done);
        }
        if held == self.old {
            return Ok(RemoteState::Before);
        }
        // There may be commits on top of what was pushed.
        if let (Some(held), Some(new)) = (held, self.new) {
            context.mirror.fetch_objects(std::slice::from_ref(&self.name), task)?;
            if context.mirror.contains(new) && context.mirror.is_ancestor(new.into(), held.into())? {
                return Ok(RemoteState::Done);
            }
        }
        Ok(RemoteState::Elsewhere(format!(
            "{} is at {}; before it was at {}, and this run wanted {}",
            self.name,
            at(held),
            at(self.old),
            at(self.new)
        )))
    }
}

fn at(id: Option<ObjectId>) -> String {
    id.map_or_else(|| "nothing".to_owned(), |id| id.short())
}

/// The class of a failed push.
pub(super) fn push_failed(error: PushError) -> WriteError {
    match error {
        PushError::Moved { name, expected, found } => {
            let expected = match expected {
                Expected::Absent => None,
                Expected::Id(id) => Some(id),
            };
            WriteError::Refused(moved(&name, expected, found))
        }
        PushError::NotSent(error) => not_sent(error.into()),
        PushError::Unknown(error) => WriteError::Unknown(error.into()),
        error @ PushError::Rejected { .. } => WriteError::Refused(error.into()),
        // Only a push of several references can be partial.
        error @ PushError::Partial { .. } => WriteError::Unknown(error.into()),
    }
}

/// It failed before anything was sent.
pub(super) fn not_sent(failure: Failure) -> WriteError {
    WriteError::NotSent(failure).or_hopeless()
}

/// The failure for a reference that is not where it was.
pub(super) fn moved(name: &RefName, expected: Option<ObjectId>, found: Option<ObjectId>) -> Failure {
    let shown = name.branch().map_or_else(|| name.to_string(), |branch| branch.to_string());
    let (message, hint) = match (expected, found) {
        (Some(expected), None) => (
            format!("{shown} was deleted meanwhile: it was at {}", expected.short()),
            "nothing was changed; push the branch again where it should exist, then run the workflow again",
        ),
        (None, Some(found)) => (
            format!("{shown} was created meanwhile: it is at {}", found.short()),
            "nothing was changed; run the workflow again: it starts from the new tip",
        ),
        _ => (
            format!("{shown} moved meanwhile: it is at {} instead of {}", at(found), at(expected)),
            "nothing was changed; run the workflow again: it starts from the new tip",
        ),
    };
    Failure::new(FailureKind::Moved, message)
        .hint(hint)
        .detail(serde_json::json!({ "ref": name, "expected": expected, "found": found }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_is_gone_was_deleted() {
        let name: RefName = "refs/heads/staging".parse().unwrap();
        let id = |digit: &str| Some(digit.repeat(40).parse::<ObjectId>().unwrap());
        let text = |expected, found| {
            let failure = moved(&name, expected, found);
            assert_eq!(failure.kind, FailureKind::Moved);
            failure.message
        };
        assert_eq!(text(id("1"), None), "staging was deleted meanwhile: it was at 1111111111");
        assert_eq!(text(None, id("2")), "staging was created meanwhile: it is at 2222222222");
        assert_eq!(text(id("1"), id("2")), "staging moved meanwhile: it is at 2222222222 instead of 1111111111");
    }
}
