//! Makes run ids: sortable by time, short enough to type.

use crate::model::RunId;
use jiff::Timestamp;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Crockford's alphabet: no i, l, o, u, so that nothing is misread aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 2026-01-01T00:00:00Z: six digits last until 2060.
const EPOCH: i64 = 1_767_225_600;

/// `r`, six digits of time, four of chance: `r0g2k7m9x4t`.
pub fn new_run_id(now: Timestamp) -> RunId {
    let seconds = u64::try_from(now.as_second() - EPOCH).unwrap_or(0);
    // The hasher's keys are seeded by the system's random numbers.
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.write_i128(now.as_nanosecond());
    RunId::new(format!("r{}{}", digits(seconds, 6), digits(hasher.finish(), 4)))
}

fn digits(mut number: u64, count: usize) -> String {
    let mut text = vec![b'0'; count];
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(number % 32).unwrap_or(0);
        *place = ALPHABET.get(digit).copied().unwrap_or(b'0');
        number /= 32;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_differ() {
        let early = Timestamp::from_second(EPOCH + 10).unwrap();
        let late = Timestamp::from_second(EPOCH + 900_000_000).unwrap();
        let (a, b, c) = (new_run_id(early), new_run_id(late), new_run_id(late));
        assert!(a < b, "{a} {b}");
        assert_ne!(b, c);
        assert_eq!(a.as_str().len(), 11);
        assert!(a.as_str().starts_with("r00000a"), "{a}");
    }
}
