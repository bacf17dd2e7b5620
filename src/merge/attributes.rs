//! The attributes that steer a content merge, as `git merge-tree` sees them in a bare repository: those of
//! `info/attributes`, not those of `.gitattributes` files in any tree.

use super::MergeError;
use super::store::failed;

/// How the contents of a path are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    Text,
    Binary,
    Union,
}

/// The rules for one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) driver: Driver,
    pub(super) marker_size: Option<usize>,
}

/// Where attributes are looked up.
pub(super) struct Attributes<'r> {
    repo: Option<&'r git2::Repository>,
}

impl<'r> Attributes<'r> {
    pub(super) fn new(repo: &'r git2::Repository) -> Self {
        let file = repo.commondir().join("info/attributes");
        let any = std::fs::metadata(file).is_ok_and(|file| file.len() > 0);
        Self { repo: any.then_some(repo) }
    }

    /// The rules for a path.
    pub(super) fn of(&self, path: &[u8]) -> Result<Rules, MergeError> {
        let plain = Rules { driver: Driver::Text, marker_size: None };
        let (Some(repo), Ok(path)) = (self.repo, std::str::from_utf8(path)) else { return Ok(plain) };
        let path = std::path::Path::new(path);
        let flags = git2::AttrCheckFlags::INDEX_ONLY;
        let get =
            |name: &str| repo.get_attr_bytes(path, name, flags).map_err(|source| failed("info/attributes", source));
        let driver = match git2::AttrValue::from_bytes(get("merge")?) {
            git2::AttrValue::False => Driver::Binary,
            git2::AttrValue::Bytes(b"binary") | git2::AttrValue::String("binary") => Driver::Binary,
            git2::AttrValue::Bytes(b"union") | git2::AttrValue::String("union") => Driver::Union,
            _ => Driver::Text,
        };
        let size = match git2::AttrValue::from_bytes(get("conflict-marker-size")?) {
            git2::AttrValue::String(text) => text.parse().ok().filter(|size| *size > 0),
            git2::AttrValue::Bytes(text) => {
                std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).filter(|size| *size > 0)
            }
            _ => None,
        };
        Ok(Rules { driver, marker_size: size })
    }
}
