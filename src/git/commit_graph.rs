//! The commit graph of a mirror: with it a walk over a long history reads one file and inflates no commit.
//!
//! git's program writes it, where there is one. Nothing depends on it: commits that it does not hold are read as ever.

use super::program::{git_program, run_git};
use crate::model::TaskContext;
use std::ffi::OsString;
use std::path::Path;

/// Writes the graph of all that the mirror's references reach.
pub(super) fn write(mirror: &Path, task: TaskContext<'_>) {
    if git_program().is_none() {
        return;
    }
    task.say("indexing the history");
    // libgit2 1.9 takes a file with the dates of generation 2 for none at all.
    let mut arguments: Vec<OsString> =
        ["-c", "commitGraph.generationVersion=1", "-c", "commitGraph.changedPaths=false", "-C"].map(Into::into).into();
    arguments.push(mirror.into());
    arguments.extend(["commit-graph", "write", "--reachable", "--no-progress"].map(Into::into));
    // Without it everything works, only slower: a failure is logged and no more.
    if let Err(error) = run_git(&arguments, &[], None, task.cancel) {
        tracing::debug!(%error, "no commit graph is written");
    }
}
