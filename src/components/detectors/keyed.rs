//! The value at a dotted key of a TOML, YAML or JSON file.

use crate::components::Version;
use crate::components::document::{self, KeyPath, Kind, Language};
use crate::model::{Failure, FailureKind};

/// The value as it is written; `None` when the key is not there or null.
pub fn detect(bytes: &[u8], file: &str, key: &str, language: Language) -> Result<Option<Version>, Failure> {
    let path: KeyPath = key.parse().map_err(|error| Failure::new(FailureKind::Config, format!("{error}")))?;
    let root = document::manifest(bytes, file, language)?;
    let Some(value) = path.find(&root) else { return Ok(None) };
    match (&value.kind, value.spelling()) {
        (Kind::Null, _) => Ok(None),
        (_, Some(text)) => Ok(Some(Version { version: Some(text.trim().to_owned()), ..Version::default() })),
        (_, None) => Err(document::broken(format!("`{key}` is {}, not a version", value.what()), file, value.at)
            .hint("let `key` lead to a text or a number")),
    }
}
