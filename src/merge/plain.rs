//! Bare repositories that can be merged in without libgit2, whose start alone takes longer than many merges.
//!
//! Where there is anything special about a repository it is not plain: whoever asked opens it in the common way, and is told
//! what is wrong with it there.

use super::attributes;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A plain bare repository on this machine.
pub struct Plain {
    path: PathBuf,
}

impl Plain {
    /// The repository at a path. `None` where it is not plain: no repository at all, one with a work tree (which may have
    /// submodules at hand), another user's, one with extensions or attributes.
    pub fn at(path: &Path) -> Option<Self> {
        let whole = path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir();
        let mine = std::fs::metadata(path).is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw());
        if !whole || !mine || path.join("commondir").exists() || attributes::any(path) {
            return None;
        }
        let config = std::fs::read_to_string(path.join("config")).ok()?.to_ascii_lowercase();
        let bare = config.lines().any(|line| line.split_whitespace().eq(["bare", "=", "true"]));
        let special = ["extensions", "include", "worktree"].iter().any(|word| config.contains(word));
        (bare && !special).then(|| Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
