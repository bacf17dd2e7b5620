//! What `[[component]]` says, validated.

use crate::model::{ComponentName, Value};
use globset::GlobSet;
use regex::Regex;

/// One component of the release.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: ComponentName,
    /// How its version is found.
    pub detect: Detect,
}

/// How a component's version is found.
#[derive(Debug, Clone)]
pub enum Detect {
    /// Every new commit is a new version.
    Commits,
    /// A project's entry in dep's `Gopkg.lock`.
    Gopkg { file: String, project: String },
    /// An install line in `.travis.yml`: `command` finds the line, `version`'s first group the version in it.
    Travis { file: String, command: Regex, version: Regex },
    /// The contents of all files that match.
    Paths { globs: Vec<String>, set: GlobSet },
    /// The first group (or the whole match) of a pattern in a file.
    Regex { file: String, pattern: Regex },
    /// The value at a dotted key of a TOML file.
    Toml { file: String, key: String },
    /// The value at a dotted key of a YAML file.
    Yaml { file: String, key: String },
    /// The value at a dotted key of a JSON file.
    Json { file: String, key: String },
    /// A module's `require` in `go.mod`.
    GoMod { file: String, module: String },
    /// A package in `Cargo.lock`.
    CargoLock { file: String, package: String },
    /// A package in `package-lock.json`.
    NpmLock { file: String, package: String },
    /// `fn version(files)` of a Rhai plugin; `files` are handed to it as texts.
    Plugin { plugin: String, files: Vec<String>, options: Value },
}
