//! The repository that a folder lies in.

use crate::model::{Failure, FailureKind};
use std::path::{Path, PathBuf};

/// The repository that a folder lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosing {
    /// Its work tree, or the repository itself when it is bare.
    pub root: PathBuf,
    /// The URL of its remote `origin`, as written.
    pub origin: Option<String>,
    /// Its local and remote-tracking branches, short names without `origin/`.
    pub branches: Vec<String>,
}

/// The repository that `dir` lies in; `None` when there is none.
///
/// # Errors
///
/// There is one, but it cannot be opened: damaged, or owned by another user (git's `safe.directory`).
pub fn enclosing(dir: &Path) -> Result<Option<Enclosing>, Failure> {
    let repo = match git2::Repository::discover(dir) {
        Ok(repo) => repo,
        Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(cannot_open(dir, &error)),
    };
    let root = repo.workdir().unwrap_or_else(|| repo.path()).to_owned();
    let origin = repo.find_remote("origin").ok().and_then(|remote| remote.url().ok().map(str::to_owned));
    let mut branches: Vec<String> = Vec::new();
    for (branch, _) in repo.branches(None).into_iter().flatten().flatten() {
        let Ok(Some(name)) = branch.name() else { continue };
        let name = name.strip_prefix("origin/").unwrap_or(name);
        if name != "HEAD" && !branches.iter().any(|known| known == name) {
            branches.push(name.to_owned());
        }
    }
    branches.sort();
    Ok(Some(Enclosing { root, origin, branches }))
}

fn cannot_open(dir: &Path, error: &git2::Error) -> Failure {
    let failure = Failure::new(FailureKind::Git, format!("the repository around {} cannot be opened", dir.display()))
        .cause(error.message());
    if error.code() == git2::ErrorCode::Owner {
        return failure.hint("it belongs to another user; `git config --global --add safe.directory <path>` trusts it");
    }
    failure.hint("`git fsck` there shows what is damaged")
}
