//! Commits made of texts, and what changes between them.

use relwf::components::{
    CommitHistory, Component, ComponentDelta, ManifestFiles, PluginDetector, Version, delta, detect,
};
use relwf::model::{Failure, FailureKind, Value};
use std::collections::BTreeMap;

/// A commit of texts.
pub struct Commit {
    pub id: &'static str,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Commit {
    pub fn new(id: &'static str, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Self { id, files }
    }
}

impl ManifestFiles for Commit {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.files.get(path).cloned())
    }

    fn list(&self) -> Result<Vec<(String, String)>, Failure> {
        Ok(self.files.iter().map(|(path, bytes)| (path.clone(), format!("{bytes:?}"))).collect())
    }

    fn submodule(&self, _: &str) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    fn commit(&self) -> Option<String> {
        Some(self.id.to_owned())
    }
}

pub struct Seven;

impl CommitHistory for Seven {
    fn commits(&self) -> Result<u64, Failure> {
        Ok(7)
    }
}

/// Answers with the first line of the file `VERSION`.
pub struct FirstLine;

impl PluginDetector for FirstLine {
    fn version(
        &self,
        plugin: &str,
        files: &BTreeMap<String, String>,
        options: &Value,
    ) -> Result<Option<Version>, Failure> {
        if plugin != "first-line" {
            return Err(Failure::new(FailureKind::Script, format!("there is no plugin `{plugin}`")));
        }
        let line = files.get("VERSION").and_then(|text| text.lines().next());
        let suffix = options.get("suffix").and_then(Value::as_str).unwrap_or_default();
        Ok(line.map(|line| Version { version: Some(format!("{line}{suffix}")), ..Version::default() }))
    }
}

/// The delta between two commits.
pub fn rows(components: &[Component], base: &Commit, head: &Commit) -> Vec<ComponentDelta> {
    delta(components, base, head, &Seven, &FirstLine)
}

/// One component's row, without its names.
pub fn row(component: &Component, base: &Commit, head: &Commit) -> Value {
    let rows = rows(std::slice::from_ref(component), base, head);
    let mut row = serde_json::to_value(&rows[0]).unwrap();
    row.as_object_mut().unwrap().remove("name");
    row.as_object_mut().unwrap().remove("detect");
    row
}

/// The version that a component has in a file.
pub fn at(component: &Component, file: &str, text: &str) -> Value {
    let version = detect(component, &Commit::new("c", &[(file, text)]), &FirstLine).unwrap();
    serde_json::to_value(version).unwrap()
}
