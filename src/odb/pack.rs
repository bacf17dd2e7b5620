//! Reads objects straight from packs (`gitformat-pack`), several times faster than through libgit2.
//!
//! Only what a merge reads: whole objects, the head of a commit, the size of a blob. Packs whose index
//! is of neither version that git writes are omitted.

use super::ObjectKind;
use super::delta::{apply, variable, zeroed};
use super::pack_index::PackIndex;
use super::window::read_at;
use crate::model::ObjectId;
use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Decompressor;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The types of objects, by their numbers in a pack.
const COMMIT: u8 = 1;
const TREE: u8 = 2;
const BLOB: u8 = 3;
const TAG: u8 = 4;
const OFFSET_DELTA: u8 = 6;
const ID_DELTA: u8 = 7;

/// Objects larger than this are not held in memory as bases of others.
const LARGEST_BASE: usize = 1 << 20;
const BASES: usize = 12 << 20;
/// Objects up to this size are inflated whole, though their first bytes are enough.
const WHOLE_RATHER: usize = 4 << 10;
/// Objects up to this size mostly lie in one piece.
const SMALL: usize = 8 * PIECE;
/// Larger ones are read whole before they are inflated, unless they take more room than this in the pack.
const LARGEST_WHOLE: usize = 8 << 20;
/// How much smaller an object is in the pack, mostly.
const DEFLATED: usize = 3;
/// So much room is kept for what is read whole.
const KEPT_ROOM: usize = 1 << 20;
/// Files are read in pieces of this size; this many pieces are kept.
const PIECE: usize = 8 << 10;
const PIECES: usize = 512;
/// Deflate's best ratio (zlib's technical details: 1032 to 1).
const DEFLATE_AT_MOST: u64 = 1032;

/// The kind behind a type's number.
fn kind(number: u8) -> Option<ObjectKind> {
    match number {
        COMMIT => Some(ObjectKind::Commit),
        TREE => Some(ObjectKind::Tree),
        BLOB => Some(ObjectKind::Blob),
        TAG => Some(ObjectKind::Tag),
        _ => None,
    }
}

/// An object as the packs hold it.
pub(super) enum Packed {
    /// What it is, and its contents.
    Object(ObjectKind, Arc<[u8]>),
    /// An index names it, but it cannot be read. Not a case for libgit2, which a wrong offset can crash.
    Damaged,
    Absent,
}

/// All packs of a repository.
pub(super) struct Packs {
    folders: Vec<Folder>,
    packs: Vec<Pack>,
    state: RefCell<PackState>,
}

/// Objects that others are stored as deltas of, by pack and offset.
type Bases = HashMap<(usize, u64), (u8, Arc<[u8]>)>;

struct PackState {
    inflate: Decompress,
    /// Twice as fast, for what was read whole.
    at_once: Decompressor,
    room: Vec<u8>,
    pieces: Pieces,
    bases: Bases,
    base_bytes: usize,
    last: usize,
}

/// Pieces of pack files, each in a slot chosen by the pack and the piece's number.
struct Pieces(Vec<Piece>);

#[derive(Default, Clone)]
struct Piece {
    of: Option<(usize, u64)>,
    data: Vec<u8>,
}

/// A folder of packs.
struct Folder {
    path: PathBuf,
    /// When it had last changed as it was read.
    changed: Option<SystemTime>,
    /// The indexes that were met there, understood or not.
    met: HashSet<PathBuf>,
}

struct Pack {
    index: PackIndex,
    file: File,
    /// The pack file's size in bytes.
    length: u64,
}

/// Where an object is.
#[derive(Clone, Copy)]
struct PackLocation {
    pack: usize,
    offset: u64,
}

/// How an object is stored.
struct ObjectHeader {
    kind: u8,
    size: usize,
    /// Where its data begins.
    data: u64,
    base: Option<PackLocation>,
}

