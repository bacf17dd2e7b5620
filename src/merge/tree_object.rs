//! git's tree objects in a merge: what is at a path, a reader that does not copy, a writer, and a reader of three trees side by
//! side.

use super::MergeError;
use super::store::damaged;
use crate::model::ObjectId;
use crate::odb::tree;
pub(super) use crate::odb::tree::{DIRECTORY, LINK, SUBMODULE};
use crate::odb::tree::{KIND, REGULAR};
use std::cmp::Ordering;

/// The type bits of a mode.
pub(super) fn kind(mode: u32) -> u32 {
    mode & KIND
}

/// Whether the mode is that of an ordinary file.
pub(super) fn is_regular(mode: u32) -> bool {
    mode & KIND == REGULAR
}

/// Whether the mode is that of a directory.
pub(super) fn is_directory(mode: u32) -> bool {
    mode & KIND == DIRECTORY
}

/// What a path is in one version: its mode and its object; mode 0 stands for "not there".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) mode: u32,
    pub(super) id: ObjectId,
}

impl Item {
    /// The path is not there.
    pub(super) const NONE: Self = Self { mode: 0, id: ObjectId::ZERO };

    pub(super) fn exists(self) -> bool {
        self.mode != 0
    }

    pub(super) fn is_directory(self) -> bool {
        is_directory(self.mode)
    }

    pub(super) fn is_file(self) -> bool {
        self.mode != 0 && !is_directory(self.mode)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TreeEntry<'t> {
    pub(super) name: &'t [u8],
    pub(super) item: Item,
}

/// Reads the entries of a raw tree one after the other.
#[derive(Clone)]
pub(super) struct Entries<'t> {
    rest: &'t [u8],
}

impl<'t> Entries<'t> {
    pub(super) fn new(data: &'t [u8]) -> Self {
        Self { rest: data }
    }

    /// The next entry, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<TreeEntry<'t>>, MergeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match tree::TreeEntry::split(self.rest) {
            Some((entry, rest)) => {
                self.rest = rest;
                Ok(Some(TreeEntry { name: entry.name, item: Item { mode: entry.mode, id: entry.id } }))
            }
            None => Err(damaged("a tree", "its entries cannot be read")),
        }
    }
}

/// git's order of entries: as if directories' names ended in a slash.
pub(super) fn order(a: &TreeEntry<'_>, b: &TreeEntry<'_>) -> Ordering {
    order_names(a.name, a.item.is_directory(), b.name, b.item.is_directory())
}

/// [`order`] for names and whether they are directories.
pub(super) fn order_names(a: &[u8], a_directory: bool, b: &[u8], b_directory: bool) -> Ordering {
    tree::order((a, a_directory), (b, b_directory))
}

/// The three versions of one name in a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryVersions<'t> {
    pub(super) name: &'t [u8],
    /// Base, ours, theirs.
    pub(super) items: [Item; 3],
}

/// Reads three trees side by side, in git's order. A file and a directory of the same name are two rows.
pub(super) struct Rows<'t> {
    entries: [Entries<'t>; 3],
    heads: [Option<TreeEntry<'t>>; 3],
}

impl<'t> Rows<'t> {
    pub(super) fn new(trees: [&'t [u8]; 3]) -> Result<Self, MergeError> {
        let mut entries = trees.map(Entries::new);
        let [base, ours, theirs] = &mut entries;
        let heads = [base.next()?, ours.next()?, theirs.next()?];
        Ok(Self { entries, heads })
    }

    pub(super) fn next(&mut self) -> Result<Option<EntryVersions<'t>>, MergeError> {
        let mut least: Option<TreeEntry<'t>> = None;
        for head in self.heads.into_iter().flatten() {
            if least.is_none_or(|best| order(&head, &best) == Ordering::Less) {
                least = Some(head);
            }
        }
        let Some(least) = least else { return Ok(None) };
        let mut items = [Item::NONE; 3];
        for ((head, entries), item) in self.heads.iter_mut().zip(&mut self.entries).zip(&mut items) {
            if let Some(entry) = head
                && entry.name == least.name
                && entry.item.is_directory() == least.item.is_directory()
            {
                *item = entry.item;
                *head = entries.next()?;
            }
        }
        Ok(Some(EntryVersions { name: least.name, items }))
    }
}

/// Collects entries in git's order and gives the raw tree.
#[derive(Default)]
pub(super) struct Builder {
    data: Vec<u8>,
}

impl Builder {
    pub(super) fn push(&mut self, name: &[u8], item: Item) {
        let mut digits = [0_u8; 8];
        let mut at = digits.len();
        let mut mode = item.mode;
        while mode > 0 {
            at -= 1;
            digits[at] = b'0' + (mode & 7) as u8;
            mode >>= 3;
        }
        self.data.extend_from_slice(&digits[at..]);
        self.data.push(b' ');
        self.data.extend_from_slice(name);
        self.data.push(0);
        self.data.extend_from_slice(item.id.as_bytes());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }
}
