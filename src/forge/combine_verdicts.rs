//! Combines verdicts of the same check from several places: the worst counts, but for runs that were stopped.

use super::{Verdict, VerdictState};

/// Where several verdicts have one name, the worst counts: red is never outvoted.
pub(super) fn worst<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Vec<Verdict> {
    let mut all: Vec<Verdict> = Vec::new();
    for verdict in verdicts {
        match all.iter_mut().find(|held| held.context == verdict.context) {
            Some(held) if replaces(verdict, held) => *held = verdict.clone(),
            Some(_) => {}
            None => all.push(verdict.clone()),
        }
    }
    all
}

/// A run that was stopped says nothing beside a newer one of the same check: that took its place.
fn replaces(verdict: &Verdict, held: &Verdict) -> bool {
    match (verdict.state, held.state) {
        (VerdictState::Canceled, VerdictState::Canceled) => verdict.at > held.at,
        (VerdictState::Canceled, _) => verdict.at > held.at && weight(held.state) < weight(VerdictState::Canceled),
        (_, VerdictState::Canceled) => verdict.at >= held.at || weight(verdict.state) > weight(held.state),
        _ => weight(verdict.state) > weight(held.state),
    }
}

/// How much a verdict counts against a commit.
pub(super) const fn weight(state: VerdictState) -> u8 {
    match state {
        VerdictState::Green => 0,
        VerdictState::Neutral => 1,
        VerdictState::Skipped => 2,
        VerdictState::Stale => 3,
        VerdictState::Canceled => 4,
        VerdictState::ActionRequired => 5,
        VerdictState::Pending => 6,
        VerdictState::Red => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictState::{Canceled, Green, Pending, Red};
    use jiff::Timestamp;

    #[test]
    fn a_run_that_was_stopped_says_nothing_beside_a_newer_one() {
        let verdict = |(state, at)| Verdict {
            context: "unit".to_owned(),
            state,
            description: String::new(),
            url: None,
            at: Timestamp::from_second(at).unwrap(),
        };
        for (one, other, counts) in [
            ((Canceled, 1), (Green, 2), Green),
            ((Canceled, 1), (Pending, 2), Pending),
            ((Green, 1), (Canceled, 2), Canceled),
            // Red is never outvoted, and what still runs may become anything.
            ((Red, 1), (Canceled, 2), Red),
            ((Pending, 1), (Canceled, 2), Pending),
        ] {
            for pair in [[one, other], [other, one]] {
                let all = pair.map(verdict);
                assert_eq!(worst(&all)[0].state, counts, "{pair:?}");
            }
        }
    }
}
