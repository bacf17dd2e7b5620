//! The value at a dotted key of a TOML, YAML or JSON file.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{self, KeyPath, Language, Node, NodeKind, REQUIRED, RepoFile, Table, keys};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", REQUIRED;
    /// Where the version is in it.
    KEY: KeyPath = "key", REQUIRED;
}

pub(super) const TOML: DetectorDeclaration = DetectorDeclaration {
    word: "toml",
    doc: "The value at a dotted key of a TOML file.",
    keys: KEYS,
    read: |table| read(table, Language::Toml),
};
pub(super) const YAML: DetectorDeclaration = DetectorDeclaration {
    word: "yaml",
    doc: "The value at a dotted key of a YAML file; of several documents, in each.",
    keys: KEYS,
    read: |table| read(table, Language::YamlDocuments),
};
pub(super) const JSON: DetectorDeclaration = DetectorDeclaration {
    word: "json",
    doc: "The value at a dotted key of a JSON file.",
    keys: KEYS,
    read: |table| read(table, Language::Json),
};

#[derive(Debug)]
struct Keyed {
    file: String,
    key: KeyPath,
    language: Language,
}

fn read(table: &mut Table<'_, '_>, language: Language) -> Option<Box<dyn Detector>> {
    let (file, key) = (table.file(FILE), table.parsed(KEY));
    Some(Box::new(Keyed { file: file?, key: key?, language }))
}

impl Detector for Keyed {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.with(&self.file, self.language, |root| detect(root, self.language, &self.file, &self.key))
    }

    fn sought(&self) -> String {
        format!("value at `{}` in `{}`", self.key, self.file)
    }
}

/// The text or number at a dotted key of a JSON text, as it is written; `None` when it is not there or something else.
///
/// # Errors
///
/// The text is not JSON, or the key none; in words.
pub fn key_of_json(text: &str, key: &str) -> Result<Option<String>, String> {
    let path: KeyPath = key.parse().map_err(|error| format!("{error}"))?;
    let root = document::parse(text, Language::Json)
        .map_err(|errors| errors.into_iter().next().map_or_else(String::new, |error| error.message))?;
    Ok(path.find(&root).and_then(document::Node::spelling).map(str::to_owned))
}

/// The values as they are written; `None` when the key is not there or null.
fn detect(root: &Node, language: Language, file: &str, key: &KeyPath) -> Result<Option<Version>, Failure> {
    let documents = if language == Language::YamlDocuments {
        root.items().iter().map(|document| &**document).collect()
    } else {
        vec![root]
    };
    let values = documents.into_iter().flat_map(|document| key.find_all(document));
    let versions = values.map(|value| match (&value.kind, value.spelling()) {
        (NodeKind::Null, _) => Ok(None),
        (_, Some(text)) => Ok(Some(Version::published(text.trim()))),
        (_, None) => Err(document::broken(format!("`{key}` is {}, not a version", value.what()), file, value.at)
            .hint("let `key` lead to a text or a number")),
    });
    let versions: Result<Vec<_>, Failure> = versions.collect();
    Ok(Version::all(versions?.into_iter().flatten()))
}
