//! The repository that a folder lies in.

use crate::model::{Failure, FailureKind};
use std::path::{Path, PathBuf};

/// The repository that a folder lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosing {
    /// Its work tree, or the repository itself when it is bare.
    pub root: PathBuf,
    /// Where its releases go.
    pub remote: DefaultRemote,
    /// Its local and remote-tracking branches, short names without the remote's.
    pub branches: Vec<String>,
}

/// The remote of a clone that is meant where none is named: `checkout.defaultRemote` says which (git-config(1)), else it is `origin`,
/// else the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultRemote {
    /// The repository has none.
    None,
    /// Its name, and its URL as written.
    At { name: String, url: String },
    /// The names of several, none of which stands out.
    Unclear(Vec<String>),
}

impl DefaultRemote {
    /// The URL, or `None` where the repository has no remote.
    ///
    /// # Errors
    ///
    /// Kind `config` where several could be meant.
    pub fn url(&self) -> Result<Option<&str>, Failure> {
        match self {
            Self::None => Ok(None),
            Self::At { url, .. } => Ok(Some(url)),
            Self::Unclear(names) => Err(Failure::new(
                FailureKind::Config,
                format!("the clone has several remotes ({}) and none is called origin", names.join(", ")),
            )
            .hint(
                "say which releases go to: `git config checkout.defaultRemote NAME`, or [repo] url = \"…\" in relwf.toml",
            )),
        }
    }
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
    let name = default_remote(&repo);
    let prefix = name.as_ref().ok().map(|name| format!("{}/", name.as_deref().unwrap_or("origin")));
    let remote = match name {
        Err(several) => DefaultRemote::Unclear(several),
        Ok(None) => DefaultRemote::None,
        Ok(Some(name)) => {
            let remote = repo.find_remote(&name).map_err(|error| cannot_open(dir, &error))?;
            let url = remote.url().map_err(|error| cannot_open(dir, &error))?;
            DefaultRemote::At { url: url.to_owned(), name }
        }
    };
    let mut branches: Vec<String> = Vec::new();
    for (branch, _) in repo.branches(None).into_iter().flatten().flatten() {
        let Ok(Some(name)) = branch.name() else { continue };
        let name = prefix.as_deref().and_then(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        if name != "HEAD" && !branches.iter().any(|known| known == name) {
            branches.push(name.to_owned());
        }
    }
    branches.sort();
    Ok(Some(Enclosing { root, remote, branches }))
}

/// The name of the remote that is meant; the names of several where none stands out.
fn default_remote(repo: &git2::Repository) -> Result<Option<String>, Vec<String>> {
    let named = repo.config().and_then(|config| config.get_string("checkout.defaultRemote")).ok();
    let mut names: Vec<String> = Vec::new();
    for name in repo.remotes().iter().flatten().flatten().flatten() {
        names.push(name.to_owned());
    }
    let chosen =
        named.iter().map(String::as_str).chain(["origin"]).find(|wanted| names.iter().any(|name| name == wanted));
    match (chosen, &names[..]) {
        (Some(name), _) => Ok(Some(name.to_owned())),
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only.clone())),
        (None, _) => Err(names),
    }
}

fn cannot_open(dir: &Path, error: &git2::Error) -> Failure {
    let failure = Failure::new(FailureKind::Git, format!("the repository around {} cannot be opened", dir.display()))
        .cause(error.message());
    if error.code() == git2::ErrorCode::Owner {
        return failure.hint("it belongs to another user; `git config --global --add safe.directory <path>` trusts it");
    }
    failure.hint("`git fsck` there shows what is damaged")
}
