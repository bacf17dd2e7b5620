//! Bare repositories that can be merged in without libgit2, whose start alone takes longer than many merges.
//!
//! Where there is anything special about a repository it is not plain: the caller opens it in the common way, which reports what
//! is wrong with it.

use super::attributes;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What in a repository replaces parts of its commits, where anything does: git follows it, relwf does not.
pub(super) fn altered(common: &Path) -> Option<&'static str> {
    let some = |path: &str| std::fs::metadata(common.join(path)).is_ok_and(|file| file.len() > 0);
    let any = |path: &str| std::fs::read_dir(common.join(path)).is_ok_and(|mut entries| entries.next().is_some());
    let packed =
        || std::fs::read(common.join("packed-refs")).is_ok_and(|refs| memchr::memmem::find(&refs, REPLACED).is_some());
    if some("info/grafts") {
        Some("grafts (info/grafts)")
    } else if any("refs/replace") || packed() {
        Some("replaced objects (refs/replace)")
    } else {
        None
    }
}

/// What a configuration has of settings that a merge may have to look at.
const SPECIAL: [&str; 8] =
    ["extensions", "include", "worktree", "ignorecase", "attributesfile", "[attr", "[merge", "[diff"];

const REPLACED: &[u8] = b" refs/replace/";

/// A plain bare repository on this machine.
pub struct BareRepository {
    path: PathBuf,
}

impl BareRepository {
    /// The repository at a path. `None` where it is not plain: no repository at all, one with a work tree (which may have
    /// submodules at hand), another user's, one with extensions or attributes.
    pub fn at(path: &Path) -> Option<Self> {
        let whole = path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir();
        let mine = std::fs::metadata(path).is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw());
        if !whole || !mine || altered(path).is_some() || path.join("commondir").exists() || attributes::any(path) {
            return None;
        }
        let config = std::fs::read_to_string(path.join("config")).ok()?.to_ascii_lowercase();
        let bare = config.lines().any(|line| line.split_whitespace().eq(["bare", "=", "true"]));
        let special = SPECIAL.iter().any(|word| config.contains(word));
        (bare && !special).then(|| Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
