//! A bare mirror of one remote in the cache folder: what the rest of relwf sees of a repository.

use super::commits::{self, FileMode, oid};
use super::objects::{CommittedAttributes, Storage};
use super::refs::{Refs, Snapshot};
use super::remote::RemoteConnection;
use super::{
    CommitInfo, Credentials, GitError, Ident, LogRange, NewCommit, Objects, PushError, RefUpdate, Remerge, RemoteUrl,
    TreeEntry, Unsigned, cache, checkout, first_seen, history, patch, remerges, revision, trees,
};
use crate::model::{BranchName, CommitId, FailureKind, ObjectId, RefName, TaskContext, TreeId};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of what is fetched and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// References and objects are stored in the cache.
    Yes,
    /// Previews and dry runs: the cache's references stay as they are, new objects live in memory; this process sees both.
    No,
}

/// What a fetch brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// References that changed.
    pub updated: usize,
    /// Bytes received.
    pub bytes: u64,
}

/// Whose repository it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MirrorOrigin {
    /// Ours, in the cache folder.
    Cache,
    /// The user's own repository, looked at as it is.
    AsItIs,
}

/// A bare mirror of one remote in the cache folder. Share it between threads as it is.
pub struct Mirror {
    remote: RemoteConnection,
    keep: Keep,
    origin: MirrorOrigin,
    objects: Objects,
    /// What the remote holds, when the cache's own references must stay behind.
    seen: Mutex<Option<Arc<Snapshot>>>,
}

impl Mirror {
    /// Opens the mirror of `url`; clones it first when there is none (or a broken one).
    ///
    /// # Errors
    ///
    /// The remote cannot be reached or read, the cache folder cannot be written, ctrl-C.
    pub fn open(
        cache: &Path,
        url: &RemoteUrl,
        credentials: Arc<Credentials>,
        keep: Keep,
        task: TaskContext<'_>,
    ) -> Result<Self, GitError> {
        let remote = RemoteConnection::new(url.clone(), credentials);
        let path = cache::ready(cache, &remote, task)?;
        let storage = match keep {
            Keep::Yes => Storage::Disk,
            Keep::No => Storage::Memory,
        };
        Ok(Self {
            remote,
            keep,
            origin: MirrorOrigin::Cache,
            objects: Objects::open(&path, storage, CommittedAttributes::OfTarget)?,
            seen: Mutex::new(None),
        })
    }

    /// An existing repository as it is: nothing is fetched, nothing but objects is written (in memory).
    ///
    /// # Errors
    ///
    /// There is no repository, or it cannot be read.
    pub fn at(path: &Path) -> Result<Self, GitError> {
        if !path.exists() {
            return Err(GitError::new(FailureKind::NotFound, format!("there is no folder {}", path.display()))
                .hint("give the path of a git repository"));
        }
        Self::as_it_is(path, CommittedAttributes::AsGit)
    }

    fn as_it_is(path: &Path, attributes: CommittedAttributes) -> Result<Self, GitError> {
        let objects = Objects::open(path, Storage::Memory, attributes)?;
        let remote = RemoteConnection::new(RemoteUrl::local(path), Arc::new(Credentials::none()));
        Ok(Self { remote, keep: Keep::No, origin: MirrorOrigin::AsItIs, objects, seen: Mutex::new(None) })
    }

