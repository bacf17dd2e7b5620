//! An operator's verdict on an effect in doubt, recorded.

use super::actor::who;
use super::doubtful_effects::missing_answer;
use super::project::Project;
use super::runs::store;
use crate::journal::DoubtVerdict;
use crate::model::{Failure, FailureKind, RunId, shell_quoted};
use crate::run::Key;

/// An operator's verdict on one effect in doubt.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The command's key.
    pub key: Key,
    /// Did it happen, and what did it answer?
    pub verdict: DoubtVerdict,
}

/// Records an operator's verdict on an effect in doubt.
///
/// # Errors
///
/// That command is not in doubt, or it answers something that the workflow goes on with, and no value was given.
pub fn settle(project: &Project, id: &RunId, settlement: &Settlement) -> Result<(), Failure> {
    let actor = who(project).actor;
    let store = store(project)?;
    let history = store.history(id)?;
    let key = history.typed(&settlement.key).unwrap_or(&settlement.key);
    if let DoubtVerdict::Happened(value) = &settlement.verdict
        && let Some(entry) = history.entries.get(key)
        && let Some((answers, missing)) = missing_answer(&entry.name, value)
    {
        let name = &entry.name;
        let written = shell_quoted(&format!("{key}=done:{answers}"));
        let missing = if missing.is_empty() { String::new() } else { format!(": {}", missing.join(", ")) };
        return Err(Failure::new(
            FailureKind::Usage,
            format!("the workflow goes on with what {name} answered, which `{key}=done` lacks{missing}"),
        )
        .hint(format!("write --settle {written}, with what you found instead of each …")));
    }
    store.settle(id, key, settlement.verdict.clone(), &actor, "on the command line")
}
