//! The value at a dotted key of a TOML, YAML or JSON file.

use crate::components::Version;
use crate::document::{self, KeyPath, Kind, Language};
use crate::model::{Failure, FailureKind};

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
