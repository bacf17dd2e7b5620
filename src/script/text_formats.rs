//! Checks strings given as a branch, a commit, a duration or a time; used for workflow parameters and for arguments.

use crate::model::{BranchName, HumanDuration};

/// A branch's short name.
///
/// # Errors
///
/// Why it is none.
pub(super) fn branch(text: &str) -> Result<(), String> {
    text.parse::<BranchName>().map(drop).map_err(|error| error.why.to_owned())
}

/// Anything git may resolve to a commit.
///
/// # Errors
///
/// Why it is none.
pub(super) fn commit(text: &str) -> Result<(), String> {
    match text.trim() {
        "" => Err("it is empty".into()),
        text if text.starts_with('-') => Err("it starts with a dash".into()),
        _ => Ok(()),
    }
}

/// A duration.
///
/// # Errors
///
/// How durations are written.
pub(super) fn duration(text: &str) -> Result<(), String> {
    text.parse::<HumanDuration>().map(drop).map_err(|_| "write it like `90s`, `10m`, `1h30m` or `2d`".into())
}

/// A point in time.
///
/// # Errors
///
/// How times are written.
pub(super) fn time(text: &str) -> Result<(), String> {
    text.parse::<jiff::Timestamp>().map(drop).map_err(|_| "write it like `2026-07-27T02:00:00Z`".into())
}
