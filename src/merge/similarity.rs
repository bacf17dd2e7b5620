//! How similar two files are, by git's estimate: the share of bytes in lines (or 64-byte pieces) that both have.

use super::MergeError;
use super::store::{IdMap, Store};
use super::tree::{Item, is_regular};
use crate::model::ObjectId;
use std::sync::Arc;

/// The score of equal files.
pub(super) const MAX_SCORE: u64 = 60_000;
/// Below half, files are not a rename.
pub(super) const MIN_SCORE: u64 = MAX_SCORE / 2;
/// A pair found by its name alone must be this similar.
pub(super) const MIN_BASENAME_SCORE: u64 = MIN_SCORE + (MAX_SCORE - MIN_SCORE) / 2;

/// Pieces of a file fall into this many classes.
const CLASSES: u32 = 107_927;
const LONGEST_PIECE: u32 = 64;
/// Where a zero byte makes a file binary.
const BINARY_WINDOW: usize = 8000;

/// Bytes per class of piece, by class.
type Print = Arc<[(u32, u32)]>;

/// Estimates; keeps what it learned of each blob.
#[derive(Default)]
pub(super) struct Similarity {
    prints: IdMap<Print>,
}

/// Whether git would treat the contents as binary.
pub(super) fn is_binary(data: &[u8]) -> bool {
    data[..data.len().min(BINARY_WINDOW)].contains(&0)
}

impl Similarity {
    /// The score of a pair, 0 when it is below [`MIN_SCORE`] for certain.
    pub(super) fn score(&mut self, store: &Store<'_>, source: Item, target: Item) -> Result<u64, MergeError> {
        if !is_regular(source.mode) || !is_regular(target.mode) {
            return Ok(0);
        }
        let (one, two) = (store.blob_size(source.id)? as u64, store.blob_size(target.id)? as u64);
        let (large, small) = (one.max(two), one.min(two));
        if small == 0 || large * (MAX_SCORE - MIN_SCORE) < (large - small) * MAX_SCORE {
            return Ok(0);
        }
        let source = self.print(store, source.id)?;
        let target = self.print(store, target.id)?;
        Ok(common(&source, &target) * MAX_SCORE / large)
    }

    fn print(&mut self, store: &Store<'_>, id: ObjectId) -> Result<Print, MergeError> {
        if let Some(print) = self.prints.get(&id) {
            return Ok(print.clone());
        }
        let made = print(&store.blob(id)?);
        self.prints.insert(id, made.clone());
        Ok(made)
    }
}

fn common(one: &[(u32, u32)], two: &[(u32, u32)]) -> u64 {
    let (mut a, mut b, mut bytes) = (0, 0, 0);
    while let (Some((class_a, count_a)), Some((class_b, count_b))) = (one.get(a), two.get(b)) {
        match class_a.cmp(class_b) {
            std::cmp::Ordering::Less => a += 1,
            std::cmp::Ordering::Greater => b += 1,
            std::cmp::Ordering::Equal => {
                bytes += u64::from(*count_a.min(count_b));
                a += 1;
                b += 1;
            }
        }
    }
    bytes
}

fn print(data: &[u8]) -> Print {
    let text = !is_binary(data);
    let mut pieces: Vec<(u32, u32)> = Vec::with_capacity(data.len() / 24 + 1);
    let (mut low, mut high, mut length) = (0_u32, 0_u32, 0_u32);
    for (at, byte) in data.iter().enumerate() {
        if text && *byte == b'\r' && data.get(at + 1) == Some(&b'\n') {
            continue;
        }
        let old = low;
        low = (low << 7 ^ high >> 25).wrapping_add(u32::from(*byte));
        high = high << 7 ^ old >> 25;
        length += 1;
        if length == LONGEST_PIECE || *byte == b'\n' {
            pieces.push((class(low, high), length));
            (low, high, length) = (0, 0, 0);
        }
    }
    if length > 0 {
        pieces.push((class(low, high), length));
    }
    pieces.sort_unstable();
    pieces.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    pieces.into()
}

fn class(low: u32, high: u32) -> u32 {
    low.wrapping_add(high.wrapping_mul(0x61)) % CLASSES
}
