//! A version found by a regular expression in a text file.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{Pattern, REQUIRED, RepoFile, Table, keys};
use crate::model::Failure;
use regex::Regex;

keys! {
    /// The file.
    FILE: RepoFile = "file", REQUIRED;
    /// Its first group is the version, or the whole match where it has no group.
    PATTERN: Pattern = "pattern", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "regex", doc: "What a pattern finds in any text file.", keys: KEYS, read };

#[derive(Debug)]
struct InText {
    file: String,
    pattern: Regex,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, pattern) = (table.file(FILE), table.pattern(PATTERN));
    Some(Box::new(InText { file: file?, pattern: pattern? }))
}

impl Detector for InText {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.with(&self.file, |bytes| Ok(detect(bytes, &self.pattern)))
    }
}

/// The first group of the first match, or the whole match of a pattern without groups; `None` when nothing matches.
fn detect(bytes: &[u8], pattern: &Regex) -> Option<Version> {
    let text = String::from_utf8_lossy(bytes);
    let captures = pattern.captures(&text)?;
    let found = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?;
    Some(Version { version: Some(found.as_str().trim().to_owned()), ..Version::default() })
}
