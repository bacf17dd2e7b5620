//! A package in `yarn.lock`: <https://classic.yarnpkg.com/en/docs/yarn-lock/> of yarn 1, and the YAML of later ones,
//! <https://yarnpkg.com/configuration/yarnrc#lockfileFilename>.

use super::{Detector, DetectorDeclaration, git_name, named};
use crate::components::Version;
use crate::document::{self, At, Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;
use std::collections::BTreeMap;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("yarn.lock");
    /// The package.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "yarn-lock", doc: "A package in `yarn.lock`, of yarn 1 and later.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PACKAGE, "package", |commit, file, package| {
        let Some(text) = commit.manifests.text(file)? else { return Ok(None) };
        match text.lines().any(|line| line.starts_with("__metadata:")) {
            true => commit.with(file, Language::Yaml, |lock| modern(lock, file, package)),
            false => classic(&text, file, package),
        }
    })
}

/// Is one of these (`ppc@^1.0.0`, `web@npm:ppc@^1.0.0`) the package, under its own name or an alias?
fn asks_for<'d>(descriptors: impl IntoIterator<Item = &'d str>, package: &str) -> bool {
    descriptors.into_iter().any(|descriptor| {
        let (name, range) = split(descriptor);
        name == package || range.strip_prefix("npm:").is_some_and(|target| split(target).0 == package)
    })
}

/// Name and range; the name may begin with an `@` of its own.
fn split(descriptor: &str) -> (&str, &str) {
    let at = descriptor.char_indices().skip(1).find(|(_, c)| *c == '@');
    at.map_or((descriptor, ""), |(at, _)| (&descriptor[..at], &descriptor[at + 1..]))
}

fn modern(lock: &Node, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let mut locked = Vec::new();
    for entry in lock.entries() {
        if entry.key == "__metadata" || !asks_for(entry.key.split(", "), package) {
            continue;
        }
        let version = named::required(&entry.value, "version", package, file)?;
        let resolution = named::required(&entry.value, "resolution", package, file)?;
        let (source, revision) = match split(&resolution).1 {
            reference if reference.strip_prefix("npm:") == Some(&version) => (None, None),
            reference => match reference.split_once("#commit=") {
                Some((url, commit)) => (Some(url), commit.split('&').next()),
                None => (Some(reference), None),
            },
        };
        locked.push(Version {
            source: source.map(str::to_owned),
            revision: revision.map(str::to_owned),
            digest: entry.value.text("checksum").map(str::to_owned),
            ..Version::published(version)
        });
    }
    Ok(Version::all(locked))
}

fn classic(text: &str, file: &str, package: &str) -> Result<Option<Version>, Failure> {
    let mut locked = Vec::new();
    for entry in entries(text, file)? {
        if !asks_for(entry.descriptors.iter().map(String::as_str), package) {
            continue;
        }
        let Some(version) = entry.values.get("version") else {
            return Err(document::broken(
                format!("`{package}` has no version"),
                file,
                At { line: entry.line, column: 1 },
            ));
        };
        let resolved = entry.values.get("resolved").map_or("", String::as_str);
        let (url, fragment) = resolved.split_once('#').unwrap_or((resolved, ""));
        // In a registry (`…/ppc/-/ppc-1.0.0.tgz`) the fragment is a digest, else a revision; archives of one end with it.
        let registry = url.is_empty() || url.contains("/-/");
        let is_revision = !registry && (url.starts_with("git") || url.contains(".git"));
        let archived = || url.rsplit('/').next().filter(|last| !registry && git_name::is_id(last));
        let fragment = Some(fragment).filter(|fragment| !fragment.is_empty());
        let sum = fragment.filter(|_| !is_revision);
        locked.push(Version {
            source: (!registry).then(|| url.to_owned()),
            revision: fragment.filter(|_| is_revision).or_else(archived).map(str::to_owned),
            digest: entry.values.get("integrity").map(String::as_str).or(sum).map(str::to_owned),
            ..Version::published(version)
        });
    }
    Ok(Version::all(locked))
}

/// One entry of yarn 1, without the packages that it depends on.
struct Entry {
    line: usize,
    descriptors: Vec<String>,
    values: BTreeMap<String, String>,
}

/// The entries: descriptors with a colon, below them keys with values, or with a colon and deeper ones.
fn entries(text: &str, file: &str) -> Result<Vec<Entry>, Failure> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if content.trim_end().is_empty() || content.starts_with('#') {
            continue;
        }
        let broken = |what: &str| {
            let message = format!("`{file}` is not valid: {what}");
            document::broken(message, file, At { line: number + 1, column: indent + 1 })
        };
        let words = words(content.trim_end()).ok_or_else(|| broken("this is neither a package nor a value"))?;
        match (indent, words.tokens.as_slice(), words.opens) {
            (0, descriptors, true) if !descriptors.is_empty() => {
                let descriptors = descriptors.to_vec();
                entries.push(Entry { line: number + 1, descriptors, values: BTreeMap::new() });
            }
            (2, [key, value], false) => {
                let entry = entries.last_mut().ok_or_else(|| broken("a value stands before the first package"))?;
                entry.values.insert(key.clone(), value.clone());
            }
            (2, [_], true) | (4.., [_, _], false) if !entries.is_empty() => {}
            _ => return Err(broken("this is neither a package nor a value")),
        }
    }
    Ok(entries)
}

/// A line of yarn 1.
struct Words {
    tokens: Vec<String>,
    /// It ends with a colon.
    opens: bool,
}

/// Words, bare or in JSON's quotes, with spaces or commas between them; `None` where a quote has no end.
fn words(line: &str) -> Option<Words> {
    let mut tokens = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let after = match first {
            '"' => {
                let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                tokens.push(values.next()?.ok()?);
                &rest[values.byte_offset()..]
            }
            ':' => return Some(Words { tokens, opens: true }).filter(|_| rest == ":"),
            ' ' | ',' => &rest[1..],
            _ => {
                // A bare word may hold a colon, as addresses do, not end with one.
                let end = rest.find([' ', ',']).unwrap_or(rest.len());
                let word = rest[..end].strip_suffix(':').filter(|_| end == rest.len()).unwrap_or(&rest[..end]);
                tokens.push(word.to_owned());
                &rest[word.len()..]
            }
        };
        rest = after;
    }
    Some(Words { tokens, opens: false })
}
