//! One `[[component]]` of relwf.toml, validated.

use super::Detect;
use crate::model::ComponentName;

/// One component of the release.
#[derive(Debug, Clone)]
pub struct Component {
    pub name: ComponentName,
    /// How its version is found.
    pub detect: Detect,
    /// Where its repository has its pages.
    pub repo: Option<String>,
    /// Are the commits between two of its versions listed?
    pub changelog: bool,
}
