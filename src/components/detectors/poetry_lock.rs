//! A package in `poetry.lock`: <https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock>.
//!
//! The hashes of its files are with the package; before Poetry 1.3 they were in `[metadata.files]`, before 1.0 in
//! `[metadata.hashes]`.

use super::{Detector, DetectorDeclaration, named, python};
use crate::components::Version;
use crate::document::{Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("poetry.lock");
    /// The package; case, `-`, `_` and `.` make no difference.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "poetry-lock", doc: "A package in `poetry.lock`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PACKAGE, "package", |commit, file, package| {
        commit.with(file, Language::Toml, |lock| detect(lock, file, package))
    })
}

/// Every version that is locked: each of several environments may have its own.
fn detect(lock: &Node, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let wanted = python::normalized(package);
    let named = |name: &str| python::normalized(name) == wanted;
    let older = |key: &str| {
        let entries = lock.get("metadata").and_then(|metadata| metadata.get(key)).map(|all| all.entries());
        entries.unwrap_or_default().iter().find(|entry| named(&entry.key)).map(|entry| entry.value.items())
    };
    let mut locked = Vec::new();
    for entry in lock.get("package").map(|packages| packages.items()).unwrap_or_default() {
        if !entry.text("name").is_some_and(named) {
            continue;
        }
        let version = named::required(entry, "version", package, file)?;
        let files = entry.get("files").map(|files| files.items()).or_else(|| older("files")).unwrap_or_default();
        let hashes = older("hashes").unwrap_or_default();
        let digests =
            files.iter().filter_map(|file| file.text("hash")).chain(hashes.iter().filter_map(|h| h.spelling()));
        let (source, revision) = entry.get("source").map_or((None, None), |source| origin(source));
        locked.push(Version { digest: Version::digests(digests), source, revision, ..Version::published(version) });
    }
    Ok(Version::all(locked))
}

/// Source and revision; `reference` is what was asked for, `resolved_reference` what that was.
fn origin(source: &Node) -> (Option<String>, Option<String>) {
    let url = source.text("url").filter(|url| !python::is_default_index(url)).map(str::to_owned);
    let revision = || source.text("resolved_reference").or_else(|| source.text("reference"));
    (url, (source.text("type") == Some("git")).then(revision).flatten().map(str::to_owned))
}
