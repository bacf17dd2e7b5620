//! A gem in Bundler's `Gemfile.lock`: <https://bundler.io/guides/using_bundler_in_applications.html>.
//!
//! Sections begin in the first column. `GEM`, `GIT`, `PATH` and `PLUGIN SOURCE` say where gems are from and, below `specs:`,
//! which; a gem's own dependencies stand deeper. `CHECKSUMS` is there since Bundler 2.5.

use super::{Detector, DetectorDeclaration, named};
use crate::components::Version;
use crate::document::{self, At, LocatedText, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("Gemfile.lock");
    /// The gem.
    GEM: LocatedText = "gem", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "gemfile-lock", doc: "A gem in Bundler's `Gemfile.lock`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, GEM, "gem", |commit, file, gem| {
        commit.manifests.text(file)?.map_or(Ok(None), |text| detect(&text, file, gem))
    })
}

/// Sections whose gems have a source.
const SOURCES: [&str; 4] = ["GEM", "GIT", "PATH", "PLUGIN SOURCE"];

/// Where the gems of a section are from.
#[derive(Default)]
struct Origin {
    remotes: Vec<String>,
    revision: Option<String>,
}

/// The gem's version, once for all platforms where they have the same.
fn detect(text: &str, file: &str, gem: &str) -> Result<Option<Version>, Failure> {
    let mut section = "";
    let mut origin = Origin::default();
    let mut locked: Vec<Version> = Vec::new();
    let mut checksums: Vec<(String, &str)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let content = line.trim_start_matches(' ');
        let (indent, content) = (line.len() - content.len(), content.trim_end());
        let broken = |what: &str| {
            let message = format!("`{file}` is not valid: {what}");
            document::broken(message, file, At { line: number + 1, column: indent + 1 })
        };
        match (indent, SOURCES.contains(&section)) {
            _ if content.is_empty() => {}
            (0, _) if content.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b' ') => {
                (section, origin) = (content, Origin::default());
            }
            (0, _) => return Err(broken("a section is in upper case")),
            (2, true) => {
                let (key, value) = content.split_once(':').ok_or_else(|| broken("this is no `key: value`"))?;
                match key {
                    "remote" => origin.remotes.push(value.trim().to_owned()),
                    "revision" => origin.revision = Some(value.trim().to_owned()),
                    _ => {}
                }
            }
            (4, true) => {
                let (name, version) = spec(content).ok_or_else(|| broken("this is no gem with its version"))?;
                if name == gem {
                    let remotes = origin.remotes.iter().map(String::as_str);
                    let remotes: Vec<&str> = remotes.filter(|remote| !is_default(remote)).collect();
                    let source = (!remotes.is_empty()).then(|| remotes.join(", "));
                    let revision = origin.revision.clone();
                    locked.push(Version { source, revision, ..Version::published(version) });
                }
            }
            (2, false) if section == "CHECKSUMS" => {
                let (spec_text, sums) = content.split_at(content.find(')').map_or(content.len(), |end| end + 1));
                let (name, version) = spec(spec_text).ok_or_else(|| broken("this is no gem with its version"))?;
                if name == gem {
                    checksums.extend(sums.trim().split(',').map(|sum| (version.to_owned(), sum)));
                }
            }
            (_, false) if section.is_empty() => return Err(broken("a section is in upper case")),
            (1..6, true) => return Err(broken("this is neither a source nor a gem")),
            _ => {}
        }
    }
    for version in &mut locked {
        let own = checksums.iter().filter(|(of, _)| version.version.as_ref() == Some(of));
        // As the other locks write it, `sha256:…`.
        let own: Vec<String> = own.map(|(_, sum)| sum.replacen('=', ":", 1)).collect();
        version.digest = Version::digests(own.iter().map(String::as_str));
    }
    Ok(Version::all(locked))
}

/// Name and version of `nokogiri (1.15.0-x86_64-linux)`; a platform stands behind a dash, which no version has.
fn spec(text: &str) -> Option<(&str, &str)> {
    let (name, version) = text.split_once(" (")?;
    let version = version.strip_suffix(')')?;
    let version = version.split('-').next()?;
    Some((name, version)).filter(|_| !name.is_empty() && !version.is_empty())
}

/// Where gems come from when nothing else is said.
fn is_default(remote: &str) -> bool {
    let host = remote.trim_end_matches('/').strip_prefix("https://");
    host.is_some_and(|host| host.split('.').eq(["rubygems", "org"]))
}
