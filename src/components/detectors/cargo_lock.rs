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
        commit.with(&self.file, Language::Toml, |lock| detect(lock, &self.file, &self.package))
    }

    fn sought(&self) -> String {
        format!("package `{}` in `{}`", self.package, self.file)
    }
}

/// Every version that is locked: Cargo may lock several of one package. `None` when there is none.
fn detect(lock: &Node, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let text = |node: &Node, key: &str| node.get(key).and_then(|value| value.spelling()).map(str::to_owned);
    let packages = lock.get("package").map(|packages| packages.items()).unwrap_or_default();
    let mut locked = Vec::new();
    for entry in packages.iter().filter(|entry| text(entry, "name").as_deref() == Some(package)) {
        let Some(version) = text(entry, "version") else {
            return Err(document::broken(format!("`{package}` has no version"), file, entry.at));
        };
        let source = text(entry, "source");
        // The first format kept the checksums at the end: `"checksum ppc 1.0.0 (SOURCE)" = "…"`.
        let digest = text(entry, "checksum").or_else(|| {
            let key = format!("checksum {package} {version} ({})", source.as_deref()?);
            lock.get("metadata").and_then(|metadata| text(metadata, &key))
        });
        let (source, revision) = origin(source);
        locked.push(Version { source, revision, digest, ..Version::published(version) });
    }
    Ok(Version::all(locked))
}

/// Where crates come from when nothing else is said: Cargo writes this however it reads the index.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Source and revision: `git+https://host/repo?branch=x#revision`, or another registry than crates.io.
fn origin(source: Option<String>) -> (Option<String>, Option<String>) {
    let Some(source) = source.filter(|source| source != CRATES_IO) else { return (None, None) };
    let Some(url) = source.strip_prefix("git+") else { return (Some(source), None) };
    match url.split_once('#') {
        Some((url, revision)) => (Some(url.to_owned()), Some(revision.to_owned())),
        None => (Some(url.to_owned()), None),
    }
}
