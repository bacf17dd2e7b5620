//! One component's version at one commit.

use super::detectors::DetectorInput;
use super::manifests::Manifests;
use super::{Component, Version};
use crate::model::{Failure, Value};
use std::collections::BTreeMap;

/// The files of one commit.
pub trait ManifestFiles {
    /// A file's bytes; `None` when there is no such file. Symbolic links are followed within the repository.
    ///
    /// # Errors
    ///
    /// The object database could not be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;

    /// Every file's and submodule's path with a name for its contents (its blob or commit id): equal names, equal contents.
    ///
    /// # Errors
    ///
    /// The object database could not be read.
    fn list(&self) -> Result<Vec<(String, String)>, Failure>;

    /// The commit that a submodule is at; `None` when there is none at that path.
    ///
    /// # Errors
    ///
    /// The object database could not be read.
    fn submodule(&self, path: &str) -> Result<Option<String>, Failure>;

    /// The commit's id, for components whose version is the commit; `None` for files that are no commit's yet.
    fn commit(&self) -> Option<String>;
}

/// Runs `fn version(files)` of a plugin.
pub trait PluginDetector {
    /// The version that the plugin finds in these texts; `None` when the component is not there.
    ///
    /// # Errors
    ///
    /// The plugin does not exist, threw, or answered something that is no version.
    fn version(
        &self,
        plugin: &str,
        files: &BTreeMap<String, String>,
        options: &Value,
    ) -> Result<Option<Version>, Failure>;
}

/// A manifest that cannot be read. Other components are not affected.
pub type DetectError = Failure;

/// The component's version, `None` when it is not there.
///
/// # Errors
///
/// Kind `manifest`, with file and line, when a manifest is malformed.
pub fn detect(
    component: &Component,
    files: &dyn ManifestFiles,
    plugins: &dyn PluginDetector,
) -> Result<Option<Version>, DetectError> {
    component.detect.detector().version(&DetectorInput { manifests: &Manifests::new(files), plugins })
}
