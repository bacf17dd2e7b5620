//! What could be promoted, and why or why not. Answered by the host function that workflows call, so both always agree.

use super::project::Project;
use super::wiring;
use crate::effects::Line;
use crate::git::Keep;
use crate::model::{Failure, FailureKind, HumanDuration, RunId, SourceLocation, TaskContext};
use crate::run::{Call, Command, Commands, Key, Performing, StepPath};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One commit that could be promoted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    #[serde(rename = "commit", alias = "id")]
    pub id: String,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// When, RFC 3339.
    pub time: String,
    /// May it be promoted?
    pub green: bool,
    /// Why, or why not.
    pub why: String,
    /// Since when it has been green, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// What could be promoted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateList {
    /// Where a release comes from.
    pub source: String,
    /// Where it goes.
    pub target: String,
    /// Newest first.
    pub candidates: Vec<Candidate>,
}

/// Lists the candidates.
///
/// # Errors
///
/// A branch does not exist; the forge or the remote cannot be reached.
pub fn candidates(
    project: &Project,
    source: &str,
    target: &str,
    soak: Option<HumanDuration>,
    line: Line,
    limit: u32,
    task: TaskContext<'_>,
) -> Result<CandidateList, Failure> {
    let context = wiring::for_reading(project, Keep::No, task)?;
    let line = if line == Line::All { "all" } else { "first-parent" };
    let mut args = json!({ "branch": source, "target": target, "limit": limit, "line": line });
    if let (Some(soak), Some(args)) = (soak, args.as_object_mut()) {
        args.insert("soak".to_owned(), json!(soak));
    }
    let call = Call { name: "candidate::list".to_owned(), args, at: SourceLocation::new("", 0, 0) };
    let Command::Read(read) = context.commands.command(&call)? else {
        return Err(Failure::new(FailureKind::Bug, "candidate::list is not a read"));
    };
    let key = Key { path: StepPath::default(), ordinal: 0 };
    let performing = Performing { run: &RunId::new("candidates"), key: &key, task, now: Timestamp::now() };
    let listed = read.perform(&performing)?;
    let candidates = serde_json::from_value(listed)
        .map_err(|error| Failure::new(FailureKind::Bug, "candidate::list answered in another shape").cause(error))?;
    Ok(CandidateList { source: source.to_owned(), target: target.to_owned(), candidates })
}
