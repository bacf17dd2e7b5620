//! One file for each detector: its word, its keys, and how the bytes of a manifest become a version. None knows of the others.

mod actions;
mod cargo_lock;
mod commits;
mod composer_lock;
mod docker;
mod gemfile_lock;
mod git_name;
mod go_mod;
mod gopkg;
mod helm;
mod keyed;
mod named;
mod npm_lock;
mod paths;
mod pattern;
mod plugin;
mod pnpm_lock;
mod poetry_lock;
mod python;
mod requirements;
mod submodule;
mod terraform_lock;
mod travis;
mod uv_lock;
mod yarn_lock;

pub use keyed::key_of_json;

use super::manifests::Manifests;
use super::{CommitHistory, PluginDetector, Version};
use crate::document::{KeyDoc, Language, Node, Table, suggestion};
use crate::model::Failure;
use std::fmt;
use std::sync::Arc;

/// All of them, in the order of the reference.
static DETECTORS: &[DetectorDeclaration] = &[
    commits::DECLARED,
    gopkg::DECLARED,
    travis::DECLARED,
    paths::DECLARED,
    pattern::DECLARED,
    keyed::TOML,
    keyed::YAML,
    keyed::JSON,
    go_mod::DECLARED,
    cargo_lock::DECLARED,
    npm_lock::DECLARED,
    yarn_lock::DECLARED,
    pnpm_lock::DECLARED,
    requirements::DECLARED,
    poetry_lock::DECLARED,
    uv_lock::DECLARED,
    gemfile_lock::DECLARED,
    composer_lock::DECLARED,
    docker::DECLARED,
    helm::DECLARED,
    terraform_lock::DECLARED,
    actions::DECLARED,
    submodule::DECLARED,
    plugin::DECLARED,
];

/// How a detector is declared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DetectorDeclaration {
    /// Its word in relwf.toml.
    pub(crate) word: &'static str,
    /// What it finds.
    pub(crate) doc: &'static str,
    /// The keys that it takes beside `name` and `detect`.
    pub(crate) keys: &'static [KeyDoc],
    /// Reads them; `None`, and problems, where something is wrong with them.
    read: fn(&mut Table<'_, '_>) -> Option<Box<dyn Detector>>,
}

/// Finds a component's version at a commit.
pub(crate) trait Detector: fmt::Debug + Send + Sync {
    /// The version; `None` when the component is not there.
    ///
    /// # Errors
    ///
    /// Kind `manifest`, with file and line, when a manifest is malformed.
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure>;

    /// What it looks for and where, to go on after "there is no": "project `acme/agent` in `Gopkg.lock`".
    fn sought(&self) -> String;

    /// The component's name, where it tells the repository: `github.com/acme/agent`.
    fn repository(&self) -> Option<&str> {
        None
    }

    /// How many commits of the history are new, for what is counted in commits.
    ///
    /// # Errors
    ///
    /// The history could not be read.
    fn commits(&self, _history: &dyn CommitHistory) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}

/// What a detector may look at.
pub(crate) struct DetectorInput<'a> {
    /// The manifests of the commit.
    pub(crate) manifests: &'a Manifests<'a>,
    /// Detectors in Rhai.
    pub(crate) plugins: &'a dyn PluginDetector,
}

impl DetectorInput<'_> {
    /// Hands a document on; a file that is not there means a component that is not there.
    fn with(
        &self,
        file: &str,
        language: Language,
        detect: impl FnOnce(&Node) -> Result<Option<Version>, Failure>,
    ) -> Result<Option<Version>, Failure> {
        self.manifests.document(file, language)?.map_or(Ok(None), |document| detect(&document))
    }
}

/// How a component's version is found: a detector with the values of its keys.
#[derive(Debug, Clone)]
pub struct Detect {
    word: &'static str,
    detector: Arc<dyn Detector>,
}

impl Detect {
    /// Every new commit is a new version.
    pub fn commits() -> Self {
        Self { word: commits::DECLARED.word, detector: Arc::new(commits::Commits) }
    }

    /// Its word in relwf.toml.
    pub const fn word(&self) -> &'static str {
        self.word
    }

    pub(super) fn detector(&self) -> &dyn Detector {
        &*self.detector
    }

    /// Reads the keys of the detector with this word. `Ok(None)` where something is wrong with them.
    ///
    /// # Errors
    ///
    /// There is no such detector; the hint.
    pub(crate) fn read(word: &str, table: &mut Table<'_, '_>) -> Result<Option<Self>, String> {
        let Some(declared) = DETECTORS.iter().find(|declared| declared.word == word) else {
            let known: Vec<&str> = DETECTORS.iter().map(|declared| declared.word).collect();
            return Err(suggestion(word, &known, "`detect` may be"));
        };
        Ok((declared.read)(table).map(|detector| Self { word: declared.word, detector: detector.into() }))
    }
}

/// All detectors, for the reference.
pub(crate) fn declared() -> &'static [DetectorDeclaration] {
    DETECTORS
}
