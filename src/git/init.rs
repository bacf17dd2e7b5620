//! Creates repositories for the sample service: a bare one that is written commit by commit, and a work clone of it.

use super::{FileMode, Ident};
use crate::model::{BranchName, CommitId, Failure, FailureKind, ObjectId};
use std::collections::BTreeMap;
use std::path::Path;

/// A bare repository that is being written.
pub struct NewRepository {
    repo: git2::Repository,
}

impl NewRepository {
    /// Makes an empty bare repository whose default branch is `head`.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn bare(path: &Path, head: &BranchName) -> Result<Self, Failure> {
        let mut options = git2::RepositoryInitOptions::new();
        // No template: a hook that the machine's owner installs for new repositories has no business here.
        options.bare(true).external_template(false).initial_head(head.as_str());
        let repo = git2::Repository::init_opts(path, &options).map_err(|error| cannot("make", path, &error))?;
        Ok(Self { repo })
    }

    /// Writes a commit with these files. Equal arguments give equal ids.
    ///
    /// # Errors
    ///
    /// The repository cannot be written.
    pub fn commit(
        &self,
        parents: &[CommitId],
        files: &BTreeMap<String, (Vec<u8>, FileMode)>,
        author: &Ident,
        message: &str,
    ) -> Result<CommitId, Failure> {
        self.write(parents, files, author, message).map_err(|error| cannot("write to", self.repo.path(), &error))
    }

    fn write(
        &self,
        parents: &[CommitId],
        files: &BTreeMap<String, (Vec<u8>, FileMode)>,
        author: &Ident,
        message: &str,
    ) -> Result<CommitId, git2::Error> {
        let mut index = git2::Index::new()?;
        for (path, (bytes, mode)) in files {
            let id = self.repo.blob(bytes)?;
            index.add(&entry(path, id, *mode))?;
        }
        let tree = self.repo.find_tree(index.write_tree_to(&self.repo)?)?;
        let when = git2::Time::new(author.time, author.offset_minutes);
        let author = git2::Signature::new(&author.name, &author.email, &when)?;
        let parents = parents
            .iter()
            .map(|id| self.repo.find_commit(git2::Oid::from_bytes(id.object().as_bytes())?))
            .collect::<Result<Vec<_>, _>>()?;
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let id = self.repo.commit(None, &author, &author, message, &tree, &parents)?;
        id.to_string().parse().map_err(|_| git2::Error::from_str("libgit2 answered an id of another kind"))
    }

    /// Points a branch at a commit.
    ///
    /// # Errors
    ///
    /// The repository cannot be written.
    pub fn branch(&self, name: &BranchName, at: CommitId) -> Result<(), Failure> {
        let id: ObjectId = at.object();
        git2::Oid::from_bytes(id.as_bytes())
            .and_then(|oid| self.repo.reference(name.to_ref().as_str(), oid, true, "sample history"))
            .map(drop)
            .map_err(|error| cannot("write to", self.repo.path(), &error))
    }
}

fn entry(path: &str, id: git2::Oid, mode: FileMode) -> git2::IndexEntry {
    let zero = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: zero,
        mtime: zero,
        dev: 0,
        ino: 0,
        mode: match mode {
            FileMode::Plain => 0o100_644,
            FileMode::Executable => 0o100_755,
            FileMode::Link => 0o120_000,
        },
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// Clones a local repository into `into`, checks its default branch out and writes who commits there into its
/// configuration; `origin` is written as `address`.
///
/// # Errors
///
/// Either folder cannot be used.
pub fn work_clone(from: &Path, into: &Path, address: &str, who: (&str, &str)) -> Result<(), Failure> {
    let clone = || -> Result<(), git2::Error> {
        let from = from.to_str().ok_or_else(|| git2::Error::from_str("the path is not UTF-8"))?;
        let repo = git2::build::RepoBuilder::new().clone(from, into)?;
        repo.remote_set_url("origin", address)?;
        let mut config = repo.config()?.open_level(git2::ConfigLevel::Local)?;
        config.set_str("user.name", who.0)?;
        config.set_str("user.email", who.1)?;
        // The keys of this machine's user are none of theirs.
        config.set_bool("commit.gpgsign", false)
    };
    clone().map_err(|error| cannot("clone into", into, &error))
}

fn cannot(what: &str, path: &Path, error: &git2::Error) -> Failure {
    Failure::new(FailureKind::Git, format!("cannot {what} {}", path.display())).cause(error.message())
}
