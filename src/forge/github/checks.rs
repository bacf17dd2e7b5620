//! GitHub keeps verdicts in two ways, statuses and check runs: the last answer about each, and both as one list.

use crate::forge::Verdict;
use crate::forge::combine_verdicts::worst;

/// A commit's verdicts by the two ways in which GitHub keeps them.
#[derive(Clone, Default)]
pub(super) struct CheckVerdicts {
    pub(super) statuses: Vec<Verdict>,
    pub(super) runs: Vec<Verdict>,
    /// Which kind is read next.
    pub(super) turn: CheckKind,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum CheckKind {
    #[default]
    Runs,
    Statuses,
}

impl CheckVerdicts {
    /// Both kinds as one list.
    pub(super) fn united(&self) -> Vec<Verdict> {
        worst(self.statuses.iter().chain(&self.runs))
    }
}
