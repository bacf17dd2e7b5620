//! Judges a commit's required checks: each is green, or there is a reason why not.

use crate::config::{AlsoGreen, Environment};
use crate::forge::{Verdict, VerdictState};
use jiff::Timestamp;
use std::fmt;

/// Why a check does not count as green.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortfall {
    /// Nothing is known of it.
    NotReported,
    /// It reported before the wait began, and not since.
    NothingNew,
    /// It has not finished.
    Pending,
    /// It failed.
    Red,
    /// It did not run.
    Skipped,
    /// It ran and took no side.
    Neutral,
    /// It was stopped.
    Canceled,
    /// The forge gave it up.
    Stale,
    /// It waits for a person.
    ActionRequired,
}

/// A check that is not green, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The check.
    pub context: String,
    /// What it falls short by.
    pub shortfall: Shortfall,
}

impl Reason {
    pub(super) fn new(context: impl Into<String>, shortfall: Shortfall) -> Self {
        Self { context: context.into(), shortfall }
    }

    /// Has it failed?
    pub fn is_red(&self) -> bool {
        self.shortfall == Shortfall::Red
    }

    /// `None` for a verdict that is green.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        let shortfall = match verdict.state {
            VerdictState::Green => return None,
            VerdictState::Pending => Shortfall::Pending,
            VerdictState::Red => Shortfall::Red,
            VerdictState::Skipped => Shortfall::Skipped,
            VerdictState::Neutral => Shortfall::Neutral,
            VerdictState::Canceled => Shortfall::Canceled,
            VerdictState::Stale => Shortfall::Stale,
            VerdictState::ActionRequired => Shortfall::ActionRequired,
        };
        Some(Self::new(verdict.context.clone(), shortfall))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = &self.context;
        match self.shortfall {
            Shortfall::NotReported => write!(f, "{context} has not reported"),
            Shortfall::NothingNew => write!(f, "{context} has reported nothing new"),
            Shortfall::Pending => write!(f, "{context} is pending"),
            Shortfall::Red => write!(f, "{context} is red"),
            Shortfall::Skipped => write!(f, "{context} was skipped, which is not green"),
            Shortfall::Neutral => write!(f, "{context} is neutral, which is not green"),
            Shortfall::Canceled => write!(f, "{context} was canceled"),
            Shortfall::Stale => write!(f, "{context} is stale: the forge gave it up unfinished"),
            Shortfall::ActionRequired => write!(f, "{context} waits for a person on the forge"),
        }
    }
}

/// The verdicts as an environment counts them: what its `also_green` lists is green.
pub fn count_also_green(verdicts: Vec<Verdict>, environment: Option<&Environment>) -> Vec<Verdict> {
    let counts = |state| {
        let also_green = environment.map_or(&[][..], |environment| environment.also_green.as_slice());
        match state {
            VerdictState::Skipped => also_green.contains(&AlsoGreen::Skipped),
            VerdictState::Neutral => also_green.contains(&AlsoGreen::Neutral),
            _ => false,
        }
    };
    let count = |verdict: Verdict| match counts(verdict.state) {
        true => Verdict { state: VerdictState::Green, ..verdict },
        false => verdict,
    };
    verdicts.into_iter().map(count).collect()
}

/// How the required checks of a commit stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Checks {
    /// When the last of them turned green; `None` where none did.
    pub since: Option<Timestamp>,
    /// Those that are not green, in the order in which they are required.
    pub reasons: Vec<Reason>,
    /// What the red ones among them reported.
    pub red: Vec<Verdict>,
}

