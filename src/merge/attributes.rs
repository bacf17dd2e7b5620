//! The attributes that steer a content merge, as `git merge-tree` sees them: those of `info/attributes` and, where there is a work
//! tree, those of its `.gitattributes` files. What somebody set up for all their repositories has no say.

use super::MergeError;
use super::store::failed;
use std::path::Path;

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

/// Whether there are any rules for the repository in this folder.
pub(super) fn any(common: &Path) -> bool {
    std::fs::metadata(common.join("info/attributes")).is_ok_and(|file| file.len() > 0)
}

/// Whether the configuration has a program for a driver.
fn configured(repo: &git2::Repository, driver: &str) -> bool {
    let config = repo.config().and_then(|mut config| config.snapshot());
    config.is_ok_and(|config| config.get_entry(&format!("merge.{driver}.driver")).is_ok())
}

fn foreign(path: &Path, driver: &[u8]) -> Result<Rules, MergeError> {
    let driver = String::from_utf8_lossy(driver).into_owned();
    Err(MergeError::Driver { path: path.display().to_string(), driver })
}

/// Where attributes are looked up.
pub(super) struct Attributes<'r> {
    repo: Option<&'r git2::Repository>,
}

impl<'r> Attributes<'r> {
    /// Without a repository at hand there are none; see [`super::plain`].
    pub(super) fn new(repo: Option<&'r git2::Repository>) -> Self {
        Self { repo: repo.filter(|repo| !repo.is_bare() || any(repo.commondir())) }
    }

    /// The rules for a path.
    pub(super) fn of(&self, path: &[u8]) -> Result<Rules, MergeError> {
        let plain = Rules { driver: Driver::Text, marker_size: None };
        let (Some(repo), Ok(path)) = (self.repo, std::str::from_utf8(path)) else { return Ok(plain) };
        let path = Path::new(path);
        let flags = match repo.is_bare() {
            true => git2::AttrCheckFlags::INDEX_ONLY,
            false => git2::AttrCheckFlags::FILE_THEN_INDEX,
        };
        let get =
            |name: &str| repo.get_attr_bytes(path, name, flags).map_err(|source| failed("info/attributes", source));
        let driver = match git2::AttrValue::from_bytes(get("merge")?) {
            git2::AttrValue::False => Driver::Binary,
            git2::AttrValue::Bytes(b"binary") | git2::AttrValue::String("binary") => Driver::Binary,
            git2::AttrValue::Bytes(b"union") | git2::AttrValue::String("union") => Driver::Union,
            git2::AttrValue::Bytes(name) if configured(repo, &String::from_utf8_lossy(name)) => {
                return foreign(path, name);
            }
            git2::AttrValue::String(name) if configured(repo, name) => return foreign(path, name.as_bytes()),
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
