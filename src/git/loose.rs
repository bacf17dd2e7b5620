//! Loose object files: are they whole?
//!
//! libgit2 1.9 reads a loose object whose compressed stream is cut off for ever (`git_zstream_get_output` takes zlib's
//! "no progress" for "more to come"). So each file is inflated once, before libgit2 meets it, and again when it changed.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Beside the objects: all loose files older than this one were found whole.
const STAMP: &str = "relwf-checked";

/// Does the file inflate to its end, as an object begins?
pub(super) fn is_whole(path: &Path) -> io::Result<bool> {
    let mut object = flate2::read::ZlibDecoder::new(BufReader::new(File::open(path)?));
    let mut head = [0; 5];
    let begins = object.read_exact(&mut head).is_ok()
        && [&b"blob "[..], b"tree ", b"commi", b"tag "].iter().any(|kind| head.starts_with(kind));
    Ok(begins && io::copy(&mut object, &mut io::sink()).is_ok())
}

/// The first damaged file among those that are new or changed since the last time all were whole.
pub(super) fn damaged(mirror: &Path) -> Option<PathBuf> {
    let objects = mirror.join("objects");
    let stamp = objects.join("info").join(STAMP);
    let changed = |meta: &fs::Metadata| (meta.ctime(), meta.ctime_nsec());
    let checked = fs::metadata(&stamp).map(|meta| changed(&meta)).unwrap_or_default();
    let mut news = false;
    for fan in fs::read_dir(&objects).ok()?.flatten().filter(|entry| entry.file_name().len() == 2) {
        for file in fs::read_dir(fan.path()).into_iter().flatten().flatten() {
            // A file that vanishes meanwhile is no damage. Equal times are looked at again.
            let Ok(meta) = file.metadata() else { continue };
            if changed(&meta) >= checked && file.file_name().len() == 38 {
                news = true;
                if matches!(is_whole(&file.path()), Ok(false)) {
                    return Some(file.path());
                }
            }
        }
    }
    if news {
        // Without it the next process looks at the same files again; that is all.
        let _ = fs::create_dir_all(objects.join("info")).and_then(|()| fs::write(&stamp, ""));
    }
    None
}
