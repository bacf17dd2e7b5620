//! A version found by a regular expression in a text file.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{Pattern, REQUIRED, RepoFile, Table, keys};
use crate::model::Failure;
use regex::Regex;

keys! {
    /// The file.
    FILE: RepoFile = "file", REQUIRED;
    /// Its first group is the version, or the whole match where it has no group. Several matches are several versions.
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
        Ok(commit.manifests.lossy_text(&self.file)?.and_then(|text| detect(&text, &self.pattern)))
    }

    fn sought(&self) -> String {
        let pattern = self.pattern.as_str();
        let anchored = pattern.starts_with('^') || pattern.ends_with('$');
        let hint = if anchored { "; `(?m)` before it lets `^` and `$` match at each line" } else { "" };
        format!("match of `{pattern}` in `{}`{hint}", self.file)
    }
}

/// The first group of each match, or the whole match of a pattern without groups; `None` when nothing matches.
fn detect(text: &str, pattern: &Regex) -> Option<Version> {
    Version::all(pattern.captures_iter(text).filter_map(|captures| {
        let found = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?;
        Some(Version::published(found.as_str().trim()))
    }))
}
