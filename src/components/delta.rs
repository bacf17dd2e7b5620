//! What changes for each component between two commits.

use super::{Component, ManifestFiles, PluginDetector, Version, detect};
use crate::model::{ComponentName, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a component changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VersionChange {
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentDelta {
    /// The component.
    pub name: ComponentName,
    /// Its detector's word, e.g. `gopkg`.
    pub detect: String,
    /// How it changes; `()` when a manifest could not be read (see `error`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<VersionChange>,
    /// The version in the base.
    pub from: Option<Version>,
    /// The version in the head.
    pub to: Option<Version>,
    /// How many commits it is, for components counted in commits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<u64>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What only the history can tell.
pub trait CommitHistory {
    /// How many commits the head has that the base lacks.
    ///
    /// # Errors
    ///
    /// The history could not be read.
    fn commits(&self) -> Result<u64, Failure>;
}

/// The delta of every component, in order. What cannot be read of one is in its row and leaves the others as they are.
pub fn delta(
    components: &[Component],
    base: &dyn ManifestFiles,
    head: &dyn ManifestFiles,
    history: &dyn CommitHistory,
    plugins: &dyn PluginDetector,
) -> Vec<ComponentDelta> {
    components.iter().map(|component| row(component, base, head, history, plugins)).collect()
}

fn row(
    component: &Component,
    base: &dyn ManifestFiles,
    head: &dyn ManifestFiles,
    history: &dyn CommitHistory,
    plugins: &dyn PluginDetector,
) -> ComponentDelta {
    let (from, before) = value_and_failure(detect(component, base, plugins));
    let (to, after) = value_and_failure(detect(component, head, plugins));
    let (commits, uncounted) = value_and_failure(component.detect.detector().commits(history));
    // The head is what would ship: what is wrong there goes first.
    let error = after.or(before).or(uncounted);
    let change = error.is_none().then(|| change(from.as_ref(), to.as_ref()));
    ComponentDelta {
        name: component.name.clone(),
        detect: component.detect.word().to_owned(),
        change,
        from,
        to,
        commits,
        error,
    }
}

fn value_and_failure<T>(answer: Result<Option<T>, Failure>) -> (Option<T>, Option<Failure>) {
    match answer {
        Ok(value) => (value, None),
        Err(failure) => (None, Some(failure)),
    }
}

fn change(from: Option<&Version>, to: Option<&Version>) -> VersionChange {
    match (from, to) {
        (None, Some(_)) => VersionChange::Added,
        (Some(_), None) => VersionChange::Removed,
        (from, to) if from == to => VersionChange::Unchanged,
        _ => VersionChange::Changed,
    }
}
