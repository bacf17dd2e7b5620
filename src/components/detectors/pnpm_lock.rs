//! A package in `pnpm-lock.yaml`: <https://github.com/pnpm/spec/tree/master/lockfile>.
//!
//! A package's key was `/acme/1.0.0_peers` in version 5, `/acme@1.0.0(peers)` in 6, and is `acme@1.0.0` since 9.

use super::{Detector, DetectorDeclaration, git_name, named};
use crate::components::Version;
use crate::document::{self, Language, LocatedText, MapEntry, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("pnpm-lock.yaml");
    /// The package.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "pnpm-lock", doc: "A package in `pnpm-lock.yaml`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PACKAGE, "package", |commit, file, package| {
        let Some(text) = commit.manifests.text(file)? else { return Ok(None) };
        match second_document(&text) {
            Some(text) => detect(&document::manifest(&text, file, Language::Yaml)?, file, package),
            None => commit.with(file, Language::Yaml, |lock| detect(lock, file, package)),
        }
    })
}

/// pnpm's own packages may be locked in a document before the project's; its lines stay, so that places are right.
fn second_document(text: &str) -> Option<String> {
    let own = text.strip_prefix("---")?.find("\n---")? + "---".len();
    let rest =
        text[own..].strip_prefix("\n---").filter(|rest| rest.trim_start_matches([' ', '\r']).starts_with('\n'))?;
    Some("\n".repeat(text[..own].matches('\n').count() + 1) + rest)
}

/// Every version that is locked, and every workspace that links to a package of this name.
fn detect(lock: &Node, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    named::table(lock, file)?;
    let format: u32 = lock.text("lockfileVersion").and_then(|v| v.split('.').next()?.parse().ok()).unwrap_or(9);
    let mut locked = Vec::new();
    for entry in lock.get("packages").map(|packages| packages.entries()).unwrap_or_default() {
        let id = Id::parse(entry, format);
        if id.name == package {
            locked.push(version(lock, entry, &id, file)?);
        }
    }
    let importers = lock.get("importers").map(|importers| importers.entries()).unwrap_or_default();
    for importer in importers.iter().map(|importer| &*importer.value).chain([lock]) {
        let groups = ["dependencies", "devDependencies", "optionalDependencies"];
        for found in groups.iter().filter_map(|group| importer.get(group)?.get(package)) {
            let link =
                found.spelling().or_else(|| found.text("version")).filter(|version| version.starts_with("link:"));
            locked.extend(link.map(|link| Version { source: Some(link.to_owned()), ..Version::default() }));
        }
    }
    Ok(Version::all(locked))
}

/// What a key says.
struct Id<'n> {
    /// Where it is not the usual registry.
    registry: Option<&'n str>,
    name: &'n str,
    version: &'n str,
}

impl<'n> Id<'n> {
    fn parse(entry: &'n MapEntry, format: u32) -> Self {
        let key = entry.key.split('(').next().unwrap_or_default();
        // What comes from no registry says its name.
        if let Some(name) = entry.value.text("name") {
            let version = entry.value.text("version").unwrap_or_default();
            return Self { registry: None, name, version };
        }
        let (registry, key) = match key.strip_prefix('/') {
            Some(key) => (None, key),
            None if format < 9 => key.split_once('/').map_or((None, key), |(registry, key)| (Some(registry), key)),
            None => (None, key),
        };
        let (name, version) = if format < 6 {
            // `name/1.0.0_peers` or `@scope/name/1.0.0_peers`.
            let slash = key.match_indices('/').nth(usize::from(key.starts_with('@')));
            let (name, version) = slash.map_or((key, ""), |(at, _)| (&key[..at], &key[at + 1..]));
            (name, version.split('_').next().unwrap_or_default())
        } else {
            let at = key.char_indices().skip(1).find(|(_, c)| *c == '@');
            at.map_or((key, ""), |(at, _)| (&key[..at], &key[at + 1..]))
        };
        Self { registry, name, version: entry.value.text("version").unwrap_or(version) }
    }
}

fn version(lock: &Node, entry: &MapEntry, id: &Id<'_>, file: &str) -> Result<Version, Failure> {
    let Some(resolution) = entry.value.get("resolution") else {
        return Err(document::broken(format!("`{}` has no resolution", id.name), file, entry.value.at));
    };
    let tarball = resolution.text("tarball").filter(|url| !url.contains("/-/"));
    let archived = || tarball?.rsplit('/').next().filter(|last| git_name::is_id(last));
    let source = resolution.text("repo").or(tarball).or_else(|| resolution.text("directory")).or(id.registry);
    let source = source.map(str::to_owned).or_else(|| patch(lock, id));
    Ok(Version {
        version: Some(id.version.to_owned()).filter(|version| !version.is_empty()),
        source,
        revision: resolution.text("commit").or_else(archived).map(str::to_owned),
        digest: resolution.text("integrity").map(str::to_owned),
        ..Version::default()
    })
}

/// The file that changes a package before it is installed, and its hash.
fn patch(lock: &Node, id: &Id<'_>) -> Option<String> {
    let exact = format!("{}@{}", id.name, id.version);
    let entries = lock.get("patchedDependencies")?.entries();
    let entry =
        entries.iter().find(|entry| entry.key == exact).or_else(|| entries.iter().find(|e| e.key == id.name))?;
    let hash = entry.value.spelling().or_else(|| entry.value.text("hash"));
    Some(format!("{}#{}", entry.value.text("path").unwrap_or("patch"), hash.unwrap_or_default()))
}
