//! The dry driver: reads are real, effects and waits are assumed and listed.

use super::{Commands, Listener, Outcome, Script};
use crate::model::{Cancel, Place, RunId, Value};
use serde::Serialize;

/// One effect (or wait) of the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanItem {
    /// Its key.
    pub key: String,
    /// The step it belongs to.
    pub step: String,
    /// The function.
    pub command: String,
    /// Its arguments.
    pub args: Value,
    /// Where it is written.
    pub at: Place,
    /// What was taken for granted as its outcome.
    pub assumed: Value,
    /// For people, e.g. "assuming the checks pass".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Everything a dry run needs.
pub struct DryDriver<'a> {
    /// A name for the run that never was.
    pub run: &'a RunId,
    /// The workflow's name, for events.
    pub workflow: &'a str,
    /// The workflow.
    pub script: &'a dyn Script,
    /// Its parameters.
    pub params: &'a Value,
    /// Turns calls into commands.
    pub commands: &'a dyn Commands,
    /// Hears events.
    pub listener: &'a dyn Listener,
    /// ctrl-C.
    pub cancel: &'a Cancel,
}

impl DryDriver<'_> {
    /// Walks the workflow to its end; the plan comes even when it fails half-way.
    pub fn drive(&self) -> (Outcome, Vec<PlanItem>) {
        unimplemented!()
    }
}
