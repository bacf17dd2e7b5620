//! Refusals that several forges share: a merge that waits for reviewers, a state that a forge does not have.

use crate::model::{Failure, FailureKind, WriteError};

/// Does a forge wait for reviewers before it merges? Only its message shows it: "At least 1 approving review is required",
/// "Waiting on code owner review from …", "Changes requested", "A conversation must be resolved" (GitHub), "Does not have enough
/// approvals" (Forgejo).
pub(super) fn waits_for_people(message: &str) -> bool {
    let message = message.to_lowercase();
    ["review", "approval", "changes requested", "conversation"].iter().any(|sign| message.contains(sign))
}

/// The refusal to report a state that a forge does not have: never green instead.
pub(super) fn no_such_word(forge: &str) -> WriteError {
    let message = format!("{forge} has no state for a check that was skipped or is neutral");
    WriteError::Refused(
        Failure::new(FailureKind::Arguments, message).hint("report \"pending\", \"green\" or \"red\", or nothing"),
    )
}
