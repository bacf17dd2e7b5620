//! A package in pip's `requirements.txt`: <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.
//!
//! Files that are named with `-r` are components' files of their own. One that is named with `-c` says at which version the package
//! is installed where this file leaves that open.

use super::{Detector, DetectorDeclaration, git_name, named, python};
use crate::components::Version;
use crate::components::manifests::Manifests;
use crate::document::{self, At, LocatedText, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;

keys! {
    /// The file.
    FILE: RepoFile = "file", or("requirements.txt");
    /// The package; case, `-`, `_` and `.` make no difference.
    PACKAGE: LocatedText = "package", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "requirements", doc: "A package in pip's `requirements.txt`.", keys: KEYS, read };

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PACKAGE, "package", |commit, file, package| {
        let Some(text) = commit.manifests.text(file)? else { return Ok(None) };
        detect(&text, file, package, commit.manifests)
    })
}

/// Every line that asks for the package: each may have its own marker.
fn detect(text: &str, file: &str, package: &str, manifests: &Manifests<'_>) -> Result<Option<Version>, Failure> {
    let wanted = python::normalized(package);
    let mut indexes: Vec<String> = Vec::new();
    let mut found = Vec::new();
    let mut constraints = Vec::new();
    for (number, line) in lines(text) {
        let requirement = match option(&line) {
            Some(("-e" | "--editable", place)) => place,
            Some(("-i" | "--index-url" | "--pypi-url" | "--extra-index-url", index)) => {
                if !python::is_default_index(index) {
                    indexes.push(index.to_owned());
                }
                continue;
            }
            Some(("-c" | "--constraint", place)) => {
                let path = beside(file, place);
                if let Some(text) = manifests.text(&path)? {
                    for (number, line) in lines(&text).iter().filter(|(_, line)| option(line).is_none()) {
                        constraints.push(Requirement::read(line, &path, *number)?);
                    }
                }
                continue;
            }
            Some(_) => continue,
            None => &line,
        };
        found.push(Requirement::read(requirement, file, number)?);
    }
    let wants =
        |requirement: &Requirement| requirement.name.as_ref().is_some_and(|name| python::normalized(name) == wanted);
    found.retain(wants);
    constraints.retain(wants);
    if found.iter().any(|requirement| matches!(requirement.pin, Pin::Floating)) && !constraints.is_empty() {
        let open = found.extract_if(.., |requirement| matches!(requirement.pin, Pin::Floating));
        let asked: Vec<String> = open.map(|requirement| requirement.definition).collect();
        for constraint in &mut constraints {
            constraint.definition = format!("{}; {}", asked.join("; "), constraint.definition);
        }
        found.append(&mut constraints);
    }
    let index = (!indexes.is_empty()).then(|| indexes.join(", "));
    Ok(Version::all(found.into_iter().map(|requirement| requirement.version(index.as_ref()))))
}

/// A path that is relative to the folder of a file.
fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The lines as pip sees them, each with the number of its first: continued ones joined, without comments and empty ones.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let (first, mut joined) = open.take().unwrap_or((number + 1, String::new()));
        // A comment ends what is continued, and is not continued itself.
        let comment = line.trim_start().starts_with('#');
        match line.strip_suffix('\\') {
            Some(part) if !comment => {
                joined.push_str(part);
                open = Some((first, joined));
            }
            _ => {
                joined.push_str(if comment { "" } else { line });
                whole.push((first, joined));
            }
        }
    }
    whole.extend(open);
    let whole = whole.into_iter().map(|(number, line)| (number, uncommented(&line).trim().to_owned()));
    whole.filter(|(_, line)| !line.is_empty()).collect()
}

/// The line without its comment: a `#` at the beginning or behind a space.
fn uncommented(line: &str) -> &str {
    let comment =
        line.match_indices('#').find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// An option of pip and its value: `--option value`, `--option=value`, `-o value`, `-ovalue`.
fn option(line: &str) -> Option<(&str, &str)> {
    if !line.starts_with('-') {
        return None;
    }
    let end = match line.starts_with("--") {
        true => line.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(line.len()),
        false => line.char_indices().nth(2).map_or(line.len(), |(at, _)| at),
    };
    let (name, value) = line.split_at(end);
    Some((name, value.trim_start_matches('=').trim()))
}

/// One line that asks for something.
struct Requirement {
    /// `None` for an address or a folder that does not say what is there.
    name: Option<String>,
    pin: Pin,
    digest: Option<String>,
    /// The line itself.
    definition: String,
}

enum Pin {
    /// `==`.
    Exact(String),
    /// An address, or a folder.
    At(String),
    Floating,
}

impl Requirement {
    fn read(line: &str, file: &str, number: usize) -> Result<Self, Failure> {
        Self::parse(line).ok_or_else(|| {
            let shown: String = line.chars().take(60).collect();
            let message = format!("`{file}` is not valid: {shown:?} is no requirement");
            document::broken(message, file, At { line: number, column: 1 })
        })
    }

    /// `name[extras]`, then `==1.0`, `(==1.0)` or `@ address`, then `; marker`; or an address or a folder alone.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let options = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
        let (words, options) = words.split_at(options);
        let definition = words.join(" ");
        let mut hashes = Vec::new();
        for (at, option) in options.iter().enumerate() {
            match option.strip_prefix("--hash") {
                Some("") => hashes.extend(options.get(at + 1)),
                Some(hash) => hashes.extend(hash.strip_prefix('=')),
                None => {}
            }
        }
        let (name, pin) = named_pin(&definition).or_else(|| unnamed(&definition))?;
        Some(Self { name, pin, digest: Version::digests(hashes), definition })
    }

    fn version(self, index: Option<&String>) -> Version {
        let Self { digest, definition, .. } = self;
        match self.pin {
            Pin::Exact(version) => Version { source: index.cloned(), digest, ..Version::published(version) },
            Pin::At(address) => at(&address, digest, definition),
            Pin::Floating => Version {
                source: index.cloned(),
                digest,
                floating: true,
                definition: Some(definition),
                ..Version::default()
            },
        }
    }
}

