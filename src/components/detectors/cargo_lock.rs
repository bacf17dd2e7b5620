//! A package in `Cargo.lock`.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{self, Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("Cargo.lock");
    /// The package.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "cargo-lock", doc: "A package in `Cargo.lock`.", keys: KEYS, read };

#[derive(Debug)]
struct CargoLock {
    file: String,
    package: String,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, package) = (table.file(FILE), table.owned(PACKAGE));
    Some(Box::new(CargoLock { file: file?, package: package? }))
}

impl Detector for CargoLock {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.with(&self.file, |bytes| detect(bytes, &self.file, &self.package))
    }
}

/// The package's version; `None` when it is not locked. Cargo may lock several versions of one package: all are listed.
fn detect(bytes: &[u8], file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let lock = document::manifest(bytes, file, Language::Toml)?;
    let text = |node: &Node, key: &str| node.get(key).and_then(|value| value.spelling()).map(str::to_owned);
    let packages = lock.get("package").map(|packages| packages.items()).unwrap_or_default();
    let mut locked = packages.iter().filter(|entry| text(entry, "name").as_deref() == Some(package));
    let Some(first) = locked.next() else { return Ok(None) };
    let Some(version) = text(first, "version") else {
        return Err(document::broken(format!("`{package}` has no version"), file, first.at));
    };
    let others = locked.filter_map(|entry| text(entry, "version"));
    let versions: Vec<String> = std::iter::once(version).chain(others).collect();
    let (source, revision) = git(text(first, "source"));
    Ok(Some(Version { version: Some(versions.join(", ")), source, revision, ..Version::default() }))
}

/// `git+https://host/repo?branch=x#revision` → source and revision. A registry is where packages come from anyway.
fn git(source: Option<String>) -> (Option<String>, Option<String>) {
    let Some(url) = source.as_deref().and_then(|source| source.strip_prefix("git+")) else { return (None, None) };
    match url.split_once('#') {
        Some((url, revision)) => (Some(url.to_owned()), Some(revision.to_owned())),
        None => (Some(url.to_owned()), None),
    }
}
