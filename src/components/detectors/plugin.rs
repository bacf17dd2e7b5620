//! A detector written as a Rhai plugin: calls its `fn version(files)`.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{Data, LocatedText, OPTIONAL, REQUIRED, RepoFile, Table, keys};
use crate::model::{Failure, Value};
use std::collections::BTreeMap;

keys! {
    /// The plugin in `plugins/`, without `.rhai`.
    PLUGIN: LocatedText = "plugin", REQUIRED;
    /// The files whose texts the plugin gets. When none of them is there, the component is not there.
    FILES: Vec<RepoFile> = "files", OPTIONAL;
    /// What else the plugin should know.
    OPTIONS: Data = "options", OPTIONAL;
}

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "plugin",
    doc: "What `fn version(files)` of a plugin answers: a detector of your own.",
    keys: KEYS,
    read,
};

#[derive(Debug)]
struct Plugin {
    plugin: String,
    files: Vec<String>,
    options: Value,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (plugin, files, options) = (table.owned(PLUGIN), table.files(FILES), table.data(OPTIONS));
    Some(Box::new(Plugin { plugin: plugin?, files: files?, options }))
}

impl Detector for Plugin {
    /// Hands the texts that are there to the plugin.
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        let mut texts = BTreeMap::new();
        for file in &self.files {
            let Some(text) = commit.manifests.text(file)? else { continue };
            texts.insert(file.clone(), text.to_string());
        }
        if texts.is_empty() && !self.files.is_empty() {
            return Ok(None);
        }
        commit.plugins.version(&self.plugin, &texts, &self.options)
    }

    fn sought(&self) -> String {
        let files: Vec<String> = self.files.iter().map(|file| format!("`{file}`")).collect();
        let place = if files.is_empty() { String::new() } else { format!(" in {}", files.join(", ")) };
        format!("component that the plugin `{}` finds{place}", self.plugin)
    }
}
