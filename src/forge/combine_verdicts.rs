//! Combines verdicts of the same check from several places (the worst counts); messages that several forges share.

use super::{Verdict, VerdictState};
use crate::model::{Failure, FailureKind, WriteError};

/// Where several verdicts have one name, the worst counts: red is never outvoted.
pub(super) fn worst<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Vec<Verdict> {
    let mut all: Vec<Verdict> = Vec::new();
    for verdict in verdicts {
        match all.iter_mut().find(|held| held.context == verdict.context) {
            Some(held) if weight(verdict.state) > weight(held.state) => *held = verdict.clone(),
            Some(_) => {}
            None => all.push(verdict.clone()),
        }
    }
    all
}

/// How much a verdict counts against a commit.
pub(super) const fn weight(state: VerdictState) -> u8 {
    match state {
        VerdictState::Green => 0,
        VerdictState::Neutral => 1,
        VerdictState::Skipped => 2,
        VerdictState::Pending => 3,
        VerdictState::Red => 4,
    }
}

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
