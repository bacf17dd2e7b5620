//! The object database that merges work on.

use super::GitError;
use super::object_source::ObjectSource;
use crate::model::CommitId;
use crate::odb::{Found, Graphs, ObjectFiles};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where new objects go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Onto the disk, as git does.
    Disk,
    /// Into memory: gone with the process.
    Memory,
}

/// Do the attributes that are committed in the target of a merge count?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommittedAttributes {
    /// Yes: a mirror, in which a merge stands for one in the target's work tree.
    OfTarget,
    /// As git has it in that repository.
    AsGit,
}

/// The in-memory backend is asked, and written to, before those on disk (libgit2 gives them 1 and 2).
const MEMORY_FIRST: i32 = 1000;

/// A repository handle that several threads may share.
pub struct Objects {
    path: PathBuf,
    storage: Storage,
    pub(super) attributes: CommittedAttributes,
    held: Mutex<OpenObjects>,
}

struct OpenObjects {
    repository: git2::Repository,
    /// Opened when they are needed. What is stored later is not in them, and found by libgit2.
    graphs: OnceCell<Graphs>,
    files: OnceCell<ObjectFiles>,
}

impl Objects {
    pub(crate) fn open(path: &Path, storage: Storage, attributes: CommittedAttributes) -> Result<Self, GitError> {
        let repository = open(path, storage)?;
        // libgit2 puts a slash at the end.
        Ok(Self {
            path: repository.path().components().collect(),
            storage,
            attributes,
            held: Mutex::new(OpenObjects { repository, graphs: OnceCell::new(), files: OnceCell::new() }),
        })
    }

    /// Works on the repository; one caller at a time.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&git2::Repository) -> T) -> T {
        work(&self.held().repository)
    }

    /// Works on the repository and git's own files of it; one caller at a time.
    pub(super) fn with_source<T>(&self, work: impl FnOnce(&ObjectSource<'_>) -> T) -> T {
        let held = self.held();
        let common = held.repository.commondir();
        work(&ObjectSource {
            repository: &held.repository,
            graphs: held.graphs.get_or_init(|| Graphs::open(common)),
            files: held.files.get_or_init(|| ObjectFiles::open(common)),
        })
    }

    fn held(&self) -> MutexGuard<'_, OpenObjects> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The repository's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Are these commits on the disk, where other programs see them?
    pub(super) fn are_on_disk<'c>(&self, mut commits: impl Iterator<Item = &'c CommitId>) -> bool {
        if self.storage == Storage::Disk {
            return true;
        }
        let files = self.with(|repository| ObjectFiles::open(repository.commondir()));
        commits.all(|commit| matches!(files.read(commit.object()), Found::Object(..)))
    }

    /// Forgets the objects that were written to memory, so that very many merges do not fill it. Objects on disk stay.
    ///
    /// Ids that were handed out before may not be found any more.
    ///
    /// # Errors
    ///
    /// The repository is gone.
    pub fn forget_written(&self) -> Result<(), GitError> {
        if self.storage == Storage::Memory {
            let fresh = open(&self.path, self.storage)?;
            self.held().repository = fresh;
        }
        Ok(())
    }
}

fn open(path: &Path, storage: Storage) -> Result<git2::Repository, GitError> {
    super::transport::set_up();
    let failed =
        |e: &git2::Error| GitError::local(format!("{} cannot be opened as a git repository", path.display()), e);
    let repository = git2::Repository::open(path).map_err(|e| failed(&e))?;
    if storage == Storage::Memory {
        let odb = repository.odb().map_err(|e| failed(&e))?;
        odb.add_new_mempack_backend(MEMORY_FIRST).map_err(|e| failed(&e))?;
    }
    Ok(repository)
}
