//! The runs of this machine: the list, one run's story, people's decisions.

use super::project::Project;
use crate::model::{Failure, FailureKind, Place, RunId, Value};
use crate::run::{Key, RunStatus};
use jiff::Timestamp;
use serde::Serialize;

/// One row of `relwf runs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    /// Its id.
    pub run: RunId,
    /// Its workflow.
    pub workflow: String,
    /// What it locks, e.g. `staging`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How it stands.
    pub status: RunStatus,
    /// When it was started.
    pub created: Timestamp,
    /// What made it fail or what it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}
