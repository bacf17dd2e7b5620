//! Reads loose objects (one file each). libgit2 1.9 never stops reading one that is cut off, so it does not read these.

use super::{Found, ObjectKind};
use crate::model::ObjectId;
use flate2::read::ZlibDecoder;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// The longest header is `commit` with twenty digits.
const HEADER: usize = 28;
/// The most memory that is taken because the header promises that size.
const LARGEST_START: usize = 16 << 20;

/// The loose objects in some `objects` folders.
pub(super) struct Loose {
    folders: Vec<PathBuf>,
}

impl Loose {
    pub(super) fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// An object.
    pub(super) fn read(&self, id: ObjectId) -> Found {
        let name = id.to_string();
        let (fan, rest) = name.split_at(2);
        for folder in &self.folders {
            let path = folder.join(fan).join(rest);
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
                Err(error) => return Found::Damaged(format!("{}: {error}", path.display())),
            };
            return match object(file) {
                Some((kind, data)) => Found::Object(kind, data),
                None => Found::Damaged(format!("{} is damaged", path.display())),
            };
        }
        Found::Absent
    }
}

fn object(file: File) -> Option<(ObjectKind, Arc<[u8]>)> {
    let mut stream = ZlibDecoder::new(BufReader::new(file));
    let mut header = Vec::with_capacity(HEADER);
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        if byte[0] == 0 {
            break;
        }
        header.push(byte[0]);
        if header.len() > HEADER {
            return None;
        }
    }
    let (kind, size) = std::str::from_utf8(&header).ok()?.split_once(' ')?;
    let kind = [ObjectKind::Commit, ObjectKind::Tree, ObjectKind::Blob, ObjectKind::Tag]
        .into_iter()
        .find(|known| known.word() == kind)?;
    let size = size.parse::<usize>().ok()?;
    let mut data = Vec::with_capacity(size.min(LARGEST_START));
    // One byte more than promised, so that a longer object is seen, and a whole one's checksum compared.
    stream.take((size as u64).checked_add(1)?).read_to_end(&mut data).ok()?;
    (data.len() == size).then(|| (kind, data.into()))
}
