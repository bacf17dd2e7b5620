//! Abandons a run, and says what it leaves open.

use super::actor::who;
use super::open_changes::{OpenChange, left_open};
use super::project::Project;
use super::runs::store;
use crate::model::{Failure, RunId};

/// Abandons a run; answers the changes that it leaves open.
///
/// # Errors
///
/// It is over already.
pub fn abandon(project: &Project, id: &RunId, reason: &str) -> Result<Vec<OpenChange>, Failure> {
    let store = store(project)?;
    store.abandon(id, &who(project).actor, reason)?;
    // It is abandoned, also where the journal was edited so that its commands cannot be read.
    Ok(store.history(id).map(|history| left_open(&history.entries)).unwrap_or_default())
}
