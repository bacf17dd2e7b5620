//! Bare repositories that can be merged in without libgit2, whose start alone takes longer than many merges.
//!
//! Where there is anything special about a repository it is not plain: the caller opens it in the common way, which reports what
//! is wrong with it.

use super::{MergeError, attributes};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What in a repository replaces parts of its commits, where anything does: git follows it, relwf does not.
pub(super) fn altered(common: &Path, follows_replaced: bool) -> Option<&'static str> {
    let is_rule = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let grafts = std::fs::read_to_string(common.join("info/grafts")).unwrap_or_default();
    let packed =
        || std::fs::read(common.join("packed-refs")).is_ok_and(|refs| memchr::memmem::find(&refs, REPLACED).is_some());
    if grafts.lines().map(str::trim).any(|line| is_rule(&line)) {
        Some("grafts (info/grafts)")
    } else if follows_replaced && (holds_files(&common.join("refs/replace")) || packed()) {
        Some("replaced objects (refs/replace)")
    } else {
        None
    }
}

/// Whether a folder has any file, at any depth.
fn holds_files(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => holds_files(&entry.path()),
        _ => true,
    })
}

/// The error in the light of what kind of clone the repository is.
pub(super) fn explained(common: &Path, error: MergeError) -> MergeError {
    let is_promise = |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|end| end == "promisor");
    let is_partial =
        || std::fs::read_dir(common.join("objects/pack")).is_ok_and(|packs| packs.flatten().any(is_promise));
    let is_shallow = || std::fs::metadata(common.join("shallow")).is_ok_and(|file| file.len() > 0);
    match error {
        MergeError::Unrelated { ours, theirs } if is_shallow() => MergeError::CutOff { ours, theirs },
        MergeError::Database { what, why } if is_partial() => MergeError::LeftBehind { what, why },
        other => other,
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
        if !whole || !mine || altered(path, true).is_some() || path.join("commondir").exists() || attributes::any(path)
        {
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
