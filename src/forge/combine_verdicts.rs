//! What several forges have in common: verdicts from several places as one list, words that mean the same.

use super::{Verdict, VerdictState};
use crate::model::{Failure, FailureKind, WriteError};

/// Where several speak under one name, the worst word counts: red is never outvoted.
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

/// How much a word counts against a commit.
pub(super) const fn weight(state: VerdictState) -> u8 {
    match state {
        VerdictState::Green => 0,
        VerdictState::Neutral => 1,
        VerdictState::Skipped => 2,
        VerdictState::Pending => 3,
        VerdictState::Red => 4,
    }
}

/// Is it people whom a forge waits for before it merges? It says so in words alone: "At least 1 approving review is required",
/// "Waiting on code owner review from …", "Changes requested", "A conversation must be resolved" (GitHub), "Does not have enough
/// approvals" (Forgejo).
pub(super) fn waits_for_people(words: &str) -> bool {
    let words = words.to_lowercase();
    ["review", "approval", "changes requested", "conversation"].iter().any(|sign| words.contains(sign))
}

/// The refusal to say of a commit what a forge has no word for: never green instead.
pub(super) fn no_such_word(forge: &str) -> WriteError {
    let words = format!("{forge} has no word for a check that was skipped or took no side");
    WriteError::Refused(
        Failure::new(FailureKind::Arguments, words).hint("say \"pending\", \"green\" or \"red\", or nothing at all"),
    )
}
