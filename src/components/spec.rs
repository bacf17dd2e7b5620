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
    Gopkg {
        /// Its path.
        file: String,
        /// The project's name, e.g. `github.com/acme/agent`.
        project: String,
    },
    /// An install line in `.travis.yml`: `command` finds the line, `version`'s first group the version in it.
    Travis {
        /// Its path.
        file: String,
        /// Finds the line.
        command: Regex,
        /// Finds the version.
        version: Regex,
    },
    /// The contents of all files that match.
    Paths {
        /// As they are written.
        globs: Vec<String>,
        /// The same, compiled.
        set: GlobSet,
    },
    /// The first group (or the whole match) of a pattern in a file.
    Regex {
        /// Its path.
        file: String,
        /// The pattern.
        pattern: Regex,
    },
    /// The value at a dotted key of a TOML file.
    Toml {
        /// Its path.
        file: String,
        /// The key, e.g. `package.version`.
        key: String,
    },
    /// The value at a dotted key of a YAML file.
    Yaml {
        /// Its path.
        file: String,
        /// The key, e.g. `package.version`.
        key: String,
    },
    /// The value at a dotted key of a JSON file.
    Json {
        /// Its path.
        file: String,
        /// The key, e.g. `package.version`.
        key: String,
    },
    /// A module's `require` in `go.mod`.
    GoMod {
        /// Its path.
        file: String,
        /// The module's path.
        module: String,
    },
    /// A package in `Cargo.lock`.
    CargoLock {
        /// Its path.
        file: String,
        /// The package's name.
        package: String,
    },
    /// A package in `package-lock.json`.
    NpmLock {
        /// Its path.
        file: String,
        /// The package's name.
        package: String,
    },
    /// `fn version(files)` of a Rhai plugin; `files` are handed to it as texts.
    Plugin {
        /// Its name.
        plugin: String,
        /// Paths of the files that it wants.
        files: Vec<String>,
        /// The component's `options`, for the plugin.
        options: Value,
    },
}

impl Detect {
    /// The word for it in relwf.toml.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Gopkg { .. } => "gopkg",
            Self::Travis { .. } => "travis",
            Self::Paths { .. } => "paths",
            Self::Regex { .. } => "regex",
            Self::Toml { .. } => "toml",
            Self::Yaml { .. } => "yaml",
            Self::Json { .. } => "json",
            Self::GoMod { .. } => "go-mod",
            Self::CargoLock { .. } => "cargo-lock",
            Self::NpmLock { .. } => "npm-lock",
            Self::Plugin { .. } => "plugin",
        }
    }
}
