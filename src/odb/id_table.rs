//! A file's sorted table of object ids with its fanout, as pack indexes and commit graphs have it (`gitformat-pack`).

use super::window::Window;
use crate::model::ObjectId;
use std::cmp::Ordering;

const ID: u64 = 20;
/// Near its place, an id is looked for in steps of doubled size up to this one; then the rest is halved.
const LARGEST_STEP: u32 = 64;

/// Where the ids are and how many begin with which byte.
pub(super) struct IdTable {
    /// How many ids begin with this byte or a lower one.
    fanout: Vec<u32>,
    names: u64,
    /// From one id to the next.
    stride: u64,
}

impl IdTable {
    /// Bytes of a fanout.
    pub(super) const FANOUT: u64 = 1024;

    /// The table whose fanout and ids begin at these offsets; `None` where the file has no such table.
    pub(super) fn read(file: &Window, fanout: u64, names: u64) -> Option<Self> {
        Self::spread(file, fanout, names, ID)
    }

    /// As [`read`](Self::read), where this many bytes lie between the beginnings of two ids.
    pub(super) fn spread(file: &Window, fanout: u64, names: u64, stride: u64) -> Option<Self> {
        let bytes = file.bytes::<{ Self::FANOUT as usize }>(fanout)?;
        let fanout: Vec<u32> =
            bytes.chunks_exact(4).filter_map(|four| four.try_into().ok()).map(u32::from_be_bytes).collect();
        let table = Self { fanout, names, stride };
        let last = u64::from(table.count()).checked_sub(1).map_or(0, |last| last * stride + ID);
        let end = names.checked_add(last)?;
        (table.fanout.is_sorted() && end <= file.length()).then_some(table)
    }

    /// How many ids there are.
    pub(super) fn count(&self) -> u32 {
        self.fanout.last().copied().unwrap_or(0)
    }

    /// The id at a position.
    pub(super) fn id(&self, file: &Window, at: u32) -> Option<ObjectId> {
        if at >= self.count() {
            return None;
        }
        file.bytes(self.names + u64::from(at) * self.stride).map(ObjectId::from_bytes)
    }

    /// The position of an id.
    pub(super) fn find(&self, file: &Window, id: &ObjectId) -> Option<u32> {
        let bytes = id.as_bytes();
        let first = usize::from(bytes[0]);
        let mut low = first.checked_sub(1).map_or(0, |below| self.fanout[below]);
        let mut high = self.fanout[first];
        // Ids are spread evenly: start where this one should be and close in from there.
        let share = u64::from(u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]));
        let mut probe = low + ((u64::from(high - low) * share) >> 32) as u32;
        let mut step = 4;
        while low < high {
            match self.id(file, probe)?.cmp(id) {
                Ordering::Less => {
                    low = probe + 1;
                    probe = (probe + step).min(high - 1).max(low);
                }
                Ordering::Greater => {
                    high = probe;
                    probe = probe.saturating_sub(step).max(low);
                }
                Ordering::Equal => return Some(probe),
            }
            step *= 2;
            if step > LARGEST_STEP {
                probe = low + high.saturating_sub(low) / 2;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of nothing but the table.
    fn table(ids: &[ObjectId]) -> (tempfile::TempDir, Window, Option<IdTable>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table");
        let mut bytes = Vec::new();
        for first in 0..=255 {
            let count = ids.iter().filter(|id| id.as_bytes()[0] <= first).count() as u32;
            bytes.extend(count.to_be_bytes());
        }
        ids.iter().for_each(|id| bytes.extend(id.as_bytes()));
        std::fs::write(&path, bytes).unwrap();
        let window = Window::open(&path, 0).unwrap();
        let table = IdTable::read(&window, 0, IdTable::FANOUT);
        (dir, window, table)
    }

    #[test]
    fn every_id_is_found_where_it_is_and_no_other() {
        for spread in [1_u64, 1 << 20, 0x9e37_79b9_7f4a_7c15] {
            let mut ids: Vec<ObjectId> = (0..3000_u64)
                .map(|at| {
                    let mut bytes = [0; 20];
                    bytes[..8].copy_from_slice(&at.wrapping_mul(spread).to_be_bytes());
                    ObjectId::from_bytes(bytes)
                })
                .collect();
            ids.sort_unstable();
            let absent: Vec<ObjectId> = ids.iter().copied().step_by(3).collect();
            ids.retain(|id| !absent.contains(id));
            let (_dir, window, table) = table(&ids);
            let table = table.unwrap();
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(table.find(&window, id), Some(at as u32));
                assert_eq!(table.id(&window, at as u32), Some(*id));
            }
            assert!(absent.iter().all(|id| table.find(&window, id).is_none()));
            assert_eq!(table.id(&window, ids.len() as u32), None);
        }
    }

    #[test]
    fn a_table_that_is_cut_off_or_not_sorted_is_none() {
        let (dir, _, _) = table(&[ObjectId::from_bytes([7; 20]), ObjectId::from_bytes([9; 20])]);
        let path = dir.path().join("table");
        let whole = std::fs::read(&path).unwrap();
        for bad in [whole[..whole.len() - 1].to_vec(), [&[0, 0, 0, 9], &whole[4..]].concat(), Vec::new()] {
            std::fs::write(&path, bad).unwrap();
            assert!(IdTable::read(&Window::open(&path, 0).unwrap(), 0, IdTable::FANOUT).is_none());
        }
    }
}
