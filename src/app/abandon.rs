//! Abandons a run, and says what it leaves open.

use super::actor::who;
use super::open_changes::{OpenChange, left_open, settled};
use super::project::Project;
use super::runs::store;
use crate::model::{Failure, FailureKind, RunId, Value};

/// What an abandoned run leaves behind.
#[derive(Debug, Default)]
pub struct Abandoned {
    /// What it landed, each commit with its branch: that stays.
    pub landed: Vec<(String, String)>,
    /// The changes that it leaves open.
    pub open: Vec<OpenChange>,
}

/// Abandons a run; answers what it leaves behind.
///
/// # Errors
///
/// It is over already.
pub fn abandon(project: &Project, id: &RunId, reason: &str) -> Result<Abandoned, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::new(FailureKind::Usage, "a run is not abandoned without a reason")
            .hint(format!("`relwf abandon {id} --reason TEXT`: the reason is kept with the run")));
    }
    let store = store(project)?;
    store.abandon(id, &who(project).actor, reason)?;
    // It is abandoned, also where the journal was edited so that its commands cannot be read.
    let entries = store.history(id).map(|history| history.entries).unwrap_or_default();
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let landed =
        settled(&entries, "forge::land").filter_map(|(_, at)| Some((text(at, "commit")?, text(at, "branch")?)));
    Ok(Abandoned { landed: landed.collect(), open: left_open(&entries) })
}
