//! The embedded workflows and plugins: which ones each `init` preset writes, and their text for diagnostics.

use crate::script::{self, SourceFile};
use std::sync::LazyLock;

/// How much `relwf init` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// relwf.toml, workflows and plugins.
    Full,
    /// relwf.toml and workflows.
    Workflows,
    /// Only relwf.toml.
    Minimal,
}

/// Everything that is embedded.
pub static SOURCES: LazyLock<Vec<SourceFile>> = LazyLock::new(script::embedded);

/// The embedded files that a preset writes.
pub fn of_preset(preset: Preset) -> impl Iterator<Item = &'static SourceFile> {
    SOURCES.iter().filter(move |source| match preset {
        Preset::Full => true,
        Preset::Workflows => source.path.starts_with("workflows/"),
        Preset::Minimal => false,
    })
}

/// The text of an embedded file, by the name that messages give it.
pub fn embedded_text(path: &str) -> Option<String> {
    let path = path.strip_prefix("embedded:").unwrap_or(path);
    SOURCES.iter().find(|source| source.path == path).map(|source| source.text.clone())
}
