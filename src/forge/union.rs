//! Verdicts from several places as one list.

use super::{ForgeError, Verdict, VerdictState};
use crate::model::{Failure, FailureKind};

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

/// The refusal to say of a commit what a forge has no word for: never green instead.
pub(super) fn no_such_word(forge: &str) -> ForgeError {
    let words = format!("{forge} has no word for a check that was skipped or took no side");
    ForgeError::Refused(
        Failure::new(FailureKind::Arguments, words).hint("say \"pending\", \"green\" or \"red\", or nothing at all"),
    )
}
