//! What changes for each component between two commits.

use super::{Component, Files, PluginDetector, Version};
use crate::model::{ComponentName, Failure};
use serde::{Deserialize, Serialize};

/// How a component changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// There before and after, differently.
    Changed,
    /// The same before and after (or absent on both sides).
    Unchanged,
    /// Only after.
    Added,
    /// Only before.
    Removed,
}

/// One row of the delta.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentDelta {
    /// The component.
    pub name: ComponentName,
    /// Its detector's word, e.g. `gopkg`.
    pub detect: String,
    /// How it changes; `None` when a manifest could not be read (see `error`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The version in the base.
    pub from: Option<Version>,
    /// The version in the head.
    pub to: Option<Version>,
    /// How many commits it is, for components counted in commits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<u64>,
    /// Why it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What only the history can tell.
pub trait History {
    /// How many commits the head has that the base lacks.
    ///
    /// # Errors
    ///
    /// The history could not be read.
    fn commits(&self) -> Result<u64, Failure>;
}

/// The delta of every component. A manifest that cannot be read is reported in its own row.
pub fn delta(
    _components: &[Component],
    _base: &dyn Files,
    _head: &dyn Files,
    _history: &dyn History,
    _plugins: &dyn PluginDetector,
) -> Vec<ComponentDelta> {
    unimplemented!()
}