impl Packs {
    /// Opens all packs in the given `objects` folders.
    pub(super) fn open(folders: &[PathBuf]) -> Self {
        let folder = |objects: &PathBuf| Folder { path: objects.join("pack"), changed: None, met: HashSet::new() };
        let state = PackState {
            inflate: Decompress::new(true),
            at_once: Decompressor::new(),
            room: Vec::new(),
            pieces: Pieces(vec![Piece::default(); PIECES]),
            bases: HashMap::new(),
            base_bytes: 0,
            last: 0,
        };
        let folders = folders.iter().map(folder).collect();
        let mut packs = Self { folders, packs: Vec::new(), state: RefCell::new(state) };
        packs.refresh();
        packs
    }

    /// Opens the packs that came since the last look. Those that went stay open: their files can still be read.
    pub(super) fn refresh(&mut self) {
        for folder in &mut self.folders {
            let changed = std::fs::metadata(&folder.path).and_then(|meta| meta.modified()).ok();
            // A folder that changed within the clock's grain of the last look may change again unseen.
            let settled = changed.is_some_and(|at| at.elapsed().is_ok_and(|age| age > Duration::from_secs(2)));
            if changed.is_none() || changed == folder.changed {
                continue;
            }
            folder.changed = changed.filter(|_| settled);
            let Ok(entries) = std::fs::read_dir(&folder.path) else { continue };
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.extension().is_some_and(|extension| extension == "idx") && folder.met.insert(path.clone()) {
                    self.packs.extend(Pack::open(&path));
                }
            }
        }
    }

    /// An object's type and contents.
    pub(super) fn read(&self, id: ObjectId) -> Packed {
        let state = &mut *self.state.borrow_mut();
        let Some(place) = self.find(state, id) else { return Packed::Absent };
        let object = self.object(state, place).and_then(|(number, data)| Some((kind(number)?, data)));
        object.map_or(Packed::Damaged, |(kind, data)| Packed::Object(kind, data))
    }

    /// The first bytes of a commit, at most `most`; fewer only when it is shorter.
    pub(super) fn commit_head(&self, id: ObjectId, most: usize) -> Option<Arc<[u8]>> {
        let state = &mut *self.state.borrow_mut();
        let place = self.find(state, id)?;
        let header = self.header(state, place)?;
        match header.kind {
            COMMIT => Some(self.head(state, place.pack, &header, most)?.into()),
            OFFSET_DELTA | ID_DELTA => {
                self.object(state, place).filter(|(kind, _)| *kind == COMMIT).map(|(_, data)| data)
            }
            _ => None,
        }
    }

    /// Whether an object is in one of the packs.
    pub(super) fn contains(&self, id: ObjectId) -> bool {
        self.find(&mut self.state.borrow_mut(), id).is_some()
    }

    /// The size of an object.
    pub(super) fn size(&self, id: ObjectId) -> Option<usize> {
        let state = &mut *self.state.borrow_mut();
        let place = self.find(state, id)?;
        let header = self.header(state, place)?;
        if header.base.is_none() {
            return Some(header.size);
        }
        let start = self.head(state, place.pack, &header, 24)?;
        let mut at = 0;
        variable(&start, &mut at)?;
        variable(&start, &mut at)
    }

    fn find(&self, state: &mut PackState, id: ObjectId) -> Option<PackLocation> {
        let look = |pack: usize| self.packs.get(pack)?.index.find(&id).map(|offset| PackLocation { pack, offset });
        if let Some(place) = look(state.last) {
            return Some(place);
        }
        let place = (0..self.packs.len()).filter(|pack| *pack != state.last).find_map(look)?;
        state.last = place.pack;
        Some(place)
    }

    fn bytes(&self, state: &mut PackState, pack: usize, offset: u64, buffer: &mut [u8]) -> Option<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset.checked_add(filled as u64)?;
            let piece = state.pieces.get(&self.packs, pack, at / PIECE as u64)?;
            let Some(rest) = piece.get((at % PIECE as u64) as usize..).filter(|rest| !rest.is_empty()) else { break };
            let length = rest.len().min(buffer.len() - filled);
            buffer[filled..filled + length].copy_from_slice(&rest[..length]);
            filled += length;
        }
        Some(filled)
    }

    fn header(&self, state: &mut PackState, place: PackLocation) -> Option<ObjectHeader> {
        let mut buffer = [0; 40];
        let length = self.bytes(state, place.pack, place.offset, &mut buffer)?;
        let bytes = &buffer[..length];
        let first = *bytes.first()?;
        let kind = first >> 4 & 7;
        let mut size = usize::from(first & 15);
        let mut at = 1;
        let mut shift = 4;
        let mut last = first;
        while last & 0x80 != 0 {
            last = *bytes.get(at)?;
            size |= usize::from(last & 0x7f).checked_shl(shift)?;
            shift += 7;
            at += 1;
        }
        let base = match kind {
            OFFSET_DELTA => {
                let mut byte = *bytes.get(at)?;
                at += 1;
                let mut back = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = *bytes.get(at)?;
                    at += 1;
                    back = back.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
                }
                Some(PackLocation { pack: place.pack, offset: place.offset.checked_sub(back).filter(|_| back > 0)? })
            }
            ID_DELTA => {
                let id: [u8; 20] = bytes.get(at..at + 20)?.try_into().ok()?;
                at += 20;
                Some(self.find(state, ObjectId::from_bytes(id))?)
            }
            COMMIT..=TAG => None,
            _ => return None,
        };
        Some(ObjectHeader { kind, size, data: place.offset + at as u64, base })
    }

    /// Whether something of this size can be stored from an offset on. Deflate cannot make more of what is left of the pack:
    /// such a size is damage, not a reason to take memory.
    fn is_possible(&self, pack: usize, header: &ObjectHeader) -> bool {
        let left = self.packs.get(pack).map_or(0, |pack| pack.length.saturating_sub(header.data));
        header.size as u64 <= left.saturating_mul(DEFLATE_AT_MOST)
    }

    /// The first bytes of what is stored, at most `most`.
    fn head(&self, state: &mut PackState, pack: usize, header: &ObjectHeader, most: usize) -> Option<Vec<u8>> {
        let size = header.size.min(most.max(WHOLE_RATHER));
        if !self.is_possible(pack, header) {
            return None;
        }
        let mut out = vec![0; size];
        if size == header.size {
            self.inflate(state, pack, header.data, &mut out)?;
        } else {
            self.inflate_slowly(state, pack, header.data, &mut out, true)?;
        }
        out.truncate(most);
        Some(out)
    }

    /// All of what is stored.
    fn whole(&self, state: &mut PackState, pack: usize, header: &ObjectHeader) -> Option<Arc<[u8]>> {
        if !self.is_possible(pack, header) {
            return None;
        }
        if header.size / DEFLATED > LARGEST_WHOLE {
            // Room that takes memory only as it is filled: so large a size may be damage.
            let mut out = vec![0; header.size];
            self.inflate(state, pack, header.data, &mut out)?;
            return Some(out.into());
        }
        let mut out = zeroed(header.size);
        self.inflate(state, pack, header.data, Arc::get_mut(&mut out)?)?;
        Some(out)
    }

    /// Inflates what is as long as `out`.
    fn inflate(&self, state: &mut PackState, pack: usize, offset: u64, out: &mut [u8]) -> Option<()> {
        let size = out.len();
        let PackState { at_once, pieces, room, .. } = state;
        if size <= SMALL {
            let piece = pieces.get(&self.packs, pack, offset / PIECE as u64)?;
            let rest = piece.get((offset % PIECE as u64) as usize..).unwrap_or_default();
            if at_once.zlib_decompress(rest, out) == Ok(size) {
                return Some(());
            }
        }
        let mostly = Some(size / DEFLATED).filter(|_| size > SMALL);
        for length in mostly.into_iter().chain([size + size / 1024 + 64]).filter(|length| *length <= LARGEST_WHOLE) {
            room.resize(length, 0);
            let length = read_at(&self.packs.get(pack)?.file, room, offset)?;
            let done = at_once.zlib_decompress(room.get(..length)?, out) == Ok(size);
            room.truncate(KEPT_ROOM);
            room.shrink_to(KEPT_ROOM);
            if done {
                return Some(());
            }
        }
        // What is too large, and what is damaged, is for the slower way to see.
        self.inflate_slowly(state, pack, offset, out, false)
    }

    /// Inflates piece by piece what is as long as `out`, or `longer`.
    fn inflate_slowly(
        &self,
        state: &mut PackState,
        pack: usize,
        offset: u64,
        out: &mut [u8],
        longer: bool,
    ) -> Option<()> {
        let PackState { inflate, pieces, .. } = state;
        inflate.reset(true);
        let mut at = offset;
        loop {
            let piece = pieces.get(&self.packs, pack, at / PIECE as u64)?;
            let rest = piece.get((at % PIECE as u64) as usize..).filter(|rest| !rest.is_empty())?;
            let (read, grown) = (inflate.total_in(), inflate.total_out());
            // Behind the last byte, room for one more lets the end of the stream be seen.
            let mut more = [0];
            let to = out.get_mut(grown as usize..).filter(|to| !to.is_empty()).unwrap_or(&mut more);
            let status = inflate.decompress(rest, to, FlushDecompress::None).ok()?;
            let filled = inflate.total_out() == out.len() as u64;
            if status == Status::StreamEnd || longer && filled {
                return filled.then_some(());
            }
            if inflate.total_out() > out.len() as u64 || inflate.total_in() == read && inflate.total_out() == grown {
                return None;
            }
            at += inflate.total_in() - read;
        }
    }

    fn object(&self, state: &mut PackState, place: PackLocation) -> Option<(u8, Arc<[u8]>)> {
        let mut deltas = Vec::new();
        let mut at = place;
        let (kind, mut data) = loop {
            if let Some((kind, data)) = state.bases.get(&(at.pack, at.offset)) {
                break (*kind, data.clone());
            }
            let header = self.header(state, at)?;
            let bytes = self.whole(state, at.pack, &header)?;
            match header.base {
                Some(base) => {
                    deltas.push((at, bytes));
                    at = base;
                    // A chain this long is a circle.
                    if deltas.len() > 10_000 {
                        return None;
                    }
                }
                None => break (header.kind, bytes),
            }
        };
        let has_deltas = !deltas.is_empty();
        if has_deltas {
            state.remember(at, kind, &data);
        }
        while let Some((at, delta)) = deltas.pop() {
            data = apply(&data, &delta)?;
            if kind != COMMIT {
                state.remember(at, kind, &data);
            }
        }
        Some((kind, data))
    }
}