impl Checks {
    /// Is every required check green?
    pub fn are_green(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Have all of them ended, and some without a word for or against? Waiting brings nothing then.
    pub fn ended_undecided(&self) -> bool {
        let undecided = |reason: &Reason| {
            matches!(reason.shortfall, Shortfall::Skipped | Shortfall::Neutral | Shortfall::Canceled | Shortfall::Stale)
        };
        !self.are_green() && self.reasons.iter().all(undecided)
    }

    /// Does nothing that is missing come without a person?
    pub fn wait_for_a_person(&self) -> bool {
        let by_hand = |reason: &Reason| reason.shortfall == Shortfall::ActionRequired;
        let open = |reason: &Reason| matches!(reason.shortfall, Shortfall::Pending | Shortfall::NotReported);
        self.reasons.iter().any(by_hand) && !self.reasons.iter().any(open)
    }
}

/// Judges a commit by its verdicts. A check that has not reported is never green; skipped and neutral are not green either, and
/// may become so: they can be started again.
pub fn judge(required: &[String], verdicts: &[Verdict]) -> Checks {
    let mut checks = Checks { since: None, reasons: Vec::new(), red: Vec::new() };
    for context in required {
        let Some(verdict) = verdicts.iter().find(|verdict| verdict.context == *context) else {
            checks.reasons.push(Reason::new(context, Shortfall::NotReported));
            continue;
        };
        match Reason::of(verdict) {
            None => checks.since = checks.since.max(Some(verdict.at)),
            Some(reason) => checks.reasons.push(reason),
        }
        if verdict.state == VerdictState::Red {
            checks.red.push(verdict.clone());
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, environment, texts, verdict};
    use super::*;
    use VerdictState::{Green, Neutral, Pending, Red, Skipped};

    fn reasons(required: &[&str], verdicts: &[Verdict]) -> String {
        let checks = judge(&texts(required), verdicts);
        checks.reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn only_green_is_green() {
        let table = [
            (vec![], "a has not reported; b has not reported"),
            (vec![verdict("a", Green, 1)], "b has not reported"),
            (vec![verdict("a", Green, 1), verdict("b", Pending, 1)], "b is pending"),
            (vec![verdict("a", Green, 1), verdict("b", Skipped, 1)], "b was skipped, which is not green"),
            (vec![verdict("a", Green, 1), verdict("b", Neutral, 1)], "b is neutral, which is not green"),
            (vec![verdict("a", Red, 1)], "a is red; b has not reported"),
            (vec![verdict("a", Green, 1), verdict("b", Green, 1), verdict("c", Red, 1)], ""),
        ];
        for (verdicts, expected) in table {
            assert_eq!(reasons(&["a", "b"], &verdicts), expected);
        }
        assert!(judge(&[], &[verdict("c", Red, 1)]).are_green(), "what is not required does not count");
    }

    #[test]
    fn green_since_the_last_turned_green_and_red_ones_keep_their_descriptions() {
        let verdicts = [verdict("a", Green, 100), verdict("b", Green, 400), verdict("c", Green, 9000)];
        assert_eq!(judge(&texts(&["a", "b"]), &verdicts).since, Some(at(400)));
        let red = verdict("a", Red, 1);
        assert_eq!(judge(&texts(&["a"]), std::slice::from_ref(&red)).red, [red]);
    }

    #[test]
    fn an_environment_says_what_else_counts_as_green() {
        let states = |also_green: &[AlsoGreen]| {
            let environment = Environment { also_green: also_green.to_vec(), ..environment(&[], &[]) };
            let all = [Green, Pending, Red, Skipped, Neutral].map(|state| verdict("a", state, 1)).to_vec();
            count_also_green(all, Some(&environment)).iter().map(|verdict| verdict.state).collect::<Vec<_>>()
        };
        assert_eq!(states(&[]), [Green, Pending, Red, Skipped, Neutral]);
        assert_eq!(states(&[AlsoGreen::Skipped]), [Green, Pending, Red, Green, Neutral]);
        assert_eq!(states(&[AlsoGreen::Skipped, AlsoGreen::Neutral]), [Green, Pending, Red, Green, Green]);
        let skipped = vec![verdict("a", Skipped, 1)];
        assert_eq!(count_also_green(skipped.clone(), None), skipped);
    }
}
