//! The contents of all files and submodules that match globs: whatever changes in them is a new revision.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{LocatedText, REQUIRED, Table, keys};
use crate::model::{Failure, hex};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use sha2::{Digest, Sha256};

keys! {
    /// As in `.gitignore`: `*` matches within a folder, `**` across folders.
    GLOBS: Vec<LocatedText> = "globs", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "paths",
    doc: "The contents of all files that match: whatever changes in them is a new version.",
    keys: KEYS,
    read,
};

#[derive(Debug)]
struct Paths {
    globs: Vec<String>,
    set: GlobSet,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let texts = table.texts(GLOBS);
    if texts.is_empty() {
        return None;
    }
    let mut builder = GlobSetBuilder::new();
    for text in &texts {
        match GlobBuilder::new(text.text).literal_separator(true).build() {
            Ok(glob) => {
                builder.add(glob);
            }
            Err(error) => {
                let message = format!("`{}` is no glob: {}", text.text, error.kind());
                table.source.wrong(text.at, message, "`*` matches within a folder, `**` across folders".to_owned());
                return None;
            }
        }
    }
    let set = builder.build().map_err(|error| table.wrong(error, None)).ok()?;
    let globs = texts.iter().map(|text| format!("`{}`", text.text)).collect();
    Some(Box::new(Paths { globs, set }))
}

impl Detector for Paths {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        Ok(detect(commit.manifests.files().list()?, &self.set))
    }

    fn sought(&self) -> String {
        format!("file that matches {}", self.globs.join(" or "))
    }
}

/// A digest of the matching files' names and contents; `None` when none matches.
fn detect(files: Vec<(String, String)>, set: &GlobSet) -> Option<Version> {
    let mut matching: Vec<_> = files.into_iter().filter(|(path, _)| set.is_match(path)).collect();
    if matching.is_empty() {
        return None;
    }
    matching.sort();
    let mut digest = Sha256::new();
    for (path, contents) in &matching {
        // Neither git's paths nor its ids hold a NUL.
        digest.update(format!("{path}\0{contents}\0"));
    }
    Some(Version { revision: Some(hex(&digest.finalize())), ..Version::default() })
}
