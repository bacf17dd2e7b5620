//! Which components a merge would ship: bytes of manifests → versions → delta.
//!
//! Pure over its inputs: no git, no clock, no network, no environment. Files come through [`Files`].

mod delta;
mod detect;
mod detectors;
mod spec;
mod version;

pub use delta::{Change, ComponentDelta, History, delta};
pub use detect::{DetectError, Files, PluginDetector, detect};
pub(crate) use detectors::declared;
pub use detectors::{Detect, key_of_json};
pub use spec::Component;
pub use version::Version;
