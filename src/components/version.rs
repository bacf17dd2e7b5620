//! A component's version, as a detector reads it from a manifest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A component's version; absent parts are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The exact revision, e.g. a commit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The version as it is published, without decoration that the detector was told to drop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The branch that is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where it comes from, when that is not its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Nothing pins it: whatever is newest when it is installed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating: bool,
}
