//! The manifests of one commit, each read and parsed once however many components it has.
//!
//! Says what holds for every format: bytes are text, and an unresolved merge conflict is called that.

use super::ManifestFiles;
use crate::document::{self, At, Language, Node};
use crate::model::{Failure, FailureKind};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

type Parsed<T> = Result<Option<Rc<T>>, Failure>;

/// What a commit's manifests hold; `None` for a file that is not there.
pub struct Manifests<'f> {
    files: &'f dyn ManifestFiles,
    texts: RefCell<HashMap<String, Parsed<str>>>,
    documents: RefCell<HashMap<(String, Language), Parsed<Node>>>,
}

impl<'f> Manifests<'f> {
    pub fn new(files: &'f dyn ManifestFiles) -> Self {
        Self { files, texts: RefCell::default(), documents: RefCell::default() }
    }

    /// The files themselves.
    pub fn files(&self) -> &'f dyn ManifestFiles {
        self.files
    }

    /// A file's text.
    ///
    /// # Errors
    ///
    /// Kind `manifest`: it is not UTF-8, or holds an unresolved merge conflict.
    pub fn text(&self, file: &str) -> Parsed<str> {
        if let Some(known) = self.texts.borrow().get(file) {
            return known.clone();
        }
        let answer = self.files.read(file).and_then(|bytes| {
            let Some(bytes) = bytes else { return Ok(None) };
            let bytes = utf16(&bytes).map_or(bytes, String::into_bytes);
            let text = document::text(&bytes)
                .map_err(|error| document::broken(format!("`{file}`: {}", error.message), file, error.at))?;
            resolved(text, file)?;
            Ok(Some(Rc::from(text)))
        });
        self.texts.borrow_mut().insert(file.to_owned(), answer.clone());
        answer
    }

    /// A file's text in whatever encoding: what is not UTF-8 is replaced.
    ///
    /// # Errors
    ///
    /// Kind `manifest`: it holds an unresolved merge conflict.
    pub fn lossy_text(&self, file: &str) -> Result<Option<String>, Failure> {
        let Some(bytes) = self.files.read(file)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        resolved(&text, file)?;
        Ok(Some(text.into_owned()))
    }

    /// A file that is TOML, YAML or JSON.
    ///
    /// # Errors
    ///
    /// Kind `manifest`, with file, line and column.
    pub fn document(&self, file: &str, language: Language) -> Parsed<Node> {
        let key = (file.to_owned(), language);
        if let Some(known) = self.documents.borrow().get(&key) {
            return known.clone();
        }
        let text = self.text(file);
        let answer = text.and_then(|text| match text {
            Some(text) if text.len() > LARGEST => Err(too_large(file, text.len())),
            Some(text) => document::manifest(&text, file, language).map(|node| Some(Rc::new(node))),
            None => Ok(None),
        });
        self.documents.borrow_mut().insert(key, answer.clone());
        answer
    }
}

/// The largest text that is parsed: no known lock file comes near it, and parsing it takes less than a second, so that ctrl-C need not
/// wait longer.
const LARGEST: usize = 12 << 20;

fn too_large(file: &str, bytes: usize) -> Failure {
    let size = |bytes: usize| bytes.div_ceil(1 << 20);
    Failure::new(
        FailureKind::Manifest,
        format!("`{file}` has {} MiB; files of more than {} MiB are not parsed", size(bytes), size(LARGEST)),
    )
    .hint("the detector `regex` finds a version in a text of any size")
}

/// UTF-16 with a byte-order mark, as PowerShell redirects `pip freeze` and pip reads it.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

fn resolved(text: &str, file: &str) -> Result<(), Failure> {
    conflict(text).map_or(Ok(()), |line| {
        let message = format!("`{file}` holds an unresolved merge conflict");
        Err(document::broken(message, file, At { line, column: 1 }).hint("resolve it and commit the file"))
    })
}

/// The first line of the first unresolved conflict.
fn conflict(text: &str) -> Option<usize> {
    let mut begun = None;
    let mut parted = false;
    for (number, line) in text.lines().enumerate() {
        match line.as_bytes() {
            [b'<', b'<', b'<', b'<', b'<', b'<', b'<', b' ', ..] => (begun, parted) = (Some(number + 1), false),
            b"=======" => parted = begun.is_some(),
            [b'>', b'>', b'>', b'>', b'>', b'>', b'>', rest @ ..] if parted && matches!(rest, [] | [b' ', ..]) => {
                return begun;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_has_a_mark() {
        for bytes in [&b"\xff\xfea\0\xe4\0"[..], b"\xfe\xff\0a\0\xe4"] {
            assert_eq!(utf16(bytes).as_deref(), Some("aä"));
        }
        assert_eq!((utf16(b"a\0"), utf16(b"\xff\xfe\0\xd8"), utf16(b"\xff")), (None, None, None));
    }

    #[test]
    fn a_conflict_is_all_three_markers_in_order() {
        assert_eq!(conflict("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n"), Some(2));
        assert_eq!(conflict("<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> topic\r\n"), Some(1));
        assert_eq!(conflict("<<<<<<< ours\n||||||| base\n=======\n>>>>>>> theirs"), Some(1));
        for text in ["Title\n=======\n", "<<<<<<< a\n", "=======\n>>>>>>> a\n", "<<<<<<<\n=======\n>>>>>>>\n"] {
            assert_eq!(conflict(text), None, "{text}");
        }
    }
}
