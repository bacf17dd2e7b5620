//! How similar two files are, by git's estimate: the share of bytes in lines (or 64-byte pieces) that both have.

use super::MergeError;
use super::cache::{Cache, IdMap};
use super::store::ObjectStore;
use super::tree_object::{Item, is_regular};
use crate::model::ObjectId;
use std::sync::Arc;

/// The score of equal files.
pub(super) const MAX_SCORE: u64 = 60_000;
/// Below half, files are not a rename.
pub(super) const MIN_SCORE: u64 = MAX_SCORE / 2;
/// A pair found only by its name must be this similar.
pub(super) const MIN_BASENAME_SCORE: u64 = MIN_SCORE + (MAX_SCORE - MIN_SCORE) / 2;

/// Pieces of a file fall into this many classes.
const CLASSES: u32 = 107_927;
const LONGEST_PIECE: u32 = 64;
/// Where a zero byte makes a file binary.
const BINARY_WINDOW: usize = 8000;

/// Classes of pieces fall into this many groups.
const GROUPS: usize = 64;

/// The bytes of prints that are kept.
const PRINTS: usize = 12 << 20;

/// Prints of files that were compared: branches that grew apart long ago are full of renames, and the next merge compares the
/// same files.
pub(super) struct Prints(Cache<Print>);

impl Default for Prints {
    fn default() -> Self {
        Self(Cache::new(PRINTS))
    }
}

/// What a file is made of.
struct Print {
    /// Bytes per class of piece, by class.
    classes: Vec<(u32, u32)>,
    /// Bytes per group of classes: two files have at most the lesser of each in common.
    groups: [u32; GROUPS],
}

/// A file's number among those that are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct FileNumber(usize);

struct ComparedFile {
    id: ObjectId,
    size: u64,
    print: Option<Arc<Print>>,
}

/// Estimates; keeps what it learned of each file.
pub(super) struct Similarity<'p> {
    files: Vec<ComparedFile>,
    numbers: IdMap<FileNumber>,
    prints: &'p Prints,
}

/// Whether git would treat the contents as binary.
pub(super) fn is_binary(data: &[u8]) -> bool {
    data[..data.len().min(BINARY_WINDOW)].contains(&0)
}

impl<'p> Similarity<'p> {
    pub(super) fn new(prints: &'p Prints) -> Self {
        Self { files: Vec::new(), numbers: IdMap::default(), prints }
    }

    /// A file to compare; `None` for what is no regular file, which is like no other.
    pub(super) fn file(&mut self, store: &ObjectStore<'_>, item: Item) -> Result<Option<FileNumber>, MergeError> {
        if !is_regular(item.mode) {
            return Ok(None);
        }
        if let Some(number) = self.numbers.get(&item.id) {
            return Ok(Some(*number));
        }
        let number = FileNumber(self.files.len());
        self.files.push(ComparedFile { id: item.id, size: store.blob_size(item.id)? as u64, print: None });
        self.numbers.insert(item.id, number);
        Ok(Some(number))
    }

    /// The score of a pair: 0 where it is below `least`, which is soon seen, and where the sizes alone show that it is below
    /// [`MIN_SCORE`].
    pub(super) fn score(
        &mut self,
        store: &ObjectStore<'_>,
        pair: [FileNumber; 2],
        least: u64,
    ) -> Result<u64, MergeError> {
        let [one, two] = pair.map(|number| self.files[number.0].size);
        let (large, small) = (one.max(two), one.min(two));
        if small == 0 || large * (MAX_SCORE - MIN_SCORE) < (large - small) * MAX_SCORE {
            return Ok(0);
        }
        for number in pair {
            let file = &mut self.files[number.0];
            if file.print.is_none() {
                file.print = Some(self.prints.of(store, file.id)?);
            }
        }
        let [Some(one), Some(two)] = pair.map(|number| self.files[number.0].print.as_ref()) else { return Ok(0) };
        let score = |bytes: u64| bytes * MAX_SCORE / large;
        Ok(if score(at_most(one, two)) < least { 0 } else { score(common(&one.classes, &two.classes)) })
    }
}

impl Prints {
    fn of(&self, store: &ObjectStore<'_>, id: ObjectId) -> Result<Arc<Print>, MergeError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known);
        }
        let print = Arc::new(print(&store.blob(id)?));
        self.0.put(id, &print, size_of::<Print>() + size_of_val(&*print.classes));
        Ok(print)
    }
}

/// No less than what two files have in common.
fn at_most(one: &Print, two: &Print) -> u64 {
    one.groups.iter().zip(&two.groups).map(|(one, two)| u64::from(*one.min(two))).sum()
}

/// The bytes that two files have in common. Which class comes next is as good as random: nothing here branches on it.
fn common(one: &[(u32, u32)], two: &[(u32, u32)]) -> u64 {
    let (mut a, mut b, mut bytes) = (0, 0, 0);
    while let (Some((class_a, count_a)), Some((class_b, count_b))) = (one.get(a), two.get(b)) {
        bytes += u64::from(class_a == class_b) * u64::from(*count_a.min(count_b));
        a += usize::from(class_a <= class_b);
        b += usize::from(class_b <= class_a);
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
    let mut groups = [0; GROUPS];
    pieces.iter().for_each(|(class, bytes)| groups[*class as usize % GROUPS] += bytes);
    pieces.shrink_to_fit();
    Print { classes: pieces, groups }
}

fn class(low: u32, high: u32) -> u32 {
    low.wrapping_add(high.wrapping_mul(0x61)) % CLASSES
}
