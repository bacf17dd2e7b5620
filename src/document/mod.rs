//! TOML, YAML and JSON with places: one shape, every value knows where it is written and keeps its spelling; tables are read
//! key by key, and every problem names its place.
//!
//! Spelling matters: a YAML `1.10` is the version 1.10, not the number 1.1. Knows nothing of what the values mean.

mod json;
mod key;
mod path;
mod place;
mod problems;
mod table;
mod toml;
mod yaml;
mod yaml_quotes;

pub use key::{Absent, KeyDoc, TableDoc};
pub(crate) use key::{
    Argv, Data, DeclaredKey, DetectorName, Flag, Inner, Inners, Labels, LocalPath, OPTIONAL, OneOf, Pattern, REQUIRED,
    RepoFile, Takes, Url, UrlOrInner, Words, keys, or,
};
pub use path::KeyPath;
pub use place::{At, LineIndex};
pub(crate) use problems::{DocumentFile, failure};
pub(crate) use table::{LocatedText, Table, suggestion};

use crate::model::{Failure, FailureKind, SourceLocation};
use std::rc::Rc;

/// How deep values may be nested; deeper texts are errors, not stack overflows.
const DEPTH: usize = 128;

/// The languages that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    Toml,
    /// YAML 1.2 with the `<<` merge key of YAML 1.1; only the first document counts.
    Yaml,
    /// The same with all its documents, as a list.
    YamlDocuments,
    Json,
}

impl Language {
    /// Its name, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Toml => "TOML",
            Self::Yaml | Self::YamlDocuments => "YAML",
            Self::Json => "JSON",
        }
    }
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it starts.
    pub at: At,
    /// What it is.
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// YAML's and JSON's null.
    Null,
    Text(String),
    /// A number, boolean or date.
    Bare {
        /// As it is written.
        text: String,
        /// `a number`, `a boolean` or `a date`, for messages.
        what: &'static str,
    },
    List(Vec<Rc<Node>>),
    /// A map; keys are unique, in the order in which they are written.
    Map(Vec<MapEntry>),
}

/// One key of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapEntry {
    pub key: String,
    /// Where the key is written (in JSON: where its value is).
    pub key_at: At,
    /// The value; shared, because YAML's aliases are.
    pub value: Rc<Node>,
}

impl Node {
    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[MapEntry] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Rc<Node>] {
        match &self.kind {
            NodeKind::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text, number, boolean or date at a key of a map, as it is written.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(|value| value.spelling())
    }

    /// A text, number, boolean or date as it is written.
    pub fn spelling(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) | NodeKind::Bare { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The name of its type, with its article, for messages.
    pub const fn what(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Text(_) => "a text",
            NodeKind::Bare { what, .. } => what,
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a table",
        }
    }
}

/// A text that is not what its language asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in the parser's words.
    pub message: String,
    /// Where.
    pub at: At,
}

/// Reads a text.
///
/// # Errors
///
/// Every mistake that could be told apart; at least one.
pub fn parse(text: &str, language: Language) -> Result<Node, Vec<SyntaxError>> {
    match language {
        Language::Toml => toml::parse(text),
        Language::Yaml => yaml::parse(text).map_err(|error| vec![error]),
        Language::YamlDocuments => yaml::parse_all(text).map_err(|error| vec![error]),
        Language::Json => json::parse(text).map_err(|error| vec![error]),
    }
}

/// The text of a file, without a byte order mark.
///
/// # Errors
///
/// It is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, SyntaxError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let (good, _) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
        let good = String::from_utf8_lossy(good);
        SyntaxError { message: "it is not UTF-8 text".to_owned(), at: LineIndex::new(&good).at(good.len()) }
    })
}

/// Reads a manifest.
///
/// # Errors
///
/// Kind `manifest`, with file, line and column.
pub fn manifest(text: &str, file: &str, language: Language) -> Result<Node, Failure> {
    parse(text, language).map_err(|errors| first(errors, language)).map_err(|error| {
        let message = format!("`{file}` is not valid {}: {}", language.name(), error.message);
        broken(message, file, error.at).hint("mend the file; the other components are not affected")
    })
}

/// A manifest that makes no sense at one place.
pub fn broken(message: impl Into<String>, file: &str, at: At) -> Failure {
    Failure::new(FailureKind::Manifest, message).at(SourceLocation::new(file, at.line, at.column))
}

fn first(errors: Vec<SyntaxError>, language: Language) -> SyntaxError {
    let unsaid = || SyntaxError { message: format!("it is not {}", language.name()), at: At { line: 1, column: 1 } };
    errors.into_iter().next().unwrap_or_else(unsaid)
}

#[cfg(test)]
mod tests;