/// What a line that begins with a name asks for.
fn named_pin(line: &str) -> Option<(Option<String>, Pin)> {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let (name, rest) = line.split_at(line.find(|c: char| !inside(c)).unwrap_or(line.len()));
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let rest = rest.trim();
    let name = Some(name.to_owned());
    if let Some(address) = rest.strip_prefix('@') {
        return Some((name, Pin::At(unmarked(address)?.to_owned())));
    }
    let specifiers = rest.split(';').next().unwrap_or_default().trim();
    let specifiers = match specifiers.strip_prefix('(') {
        Some(inner) => inner.strip_suffix(')')?,
        None => specifiers,
    };
    let mut pin = Pin::Floating;
    for specifier in specifiers.split(',').map(str::trim).filter(|specifier| !specifier.is_empty()) {
        let operator = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"].iter().find(|op| specifier.starts_with(**op))?;
        let version = specifier[operator.len()..].trim();
        if version.is_empty() || version.contains(char::is_whitespace) {
            return None;
        }
        if operator.starts_with("==") && !version.ends_with(".*") {
            pin = Pin::Exact(version.to_owned());
        }
    }
    Some((name, pin))
}

/// An address or a folder; `#egg=name` or the name of a wheel says what is there.
fn unnamed(line: &str) -> Option<(Option<String>, Pin)> {
    let address = unmarked(line)?;
    if !address.contains(['/', '\\', ':']) && !address.starts_with('.') && !address.ends_with(".whl") {
        return None;
    }
    let (place, fragment) = address.split_once('#').unwrap_or((address, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
    let egg = egg.map(|egg| egg.split('[').next().unwrap_or_default());
    let name = egg.or_else(|| wheel(place).map(|(name, _)| name)).map(str::to_owned);
    Some((name, Pin::At(address.to_owned())))
}

/// An address without its marker, which stands behind a space.
fn unmarked(address: &str) -> Option<&str> {
    let address = address.trim();
    let end = address.find(" ;").or_else(|| address.find("; ")).unwrap_or(address.len());
    Some(address[..end].trim()).filter(|address| !address.is_empty())
}

/// Name and version of a wheel: `name-version-….whl`.
fn wheel(address: &str) -> Option<(&str, &str)> {
    let file = address.rsplit(['/', '\\']).next()?.strip_suffix(".whl")?;
    let (name, rest) = file.split_once('-')?;
    Some((name, rest.split('-').next()?))
}

/// The version of what an address leads to: a revision in a repository, or a file with its hash.
fn at(address: &str, digest: Option<String>, definition: String) -> Version {
    let (place, fragment) = address.split_once('#').unwrap_or((address, ""));
    if let Some(place) = ["git+", "hg+", "svn+", "bzr+"].iter().find_map(|prefix| place.strip_prefix(*prefix)) {
        // A user's name stands before the host, a revision behind the path.
        let path = place.find("://").and_then(|at| place[at + 3..].find('/').map(|slash| at + 3 + slash));
        let revision = path.and_then(|path| place[path..].rfind('@').map(|at| path + at));
        let Some(revision) = revision else {
            return Version {
                source: Some(place.to_owned()),
                floating: true,
                definition: Some(definition),
                ..Version::default()
            };
        };
        let source = Some(place[..revision].to_owned());
        return Version { source, ..git_name::version(&place[revision + 1..], &definition) };
    }
    let mut hashes = fragment.split('&').filter_map(|part| part.split_once('='));
    let hash = hashes.rfind(|(key, _)| !matches!(*key, "egg" | "subdirectory"));
    let hash = hash.map(|(algorithm, hash)| format!("{algorithm}:{hash}"));
    let (digest, version) = (digest.or(hash), wheel(place).map(|(_, version)| version.to_owned()));
    let floating = digest.is_none() && version.is_none();
    Version {
        source: Some(place.to_owned()),
        version,
        digest,
        floating,
        definition: floating.then_some(definition),
        ..Version::default()
    }
}
