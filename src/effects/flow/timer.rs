//! A wait for a point in time, which `flow::sleep` and `flow::wait_until` share.

use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Observation, TypedWait};
use crate::effects::waiting::later;
use crate::model::{Failure, HumanDuration, minute_in};
use crate::run::Performing;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Shorter waits stay in this process.
const SHORT: HumanDuration = HumanDuration::new(Duration::from_secs(60));

pub(super) enum Until {
    After(HumanDuration),
    At(Timestamp),
}

pub(super) struct Timer {
    pub(super) context: Arc<EffectContext>,
    pub(super) until: Until,
}

/// Journaled when the wait begins: a resumed run does not sleep again from the start.
#[derive(Serialize, Deserialize)]
pub(super) struct Set {
    until: Timestamp,
}

impl Timer {
    fn until(&self, now: Timestamp) -> Timestamp {
        match self.until {
            Until::After(duration) => later(now, duration),
            Until::At(time) => time,
        }
    }
}

impl TypedWait for Timer {
    type Begun = Set;
    type Answer = ();

    fn begin(&self, cx: &Performing<'_>) -> Result<Set, Failure> {
        Ok(Set { until: self.until(cx.now) })
    }

    fn observe(&self, _cx: &Performing<'_>, Set { until }: Set) -> Result<Observation<()>, Failure> {
        let now = self.context.clock.now();
        let rest = Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO);
        if rest.is_zero() {
            return Ok(Observation::Ready(()));
        }
        let why = format!("sleeping until {}", minute_in(TimeZone::system(), until));
        let rest = HumanDuration::new(rest);
        Ok(if rest <= SHORT {
            Observation::NotYet { why, again: rest }
        } else {
            Observation::Suspend { why, until: Some(until) }
        })
    }

    fn again(&self, _cx: &Performing<'_>, set: Set) -> Set {
        set
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<()>, Failure> {
        Ok(Assumed {
            value: (),
            note: Some(format!("sleeps until {}", minute_in(TimeZone::system(), self.until(cx.now)))),
        })
    }
}
