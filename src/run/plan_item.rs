//! One line of a dry run's plan.

use super::{CommandRequest, Key, StepPath};
use crate::model::{SourceLocation, Value};
use serde::Serialize;

/// An effect, or a wait, that a run would perform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanItem {
    pub key: Key,
    /// The step it belongs to.
    pub step: StepPath,
    /// The function.
    pub command: String,
    /// Its arguments.
    pub args: Value,
    /// Where it is written.
    pub at: SourceLocation,
    /// The outcome that the plan assumes.
    pub assumed: Value,
    /// For people, e.g. "assuming the checks pass".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl PlanItem {
    /// The plan's line for a call whose outcome is assumed.
    pub(super) fn new(request: &CommandRequest, assumed: Value, note: Option<String>) -> Self {
        let CommandRequest { key, call, .. } = request.clone();
        Self { step: key.path.clone(), key, command: call.name, args: call.args, at: call.at, assumed, note }
    }
}
