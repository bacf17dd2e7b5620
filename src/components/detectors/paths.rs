//! The contents of all files and submodules that match globs: whatever changes in them is a new revision.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{LocatedText, REQUIRED, Table, keys};
use crate::model::{Failure, hex};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use sha2::{Digest, Sha256};

keys! {
    /// As in `.gitignore`: `web/` or `/web/**`, `*.go` in any folder, `!web/docs/` to leave some out again.
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
    set: Gitignore,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let texts = table.texts(GLOBS);
    if texts.is_empty() {
        return None;
    }
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    for text in &texts {
        let wrong = match (builder.add_line(None, text.text), text.text.trim()) {
            (Err(ignore::Error::Glob { err, .. }), _) => err,
            (Err(error), _) => error.to_string(),
            (Ok(_), glob) if glob.is_empty() || glob.starts_with('#') => "it matches nothing".to_owned(),
            (Ok(_), _) => continue,
        };
        let message = format!("`{}` is no pattern: {wrong}", text.text);
        let hint = "write it as in .gitignore: `*` matches within a folder, `**` across folders; a `#` at the beginning as `\\#`";
        table.source.wrong(text.at, message, hint.to_owned());
        return None;
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
fn detect(files: Vec<(String, String)>, set: &Gitignore) -> Option<Version> {
    let mut matching: Vec<_> =
        files.into_iter().filter(|(path, _)| set.matched_path_or_any_parents(path, false).is_ignore()).collect();
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
