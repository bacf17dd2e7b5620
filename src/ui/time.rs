//! Times and durations for people.

use crate::model::minute_in;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `0.4s`, `12s`, `3m05s`, `2h07m`.
pub fn took(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..10 => format!("{}.{}s", seconds, millis % 1000 / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long ago, in the largest unit that fits: `just now`, `5m ago`, `3h ago`, `12d ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    match seconds {
        ..60 => "just now".to_owned(),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// Day and minute in the zone of this machine, which is named: `2026-07-27 14:02 CEST`.
pub fn local(time: Timestamp) -> String {
    minute_in(TimeZone::system(), time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_use_the_two_units_that_matter() {
        for (millis, text) in [(40, "0.0s"), (450, "0.4s"), (12_300, "12s"), (185_000, "3m05s"), (7_620_000, "2h07m")] {
            assert_eq!(took(millis), text);
        }
    }

    #[test]
    fn ages_use_one_unit() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (seconds, text) in [(5, "just now"), (300, "5m ago"), (7200, "2h ago"), (864_000, "10d ago")] {
            assert_eq!(ago(Timestamp::from_second(1_000_000 - seconds).unwrap(), now), text);
        }
    }
}
