//! The contents of all files that match globs: whatever changes in them is a new revision.

use crate::components::Version;
use globset::GlobSet;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A digest of the matching files' names and contents; `None` when none matches.
pub fn detect(files: Vec<(String, String)>, set: &GlobSet) -> Option<Version> {
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
    let mut revision = String::with_capacity(64);
    for byte in digest.finalize() {
        let _ = write!(revision, "{byte:02x}");
    }
    Some(Version { revision: Some(revision), ..Version::default() })
}
