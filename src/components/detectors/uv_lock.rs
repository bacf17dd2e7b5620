//! A package in `uv.lock`: <https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile>.

use super::{Detector, DetectorDeclaration, named, python};
use crate::components::Version;
use crate::document::{Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("uv.lock");
    /// The package; case, `-`, `_` and `.` make no difference.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "uv-lock", doc: "A package in `uv.lock`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PACKAGE, "package", |commit, file, package| {
        commit.with(file, Language::Toml, |lock| detect(lock, file, package))
    })
}

/// Every version that is locked: each of several environments may have its own.
fn detect(lock: &Node, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let wanted = python::normalized(package);
    let mut locked = Vec::new();
    for entry in lock.get("package").map(|packages| packages.items()).unwrap_or_default() {
        if entry.text("name").is_none_or(|name| python::normalized(name) != wanted) {
            continue;
        }
        let (source, revision) = entry.get("source").map_or((None, None), |source| origin(source));
        // A package whose source is a folder may find its version out when it is built.
        let version = match entry.get("version") {
            None if source.is_some() => None,
            _ => Some(named::required(entry, "version", package, file)?),
        };
        let files = entry.get("sdist").into_iter().chain(entry.get("wheels").into_iter().flat_map(|all| all.items()));
        let digest = Version::digests(files.filter_map(|file| file.text("hash")));
        locked.push(Version { version, source, revision, digest, ..Version::default() });
    }
    Ok(Version::all(locked))
}

/// Source and revision: `{ git = "https://host/repo?rev=x#revision" }`, another registry, an address or a folder.
fn origin(source: &Node) -> (Option<String>, Option<String>) {
    let Some(entry) = source.entries().iter().find(|entry| entry.key != "subdirectory") else { return (None, None) };
    let place = entry.value.spelling().unwrap_or_default();
    match entry.key.as_str() {
        "registry" if python::is_default_index(place) => (None, None),
        "git" => match place.split_once('#') {
            Some((url, revision)) => (Some(url.to_owned()), Some(revision.to_owned())),
            None => (Some(place.to_owned()), None),
        },
        _ => (Some(place.to_owned()), None),
    }
}
