//! What all waits have in common: how long they last, how often they look, and what a look does that gets no answer.

use crate::model::{Failure, FailureKind, HumanDuration};
use crate::run::Observation;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long waits for a forge or a CI last by default.
pub(super) const DEADLINE: HumanDuration = HumanDuration::new(Duration::from_secs(3600));
/// How often is looked by default.
pub(super) const POLL: HumanDuration = HumanDuration::new(Duration::from_secs(5));
/// A server that asks for a longer rest has the run suspended.
const PATIENCE: HumanDuration = HumanDuration::new(Duration::from_secs(120));

/// `from` and `by` together, as far as there is time.
pub(super) fn later(from: Timestamp, by: HumanDuration) -> Timestamp {
    SignedDuration::try_from(by.duration()).ok().and_then(|by| from.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

/// A network that is down is no verdict: look again until the deadline.
pub(super) fn unreachable<A>(failure: Failure, now: Timestamp, deadline: Timestamp) -> Result<Observation<A>, Failure> {
    let passing = matches!(failure.kind, FailureKind::Network | FailureKind::Timeout);
    if !passing || now >= deadline {
        return Err(failure);
    }
    Ok(match failure.after {
        // As long as a server that counts requests asks for: no process need sit and wait for it.
        Some(after) if after > PATIENCE => {
            Observation::Suspend { why: failure.message, until: Some(later(now, after)) }
        }
        after => Observation::NotYet { why: failure.message, again: after.unwrap_or(POLL) },
    })
}
