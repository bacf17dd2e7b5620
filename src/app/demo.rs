//! Makes the sample project of `relwf demo`: the repositories of `src/demo`, with the embedded workflows and plugins.

use super::embedded_files::{self, Preset};
use super::init::{InitFile, write_init_file};
use crate::demo::{self, Sample};
use crate::model::{BranchName, CommitId, Failure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The sample service, ready to be worked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Demo {
    /// The folder that holds everything.
    pub dir: PathBuf,
    /// The bare remote.
    pub remote: PathBuf,
    /// The work clone: `relwf -C` this.
    pub project: PathBuf,
    /// Where the branches were before anything was promoted.
    pub branches: BTreeMap<BranchName, CommitId>,
}

/// Makes the sample in `dir`, which must be empty or absent.
///
/// # Errors
///
/// Kind `usage` when there is something in the folder already; otherwise the folder cannot be written.
pub fn demo(dir: &Path) -> Result<Demo, Failure> {
    let Sample { remote, clone, branches, .. } = demo::build(dir)?;
    for source in embedded_files::of_preset(Preset::Full) {
        let path = clone.join(&source.path);
        write_init_file(&InitFile { path, name: source.path.clone(), text: source.text.clone() })?;
    }
    Ok(Demo { dir: dir.to_owned(), remote, project: clone, branches })
}
