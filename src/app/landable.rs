//! Whether a change may be landed by hand: a run that proposed it and that still waits, or was refused, has the word.

use super::open_changes::proposed;
use super::project::Project;
use super::wiring::{self, ProjectServices};
use crate::git::Keep;
use crate::journal::{Run, Store, Which};
use crate::model::{BranchName, Failure, FailureKind, TaskContext};
use crate::run::{History, Settled};
use std::sync::Arc;

/// Runs of which it is looked up whether they proposed the change, the newest first.
const RUNS: usize = 200;

/// The branch on which a change would land.
///
/// # Errors
///
/// There is no such change; a run of this machine has the word on it; the forge or the remote cannot be reached.
pub fn landing_branch(project: &Project, number: u64, task: TaskContext<'_>) -> Result<BranchName, Failure> {
    let mirror = Arc::new(project.mirror(Keep::No, task)?);
    let ProjectServices { forge, .. } = wiring::parts(project, mirror)?;
    let change = forge.change(number, task)?.ok_or_else(|| {
        Failure::new(FailureKind::NotFound, format!("there is no change {number}"))
            .hint("`relwf changes` lists those that relwf has open")
    })?;
    let store = Store::open(&project.invocation.state_dir()?)?;
    let repo = project.remote()?.url.to_string();
    for run in store.runs(Which::All)?.into_iter().filter(|run| run.repo == repo).take(RUNS) {
        let history = store.history(&run.id)?;
        if proposed(&history.entries).any(|change| change.number == number) {
            has_the_word(&run, &history, number).map_or(Ok(()), Err)?;
            break;
        }
    }
    Ok(change.base)
}

fn has_the_word(run: &Run, history: &History, number: u64) -> Option<Failure> {
    let id = &run.id;
    if run.status.is_open() {
        let message = format!("change {number} belongs to run {id} ({}), which is not over", run.workflow);
        return Some(Failure::new(FailureKind::Held, message).hint(format!(
            "`relwf show {id}` says what it waits for, `relwf resume {id}` goes on with it, `relwf abandon {id} --reason TEXT` gives it up: \
             then the change can be landed by hand"
        )));
    }
    let refused = history.entries.values().find_map(|entry| match &entry.settled {
        Some(Settled::Failure(failure)) if entry.name == "flow::approve" && failure.kind == FailureKind::Denied => {
            Some(failure)
        }
        _ => None,
    })?;
    let message = format!("change {number} was refused in run {id} ({}): {}", run.workflow, refused.message);
    Some(
        Failure::new(FailureKind::Denied, message).hint(format!(
            "run the workflow again: it asks anew; `relwf close {number} --reason TEXT` closes this change"
        )),
    )
}
