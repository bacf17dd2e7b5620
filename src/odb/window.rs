//! Random access to a large file: small blocks on demand; a file that is read often is loaded whole and shared.
//!
//! One that is read again and again is held whole, once for all who have it open. Knows nothing of what is in it.

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Bytes of a piece.
const PIECE: usize = 4 << 10;
/// How many pieces are kept.
const PIECES: usize = 64;

/// An open file.
pub(super) struct Window {
    file: File,
    length: u64,
    /// A larger file is never held whole.
    largest_whole: u64,
    held: RefCell<WindowData>,
}

enum WindowData {
    /// Each piece in the slot that its number gives, and how many bytes were read for them.
    Pieces(Vec<(u64, Vec<u8>)>, u64),
    Whole(Arc<Vec<u8>>),
}

impl Window {
    /// A file that is held whole only up to that size in bytes.
    pub(super) fn open(path: &Path, largest_whole: u64) -> Option<Self> {
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        Some(Self { file, length, largest_whole, held: RefCell::new(WindowData::Pieces(Vec::new(), 0)) })
    }

    /// The file's size in bytes, as it was when it was opened.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes at an offset; `None` beyond the end, or when they cannot be read.
    pub(super) fn bytes<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let mut out = [0; N];
        self.fill(at, &mut out).then_some(out)
    }

    /// A number as git writes it.
    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        self.bytes(at).map(u32::from_be_bytes)
    }

    /// Reads as many bytes as there is room for; false where there are fewer.
    pub(super) fn fill(&self, at: u64, out: &mut [u8]) -> bool {
        let mut filled = 0;
        while filled < out.len() {
            let Some(length) = self.part(at + filled as u64, &mut out[filled..]) else { return false };
            filled += length;
        }
        true
    }

    /// Reads at least one byte.
    fn part(&self, at: u64, out: &mut [u8]) -> Option<usize> {
        let held = &mut *self.held.borrow_mut();
        if let WindowData::Pieces(_, read) = held
            && *read > self.length
            && self.length <= self.largest_whole
        {
            *held = WindowData::Whole(whole(&self.file, self.length)?);
        }
        let rest = match held {
            WindowData::Whole(whole) => whole.get(usize::try_from(at).ok()?..)?,
            WindowData::Pieces(pieces, read) => {
                let number = at / PIECE as u64;
                if pieces.is_empty() {
                    pieces.resize(PIECES, (u64::MAX, Vec::new()));
                }
                let (of, piece) = pieces.get_mut((number % PIECES as u64) as usize)?;
                if *of != number {
                    *of = u64::MAX;
                    piece.resize(PIECE, 0);
                    let length = read_at(&self.file, piece, number * PIECE as u64)?;
                    piece.truncate(length);
                    *of = number;
                    *read += PIECE as u64;
                }
                piece.get((at % PIECE as u64) as usize..)?
            }
        };
        let length = rest.len().min(out.len());
        out[..length].copy_from_slice(&rest[..length]);
        (length > 0).then_some(length)
    }
}

/// A file by its device, its number there, its size and when it was written: another one has another.
type FileIdentity = (u64, u64, u64, i64, i64);

/// The files that are held whole, as long as they are needed.
static WHOLE: Mutex<Vec<(FileIdentity, Weak<Vec<u8>>)>> = Mutex::new(Vec::new());

/// All of a file that had this size.
fn whole(file: &File, length: u64) -> Option<Arc<Vec<u8>>> {
    let seen = identity(file)?;
    let mut known = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(_, held)| held.strong_count() > 0);
    if let Some(held) = known.iter().find(|(of, _)| *of == seen).and_then(|(_, held)| held.upgrade()) {
        return Some(held);
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    let read = read_at(file, &mut bytes, 0)?;
    bytes.truncate(read);
    let held = Arc::new(bytes);
    known.push((seen, Arc::downgrade(&held)));
    Some(held)
}

#[cfg(unix)]
fn identity(file: &File) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    let seen = file.metadata().ok()?;
    Some((seen.dev(), seen.ino(), seen.len(), seen.mtime(), seen.mtime_nsec()))
}

#[cfg(not(unix))]
fn identity(_file: &File) -> Option<FileIdentity> {
    None
}

/// Reads from an offset until the buffer is full or the file ends.
#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> Option<usize> {
    use std::os::unix::fs::FileExt;
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset.checked_add(filled as u64)?) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(filled)
}

#[cfg(not(unix))]
pub(super) fn read_at(_file: &File, _buffer: &mut [u8], _offset: u64) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_reads_the_same_in_pieces_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let text: Vec<u8> = (0..PIECE * 3 + 17).map(|at| (at * 7 % 251) as u8).collect();
        std::fs::write(&path, &text).unwrap();
        let window = Window::open(&path, 1 << 20).unwrap();
        for at in (0..text.len() - 7).rev() {
            assert_eq!(window.bytes::<8>(at as u64).as_ref().map(<[u8; 8]>::as_slice), text.get(at..at + 8), "{at}");
            // The last piece first, and the first one last: once each, it is not worth while to hold all of it.
            let whole = matches!(&*window.held.borrow(), WindowData::Whole(_));
            assert!(!whole || at < PIECE, "{at}");
        }
        window.held.replace(WindowData::Pieces(Vec::new(), window.length + 1));
        assert_eq!(window.u32(PIECE as u64 - 2), text[PIECE - 2..PIECE + 2].try_into().ok().map(u32::from_be_bytes));
        assert!(matches!(&*window.held.borrow(), WindowData::Whole(_)));
        assert_eq!(window.bytes::<8>(text.len() as u64 - 7), None);
        assert_eq!(window.bytes::<1>(u64::MAX - 3), None);
    }

    #[test]
    fn a_file_is_held_once_for_all_who_have_it_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, vec![1; PIECE]).unwrap();
        let held = || {
            let window = Window::open(&path, 1 << 20).unwrap();
            window.held.replace(WindowData::Pieces(Vec::new(), window.length + 1));
            assert!(window.bytes::<1>(0).is_some());
            match window.held.into_inner() {
                WindowData::Whole(whole) => whole,
                WindowData::Pieces(..) => panic!("it is not held whole"),
            }
        };
        let (one, two) = (held(), held());
        assert!(Arc::ptr_eq(&one, &two));
        // Another file of the same name is another file.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, vec![2; PIECE + 1]).unwrap();
        assert_eq!(held().len(), PIECE + 1);
    }

    #[test]
    fn a_file_that_shrank_gives_nothing_rather_than_wrong_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, vec![1; PIECE * 2]).unwrap();
        let window = Window::open(&path, 1 << 20).unwrap();
        std::fs::write(&path, vec![1; PIECE]).unwrap();
        assert_eq!(window.bytes::<4>(PIECE as u64 + 8), None);
        assert_eq!(window.u32(8), Some(0x0101_0101));
    }
}