    /// Fetches branches and tags; what the remote no longer has goes away here too.
    ///
    /// With [`Keep::No`] this process sees what was fetched, the cache's references stay as they were.
    ///
    /// # Errors
    ///
    /// The remote cannot be reached or read, the cache cannot be written, ctrl-C.
    pub fn sync(&self, task: TaskContext<'_>) -> Result<Synced, GitError> {
        if self.origin == MirrorOrigin::AsItIs {
            return Ok(Synced::default());
        }
        match self.keep {
            Keep::Yes => cache::sync(self.objects.path(), &self.remote, task),
            Keep::No => {
                let repository = cache::open(self.objects.path())?;
                let (snapshot, bytes) = self.remote.fetch(&repository, task)?;
                let before = self.objects.with(|repository| match self.snapshot() {
                    Some(seen) => Ok(seen.refs.clone()),
                    None => super::refs::stored(repository),
                })?;
                let updated = cache::changes(&before, &snapshot.refs).count();
                self.objects.with(|repository| repository.odb().and_then(|odb| odb.refresh())).ok();
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(snapshot));
                Ok(Synced { updated, bytes })
            }
        }
    }

    /// The remote.
    pub fn url(&self) -> &RemoteUrl {
        self.remote.url()
    }

    /// What merges work on.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The repository's folder on this machine.
    pub fn path(&self) -> &Path {
        self.objects.path()
    }

    fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn with_refs<T>(&self, work: impl FnOnce(&git2::Repository, &Refs<'_>) -> T) -> T {
        let seen = self.snapshot();
        let refs = seen.as_deref().map_or(Refs::Stored, Refs::Seen);
        self.objects.with(|repository| work(repository, &refs))
    }

    /// A branch of the remote, as last fetched.
    ///
    /// # Errors
    ///
    /// The references cannot be read.
    pub fn branch(&self, name: &BranchName) -> Result<Option<CommitId>, GitError> {
        let found = self.with_refs(|repository, refs| refs.get(repository, name.to_ref().as_str()))?;
        Ok(found.map(|id| commits::object_id(id).into()))
    }

    /// The remote's default branch, as last fetched: what its `HEAD` names.
    ///
    /// # Errors
    ///
    /// The references cannot be read.
    pub fn default_branch(&self) -> Result<Option<BranchName>, GitError> {
        let head = self.with_refs(|repository, refs| refs.head(repository))?;
        Ok(head.and_then(|name| name.strip_prefix("refs/heads/")?.parse().ok()))
    }

    /// Since when this machine has seen the branch with this commit, in seconds since 1970; `None` where it cannot know. Being
    /// asked for the first time, it begins to keep that in mind.
    ///
    /// # Errors
    ///
    /// The cache cannot be read or written.
    pub fn seen_since(&self, branch: &BranchName, commit: CommitId, now: i64) -> Result<Option<i64>, GitError> {
        let name = branch.to_ref();
        if let (Keep::Yes, Some(tip)) = (self.keep, self.branch(branch)?) {
            self.objects.with(|repository| first_seen::begin(repository, &name, tip, now))?;
        }
        if !self.contains(commit.object()) {
            return Ok(None);
        }
        let repository = cache::open(self.objects.path())?;
        // What the branch was forced away from may be gone.
        first_seen::since(&repository, &name, |tip| Ok(self.contains(tip.object()) && self.is_ancestor(commit, tip)?))
    }

    /// All branches of the remote, as last fetched.
    ///
    /// # Errors
    ///
    /// The references cannot be read.
    pub fn branches(&self) -> Result<BTreeMap<BranchName, CommitId>, GitError> {
        let found = self.with_refs(|repository, refs| refs.branches(repository))?;
        Ok(found
            .into_iter()
            .filter_map(|(name, id)| Some((name.parse().ok()?, commits::object_id(id).into())))
            .collect())
    }

    /// Anything git understands: branch, tag, full or short id, `HEAD~3`.
    ///
    /// # Errors
    ///
    /// Kind `not-found` when nothing, or more than one thing, has that name; the hint gives near names.
    pub fn resolve(&self, rev: &str) -> Result<CommitId, GitError> {
        let seen = self.snapshot();
        let refs = seen.as_deref().map_or(Refs::Stored, Refs::Seen);
        self.objects.with_source(|source| revision::resolve(source, &refs, rev))
    }

    /// One commit.
    ///
    /// # Errors
    ///
    /// It is not there, or damaged.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, GitError> {
        self.objects.with(|repository| commits::read(repository, id))
    }

    /// A part of the history, newest first.
    ///
    /// # Errors
    ///
    /// A commit is missing or damaged.
    pub fn log(&self, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
        self.objects.with_source(|source| history::log(source, range))
    }

    /// A part of the history, oldest first, parents always before their children.
    ///
    /// # Errors
    ///
    /// A commit is missing or damaged.
    pub fn chain(&self, range: &LogRange) -> Result<Vec<CommitInfo>, GitError> {
        self.objects.with(|repository| history::chain(repository, range))
    }

    /// How many commits a part of the history has.
    ///
    /// # Errors
    ///
    /// A commit is missing or damaged.
    pub fn count(&self, range: &LogRange) -> Result<u64, GitError> {
        self.objects.with_source(|source| history::count(source, range))
    }

    /// Is `ancestor` part of `descendant`'s history (or the same)?
    ///
    /// # Errors
    ///
    /// A commit is missing or damaged.
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        self.objects.with_source(|source| history::is_ancestor(source, ancestor, descendant))
    }

    /// Is the object here?
    pub fn contains(&self, id: ObjectId) -> bool {
        self.objects.with(|repository| {
            let odb = repository.odb();
            odb.is_ok_and(|odb| oid(id).is_ok_and(|oid| odb.exists(oid)))
        })
    }

    /// A file of a tree; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// An object of the tree is missing or damaged.
    pub fn read(&self, tree: TreeId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        self.objects.with(|repository| trees::read(repository, tree, path))
    }

    /// The commit that a submodule of a tree is at; `None` where there is none.
    ///
    /// # Errors
    ///
    /// The tree or one on the way is missing or damaged.
    pub fn submodule(&self, tree: TreeId, path: &str) -> Result<Option<ObjectId>, GitError> {
        self.objects.with(|repository| trees::submodule(repository, tree, path))
    }

    /// All files of a tree with their blobs, and submodules with their commits.
    ///
    /// # Errors
    ///
    /// The tree or one below it is missing or damaged.
    pub fn list(&self, tree: TreeId) -> Result<Vec<(String, ObjectId)>, GitError> {
        self.objects.with(|repository| trees::list(repository, tree))
    }

    /// A commit's tree.
    ///
    /// # Errors
    ///
    /// The commit is missing or damaged.
    pub fn tree(&self, commit: CommitId) -> Result<TreeId, GitError> {
        self.objects.with(|repository| trees::id_of_commit(repository, commit))
    }

    /// Paths that differ between two trees, with git's letter (A, M, D, T).
    ///
    /// # Errors
    ///
    /// A tree is missing or damaged.
    pub fn changed_files(&self, from: TreeId, to: TreeId) -> Result<Vec<(String, char)>, GitError> {
        self.objects.with_source(|source| trees::changed(source, from, to))
    }

    /// What a tree has at a path; `None` where there is nothing.
    ///
    /// # Errors
    ///
    /// A tree is missing or damaged.
    pub fn entry(&self, tree: TreeId, path: &str) -> Result<Option<ObjectId>, GitError> {
        Ok(self.entry_and_mode(tree, path)?.map(|(id, _)| id))
    }

    /// The same with its mode.
    ///
    /// # Errors
    ///
    /// A tree is missing or damaged.
    pub fn entry_and_mode(&self, tree: TreeId, path: &str) -> Result<TreeEntry, GitError> {
        self.objects.with_source(|source| trees::entry(source, tree, path))
    }

    /// What identifies the change from one tree to another as `git patch-id` does; `None` where nothing changes, or very
    /// much. Comparable with one another only.
    ///
    /// # Errors
    ///
    /// A tree or a file is missing or damaged.
    pub fn patch_id(&self, from: TreeId, to: TreeId) -> Result<Option<ObjectId>, GitError> {
        self.objects.with_source(|source| patch::id(source, from, to))
    }

    /// The same repository for a look: what is written goes to memory. `None` where this one is like that already.
    ///
    /// # Errors
    ///
    /// The repository cannot be opened.
    pub fn aside(&self) -> Result<Option<Self>, GitError> {
        match self.keep {
            Keep::Yes => Self::as_it_is(self.path(), self.objects.attributes).map(Some),
            Keep::No => Ok(None),
        }
    }

    /// What merging the parents of its merge commits gives, as far as that is known; nothing of the user's own repository.
    pub fn remerges(&self) -> Vec<Remerge> {
        match self.origin {
            MirrorOrigin::Cache => remerges::read(self.path()),
            MirrorOrigin::AsItIs => Vec::new(),
        }
    }

    /// Keeps in mind what merging their parents gives.
    pub fn keep_remerges(&self, found: &[Remerge]) {
        if self.origin == MirrorOrigin::Cache && !found.is_empty() {
            remerges::add(self.path(), found);
        }
    }

    /// Writes a commit. Equal values give equal ids.
    ///
    /// # Errors
    ///
    /// Tree or parents are missing, a name is empty, the disk is full.
    pub fn write_commit(&self, new: &NewCommit) -> Result<CommitId, GitError> {
        self.objects.with(|repository| commits::write(repository, new))
    }

    /// What a signature of this commit is made of.
    ///
    /// # Errors
    ///
    /// Tree or parents are missing, a name is empty.
    pub fn unsigned(&self, new: &NewCommit) -> Result<Unsigned, GitError> {
        self.objects.with(|repository| commits::unsigned(repository, new))
    }

    /// Writes a commit with its signature. Equal values give equal ids.
    ///
    /// # Errors
    ///
    /// The disk is full.
    pub fn write_signed(&self, unsigned: &Unsigned, signature: &str) -> Result<CommitId, GitError> {
        self.objects.with(|repository| commits::write_signed(repository, &unsigned.text, signature))
    }

    /// Writes a tree of these files.
    ///
    /// # Errors
    ///
    /// A path that git forbids (`.git`, `..`), the disk is full.
    pub fn write_tree(&self, files: &BTreeMap<String, (Vec<u8>, FileMode)>) -> Result<TreeId, GitError> {
        self.objects.with(|repository| trees::write(repository, files))
    }

    /// Writes an annotated tag object, without a reference to it.
    ///
    /// # Errors
    ///
    /// The target is missing, the name is no tag's name, the disk is full.
    pub fn write_tag(&self, target: ObjectId, name: &str, tagger: &Ident, message: &str) -> Result<ObjectId, GitError> {
        self.objects.with(|repository| commits::write_tag(repository, target, name, tagger, message))
    }

    /// Target and message of an annotated tag object; `None` when the object is something else.
    ///
    /// # Errors
    ///
    /// The object is missing or damaged.
    pub fn read_tag(&self, id: ObjectId) -> Result<Option<(ObjectId, String)>, GitError> {
        self.objects.with(|repository| commits::read_tag(repository, id))
    }

    /// Writes a commit's files into an empty folder; no `.git`. Submodules are empty folders, no filter runs.
    ///
    /// # Errors
    ///
    /// The folder is not empty or cannot be written, an object is missing or damaged.
    pub fn checkout(&self, commit: CommitId, into: &Path) -> Result<(), GitError> {
        self.objects.with(|repository| checkout::checkout(repository, commit, into))
    }

    /// The same as a repository of its own, with the remote's branches and tags as last fetched; it reads its objects here.
    ///
    /// # Errors
    ///
    /// See [`Mirror::checkout`].
    pub fn checkout_repository(&self, commit: CommitId, into: &Path) -> Result<(), GitError> {
        self.checkout(commit, into)?;
        let repository = cache::open(self.objects.path())?;
        let refs = match self.snapshot() {
            Some(seen) => seen.refs.clone(),
            None => super::refs::stored(&repository)?,
        };
        checkout::repository_around(&repository, &refs, commit, &self.url().to_string(), into)
    }

    /// Every reference of the remote, asked now.
    ///
    /// # Errors
    ///
    /// The remote cannot be reached or read, ctrl-C.
    pub fn remote_refs(&self, task: TaskContext<'_>) -> Result<BTreeMap<RefName, ObjectId>, GitError> {
        let snapshot = self.remote.refs(&cache::open(self.objects.path())?, task)?;
        Ok(snapshot
            .refs
            .into_iter()
            .filter_map(|(name, id)| Some((name.parse().ok()?, commits::object_id(id))))
            .collect())
    }

    /// Fetches what these references hold; no reference of the cache moves.
    ///
    /// # Errors
    ///
    /// Kind `not-found` when the remote has no such reference; the remote cannot be reached or read, ctrl-C.
    pub fn fetch_objects(&self, refs: &[RefName], task: TaskContext<'_>) -> Result<(), GitError> {
        let repository = cache::open(self.objects.path())?;
        if self.origin == MirrorOrigin::Cache {
            self.remote.fetch_named(&repository, refs, task)?;
            self.objects.with(|repository| repository.odb().and_then(|odb| odb.refresh())).ok();
        }
        Ok(())
    }

    /// Moves references on the remote, each under its lease.
    ///
    /// Every lease is checked against what the server says before anything is sent, and the server checks each once more
    /// as it takes its lock, so no update is ever lost. One reference is all or nothing. Several are sent together, but
    /// the server takes them one by one: [`PushError::Partial`] says which went through.
    ///
    /// # Errors
    ///
    /// See [`PushError`].
    pub fn push(&self, updates: &[RefUpdate], task: TaskContext<'_>) -> Result<(), PushError> {
        if self.keep == Keep::No {
            return Err(PushError::NotSent(GitError::new(
                FailureKind::Bug,
                "a repository that was opened to look only must not be pushed from",
            )));
        }
        super::push::push(&self.remote, self.objects.path(), updates, task)
    }
}
