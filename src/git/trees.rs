//! Files of commits: read, listed, compared, written, checked out.

use super::GitError;
use super::commits::{FileMode, object_id, oid};
use super::compare::differences;
use super::object_source::ObjectSource;
use crate::model::{CommitId, FailureKind, ObjectId, TreeId};
use git2::{ErrorCode, ObjectType, Repository, Tree};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// How many symbolic links one path may lead through, as the kernel allows.
const MAX_LINKS: usize = 40;

/// A file of a tree. Symbolic links are followed as far as they stay within it.
pub(super) fn read(repository: &Repository, tree: TreeId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("{path} in tree {tree} cannot be read"), &e);
    let tree = find(repository, tree)?;
    let Some(mut names) = plain_names(path) else { return Ok(None) };
    let mut links = 0;
    'path: loop {
        let mut folder = tree.clone();
        for (depth, name) in names.iter().enumerate() {
            let Some(entry) = folder.get_name_bytes(name).map(|entry| entry.to_owned()) else { return Ok(None) };
            let last = depth + 1 == names.len();
            match (entry.kind(), entry.filemode() & KIND) {
                (Some(ObjectType::Blob), LINK) if links < MAX_LINKS => {
                    links += 1;
                    let blob = repository.find_blob(entry.id()).map_err(failed)?;
                    let Some(led) = target(&names[..depth], blob.content(), &names[depth + 1..]) else {
                        return Ok(None);
                    };
                    names = led;
                    continue 'path;
                }
                (Some(ObjectType::Blob), mode) if last && mode != LINK => {
                    return Ok(Some(repository.find_blob(entry.id()).map_err(failed)?.content().to_vec()));
                }
                (Some(ObjectType::Tree), _) if !last => folder = repository.find_tree(entry.id()).map_err(failed)?,
                _ => return Ok(None),
            }
        }
        return Ok(None);
    }
}

const KIND: i32 = 0o170_000;
const LINK: i32 = 0o120_000;

/// The names of a path; only plain names lead to a file of a tree.
fn plain_names(path: &str) -> Option<Vec<Vec<u8>>> {
    let plain = !path.is_empty()
        && !path.contains('\0')
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)));
    plain.then(|| path.split('/').filter(|name| !name.is_empty()).map(|name| name.as_bytes().to_vec()).collect())
}

/// Where a link in `folder` leads, with what follows it; `None` outside the tree.
fn target(folder: &[Vec<u8>], link: &[u8], rest: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    if link.starts_with(b"/") {
        return None;
    }
    let mut names = folder.to_vec();
    for name in link.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()?),
            name => names.push(name.to_vec()),
        }
    }
    names.extend_from_slice(rest);
    Some(names)
}

/// All files and submodules of a tree: a submodule's id is that of its commit.
pub(super) fn list(repository: &Repository, id: TreeId) -> Result<Vec<(String, ObjectId)>, GitError> {
    let tree = find(repository, id)?;
    let mut files = Vec::new();
    tree.walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
        if matches!(entry.kind(), Some(ObjectType::Blob | ObjectType::Commit)) {
            files.push((format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes())), object_id(entry.id())));
        }
        git2::TreeWalkResult::Ok
    })
    .map_err(|e| GitError::local(format!("the files of tree {id} cannot be listed"), &e))?;
    Ok(files)
}

/// The commit that a submodule is at; `None` where there is none.
pub(super) fn submodule(repository: &Repository, tree: TreeId, path: &str) -> Result<Option<ObjectId>, GitError> {
    let found = match find(repository, tree)?.get_path(Path::new(path)) {
        Ok(entry) => Some(entry),
        Err(e) if e.code() == ErrorCode::NotFound && e.class() == git2::ErrorClass::Tree => None,
        Err(e) => return Err(GitError::local(format!("{path} in tree {tree} cannot be read"), &e)),
    };
    Ok(found.filter(|entry| entry.kind() == Some(ObjectType::Commit)).map(|entry| object_id(entry.id())))
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
    Ok(found.into_iter().map(|(path, letter)| (String::from_utf8_lossy(&path).into_owned(), letter)).collect())
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
