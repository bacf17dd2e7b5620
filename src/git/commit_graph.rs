//! The commit graph of a mirror: with it a walk over a long history reads one file and inflates no commit.
//!
//! git's program writes it, where there is one. Nothing depends on it: commits that it does not hold are read as ever.

use super::program::{LOCAL_ENVIRONMENT, git_program};
use crate::model::TaskContext;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Writes the graph of all that the mirror's references reach.
pub(super) fn write(mirror: &Path, task: TaskContext<'_>) {
    if git_program().is_none() {
        return;
    }
    let mut git = Command::new("git");
    LOCAL_ENVIRONMENT.iter().for_each(|variable| {
        git.env_remove(variable);
    });
    // libgit2 1.9 takes a file with the dates of generation 2 for none at all.
    git.args(["-c", "commitGraph.generationVersion=1", "-c", "commitGraph.changedPaths=false", "-C"])
        .arg(mirror)
        .args(["commit-graph", "write", "--reachable", "--no-progress"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    task.say("indexing the history");
    let Ok(mut child) = git.spawn() else { return };
    // Without it everything works, only slower: so nobody hears of a failure, and ctrl-C ends it.
    while let Ok(None) = child.try_wait() {
        if task.cancel.is_raised() {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
