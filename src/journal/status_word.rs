//! The words for a run's status in the journal's rows.

use super::error::unreadable;
use crate::model::Failure;
use crate::run::RunStatus;

/// The word for a status, as it stands in the journal and in JSON.
pub(super) fn word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Done => "done",
        RunStatus::Failed => "failed",
        RunStatus::Suspended => "suspended",
        RunStatus::InDoubt => "in-doubt",
        RunStatus::Interrupted => "interrupted",
        RunStatus::Planned => "planned",
        RunStatus::Abandoned => "abandoned",
    }
}

/// The status of a word.
pub(super) fn status(word: &str) -> Result<RunStatus, Failure> {
    serde_json::from_value(word.into()).map_err(|_| unreadable(format!("status `{word}`")))
}
