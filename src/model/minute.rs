//! Times as people read them: to the minute, with the zone's name.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Day and minute in a zone, which is named: `2026-07-27 14:02 CEST`. Messages give the machine's own, `TimeZone::system()`.
pub fn minute_in(zone: TimeZone, time: Timestamp) -> String {
    time.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let time: Timestamp = "2026-07-27T12:02:03Z".parse().unwrap();
        assert_eq!(minute_in(TimeZone::UTC, time), "2026-07-27 12:02 UTC");
        assert_eq!(minute_in(TimeZone::fixed(jiff::tz::offset(2)), time), "2026-07-27 14:02 +02");
    }
}
