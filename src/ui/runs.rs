//! Output of `relwf runs`: a table.

use super::style::{DIM, ERROR, GOOD, NAME, WARNING, paint};
use super::table::table;
use super::time::{self, ago};
use crate::app::RunRow;
use crate::model::Failure;
use crate::run::RunStatus;
use jiff::Timestamp;

/// A row for each run, newest first.
pub fn runs(rows: &[RunRow], now: Timestamp) -> String {
    if rows.is_empty() {
        return "no runs yet\n".to_owned();
    }
    let row = |run: &RunRow| {
        vec![
            paint(NAME, &run.run),
            run.workflow.clone(),
            run.target.clone().unwrap_or_default(),
            status(run.status),
            ago(run.created, now),
            took(run, now),
            run.error.as_ref().map(|error| one_line(&waits_or_message(run.status, error))).unwrap_or_default(),
        ]
    };
    table(&["RUN", "WORKFLOW", "TARGET", "STATUS", "STARTED", "TOOK", ""], &rows.iter().map(row).collect::<Vec<_>>())
}

/// How long it took, or has been taking.
pub(super) fn took(run: &RunRow, now: Timestamp) -> String {
    let until = if run.status == RunStatus::Running { now } else { run.updated };
    time::took(u64::try_from(until.duration_since(run.created).as_millis()).unwrap_or_default())
}

/// What went wrong; of a suspended run everything that it waits for.
fn waits_or_message(status: RunStatus, error: &Failure) -> String {
    match status {
        RunStatus::Suspended => {
            let waits = std::iter::once(&error.message).chain(&error.causes);
            waits.map(String::as_str).collect::<Vec<_>>().join("; ")
        }
        _ => error.message.clone(),
    }
}

/// A row of a table is a line, even where a reason has several.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The status of a run, in colour.
pub fn status(status: RunStatus) -> String {
    match status {
        RunStatus::Running => "running".to_owned(),
        RunStatus::Done => paint(GOOD, "done"),
        RunStatus::Failed => paint(ERROR, "failed"),
        RunStatus::Suspended => paint(WARNING, "suspended"),
        RunStatus::InDoubt => paint(ERROR, "in doubt"),
        RunStatus::Interrupted => paint(WARNING, "interrupted"),
        RunStatus::Planned => "planned".to_owned(),
        RunStatus::Abandoned => paint(DIM, "abandoned"),
    }
}
