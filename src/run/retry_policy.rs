//! How long a driver retries, how often it probes and speaks, and its clock: data, so that tests can set them.

use jiff::Timestamp;
use std::time::Duration;

/// How long a driver retries, how often it probes and speaks.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// The clock that commands see.
    pub now: fn() -> Timestamp,
    /// How often an effect is tried in one process.
    pub tries: u32,
    /// The pause before the second try; it doubles with every further one.
    pub first: Duration,
    /// No pause is longer than this, unless a server asks for it.
    pub longest: Duration,
    /// No try begins later than this after the first.
    pub budget: Duration,
    /// Pauses between the looks of a probe. "It did not happen" is believed after the last one: what was sent before a
    /// crash may still arrive, and lists lag.
    pub looks: Vec<Duration>,
    /// How often a suspended wait is looked at while other branches go on.
    pub suspended: Duration,
    /// Listeners hear of a command that lasts at least this often.
    pub said_again: Duration,
    /// How long it may take to notice ctrl-C.
    pub tick: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            now: Timestamp::now,
            tries: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            budget: Duration::from_secs(120),
            looks: vec![Duration::from_secs(1), Duration::from_secs(3)],
            suspended: Duration::from_secs(5),
            said_again: Duration::from_secs(60),
            tick: Duration::from_millis(50),
        }
    }
}

impl RetryPolicy {
    /// The pause after `tries` tries: exponential, with up to half of it taken off by `chance` (0 to 1023), so that many
    /// clients do not come back together.
    pub(super) fn pause(&self, tries: u32, chance: u32) -> Duration {
        let full = self.first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(self.longest);
        full - full / 2 * chance.min(1023) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_jitter_takes_at_most_half() {
        let policy = RetryPolicy::default();
        for (tries, full) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (40, 30)] {
            let full = Duration::from_secs(full);
            assert_eq!(policy.pause(tries, 0), full);
            for chance in [1, 512, 1023, u32::MAX] {
                let pause = policy.pause(tries, chance);
                assert!(pause < full && pause >= full / 2, "{tries}: {pause:?}");
            }
        }
    }
}
