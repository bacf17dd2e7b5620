//! Reads objects straight from packs (`gitformat-pack`), several times faster than through libgit2.
//!
//! Only what a merge reads: whole objects, the head of a commit, the size of a blob. Packs whose index
//! is of neither version that git writes are left out.

use super::Kind;
use super::delta::{apply, variable};
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
/// Larger objects hardly ever lie in one piece.
const AT_ONCE: usize = 8 * PIECE;
/// Files are read in pieces of this size; this many pieces are kept.
const PIECE: usize = 8 << 10;
const PIECES: usize = 512;
/// Deflate's best ratio (zlib's technical details: 1032 to 1).
const DEFLATE_AT_MOST: u64 = 1032;

/// What a type's number stands for.
fn kind(number: u8) -> Option<Kind> {
    match number {
        COMMIT => Some(Kind::Commit),
        TREE => Some(Kind::Tree),
        BLOB => Some(Kind::Blob),
        TAG => Some(Kind::Tag),
        _ => None,
    }
}

/// What the packs say of an object.
pub(super) enum Packed {
    /// What it is, and its contents.
    Object(Kind, Arc<[u8]>),
    /// An index names it, but it cannot be read. Not a case for libgit2, which a wrong offset can crash.
    Damaged,
    Absent,
}

/// All packs of a repository.
pub(super) struct Packs {
    folders: Vec<Folder>,
    packs: Vec<Pack>,
    state: RefCell<State>,
}

/// Objects that others are stored as deltas of, by pack and offset.
type Bases = HashMap<(usize, u64), (u8, Arc<[u8]>)>;

struct State {
    inflate: Decompress,
    /// Twice as fast, for what lies in one piece of the file.
    at_once: Decompressor,
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
struct Place {
    pack: usize,
    offset: u64,
}

/// How an object is stored.
struct Header {
    kind: u8,
    size: usize,
    /// Where its data begins.
    data: u64,
    base: Option<Place>,
}

impl Packs {
    /// Opens all packs in the given `objects` folders.
    pub(super) fn open(folders: &[PathBuf]) -> Self {
        let folder = |objects: &PathBuf| Folder { path: objects.join("pack"), changed: None, met: HashSet::new() };
        let state = State {
            inflate: Decompress::new(true),
            at_once: Decompressor::new(),
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
            COMMIT => Some(self.inflate(state, place.pack, header.data, header.size, most)?.into()),
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
        let start = self.inflate(state, place.pack, header.data, header.size, 24)?;
        let mut at = 0;
        variable(&start, &mut at)?;
        variable(&start, &mut at)
    }

    fn find(&self, state: &mut State, id: ObjectId) -> Option<Place> {
        let look = |pack: usize| self.packs.get(pack)?.index.find(&id).map(|offset| Place { pack, offset });
        if let Some(place) = look(state.last) {
            return Some(place);
        }
        let place = (0..self.packs.len()).filter(|pack| *pack != state.last).find_map(look)?;
        state.last = place.pack;
        Some(place)
    }

    fn bytes(&self, state: &mut State, pack: usize, offset: u64, buffer: &mut [u8]) -> Option<usize> {
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

    fn header(&self, state: &mut State, place: Place) -> Option<Header> {
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
                Some(Place { pack: place.pack, offset: place.offset.checked_sub(back).filter(|_| back > 0)? })
            }
            ID_DELTA => {
                let id: [u8; 20] = bytes.get(at..at + 20)?.try_into().ok()?;
                at += 20;
                Some(self.find(state, ObjectId::from_bytes(id))?)
            }
            COMMIT..=TAG => None,
            _ => return None,
        };
        Some(Header { kind, size, data: place.offset + at as u64, base })
    }

    /// Inflates what has `size` bytes, or the first `most` of them.
    fn inflate(&self, state: &mut State, pack: usize, offset: u64, size: usize, most: usize) -> Option<Vec<u8>> {
        let (wanted, partly) = (size.min(most), size > most);
        // Deflate cannot make more of what is left of the pack: such a size is damage, not a reason to take memory.
        let left = self.packs.get(pack)?.length.saturating_sub(offset);
        if size as u64 > left.saturating_mul(DEFLATE_AT_MOST) {
            return None;
        }
        let State { inflate, at_once, pieces, .. } = state;
        if size <= if partly { WHOLE_RATHER } else { AT_ONCE } {
            let piece = pieces.get(&self.packs, pack, offset / PIECE as u64)?;
            let mut out = vec![0; size];
            // What the piece's end cuts off, and what is damaged, is for the slower way to see.
            if let Some(rest) = piece.get((offset % PIECE as u64) as usize..)
                && at_once.zlib_decompress(rest, &mut out) == Ok(size)
            {
                out.truncate(wanted);
                return Some(out);
            }
        }
        // One byte more than needed lets the end of the stream be seen.
        let size = wanted;
        let mut out = Vec::with_capacity(size + 1);
        inflate.reset(true);
        let mut at = offset;
        loop {
            let piece = pieces.get(&self.packs, pack, at / PIECE as u64)?;
            let rest = piece.get((at % PIECE as u64) as usize..).filter(|rest| !rest.is_empty())?;
            let (before, grown) = (inflate.total_in(), out.len());
            let status = inflate.decompress_vec(rest, &mut out, FlushDecompress::None).ok()?;
            let read = inflate.total_in() - before;
            at += read;
            if status == Status::StreamEnd || partly && out.len() >= size {
                break;
            }
            if out.len() > size || read == 0 && out.len() == grown {
                return None;
            }
        }
        if partly {
            out.truncate(size);
        }
        (out.len() == size).then_some(out)
    }

    fn object(&self, state: &mut State, place: Place) -> Option<(u8, Arc<[u8]>)> {
        let mut deltas = Vec::new();
        let mut at = place;
        let (kind, mut data) = loop {
            if let Some((kind, data)) = state.bases.get(&(at.pack, at.offset)) {
                break (*kind, data.clone());
            }
            let header = self.header(state, at)?;
            let bytes = self.inflate(state, at.pack, header.data, header.size, usize::MAX)?;
            match header.base {
                Some(base) => {
                    deltas.push((at, bytes));
                    at = base;
                    // A chain this long is a circle.
                    if deltas.len() > 10_000 {
                        return None;
                    }
                }
                None => break (header.kind, bytes.into()),
            }
        };
        let has_deltas = !deltas.is_empty();
        if has_deltas {
            state.remember(at, kind, &data);
        }
        while let Some((at, delta)) = deltas.pop() {
            data = apply(&data, &delta)?.into();
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

impl State {
    fn remember(&mut self, at: Place, kind: u8, data: &Arc<[u8]>) {
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
