//! Which components a merge would ship: bytes of manifests → versions → delta.
//!
//! Pure over its inputs: no git, no clock, no network, no environment. Files come through [`ManifestFiles`].

mod changelog;
mod compare_link;
mod component;
mod delta;
mod detect;
mod detectors;
mod manifests;
mod version;
mod version_text;

pub use changelog::{Changelog, ChangelogEntry};
pub(crate) use compare_link::git_names;
pub use delta::{CommitHistory, ComponentDelta, delta};
pub(crate) use delta::{VersionChange, repository_of};

pub use component::Component;
pub use detect::{ManifestFiles, PluginDetector, detect};
pub(crate) use detectors::declared;
pub(crate) use detectors::{Detect, key_of_json};
pub use version::Version;
pub(crate) use version_text::{text as version_text, told_apart};
