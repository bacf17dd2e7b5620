//! The cache folder: one bare mirror for each remote, made whole or not at all, shared by processes.
//!
//! A process that clones or moves references holds the mirror's lock file; the system releases it when the process ends,
//! however it ends. So what lies beside a mirror under the lock was left by a process that died, and may be removed.

use super::refs::{Snapshot, stored};
use super::remote::RemoteConnection;
use super::{GitError, Synced, commit_graph, first_seen, local_clone, loose, transport};
use crate::model::{FailureKind, TaskContext};
use git2::{Oid, Repository, RepositoryInitOptions};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A fetch of this many bytes brings enough history for the commit graph to be written anew.
const LARGE_FETCH: u64 = 4 << 20;

/// The path of a whole mirror of the remote, cloned first when there is none.
pub(super) fn ready(cache: &Path, remote: &RemoteConnection, task: TaskContext<'_>) -> Result<PathBuf, GitError> {
    let mirrors = cache.join("mirrors");
    fs::create_dir_all(&mirrors).map_err(|e| GitError::io(format_args!("the cache {}", mirrors.display()), &e))?;
    let path = mirrors.join(format!("{}.git", remote.url().folder()));
    if fault(&path).is_none() {
        return Ok(path);
    }
    let _lock = lock(&path, task)?;
    match fault(&path) {
        // Another process was quicker.
        None => return Ok(path),
        Some(Fault::Absent) => {}
        Some(Fault::Broken(why)) => {
            task.warn(format!("the mirror of {} is broken ({why}); making it anew", remote.url()));
            let aside = beside(&path, "broken");
            fs::rename(&path, &aside).map_err(|e| GitError::io(path.display(), &e))?;
        }
    }
    let temporary = beside(&path, "new");
    let made = clone(&temporary, remote, task).and_then(|()| {
        fs::rename(&temporary, &path).map_err(|e| GitError::io(format_args!("the mirror {}", path.display()), &e))
    });
    sweep(&path);
    made.map(|()| path)
}

/// Fetches, then moves the mirror's references to where the remote's are.
pub(super) fn sync(path: &Path, remote: &RemoteConnection, task: TaskContext<'_>) -> Result<Synced, GitError> {
    let _lock = lock(path, task)?;
    let repository = open(path)?;
    let (snapshot, bytes) = remote.fetch(&repository, task)?;
    let before = stored(&repository)?;
    let updated = changes(&before, &snapshot.refs).count();
    apply(&repository, &before, &snapshot).or_else(|error| {
        // Only the holder of our lock moves references here: a git lock that is in the way is a dead process's.
        if remove_stale_locks(path) == 0 {
            return Err(error);
        }
        apply(&repository, &stored(&repository)?, &snapshot)
    })?;
    if bytes > LARGE_FETCH {
        commit_graph::write(path, task);
    }
    Ok(Synced { updated, bytes })
}

/// Records what a push made of the remote's references, unless another process is fetching.
pub(super) fn note(path: &Path, moved: &[(String, Option<Oid>)]) {
    let Ok(file) = File::create(lock_path(path)) else { return };
    if file.try_lock().is_err() {
        return;
    }
    // The push is done whatever happens here: the next fetch tells the same.
    let Ok(repository) = open(path) else { return };
    for (name, id) in moved.iter().filter(|(name, _)| name.starts_with("refs/heads/") || name.starts_with("refs/tags/"))
    {
        let _ = match id {
            Some(id) => repository.reference(name, *id, true, "push").map(|_| ()),
            None => repository.find_reference(name).and_then(|mut reference| reference.delete()),
        };
    }
}

/// Opens a mirror for work that stays on the disk.
pub(super) fn open(path: &Path) -> Result<Repository, GitError> {
    transport::set_up();
    Repository::open(path).map_err(|e| match path.exists() {
        true => GitError::local(format!("the mirror {} cannot be opened", path.display()), &e),
        false => GitError::new(
            FailureKind::Git,
            format!("the mirror {} was deleted while relwf worked on it", path.display()),
        )
        .hint("run it again: the mirror is made anew"),
    })
}

/// What differs between two sets of references: name and new value.
pub(super) fn changes<'a>(
    before: &'a BTreeMap<String, Oid>,
    after: &'a BTreeMap<String, Oid>,
) -> impl Iterator<Item = (&'a str, Option<Oid>)> {
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name.as_str(), None));
    let new =
        after.iter().filter(|(name, id)| before.get(*name) != Some(id)).map(|(name, id)| (name.as_str(), Some(*id)));
    gone.chain(new)
}

fn apply(repository: &Repository, before: &BTreeMap<String, Oid>, snapshot: &Snapshot) -> Result<(), GitError> {
    // Deletions come first: `a` must be gone before `a/b` can be.
    for (name, id) in changes(before, &snapshot.refs) {
        let done = match id {
            None => repository.find_reference(name).and_then(|mut reference| reference.delete()),
            Some(id) => {
                repository.reference(name, id, true, "fetch").and_then(|_| first_seen::moved(repository, name, id))
            }
        };
        done.map_err(|e| GitError::local(format!("{name} cannot be updated in the cache"), &e))?;
    }
    if let Some(head) = &snapshot.head {
        let now = repository.find_reference("HEAD").ok();
        if now.and_then(|head| head.symbolic_target().ok().flatten().map(ToOwned::to_owned)).as_ref() != Some(head) {
            repository.set_head(head).map_err(|e| GitError::local("HEAD cannot be updated in the cache", &e))?;
        }
    }
    Ok(())
}

