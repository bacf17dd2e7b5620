//! A package in npm's `package-lock.json`: <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{self, Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("package-lock.json");
    /// The package.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "npm-lock", doc: "A package in npm's `package-lock.json`.", keys: KEYS, read };

#[derive(Debug)]
struct NpmLock {
    file: String,
    package: String,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, package) = (table.file(FILE), table.owned(PACKAGE));
    Some(Box::new(NpmLock { file: file?, package: package? }))
}

impl Detector for NpmLock {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.with(&self.file, |bytes| detect(bytes, &self.file, &self.package))
    }
}

/// The version at the top of `node_modules`; `None` when the package is not there.
fn detect(bytes: &[u8], file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let lock = document::manifest(bytes, file, Language::Json)?;
    // `packages` since version 2 of the format, `dependencies` before; version 2 has both.
    let entry = match lock.get("packages") {
        Some(packages) => packages.get(&format!("node_modules/{package}")).map(|entry| linked(packages, entry)),
        None => lock.get("dependencies").and_then(|dependencies| dependencies.get(package)).map(|entry| &**entry),
    };
    Ok(entry.map(|entry| {
        let (source, revision) = git(text(entry, "resolved").or_else(|| text(entry, "version")));
        Version {
            version: text(entry, "version").filter(|version| !version.contains("://")),
            source,
            revision,
            ..Version::default()
        }
    }))
}

/// A workspace's package is a link to its folder.
fn linked<'n>(packages: &'n Node, entry: &'n Node) -> &'n Node {
    let folder = if text(entry, "link").as_deref() == Some("true") { text(entry, "resolved") } else { None };
    folder.and_then(|folder| packages.get(&folder)).map_or(entry, |target| target)
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(|value| value.spelling()).map(str::to_owned)
}

/// `git+ssh://host/repo.git#revision` → source and revision. A registry is where packages come from anyway.
fn git(resolved: Option<String>) -> (Option<String>, Option<String>) {
    let Some(url) = resolved.filter(|url| url.starts_with("git")) else { return (None, None) };
    match url.split_once('#') {
        Some((url, revision)) => (Some(url.to_owned()), Some(revision.to_owned())),
        None => (Some(url), None),
    }
}
