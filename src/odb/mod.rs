//! git's own files, read without libgit2: packs, loose objects, commit graphs (`gitformat-pack`, `gitformat-commit-graph`), and
//! the trees that are in them.
//!
//! Several times faster than through libgit2, and with little memory. Knows nothing of references, merges or handles; what
//! is not found or not understood here is left to the caller.

mod commit_graph;
mod delta;
mod id_table;
mod loose;
mod pack;
mod pack_index;
pub(crate) mod tree;
mod window;

pub(crate) use commit_graph::{GraphCommit, GraphRow, Graphs};

use crate::model::ObjectId;
use loose::Loose;
use pack::{Packed, Packs};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    Commit,
    /// A directory.
    Tree,
    /// A file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// git's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// git opens no trees that lie deeper than this by default (`core.maxTreeDepth`).
pub(crate) const MAX_TREE_DEPTH: usize = 2048;

/// An object's header, as the files have it.
pub(crate) enum Found {
    /// What it is, and its contents.
    Object(ObjectKind, Arc<[u8]>),
    /// It is there but cannot be read, and why. Not a case for libgit2: a wrong offset crashes it, a cut off file holds it.
    Damaged(String),
    Absent,
}

/// The files that hold a repository's objects.
pub(crate) struct ObjectFiles {
    packs: Packs,
    loose: Loose,
}

impl ObjectFiles {
    /// For the repository whose `objects` are in this folder.
    pub(crate) fn open(common: &Path) -> Self {
        let folders = folders(common);
        Self { packs: Packs::open(&folders), loose: Loose::new(folders) }
    }

    /// Takes notice of what others stored meanwhile.
    pub(crate) fn refresh(&mut self) {
        self.packs.refresh();
    }

    /// An object.
    pub(crate) fn read(&self, id: ObjectId) -> Found {
        match self.packs.read(id) {
            Packed::Object(kind, data) => Found::Object(kind, data),
            Packed::Damaged => Found::Damaged("it cannot be read from its pack".into()),
            Packed::Absent => self.loose.read(id),
        }
    }

    /// The first bytes of a packed commit, at most `most`; fewer only when it is shorter.
    pub(crate) fn commit_head(&self, id: ObjectId, most: usize) -> Option<Arc<[u8]>> {
        self.packs.commit_head(id, most)
    }

    /// The size of a packed object.
    pub(crate) fn packed_size(&self, id: ObjectId) -> Option<usize> {
        self.packs.size(id)
    }

    /// Whether a pack has the object.
    pub(crate) fn is_packed(&self, id: ObjectId) -> bool {
        self.packs.contains(id)
    }
}

/// A line of `info/alternates`: in quotes where it has unusual bytes, which are escaped as in C then.
fn unquoted(line: &str) -> PathBuf {
    let Some(quoted) = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return line.into() };
    let mut bytes = Vec::new();
    let mut rest = quoted.bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'a') => 7,
            Some(b'b') => 8,
            Some(b'v') => 11,
            Some(b'f') => 12,
            Some(digit @ b'0'..=b'7') => {
                rest.by_ref().take(2).fold(digit - b'0', |number, digit| number << 3 | digit.wrapping_sub(b'0') & 7)
            }
            Some(other) => other,
        });
    }
    std::ffi::OsString::from_vec(bytes).into()
}

/// The folders that hold a repository's objects: its own, then those it borrows from.
fn folders(common: &Path) -> Vec<PathBuf> {
    let mut folders = vec![common.join("objects")];
    let mut at = 0;
    while let Some(folder) = folders.get(at).cloned() {
        at += 1;
        let text = std::fs::read_to_string(folder.join("info/alternates")).unwrap_or_default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let other = folder.join(unquoted(line));
            if folders.len() < 16 && !folders.contains(&other) {
                folders.push(other);
            }
        }
    }
    folders
}
