//! What changes for each component between two commits.

use super::changelog::Changelog;
use super::compare_link::{compare_link, pages};
use super::detectors::DetectorInput;
use super::manifests::Manifests;
use super::{Component, ManifestFiles, PluginDetector, Version};
use crate::model::{ComponentName, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a component changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VersionChange {
    /// There before and after, differently.
    Changed,
    /// The same before and after (or absent on both sides, which `absent` says).
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
    /// The page that shows what lies between both versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<String>,
    /// The commits between both versions, where they are wanted: for people alone, since what a script sees must not depend on what
    /// another repository has at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub changelog: Option<Changelog>,
    /// Neither side has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// What was looked for and is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
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
    let (base, head) = (Manifests::new(base), Manifests::new(head));
    let [base, head] = [&base, &head].map(|manifests| DetectorInput { manifests, plugins });
    components.iter().map(|component| row(component, &base, &head, history)).collect()
}

fn row(
    component: &Component,
    base: &DetectorInput<'_>,
    head: &DetectorInput<'_>,
    history: &dyn CommitHistory,
) -> ComponentDelta {
    let detector = component.detect.detector();
    let (mut from, before) = value_and_failure(detector.version(base));
    let (mut to, after) = value_and_failure(detector.version(head));
    let (commits, uncounted) = value_and_failure(detector.commits(history));
    // The head is what would ship: what is wrong there goes first.
    let error = after.or(before).or(uncounted);
    let change = error.is_none().then(|| change(from.as_ref(), to.as_ref()));
    // The definition of a floating version is kept only where it changed.
    if let (Some(from), Some(to)) = (&mut from, &mut to)
        && (from.definition == to.definition || !from.floating || !to.floating)
    {
        (from.definition, to.definition) = (None, None);
    }
    let absent = error.is_none() && from.is_none() && to.is_none();
    let compare =
        from.as_ref().zip(to.as_ref()).and_then(|(from, to)| compare_link(&pages(component, Some(to))?, from, to));
    ComponentDelta {
        name: component.name.clone(),
        detect: component.detect.word().to_owned(),
        change,
        from,
        to,
        commits,
        compare,
        changelog: None,
        absent,
        warning: absent.then(|| format!("there is no {}", detector.sought())),
        error,
    }
}

/// Where the repository of a row's component is.
pub fn repository_of(component: &Component, row: &ComponentDelta) -> Option<String> {
    pages(component, row.to.as_ref())
}

fn value_and_failure<T>(answer: Result<Option<T>, Failure>) -> (Option<T>, Option<Failure>) {
    match answer {
        Ok(value) => (value, None),
        Err(failure) => (None, Some(failure)),
    }
}

fn change(from: Option<&Version>, to: Option<&Version>) -> VersionChange {
    match (from, to) {
        (None, None) => VersionChange::Unchanged,
        (None, Some(_)) => VersionChange::Added,
        (Some(_), None) => VersionChange::Removed,
        (Some(from), Some(to)) if from.runs_the_same(to) => VersionChange::Unchanged,
        (Some(_), Some(_)) => VersionChange::Changed,
    }
}
