//! GitHub keeps verdicts in two ways, statuses and check runs: what was heard of each, and both as one list.

use crate::forge::{Verdict, VerdictState};

/// A commit's verdicts by the two ways in which GitHub keeps them.
#[derive(Clone, Default)]
pub(super) struct Heard {
    pub(super) statuses: Vec<Verdict>,
    pub(super) runs: Vec<Verdict>,
    /// Which kind is asked next.
    pub(super) turn: Kind,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Runs,
    Statuses,
}

/// Both kinds as one list. Where several speak under one name, the worst word counts: red is never outvoted.
pub(super) fn united(heard: &Heard) -> Vec<Verdict> {
    let mut all: Vec<Verdict> = Vec::new();
    for verdict in heard.statuses.iter().chain(&heard.runs) {
        match all.iter_mut().find(|held| held.context == verdict.context) {
            Some(held) if weight(verdict.state) > weight(held.state) => *held = verdict.clone(),
            Some(_) => {}
            None => all.push(verdict.clone()),
        }
    }
    all
}

fn weight(state: VerdictState) -> u8 {
    match state {
        VerdictState::Green => 0,
        VerdictState::Neutral => 1,
        VerdictState::Skipped => 2,
        VerdictState::Pending => 3,
        VerdictState::Red => 4,
    }
}
