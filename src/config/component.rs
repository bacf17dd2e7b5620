//! `[[component]]` → [`Component`].

use crate::components::{Component, Detect};
use crate::document::{KeyPath, Kind, Node, Table, Text, suggestion};
use crate::model::Value;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::Regex;

const KINDS: [&str; 12] = [
    "commits",
    "gopkg",
    "travis",
    "paths",
    "regex",
    "toml",
    "yaml",
    "json",
    "go-mod",
    "cargo-lock",
    "npm-lock",
    "plugin",
];

/// Reads one `[[component]]`.
pub(super) fn read(mut table: Table<'_, '_>) -> Option<Component> {
    let name = table.required("name").and_then(|_| table.parsed("name"));
    // Of an unknown kind it is not known which keys belong here: do not call them unknown.
    let detect = table.required("detect").and_then(|kind| detect(&mut table, kind))?;
    table.finish();
    Some(Component { name: name?, detect: detect? })
}

/// `None` for an unknown kind, `Some(None)` when something is wrong with its keys.
fn detect(table: &mut Table<'_, '_>, kind: Text<'_>) -> Option<Option<Detect>> {
    Some(match kind.text {
        "commits" => Some(Detect::Commits),
        "gopkg" => both(file(table, Some("Gopkg.lock")), owned(table, "project"))
            .map(|(file, project)| Detect::Gopkg { file, project }),
        "travis" => {
            let file = file(table, Some(".travis.yml"));
            let patterns = both(pattern(table, "command"), pattern(table, "version"));
            both(file, patterns).map(|(file, (command, version))| Detect::Travis { file, command, version })
        }
        "paths" => globs(table),
        "regex" => {
            both(file(table, None), pattern(table, "pattern")).map(|(file, pattern)| Detect::Regex { file, pattern })
        }
        "toml" => both(file(table, None), key(table)).map(|(file, key)| Detect::Toml { file, key }),
        "yaml" => both(file(table, None), key(table)).map(|(file, key)| Detect::Yaml { file, key }),
        "json" => both(file(table, None), key(table)).map(|(file, key)| Detect::Json { file, key }),
        "go-mod" => both(file(table, Some("go.mod")), owned(table, "module"))
            .map(|(file, module)| Detect::GoMod { file, module }),
        "cargo-lock" => both(file(table, Some("Cargo.lock")), owned(table, "package"))
            .map(|(file, package)| Detect::CargoLock { file, package }),
        "npm-lock" => both(file(table, Some("package-lock.json")), owned(table, "package"))
            .map(|(file, package)| Detect::NpmLock { file, package }),
        "plugin" => plugin(table),
        unknown => {
            let message = format!("`detect` is `{unknown}`, which is not known");
            table.source.wrong(kind.at, message, suggestion(unknown, &KINDS, "`detect` may be"));
            return None;
        }
    })
}

/// Both were read by the time this is called, so that the problems of both are told.
fn both<A, B>(a: Option<A>, b: Option<B>) -> Option<(A, B)> {
    a.zip(b)
}

fn owned(table: &mut Table<'_, '_>, key: &'static str) -> Option<String> {
    table.required(key).map(|text| text.text.to_owned())
}

/// A file of the repository, as git names it.
fn file(table: &mut Table<'_, '_>, default: Option<&str>) -> Option<String> {
    match (table.value("file"), default) {
        (None, Some(default)) => Some(default.to_owned()),
        _ => table.required("file").and_then(|path| in_repository(table, path)),
    }
}

fn in_repository(table: &Table<'_, '_>, path: Text<'_>) -> Option<String> {
    let plain = path.text.strip_prefix("./").unwrap_or(path.text);
    if plain.starts_with('/') || plain.contains('\\') || plain.split('/').any(|part| matches!(part, "" | "." | "..")) {
        let hint = "write it from the repository's top, with `/` between folders".to_owned();
        table.source.wrong(path.at, format!("`{}` is no path of a file in the repository", path.text), hint);
        return None;
    }
    Some(plain.to_owned())
}

fn pattern(table: &mut Table<'_, '_>, key: &'static str) -> Option<Regex> {
    let text = table.required(key)?;
    compile(table, key, text)
}

/// Compiles a pattern; what is wrong with it is said in one line.
pub(super) fn compile(table: &Table<'_, '_>, key: &str, text: Text<'_>) -> Option<Regex> {
    let hint = "write the pattern in single quotes, so that its backslashes stay: see https://docs.rs/regex/#syntax";
    let wrong = |error: regex::Error| {
        let words = error.to_string();
        let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        table.source.wrong(text.at, format!("`{key}` is no regular expression: {last}"), hint.to_owned());
    };
    Regex::new(text.text).map_err(wrong).ok()
}

fn key(table: &mut Table<'_, '_>) -> Option<String> {
    let text = table.required("key")?;
    table.parsed::<KeyPath>("key").map(|_| text.text.to_owned())
}

fn globs(table: &mut Table<'_, '_>) -> Option<Detect> {
    table.require("globs");
    let texts = table.texts("globs");
    if texts.is_empty() {
        return None;
    }
    let mut builder = GlobSetBuilder::new();
    for text in &texts {
        // As in .gitignore: `*` does not cross a `/`, `**` does.
        match GlobBuilder::new(text.text).literal_separator(true).build() {
            Ok(glob) => {
                builder.add(glob);
            }
            Err(error) => {
                let message = format!("`{}` is no glob: {}", text.text, error.kind());
                table.source.wrong(text.at, message, "`*` matches within a folder, `**` across folders".to_owned());
                return None;
            }
        }
    }
    let set: GlobSet = builder.build().map_err(|error| table.wrong(error, None)).ok()?;
    Some(Detect::Paths { globs: texts.iter().map(|text| text.text.to_owned()).collect(), set })
}

fn plugin(table: &mut Table<'_, '_>) -> Option<Detect> {
    let plugin = owned(table, "plugin");
    let texts = table.texts("files");
    let paths: Vec<_> = texts.iter().map(|path| in_repository(table, *path)).collect();
    let options = table.value("options").map_or(Value::Null, data);
    let files: Option<Vec<String>> = paths.into_iter().collect();
    both(plugin, files).map(|(plugin, files)| Detect::Plugin { plugin, files, options })
}

/// Plain data; numbers and booleans become what they are.
fn data(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Text(text) => Value::String(text.clone()),
        Kind::Bare { text, .. } => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        Kind::List(items) => items.iter().map(|item| data(item)).collect(),
        Kind::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), data(&entry.value))).collect(),
    }
}
