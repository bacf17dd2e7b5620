//! Files of commits: read, listed, compared, written, checked out. Paths are text as [`text_of_path`] makes it.

use super::commits::{FileMode, object_id, oid};
use super::compare::differences;
use super::object_source::ObjectSource;
use super::{GitError, TreeEntry};
use crate::model::{CommitId, FailureKind, ObjectId, TreeId, path_of_text, text_of_path};
use crate::odb::MAX_TREE_DEPTH;
use crate::odb::tree::{DIRECTORY, TreeEntry as RawEntry};
use git2::{Commit, ErrorCode, ObjectType, Repository, Tree};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// How many symbolic links one path may lead through, as the kernel allows.
const MAX_LINKS: usize = 40;

/// A file of a tree. Symbolic links are followed as far as they stay within it.
pub(super) fn read(repository: &Repository, tree: TreeId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
    let failed = |e: git2::Error| GitError::local(format!("{path} in tree {tree} cannot be read"), &e);
    let tree = find(repository, tree)?;
    let Some(mut names) = plain_names(&path_of_text(path)) else { return Ok(None) };
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
fn plain_names(path: &[u8]) -> Option<Vec<Vec<u8>>> {
    let components = Path::new(OsStr::from_bytes(path)).components();
    let names = components.map(|component| match component {
        Component::Normal(name) if !name.as_bytes().contains(&0) => Some(name.as_bytes().to_vec()),
        _ => None,
    });
    names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
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
    let failed = |e: git2::Error| GitError::local(format!("the files of tree {id} cannot be listed"), &e);
    let mut files = Vec::new();
    let mut open = vec![(Vec::new(), oid(id.object()).map_err(failed)?)];
    while let Some((folder, tree)) = open.pop() {
        for entry in &repository.find_tree(tree).map_err(failed)? {
            let path = [&folder[..], entry.name_bytes()].concat();
            match entry.kind() {
                Some(ObjectType::Blob | ObjectType::Commit) => files.push((path, object_id(entry.id()))),
                Some(ObjectType::Tree) if path.iter().filter(|byte| **byte == b'/').count() < MAX_TREE_DEPTH => {
                    open.push(([&path[..], b"/"].concat(), entry.id()));
                }
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(path, id)| (text_of_path(&path), id)).collect())
}

/// The commit that a submodule is at; `None` where there is none.
pub(super) fn submodule(repository: &Repository, tree: TreeId, path: &str) -> Result<Option<ObjectId>, GitError> {
    let found = match find(repository, tree)?.get_path(Path::new(OsStr::from_bytes(&path_of_text(path)))) {
        Ok(entry) => Some(entry),
        Err(e) if e.code() == ErrorCode::NotFound && e.class() == git2::ErrorClass::Tree => None,
        Err(e) => return Err(GitError::local(format!("{path} in tree {tree} cannot be read"), &e)),
    };
    Ok(found.filter(|entry| entry.kind() == Some(ObjectType::Commit)).map(|entry| object_id(entry.id())))
}

/// What a tree has at a path: a file or a folder; `None` where there is nothing.
pub(super) fn entry(source: &ObjectSource<'_>, tree: TreeId, path: &str) -> Result<TreeEntry, GitError> {
    let bytes = path_of_text(path);
    let walk = || -> Result<TreeEntry, git2::Error> {
        let mut found = Some((tree.object(), DIRECTORY));
        for name in bytes.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            found = match found {
                Some((folder, DIRECTORY)) => named(source, folder, name)?,
                _ => return Ok(None),
            };
        }
        Ok(found)
    };
    walk().map_err(|e| GitError::local(format!("{path} in tree {tree} cannot be read"), &e))
}

fn named(source: &ObjectSource<'_>, folder: ObjectId, name: &[u8]) -> Result<TreeEntry, git2::Error> {
    let data = source.tree(folder)?;
    let mut rest = &data[..];
    while !rest.is_empty() {
        let Some((entry, more)) = RawEntry::split(rest) else {
            return Err(git2::Error::from_str(&format!("tree {folder} is damaged")));
        };
        if entry.name == name {
            return Ok(Some((entry.id, entry.mode)));
        }
        rest = more;
    }
    Ok(None)
}

fn find(repository: &Repository, tree: TreeId) -> Result<Tree<'_>, GitError> {
    let found = oid(tree.object()).and_then(|oid| repository.find_tree(oid));
    found.map_err(|e| GitError::local(format!("tree {tree} cannot be read"), &e))
}

/// A commit's tree.
pub(super) fn of_commit(repository: &Repository, commit: CommitId) -> Result<Tree<'_>, GitError> {
    let tree = commit_named(repository, commit)?.tree();
    tree.map_err(|e| GitError::local(format!("the tree of {commit} cannot be read"), &e))
}

/// The id of a commit's tree.
pub(super) fn id_of_commit(repository: &Repository, commit: CommitId) -> Result<TreeId, GitError> {
    Ok(object_id(commit_named(repository, commit)?.tree_id()).into())
}

fn commit_named(repository: &Repository, commit: CommitId) -> Result<Commit<'_>, GitError> {
    let found = oid(commit.object()).and_then(|oid| repository.find_commit(oid));
    found.map_err(|e| match e.code() {
        ErrorCode::NotFound => GitError::new(FailureKind::NotFound, format!("there is no commit {commit}")),
        _ => GitError::local(format!("commit {commit} cannot be read"), &e),
    })
}

/// Paths that differ, with git's letter; renames are a deletion and an addition.
pub(super) fn changed(source: &ObjectSource<'_>, from: TreeId, to: TreeId) -> Result<Vec<(String, char)>, GitError> {
    let found = differences(source, from, to)?;
    Ok(found.into_iter().map(|found| (text_of_path(&found.path), found.letter)).collect())
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
