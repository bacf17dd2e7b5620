//! The attributes that steer a content merge, as `git merge-tree` sees them: those of `info/attributes` and, where there is a work
//! tree, those of its `.gitattributes` files. A user's settings for all repositories do not count.

use super::store::damaged;
use super::{Attribute, MergeError, MergeRepository};
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
pub(super) struct PathAttributes {
    pub(super) driver: Driver,
    pub(super) marker_size: Option<usize>,
}

/// Whether there are any rules for the repository in this folder.
pub(super) fn any(common: &Path) -> bool {
    std::fs::metadata(common.join("info/attributes")).is_ok_and(|file| file.len() > 0)
}

fn foreign(path: &Path, driver: &[u8]) -> Result<PathAttributes, MergeError> {
    let driver = String::from_utf8_lossy(driver).into_owned();
    Err(MergeError::Driver { path: path.display().to_string(), driver })
}

/// Where attributes are looked up.
pub(super) struct Attributes<'r> {
    repository: Option<&'r dyn MergeRepository>,
}

impl<'r> Attributes<'r> {
    /// Without a repository at hand there are none; see [`super::bare_repository`].
    pub(super) fn new(repository: Option<&'r dyn MergeRepository>) -> Self {
        Self { repository: repository.filter(|repository| !repository.is_bare() || any(&repository.common_dir())) }
    }

    /// The rules for a path.
    pub(super) fn of(&self, path: &[u8]) -> Result<PathAttributes, MergeError> {
        let plain = PathAttributes { driver: Driver::Text, marker_size: None };
        let (Some(repository), Ok(path)) = (self.repository, std::str::from_utf8(path)) else { return Ok(plain) };
        let path = Path::new(path);
        let get = |name: &str| repository.attribute(path, name).map_err(|why| damaged("info/attributes", why));
        let driver = match get("merge")? {
            Attribute::Unset => Driver::Binary,
            Attribute::Value(name) if name == b"binary" => Driver::Binary,
            Attribute::Value(name) if name == b"union" => Driver::Union,
            Attribute::Value(name) if repository.has_merge_driver(&String::from_utf8_lossy(&name)) => {
                return foreign(path, &name);
            }
            _ => Driver::Text,
        };
        let size = match get("conflict-marker-size")? {
            Attribute::Value(text) => {
                std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()).filter(|size| *size > 0)
            }
            _ => None,
        };
        Ok(PathAttributes { driver, marker_size: size })
    }
}
