//! Which components a merge would ship: bytes of manifests → versions → delta.
//!
//! Pure over its inputs: no git, no clock, no network, no environment. Files come through [`Files`].

mod component;
mod delta;
mod detect;
mod detectors;
mod version;

pub(crate) use delta::Change;
pub use delta::{ComponentDelta, History, delta};

pub use component::Component;
pub use detect::{Files, PluginDetector, detect};
pub(crate) use detectors::declared;
pub(crate) use detectors::{Detect, key_of_json};
pub use version::Version;
