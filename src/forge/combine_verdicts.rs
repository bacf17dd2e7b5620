//! Combines verdicts of the same check from several places: the worst counts.

use super::{Verdict, VerdictState};

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
