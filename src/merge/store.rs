//! Cached, read-mostly access to one repository's objects.
//!
//! Trees are handed out as the raw bytes that git stores; [`super::tree_object`] reads them. Nothing here knows what a merge is.

use super::cache::{Cache, IdMap};
use super::{MergeError, MergeRepository};
use crate::model::{ObjectId, quoted_path};
use crate::odb::{Found, ObjectFiles, ObjectKind, tree};
use sha1::{Digest, Sha1};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

/// git's empty tree, which exists without being stored.
const EMPTY_TREE: [u8; 20] = [
    0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49,
    0x04,
];

/// How many bytes the caches hold.
const TREE_CACHE: usize = 12 << 20;
const BLOB_CACHE: usize = 8 << 20;

/// What was read of one repository; it may outlive any handle of it.
pub(super) struct Kept {
    files: ObjectFiles,
    trees: Cache<[u8]>,
    blobs: Cache<[u8]>,
    sizes: RefCell<IdMap<usize>>,
    /// What a merge without libgit2 wrote.
    written: RefCell<IdMap<(ObjectKind, Arc<[u8]>)>>,
}

impl Kept {
    /// For the repository whose objects and references are in this folder.
    pub(super) fn new(common: &Path) -> Self {
        Self {
            files: ObjectFiles::open(common),
            trees: Cache::new(TREE_CACHE),
            blobs: Cache::new(BLOB_CACHE),
            sizes: RefCell::default(),
            written: RefCell::default(),
        }
    }

    /// Takes notice of what others stored meanwhile.
    pub(super) fn refresh(&mut self) {
        self.files.refresh();
        self.written.get_mut().clear();
    }
}

/// One repository's objects: those in packs and files are read here, the others (in memory) by the repository, where one is at
/// hand.
pub(super) struct ObjectStore<'r> {
    repository: Option<&'r dyn MergeRepository>,
    kept: &'r Kept,
}

impl<'r> ObjectStore<'r> {
    pub(super) fn new(repository: Option<&'r dyn MergeRepository>, kept: &'r Kept) -> Self {
        Self { repository, kept }
    }

    /// The raw bytes of the tree of a directory. A damaged one, which git refuses or misreads, is an error.
    pub(super) fn tree(&self, id: ObjectId, path: &[u8]) -> Result<Arc<[u8]>, MergeError> {
        if let Some(data) = self.kept.trees.get(&id) {
            return Ok(data);
        }
        if id.as_bytes() == &EMPTY_TREE {
            return Ok(Arc::from([]));
        }
        let data = self.read(id, ObjectKind::Tree)?;
        if let Some(why) = tree::fault(&data) {
            return Err(MergeError::Tree { id: id.into(), path: quoted_path(path), why });
        }
        self.kept.trees.put(id, &data, data.len());
        Ok(data)
    }

    /// The contents of a blob.
    pub(super) fn blob(&self, id: ObjectId) -> Result<Arc<[u8]>, MergeError> {
        if let Some(data) = self.kept.blobs.get(&id) {
            return Ok(data);
        }
        let data = self.read(id, ObjectKind::Blob)?;
        self.kept.blobs.put(id, &data, data.len());
        Ok(data)
    }

    /// The size of a blob, without reading it where that can be avoided.
    pub(super) fn blob_size(&self, id: ObjectId) -> Result<usize, MergeError> {
        if let Some(data) = self.kept.blobs.get(&id) {
            return Ok(data.len());
        }
        if let Some(size) = self.kept.sizes.borrow().get(&id) {
            return Ok(*size);
        }
        let size = match self.kept.files.packed_size(id) {
            Some(size) => size,
            None => self.blob(id)?.len(),
        };
        let mut sizes = self.kept.sizes.borrow_mut();
        if sizes.len() > 200_000 {
            sizes.clear();
        }
        sizes.insert(id, size);
        Ok(size)
    }

    /// The first bytes of a commit, or all of it where it is shorter than `most`.
    pub(super) fn commit_head(&self, id: ObjectId, most: usize) -> Option<Arc<[u8]>> {
        self.kept.files.commit_head(id, most)
    }

    /// The raw bytes of a commit.
    pub(super) fn commit(&self, id: ObjectId) -> Result<Arc<[u8]>, MergeError> {
        self.read(id, ObjectKind::Commit)
    }

    /// Stores a tree given as its raw bytes.
    pub(super) fn write_tree(&self, data: &[u8]) -> Result<ObjectId, MergeError> {
        self.write(ObjectKind::Tree, data, "a merged tree")
    }

    pub(super) fn write_blob(&self, data: &[u8]) -> Result<ObjectId, MergeError> {
        self.write(ObjectKind::Blob, data, "a merged file")
    }

    fn write(&self, kind: ObjectKind, data: &[u8], what: &str) -> Result<ObjectId, MergeError> {
        let id = hash(kind, data);
        match self.repository {
            None => drop(self.kept.written.borrow_mut().entry(id).or_insert_with(|| (kind, data.into()))),
            Some(repository) if !self.kept.files.is_packed(id) => {
                repository.write(kind, data).map_err(|why| damaged(what, why))?;
            }
            Some(_) => {}
        }
        Ok(id)
    }

    fn read(&self, id: ObjectId, kind: ObjectKind) -> Result<Arc<[u8]>, MergeError> {
        let (stored, data) = self.find(id, kind)?;
        if stored == kind { Ok(data) } else { Err(other_kind(id, stored, kind)) }
    }

    fn find(&self, id: ObjectId, kind: ObjectKind) -> Result<(ObjectKind, Arc<[u8]>), MergeError> {
        if let Some(written) = self.kept.written.borrow().get(&id) {
            return Ok(written.clone());
        }
        match self.kept.files.read(id) {
            Found::Object(stored, data) => return Ok((stored, data)),
            Found::Damaged(why) => return Err(damaged(format!("object {id}"), why)),
            Found::Absent => {}
        }
        let what = || format!("{} {id}", kind.word());
        let Some(repository) = self.repository else { return Err(damaged(what(), "it is missing")) };
        repository.read(id).map_err(|why| damaged(what(), why))
    }
}

/// The name that `data` has as an object.
fn hash(kind: ObjectKind, data: &[u8]) -> ObjectId {
    let mut sha = Sha1::new();
    sha.update(kind.word().as_bytes());
    sha.update(format!(" {}\0", data.len()).as_bytes());
    sha.update(data);
    ObjectId::from_bytes(sha.finalize().into())
}

fn other_kind(id: ObjectId, stored: ObjectKind, wanted: ObjectKind) -> MergeError {
    damaged(format!("object {id}"), format!("a {} where a {} belongs", stored.word(), wanted.word()))
}

/// An object, or something else of the repository, that cannot be read or stored.
pub(super) fn damaged(what: impl Into<String>, why: impl Into<String>) -> MergeError {
    MergeError::Database { what: what.into(), why: why.into() }
}
