//! A package in npm's `package-lock.json`: <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
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
        commit.with(&self.file, Language::Json, |lock| Ok(detect(lock, &self.package)))
    }

    fn sought(&self) -> String {
        format!("package `{}` in `{}`", self.package, self.file)
    }
}

/// Every copy that is installed, nested ones and those of workspaces too; `None` when there is none.
fn detect(lock: &Node, package: &str) -> Option<Version> {
    let mut found = Vec::new();
    // `packages` since version 2 of the format, `dependencies` before; version 2 has both.
    match lock.get("packages") {
        Some(packages) => {
            for entry in packages.entries() {
                let (_, name) = entry.key.rsplit_once("node_modules/").unwrap_or_default();
                // An alias (`"web": "npm:ppc@1"`) has another folder than its name.
                if name == package || !name.is_empty() && text(&entry.value, "name").as_deref() == Some(package) {
                    found.push(version(linked(packages, &entry.value)));
                }
            }
        }
        None => nested(lock, package, &mut found),
    }
    Version::all(found)
}

fn nested(node: &Node, package: &str, found: &mut Vec<Version>) {
    for entry in node.get("dependencies").map(|dependencies| dependencies.entries()).unwrap_or_default() {
        // An alias has its target in the version: `npm:ppc@1.0.0`.
        let target = entry.value.text("version").and_then(|version| version.strip_prefix("npm:")?.rsplit_once('@'));
        if entry.key == package || target.is_some_and(|(name, _)| name == package) {
            found.push(version(&entry.value));
        }
        nested(&entry.value, package, found);
    }
}

fn version(entry: &Node) -> Version {
    let published = text(entry, "version").map(|version| match version.strip_prefix("npm:") {
        Some(target) => target.rsplit('@').next().unwrap_or_default().to_owned(),
        None => version,
    });
    // npm 6 wrote `false` for what comes inside of another package.
    let resolved = text(entry, "resolved").filter(|address| address != "false");
    let address = resolved.or_else(|| published.clone().filter(|version| version.contains(':')));
    let (source, revision) = address.map_or((None, None), |address| origin(&address));
    Version {
        version: published.filter(|version| !version.contains(':')),
        source,
        revision,
        digest: text(entry, "integrity"),
        ..Version::default()
    }
}

/// A workspace's package is a link to its folder.
fn linked<'n>(packages: &'n Node, entry: &'n Node) -> &'n Node {
    let folder = if text(entry, "link").as_deref() == Some("true") { text(entry, "resolved") } else { None };
    folder.and_then(|folder| packages.get(&folder)).map_or(entry, |target| target)
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(|value| value.spelling()).map(str::to_owned)
}

/// Source and revision: `git+ssh://host/repo.git#revision`, or the address of a tarball. A registry (`…/ppc/-/ppc-1.0.0.tgz`)
/// is where packages come from anyway, and its mirrors hold the same.
fn origin(address: &str) -> (Option<String>, Option<String>) {
    match address.split_once('#') {
        Some((url, revision)) if address.starts_with("git") => (Some(url.to_owned()), Some(revision.to_owned())),
        _ if address.contains("/-/") => (None, None),
        _ => (Some(address.to_owned()), None),
    }
}
