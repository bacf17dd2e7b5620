//! A commit's files, written into a new folder, and a repository around them.
//!
//! Written here because libgit2 cannot check out a tree with submodules from a bare repository. Nothing leaves the folder:
//! every name is a single plain one, and folders and files are only ever made new, so no link is followed.

use super::commits::{object_id, oid};
use super::{GitError, trees};
use crate::model::{CommitId, FailureKind, quoted_path};
use git2::{ObjectType, Oid, Repository, RepositoryInitOptions, Tree};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

const LINK: i32 = 0o120_000;

/// Writes a commit's files into an empty folder. Submodules are empty folders, no filter runs.
pub(super) fn checkout(repository: &Repository, commit: CommitId, into: &Path) -> Result<(), GitError> {
    let failed = |e: io::Error| GitError::io(into.display(), &e);
    fs::create_dir_all(into).map_err(failed)?;
    if fs::read_dir(into).map_err(failed)?.next().is_some() {
        return Err(GitError::new(FailureKind::Io, format!("{} is not empty", into.display()))
            .hint("a checkout goes into an empty folder"));
    }
    write(repository, &trees::of_commit(repository, commit)?, into)
}

/// Makes the folder of a checkout a repository of its own: `HEAD` is the commit, branches are those of `origin`, and the objects are read
/// where they are. No hook and no template comes along.
pub(super) fn repository_around(
    of: &Repository,
    refs: &BTreeMap<String, Oid>,
    commit: CommitId,
    origin: &str,
    folder: &Path,
) -> Result<(), GitError> {
    let made = || -> Result<(), git2::Error> {
        let mut options = RepositoryInitOptions::new();
        options.no_reinit(true).external_template(false);
        let repository = Repository::init_opts(folder, &options)?;
        let mut config = repository.config()?;
        config.set_str("remote.origin.url", origin)?;
        config.set_str("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    };
    made().map_err(|e| GitError::local(format!("{} cannot be made a repository", folder.display()), &e))?;
    let git = folder.join(".git");
    let written = || -> io::Result<()> {
        let objects = fs::canonicalize(of.path().join("objects"))?;
        fs::create_dir_all(git.join("objects/info"))?;
        fs::write(git.join("objects/info/alternates"), [objects.as_os_str().as_bytes(), b"\n"].concat())?;
        let mut text = String::new();
        for (name, id) in refs {
            match name.strip_prefix("refs/heads/") {
                Some(branch) => text.push_str(&format!("{id} refs/remotes/origin/{branch}\n")),
                None => text.push_str(&format!("{id} {name}\n")),
            }
        }
        fs::write(git.join("packed-refs"), text)?;
        fs::write(git.join("HEAD"), format!("{commit}\n"))
    };
    written().map_err(|e| GitError::io(git.display(), &e))?;
    let indexed = || -> Result<(), git2::Error> {
        let repository = Repository::open(folder)?;
        let mut index = repository.index()?;
        index.read_tree(&repository.head()?.peel_to_tree()?)?;
        index.write()
    };
    indexed().map_err(|e| GitError::local(format!("the index of {} cannot be written", folder.display()), &e))
}

fn write(repository: &Repository, tree: &Tree<'_>, folder: &Path) -> Result<(), GitError> {
    for entry in tree {
        let name = entry.name_bytes();
        if !is_plain(name) {
            let (tree, name) = (object_id(tree.id()), quoted_path(name));
            return Err(GitError::new(FailureKind::Git, format!("tree {tree} holds the forbidden name `{name}`"))
                .hint("`git fsck` shows more; such a tree is damaged or meant to do harm"));
        }
        let path = folder.join(OsStr::from_bytes(name));
        let made = match (entry.kind(), entry.filemode()) {
            (Some(ObjectType::Tree), _) => {
                fs::create_dir(&path).map_err(|e| GitError::io(path.display(), &e))?;
                let missing = |e: git2::Error| GitError::local(format!("{} cannot be read", path.display()), &e);
                write(repository, &repository.find_tree(entry.id()).map_err(missing)?, &path)?;
                continue;
            }
            (Some(ObjectType::Commit), _) => fs::create_dir(&path),
            (_, mode) => {
                let blob = oid(object_id(entry.id())).and_then(|oid| repository.find_blob(oid));
                let blob = blob.map_err(|e| GitError::local(format!("{} cannot be read", path.display()), &e))?;
                file(&path, mode, blob.content())
            }
        };
        made.map_err(|e| GitError::io(path.display(), &e))?;
    }
    Ok(())
}

fn file(path: &Path, mode: i32, content: &[u8]) -> io::Result<()> {
    if mode == LINK {
        return symlink(OsStr::from_bytes(content), path);
    }
    let bits = if mode & 0o111 == 0 { 0o666 } else { 0o777 };
    OpenOptions::new().write(true).create_new(true).mode(bits).open(path)?.write_all(content)
}

/// One component of a path, and not git's own folder in any spelling that a file system could take for it.
fn is_plain(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && !name.iter().any(|byte| matches!(byte, b'/' | 0))
        && !name.eq_ignore_ascii_case(b".git")
        && !name.eq_ignore_ascii_case(b"git~1")
}
