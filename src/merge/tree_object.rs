//! git's tree objects: file modes, entries in git's order, a reader that does not copy, a writer, and a reader of three
//! trees side by side.

use super::MergeError;
use super::store::damaged;
use crate::model::ObjectId;
use std::cmp::Ordering;

/// The mode of a directory.
pub(super) const DIRECTORY: u32 = 0o040_000;
/// The mode of a symbolic link.
pub(super) const LINK: u32 = 0o120_000;
/// The mode of a submodule.
pub(super) const SUBMODULE: u32 = 0o160_000;
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

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
        match split(self.rest) {
            Some((entry, rest)) => {
                self.rest = rest;
                Ok(Some(entry))
            }
            None => Err(damaged("a tree", "its entries cannot be read")),
        }
    }
}

fn split(data: &[u8]) -> Option<(TreeEntry<'_>, &[u8])> {
    let mut mode = 0_u32;
    let mut at = 0;
    loop {
        match *data.get(at)? {
            b' ' => break,
            digit @ b'0'..=b'7' if at < 7 => mode = mode << 3 | u32::from(digit - b'0'),
            _ => return None,
        }
        at += 1;
    }
    let data = data.get(at + 1..)?;
    let end = data.iter().position(|byte| *byte == 0)?;
    let (name, rest) = data.split_at(end);
    let id: [u8; 20] = rest.get(1..21)?.try_into().ok()?;
    if name.is_empty() || mode == 0 {
        return None;
    }
    Some((TreeEntry { name, item: Item { mode: canonical(mode), id: ObjectId::from_bytes(id) } }, rest.get(21..)?))
}

/// git reads every ordinary file's mode as 100644 or 100755.
fn canonical(mode: u32) -> u32 {
    match mode & KIND {
        REGULAR if mode & 0o100 != 0 => 0o100_755,
        REGULAR => 0o100_644,
        LINK => LINK,
        DIRECTORY => DIRECTORY,
        _ => SUBMODULE,
    }
}

/// git's order of entries: as if directories' names ended in a slash.
pub(super) fn order(a: &TreeEntry<'_>, b: &TreeEntry<'_>) -> Ordering {
    order_names(a.name, a.item.is_directory(), b.name, b.item.is_directory())
}

/// [`order`] for names and whether they are directories.
pub(super) fn order_names(a: &[u8], a_directory: bool, b: &[u8], b_directory: bool) -> Ordering {
    let common = a.len().min(b.len());
    a[..common].cmp(&b[..common]).then_with(|| {
        let end = |name: &[u8], directory: bool| match name.get(common) {
            Some(byte) => *byte,
            None if directory => b'/',
            None => 0,
        };
        end(a, a_directory).cmp(&end(b, b_directory)).then_with(|| a.len().cmp(&b.len()))
    })
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
