//! The attributes that steer a content merge: those of `info/attributes`, and those of `.gitattributes` files where the repository
//! has them ([`AttributeSource`]).
//!
//! The same commits give the same answer on every machine: neither a user's settings for all repositories nor the index have a
//! say. No driver that is a program is run.

use super::attribute_rules::{AttributeRules, Macros, State, states_of};
use super::differences::{PathMap, RepoPath, split};
use super::outcome::UnrunDriver;
use super::settings::{CONTENTS, NORMALIZED, ensure_default};
use super::store::{ObjectStore, damaged};
use super::tree_object::{Entries, Item, is_directory, kind};
use super::{AttributeSource, MergeError, MergeRepository};
use crate::model::{ObjectId, quoted_path};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;

/// Conflict markers are at most this long, whatever a file says: git writes gigabytes of them.
const LONGEST_MARKER: usize = 4096;
const FILE: &[u8] = b".gitattributes";

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

/// Where attributes are looked up.
pub(super) struct Attributes<'r> {
    repository: Option<&'r dyn MergeRepository>,
    setup: OnceCell<Setup>,
    /// The rules of directories' files.
    files: RefCell<PathMap<Rc<AttributeRules>>>,
    /// The tree that is merged into.
    target: Cell<Option<ObjectId>>,
    unrun: RefCell<BTreeMap<RepoPath, String>>,
}

/// What is the same for all paths.
struct Setup {
    source: AttributeSource,
    info: AttributeRules,
    built_in: AttributeRules,
    ignore_case: bool,
    /// The driver of paths of which nothing is said (`merge.default`).
    default_driver: Option<Vec<u8>>,
}

impl<'r> Attributes<'r> {
    /// Without a repository at hand there are none; see [`super::bare_repository`].
    pub(super) fn new(repository: Option<&'r dyn MergeRepository>) -> Self {
        Self {
            repository,
            setup: OnceCell::new(),
            files: RefCell::default(),
            target: Cell::new(None),
            unrun: RefCell::default(),
        }
    }

    /// Says which tree is merged into.
    pub(super) fn merge_into(&self, tree: ObjectId) {
        self.target.set(Some(tree));
    }

    /// The paths that were merged as text although a driver that is not known here was to merge them.
    pub(super) fn unrun(&self) -> Vec<UnrunDriver> {
        let unrun = self.unrun.borrow();
        unrun.iter().map(|(path, driver)| UnrunDriver { path: quoted_path(path), driver: driver.clone() }).collect()
    }

    /// The rules for a path.
    pub(super) fn of(&self, store: &ObjectStore<'_>, path: &RepoPath) -> Result<PathAttributes, MergeError> {
        let plain = PathAttributes { driver: Driver::Text, marker_size: None };
        let Some(repository) = self.repository else { return Ok(plain) };
        let setup = self.setup(repository)?;
        let mut folders = Vec::new();
        if !matches!(setup.source, AttributeSource::Nowhere) {
            let mut folder = path.as_ref();
            while !folder.is_empty() {
                folder = split(folder).0;
                folders.push((self.file(setup, store, folder)?, folder.len()));
            }
        }
        let folders = folders.iter().map(|(rules, length)| (&**rules, *length));
        let files: Vec<_> = [(&setup.info, 0)].into_iter().chain(folders).chain([(&setup.built_in, 0)]).collect();
        let states = states_of(&files, path, setup.ignore_case);
        let driver = match states.get(&b"merge"[..]) {
            Some(State::Set) => Driver::Text,
            Some(State::Unset) => Driver::Binary,
            Some(State::Value(name)) => self.driver(repository, path, name)?,
            None | Some(State::Unspecified) => match &setup.default_driver {
                Some(name) => self.driver(repository, path, name)?,
                None => Driver::Text,
            },
        };
        let marker_size = match states.get(&b"conflict-marker-size"[..]) {
            Some(State::Value(text)) => marker_size(text),
            _ => None,
        };
        Ok(PathAttributes { driver, marker_size })
    }

    fn driver(&self, repository: &dyn MergeRepository, path: &RepoPath, name: &[u8]) -> Result<Driver, MergeError> {
        let text = String::from_utf8_lossy(name).into_owned();
        // One of the repository's comes before git's own of that name.
        if repository.has_merge_driver(&text) {
            return Err(MergeError::Driver { path: quoted_path(path), driver: text });
        }
        Ok(match name {
            b"text" => Driver::Text,
            b"binary" => Driver::Binary,
            b"union" => Driver::Union,
            _ => {
                self.unrun.borrow_mut().insert(path.clone(), text);
                Driver::Text
            }
        })
    }

