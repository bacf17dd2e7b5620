//! One component's version at one commit.

use super::{Component, Detect, Version, detectors};
use crate::document::{self, Language};
use crate::model::{Failure, Value};
use std::collections::BTreeMap;

/// The files of one commit.
pub trait Files {
    /// A file's bytes; `None` when there is no such file.
    ///
    /// # Errors
    ///
    /// The object database could not be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;

    /// Every file's path with a name for its contents (its blob id): equal names, equal contents.
    ///
    /// # Errors
    ///
    /// The object database could not be read.
    fn list(&self) -> Result<Vec<(String, String)>, Failure>;

    /// The commit's id, for components whose version is the commit.
    fn commit(&self) -> String;
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
    files: &dyn Files,
    plugins: &dyn PluginDetector,
) -> Result<Option<Version>, DetectError> {
    let keyed = |file: &str, key: &str, language| {
        found(files, file, |bytes| detectors::keyed::detect(bytes, file, key, language))
    };
    match &component.detect {
        Detect::Commits => Ok(Some(Version { revision: Some(files.commit()), ..Version::default() })),
        Detect::Gopkg { file, project } => found(files, file, |bytes| detectors::gopkg::detect(bytes, file, project)),
        Detect::Travis { file, command, version } => {
            found(files, file, |bytes| detectors::travis::detect(bytes, file, command, version))
        }
        Detect::Paths { set, .. } => Ok(detectors::paths::detect(files.list()?, set)),
        Detect::Regex { file, pattern } => found(files, file, |bytes| Ok(detectors::pattern::detect(bytes, pattern))),
        Detect::Toml { file, key } => keyed(file, key, Language::Toml),
        Detect::Yaml { file, key } => keyed(file, key, Language::Yaml),
        Detect::Json { file, key } => keyed(file, key, Language::Json),
        Detect::GoMod { file, module } => found(files, file, |bytes| detectors::go_mod::detect(bytes, file, module)),
        Detect::CargoLock { file, package } => {
            found(files, file, |bytes| detectors::cargo_lock::detect(bytes, file, package))
        }
        Detect::NpmLock { file, package } => {
            found(files, file, |bytes| detectors::npm_lock::detect(bytes, file, package))
        }
        Detect::Plugin { plugin, files: wanted, options } => plugged(plugin, wanted, options, files, plugins),
    }
}

/// Reads the file and hands it on; a file that is not there means a component that is not there.
fn found(
    files: &dyn Files,
    file: &str,
    detect: impl FnOnce(&[u8]) -> Result<Option<Version>, Failure>,
) -> Result<Option<Version>, Failure> {
    files.read(file)?.map_or(Ok(None), |bytes| detect(&bytes))
}

/// Hands the texts that are there to the plugin; when it wants some and none is there, the component is not there.
fn plugged(
    plugin: &str,
    wanted: &[String],
    options: &Value,
    files: &dyn Files,
    plugins: &dyn PluginDetector,
) -> Result<Option<Version>, Failure> {
    let mut texts = BTreeMap::new();
    for file in wanted {
        let Some(bytes) = files.read(file)? else { continue };
        let text = document::text(&bytes)
            .map_err(|error| document::broken(format!("`{file}`: {}", error.message), file, error.at))?;
        texts.insert(file.clone(), text.to_owned());
    }
    if texts.is_empty() && !wanted.is_empty() {
        return Ok(None);
    }
    plugins.version(plugin, &texts, options)
}
