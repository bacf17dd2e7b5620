//! The first clone of a repository on this machine: its object files, linked or copied.
//!
//! Nothing refers back to the source afterwards: it may be collected, moved or deleted.

use super::remote::RemoteConnection;
use super::{GitError, loose, transport};
use crate::model::TaskContext;
use git2::Repository;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Copies all object files of the remote's folder, and of those that it borrows from.
pub(super) fn copy_objects(remote: &RemoteConnection, to: &Repository, task: TaskContext<'_>) -> Result<(), GitError> {
    let Some(path) = remote.url().path() else { return Ok(()) };
    let Ok(source) = transport::open_source(path) else {
        // The fetch that follows says what is wrong.
        return Ok(());
    };
    let failed = |e: &io::Error| GitError::io(format_args!("copying the objects of {}", remote.url()), e);
    let target = to.path().join("objects");
    let stores = stores(source.commondir().join("objects"));
    for store in &stores {
        // A file that vanishes was packed or collected meanwhile: its objects are in a newer pack.
        for _ in 0..5 {
            match copy_store(store, &target, task) {
                Ok(()) => break,
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => return Err(GitError::interrupted("cloning")),
                Err(e) => return Err(failed(&e)),
            }
        }
    }
    let shallow = source.commondir().join("shallow");
    if shallow.is_file() {
        fs::copy(&shallow, to.path().join("shallow")).map_err(|e| failed(&e))?;
    }
    to.odb().and_then(|odb| odb.refresh()).map_err(|e| GitError::local("the clone cannot be read", &e))
}

/// An objects folder and those named in its `info/alternates`, each once.
fn stores(first: PathBuf) -> Vec<PathBuf> {
    let mut waiting = vec![first];
    let (mut seen, mut stores) = (BTreeSet::new(), Vec::new());
    while let Some(store) = waiting.pop() {
        if !seen.insert(store.canonicalize().unwrap_or_else(|_| store.clone())) {
            continue;
        }
        let alternates = fs::read_to_string(store.join("info/alternates")).unwrap_or_default();
        let lines = alternates.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        waiting.extend(lines.map(|line| store.join(line)));
        stores.push(store);
    }
    stores
}

fn copy_store(from: &Path, to: &Path, task: TaskContext<'_>) -> io::Result<()> {
    for entry in fs::read_dir(from)?.flatten() {
        let name = entry.file_name();
        let is_fan = name.len() == 2 && name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_fan {
            // Damaged ones stay behind: a read of one then says that it is missing.
            copy_folder(&entry.path(), &to.join(&name), task, |path| {
                Ok(name_of(path).len() == 38 && loose::is_whole(path)?)
            })?;
        }
    }
    // An index without its pack would be a lie: packs come first. That objects were left with a partial clone's remote has to
    // be known here, too.
    let pack = from.join("pack");
    if pack.is_dir() {
        copy_folder(&pack, &to.join("pack"), task, |path| Ok(is_pack(path, ".promisor")))?;
        copy_folder(&pack, &to.join("pack"), task, |path| Ok(is_pack(path, ".pack")))?;
        copy_folder(&pack, &to.join("pack"), task, |path| Ok(is_pack(path, ".idx")))?;
    }
    // Makes walks over long histories several times faster.
    let graph = from.join("info/commit-graph");
    if graph.is_file() && !to.join("info/commit-graph").exists() {
        fs::create_dir_all(to.join("info"))?;
        place(&graph, &to.join("info/commit-graph"))?;
    }
    Ok(())
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn is_pack(path: &Path, ending: &str) -> bool {
    name_of(path).starts_with("pack-") && name_of(path).ends_with(ending)
}

fn copy_folder(
    from: &Path,
    to: &Path,
    task: TaskContext<'_>,
    take: impl Fn(&Path) -> io::Result<bool>,
) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        if task.cancel.is_raised() {
            return Err(io::Error::from(ErrorKind::Interrupted));
        }
        if take(&entry.path())? {
            place(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// A hard link where the file systems allow it; object files never change.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(e),
        // Another file system, or a system that forbids links to others' files.
        Err(_) => fs::copy(from, to).map(|_| ()),
    }
}