impl Pieces {
    fn get(&mut self, packs: &[Pack], pack: usize, number: u64) -> Option<&[u8]> {
        let slot = (number as usize).wrapping_add(pack.wrapping_mul(61)) % PIECES;
        let piece = self.0.get_mut(slot)?;
        if piece.of != Some((pack, number)) {
            piece.of = None;
            piece.data.resize(PIECE, 0);
            let length = read_at(&packs.get(pack)?.file, &mut piece.data, number * PIECE as u64)?;
            piece.data.truncate(length);
            piece.of = Some((pack, number));
        }
        Some(&piece.data)
    }
}

impl PackState {
    fn remember(&mut self, at: PackLocation, kind: u8, data: &Arc<[u8]>) {
        if data.len() > LARGEST_BASE {
            return;
        }
        if self.base_bytes + data.len() > BASES {
            self.bases.clear();
            self.base_bytes = 0;
        }
        if self.bases.insert((at.pack, at.offset), (kind, data.clone())).is_none() {
            self.base_bytes += data.len() + 64;
        }
    }
}

impl Pack {
    /// Opens a pack by the path of its index.
    fn open(path: &Path) -> Option<Self> {
        let index = PackIndex::open(path)?;
        let file = File::open(path.with_extension("pack")).ok()?;
        let length = file.metadata().ok()?.len();
        Some(Self { index, file, length })
    }
}
