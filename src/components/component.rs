//! One `[[component]]` of relwf.toml, validated.

use super::Detect;
use crate::model::ComponentName;

/// One component of the release.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: ComponentName,
    /// How its version is found.
    pub detect: Detect,
}