/// Makes a whole mirror at a path where nothing is.
fn clone(temporary: &Path, remote: &RemoteConnection, task: TaskContext<'_>) -> Result<(), GitError> {
    transport::set_up();
    let failed = |e: git2::Error| GitError::local(format!("{} cannot be made", temporary.display()), &e);
    let mut options = RepositoryInitOptions::new();
    options.bare(true).no_reinit(true).external_template(false).initial_head("master");
    let repository = Repository::init_opts(temporary, &options).map_err(failed)?;
    // A redirect to another host would take the credentials along.
    let mut config = repository.config().map_err(failed)?;
    config.set_str("http.followRedirects", "false").map_err(failed)?;
    // A commit that was pushed must not be half a file after a power cut.
    config.set_bool("core.fsyncObjectFiles", true).map_err(failed)?;
    task.say(format!("cloning {}", remote.url()));
    if remote.url().is_local() {
        local_clone::copy_objects(remote, &repository, task)?;
    }
    // After a copy this finds everything in place, or gets the rest.
    let (snapshot, _) = remote.fetch(&repository, task)?;
    write_refs(temporary, &snapshot).map_err(|e| GitError::io(temporary.display(), &e))?;
    commit_graph::write(temporary, task);
    match fault(temporary) {
        None => Ok(()),
        Some(Fault::Absent) => Err(GitError::new(FailureKind::Io, format!("{} vanished", temporary.display()))),
        Some(Fault::Broken(why)) => {
            Err(GitError::new(FailureKind::Git, format!("{} cannot be cloned whole: {why}", remote.url()))
                .hint("`git fsck` on the remote shows what is damaged"))
        }
    }
}

/// All references in one file, as `git pack-refs` leaves them; thousands of tags would be as many files.
fn write_refs(path: &Path, snapshot: &Snapshot) -> std::io::Result<()> {
    let mut text = String::from("# pack-refs with: sorted \n");
    for (name, id) in &snapshot.refs {
        text.push_str(&format!("{id} {name}\n"));
    }
    fs::write(path.join("packed-refs"), text)?;
    match snapshot.head.as_ref().filter(|head| head.starts_with("refs/heads/")) {
        Some(head) => fs::write(path.join("HEAD"), format!("ref: {head}\n")),
        None => Ok(()),
    }
}

/// What is wrong with a mirror.
enum Fault {
    Absent,
    Broken(String),
}

/// Looks at what every use rests on: the layout, the references, the object behind each of them.
fn fault(path: &Path) -> Option<Fault> {
    if fs::symlink_metadata(path).is_err() {
        return Some(Fault::Absent);
    }
    let broken = |why: String| Some(Fault::Broken(why));
    for part in ["HEAD", "objects", "refs", "config"] {
        if !path.join(part).exists() {
            return broken(format!("{part} is missing"));
        }
    }
    if let Some(file) = loose::damaged(path) {
        return broken(format!("{} is damaged", file.display()));
    }
    transport::set_up();
    let repository = match Repository::open_bare(path) {
        Ok(repository) => repository,
        Err(e) => return broken(super::error::git_message(&e)),
    };
    let refs = match stored(&repository) {
        Ok(refs) => refs,
        Err(e) => return broken(e.to_string()),
    };
    let Ok(odb) = repository.odb() else { return broken("the objects cannot be opened".to_owned()) };
    // Branches are what everything reads first, so their tips are opened; of tags there may be tens of thousands.
    let missing = refs.iter().find(|(name, id)| match name.starts_with("refs/heads/") {
        true => odb.read_header(**id).is_err(),
        false => !odb.exists(**id),
    });
    missing.and_then(|(name, id)| broken(format!("{name} needs object {id}, which is missing or damaged")))
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{what}-{}", std::process::id()));
    path.with_file_name(name)
}

/// Removes what lies half-made or broken beside a mirror. Called under its lock.
fn sweep(path: &Path) {
    let Some((folder, name)) = path.parent().zip(path.file_name().and_then(|name| name.to_str())) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let rest = other.to_str().and_then(|other| other.strip_prefix(name));
        if rest.is_some_and(|rest| rest.starts_with(".new-") || rest.starts_with(".broken-")) {
            // Left where it is when it cannot be removed: it does no harm.
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
}

/// Removes `*.lock` files of references; says how many.
fn remove_stale_locks(path: &Path) -> usize {
    let refs = walkdir::WalkDir::new(path.join("refs")).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let top = ["packed-refs.lock", "HEAD.lock"].map(|name| path.join(name));
    refs.chain(top)
        .filter(|file| file.extension().is_some_and(|extension| extension == "lock"))
        .filter(|file| fs::remove_file(file).is_ok())
        .count()
}

fn lock_path(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

/// Waits for the mirror's lock; ctrl-C ends the wait.
fn lock(path: &Path, task: TaskContext<'_>) -> Result<File, GitError> {
    let lock = lock_path(path);
    let failed = |e: &std::io::Error| GitError::io(format_args!("the lock {}", lock.display()), e);
    let file = File::options().create(true).append(true).open(&lock).map_err(|e| failed(&e))?;
    let started = Instant::now();
    let mut announced = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if task.cancel.is_raised() => {
                return Err(GitError::interrupted("waiting for another process that fetches"));
            }
            Err(TryLockError::WouldBlock) => {
                if !announced && started.elapsed() > Duration::from_secs(1) {
                    task.say("waiting for another process that fetches the same repository");
                    announced = true;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
        }
    }
    sweep(path);
    Ok(file)
}
