//! Where a pack has which object: its index, in both forms that git writes (`gitformat-pack`).

use super::id_table::IdTable;
use super::window::Window;
use crate::model::ObjectId;
use std::path::Path;

/// Larger indexes are never held whole in memory.
const LARGEST_INDEX: u64 = 48 << 20;

/// An index's form.
#[derive(Clone, Copy)]
enum IndexVersion {
    One,
    Two,
}

pub(super) struct PackIndex {
    file: Window,
    version: IndexVersion,
    ids: IdTable,
}

impl PackIndex {
    /// `None` where the file is no index of a known form.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = Window::open(path, LARGEST_INDEX)?;
        let (version, ids) = match file.bytes(0)? {
            [0xff, b't', b'O', b'c', 0, 0, 0, 2] => (IndexVersion::Two, IdTable::read(&file, 8, 8 + IdTable::FANOUT)?),
            [0xff, b't', b'O', b'c', ..] => return None,
            // Each id behind its offset.
            _ => (IndexVersion::One, IdTable::spread(&file, 0, IdTable::FANOUT + 4, 24)?),
        };
        let index = Self { file, version, ids };
        let whole = match version {
            IndexVersion::One => true,
            IndexVersion::Two => index.file.length() >= index.offsets() + u64::from(index.ids.count()) * 4,
        };
        whole.then_some(index)
    }

    /// Where in the pack an object begins.
    pub(super) fn find(&self, id: &ObjectId) -> Option<u64> {
        let at = u64::from(self.ids.find(&self.file, id)?);
        let offset = match self.version {
            IndexVersion::One => return self.file.u32(IdTable::FANOUT + at * 24).map(u64::from),
            IndexVersion::Two => self.file.u32(self.offsets() + at * 4)?,
        };
        if offset & 0x8000_0000 == 0 {
            return Some(u64::from(offset));
        }
        let far = self.offsets() + u64::from(self.ids.count()) * 4 + u64::from(offset & 0x7fff_ffff) * 8;
        // Where the place is missing, none that could be read.
        Some(self.file.bytes(far).map_or(u64::MAX, u64::from_be_bytes))
    }

    /// Where the offsets begin in an index of version 2: after each object's name and checksum.
    fn offsets(&self) -> u64 {
        8 + IdTable::FANOUT + u64::from(self.ids.count()) * 24
    }
}
