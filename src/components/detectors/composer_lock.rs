//! A package in PHP's `composer.lock`: <https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control>.

use super::{Detector, DetectorDeclaration, named};
use crate::components::Version;
use crate::document::{Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("composer.lock");
    /// The package, like `acme/ppc`; upper and lower case are the same.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "composer-lock", doc: "A package in PHP's `composer.lock`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PACKAGE, "package", |commit, file, package| {
        commit.with(file, Language::Json, |lock| detect(lock, file, package))
    })
}

/// The package as it is locked, for development too.
fn detect(lock: &Node, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    named::table(lock, file)?;
    let wanted = package.to_lowercase();
    let mut locked = Vec::new();
    for entry in ["packages", "packages-dev"].iter().filter_map(|key| lock.get(key)).flat_map(|all| all.items()) {
        // The first format called it `package`, and had its reference beside it.
        if entry.text("name").or_else(|| entry.text("package")).is_none_or(|name| name.to_lowercase() != wanted) {
            continue;
        }
        let version = named::required(entry, "version", package, file)?;
        let either = |key: &str| {
            let text = |part: &str| entry.get(part).and_then(|part| part.text(key)).filter(|text| !text.is_empty());
            text("source").or_else(|| text("dist")).map(str::to_owned)
        };
        let digest = entry.get("dist").and_then(|dist| dist.text("shasum")).filter(|sum| !sum.is_empty());
        locked.push(Version {
            revision: either("reference").or_else(|| entry.text("source-reference").map(str::to_owned)),
            source: either("url").filter(|url| !is_its_name(url, &wanted)),
            digest: digest.map(str::to_owned),
            ..Version::published(version)
        });
    }
    Ok(Version::all(locked))
}

/// Most packages are called as their repository.
fn is_its_name(url: &str, package: &str) -> bool {
    let path = url.strip_prefix("https://github.com/").map(|path| path.trim_end_matches(".git"));
    path.is_some_and(|path| path.to_lowercase() == package)
}
