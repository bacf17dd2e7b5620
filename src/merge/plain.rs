//! Repositories that can be merged in without libgit2, whose start alone takes longer than many merges.
//!
//! Where there is anything special about a repository it is not plain: whoever asked opens it in the common way, and is told
//! what is wrong with it there.

use super::attributes;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A plain repository on this machine.
pub struct Plain {
    folder: PathBuf,
}

impl Plain {
    /// The repository at a path, bare or with a work tree. `None` where it is not plain: no repository at all, a linked work
    /// tree, another user's, one with extensions or attributes.
    pub fn at(path: &Path) -> Option<Self> {
        let inside = path.join(".git");
        let folder = if inside.is_dir() { inside } else { path.to_owned() };
        let mine =
            |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw());
        let whole = folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir();
        if !whole || folder.join("commondir").exists() || !mine(path) || !mine(&folder) || attributes::any(&folder) {
            return None;
        }
        let config = std::fs::read_to_string(folder.join("config")).ok()?.to_ascii_lowercase();
        let special = ["extensions", "include", "worktree"].iter().any(|word| config.contains(word));
        (!special).then_some(Self { folder })
    }

    /// Where its objects and references are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}