    /// Fails where a setting that is not followed decides whether a file has changed.
    pub(super) fn ensure_compared_as_it_is(&self) -> Result<(), MergeError> {
        self.repository.map_or(Ok(()), |repository| ensure_default(repository, &NORMALIZED))
    }

    fn setup(&self, repository: &dyn MergeRepository) -> Result<&Setup, MergeError> {
        if let Some(setup) = self.setup.get() {
            return Ok(setup);
        }
        self.ensure_compared_as_it_is()?;
        ensure_default(repository, &CONTENTS)?;
        let info = match std::fs::read(repository.common_dir().join("info/attributes")) {
            Ok(data) => AttributeRules::read(&data, Macros::Allowed),
            Err(error) if is_absent(&error) => AttributeRules::default(),
            Err(error) => return Err(damaged("info/attributes", error.to_string())),
        };
        let setup = Setup {
            source: repository.attribute_source(),
            info,
            built_in: AttributeRules::built_in(),
            ignore_case: repository.setting("core.ignorecase").is_some_and(|value| is_true(&value)),
            default_driver: repository.setting("merge.default").map(String::into_bytes).filter(|name| !name.is_empty()),
        };
        Ok(self.setup.get_or_init(|| setup))
    }

    /// The rules of a directory's own file.
    fn file(&self, setup: &Setup, store: &ObjectStore<'_>, folder: &[u8]) -> Result<Rc<AttributeRules>, MergeError> {
        if let Some(rules) = self.files.borrow().get(folder) {
            return Ok(Rc::clone(rules));
        }
        let macros = if folder.is_empty() { Macros::Allowed } else { Macros::Ignored };
        let tree = match &setup.source {
            AttributeSource::Nowhere | AttributeSource::WorkTree(_) => None,
            AttributeSource::Target => self.target.get(),
            AttributeSource::Tree(tree) => Some(tree.object()),
        };
        let data = match (&setup.source, tree) {
            (AttributeSource::WorkTree(top), _) => in_work_tree(top, folder)?,
            (_, Some(tree)) => in_tree(store, tree, folder)?,
            _ => Vec::new(),
        };
        let rules = Rc::new(AttributeRules::read(&data, macros));
        self.files.borrow_mut().insert(RepoPath::from(folder), Rc::clone(&rules));
        Ok(rules)
    }
}

/// A file of the work tree; git does not follow a link in its place.
fn in_work_tree(top: &Path, folder: &[u8]) -> Result<Vec<u8>, MergeError> {
    use std::os::unix::ffi::OsStrExt;
    let path = top.join(std::ffi::OsStr::from_bytes(folder)).join(std::ffi::OsStr::from_bytes(FILE));
    let read = || match std::fs::symlink_metadata(&path)?.is_file() {
        true => std::fs::read(&path),
        false => Ok(Vec::new()),
    };
    match read() {
        Ok(data) => Ok(data),
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(error) => Err(damaged(path.display().to_string(), error.to_string())),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// A file of a tree. Where it is a link, git reads where that leads as if it were the rules.
fn in_tree(store: &ObjectStore<'_>, root: ObjectId, folder: &[u8]) -> Result<Vec<u8>, MergeError> {
    let (mut tree, mut path) = (root, RepoPath::from([]));
    for name in folder.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        let Some(item) = entry(store, tree, &path, name)?.filter(|item| item.is_directory()) else {
            return Ok(Vec::new());
        };
        tree = item.id;
        path = super::differences::join(&path, name);
    }
    match entry(store, tree, &path, FILE)? {
        Some(item) if !is_directory(item.mode) && kind(item.mode) != super::tree_object::SUBMODULE => {
            Ok(store.blob(item.id)?.to_vec())
        }
        _ => Ok(Vec::new()),
    }
}

fn entry(store: &ObjectStore<'_>, tree: ObjectId, path: &[u8], name: &[u8]) -> Result<Option<Item>, MergeError> {
    let data = store.tree(tree, path)?;
    let mut entries = Entries::new(&data);
    while let Some(entry) = entries.next()? {
        if entry.name == name {
            return Ok(Some(entry.item));
        }
    }
    Ok(None)
}

/// A number as C reads it: blanks, a sign, digits up to whatever follows; too large ones wrap to less than none.
fn marker_size(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_start();
    let digits = text.strip_prefix(b"+").unwrap_or(text).iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0_i64, |number, digit| number.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    // C keeps the lower half of the bits.
    usize::try_from(number as i32).ok().filter(|size| *size > 0).map(|size| size.min(LONGEST_MARKER))
}

/// A setting that is yes or no, as git reads it.
pub(super) fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on")
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}
