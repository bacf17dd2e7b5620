//! Files of commits: read, listed, compared, written, checked out.

use super::GitError;
use super::commits::{FileMode, object_id, oid};
use super::compare::differences;
use super::object_source::ObjectSource;
use crate::model::{CommitId, FailureKind, ObjectId, TreeId};
use git2::{ErrorCode, ObjectType, Repository, Tree};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// A file of a tree.
pub(super) fn read(repository: &Repository, tree: TreeId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("{path} in tree {tree} cannot be read"), &e);
    let tree = find(repository, tree)?;
    // Only plain names lead to a file of a tree; anything else is nowhere.
    if path.is_empty()
        || path.contains('\0')
        || !Path::new(path).components().all(|c| matches!(c, Component::Normal(_)))
    {
        return Ok(None);
    }
    let entry = match tree.get_path(Path::new(path)) {
        Ok(entry) => entry,
        // No such entry is an answer; a tree on the way that is missing is not.
        Err(e) if e.code() == ErrorCode::NotFound && e.class() == git2::ErrorClass::Tree => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    match entry.kind() {
        Some(ObjectType::Blob) => Ok(Some(repository.find_blob(entry.id()).map_err(failed)?.content().to_vec())),
        _ => Ok(None),
    }
}

/// All files of a tree. Submodules are not among them: they have no blob.
pub(super) fn list(repository: &Repository, id: TreeId) -> Result<Vec<(String, ObjectId)>, GitError> {
    let tree = find(repository, id)?;
    let mut files = Vec::new();
    tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() == Some(ObjectType::Blob) {
            files.push((format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes())), object_id(entry.id())));
        }
        git2::TreeWalkResult::Ok
    })
    .map_err(|e| GitError::local(format!("the files of tree {id} cannot be listed"), &e))?;
    Ok(files)
}

/// What a tree has at a path: a file or a folder; `None` where there is nothing.
pub(super) fn entry(repository: &Repository, tree: TreeId, path: &str) -> Result<Option<ObjectId>, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("{path} in tree {tree} cannot be read"), &e);
    let tree = find(repository, tree)?;
    match tree.get_path(Path::new(path)) {
        Ok(entry) => Ok(Some(object_id(entry.id()))),
        Err(e) if e.code() == ErrorCode::NotFound && e.class() == git2::ErrorClass::Tree => Ok(None),
        Err(e) => Err(failed(e)),
    }
}

fn find(repository: &Repository, tree: TreeId) -> Result<Tree<'_>, GitError> {
    let found = oid(tree.object()).and_then(|oid| repository.find_tree(oid));
    found.map_err(|e| GitError::local(format!("tree {tree} cannot be read"), &e))
}

/// A commit's tree.
pub(super) fn of_commit(repository: &Repository, commit: CommitId) -> Result<Tree<'_>, GitError> {
    let found = oid(commit.object()).and_then(|oid| repository.find_commit(oid));
    let found = found.map_err(|e| match e.code() {
        ErrorCode::NotFound => GitError::new(FailureKind::NotFound, format!("there is no commit {commit}")),
        _ => GitError::local(format!("commit {commit} cannot be read"), &e),
    })?;
    found.tree().map_err(|e| GitError::local(format!("the tree of {commit} cannot be read"), &e))
}

/// Paths that differ, with git's letter; renames are a deletion and an addition.
pub(super) fn changed(source: &ObjectSource<'_>, from: TreeId, to: TreeId) -> Result<Vec<(String, char)>, GitError> {
    let found = differences(source, from, to)?;
    Ok(found.into_iter().map(|found| (String::from_utf8_lossy(&found.path).into_owned(), found.letter)).collect())
}

/// Writes a tree of these files.
pub(super) fn write(
    repository: &Repository,
    files: &BTreeMap<String, (Vec<u8>, FileMode)>,
) -> Result<TreeId, GitError> {
    let write = || {
        let mut index = git2::Index::new()?;
        for (path, (bytes, mode)) in files {
            if path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
                return Err(git2::Error::from_str(&format!("`{path}` is no path of a tree")));
            }
            let id = repository.blob(bytes)?;
            let zero = git2::IndexTime::new(0, 0);
            index.add(&git2::IndexEntry {
                ctime: zero,
                mtime: zero,
                dev: 0,
                ino: 0,
                mode: mode.bits(),
                uid: 0,
                gid: 0,
                file_size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                id,
                flags: 0,
                flags_extended: 0,
                path: path.clone().into_bytes(),
            })?;
        }
        if index.len() != files.len() {
            return Err(git2::Error::from_str("a path is a file and a folder at once"));
        }
        index.write_tree_to(repository)
    };
    write().map(|id| object_id(id).into()).map_err(|e| GitError::local("the tree cannot be written", &e))
}
