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
    At {
        name: String,
        url: String,
        /// Where pushes go, when that is another address.
        push: Option<String>,
    },
    /// The names of several, none of which stands out.
    Unclear(Vec<String>),
    /// The one that is meant has no URL.
    NoUrl(String),
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
                format!("the clone has several remotes ({}), and neither git's setting nor the name origin says which", names.join(", ")),
            )
            .hint(
                "say which releases go to: `git config checkout.defaultRemote NAME`, or [repo] url = \"…\" in relwf.toml",
            )),
            Self::NoUrl(name) => Err(Failure::new(
                FailureKind::Config,
                format!("releases would go to the remote `{name}`, which has no URL"),
            )
            .hint(format!(
                "`git remote -v` shows its remotes: `git remote set-url {name} URL`, or name another in `git config checkout.defaultRemote NAME`"
            ))),
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
    let remote = default_remote(&repo);
    let prefix = match &remote {
        DefaultRemote::At { name, .. } => format!("{name}/"),
        DefaultRemote::None | DefaultRemote::Unclear(_) | DefaultRemote::NoUrl(_) => "origin/".to_owned(),
    };
    let mut branches: Vec<String> = Vec::new();
    for (branch, _) in repo.branches(None).into_iter().flatten().flatten() {
        let Ok(Some(name)) = branch.name() else { continue };
        let name = name.strip_prefix(&*prefix).unwrap_or(name);
        if name != "HEAD" && !branches.iter().any(|known| known == name) {
            branches.push(name.to_owned());
        }
    }
    branches.sort();
    Ok(Some(Enclosing { root, remote, branches }))
}

/// The remote that is meant.
fn default_remote(repo: &git2::Repository) -> DefaultRemote {
    let configured = repo.config().and_then(|config| config.get_string("checkout.defaultRemote")).ok();
    let names: Vec<String> = repo.remotes().iter().flatten().flatten().flatten().map(str::to_owned).collect();
    // It may be a person's setting for other clones.
    let name = match (configured.filter(|name| names.contains(name)), &names[..]) {
        (Some(name), _) => name,
        (None, []) => return DefaultRemote::None,
        (None, [only]) => only.clone(),
        (None, several) if several.iter().any(|name| name == "origin") => "origin".to_owned(),
        (None, _) => return DefaultRemote::Unclear(names),
    };
    let remote = repo.find_remote(&name).ok();
    let found = remote.as_ref().and_then(|remote| remote.url().ok().map(str::to_owned));
    let push = remote.as_ref().and_then(|remote| remote.pushurl().ok().flatten().map(str::to_owned));
    let push = push.or_else(|| pushed_instead(repo, &name));
    match found.filter(|url| !url.is_empty()) {
        Some(url) => DefaultRemote::At { push: push.filter(|push| !push.is_empty() && *push != url), name, url },
        None => DefaultRemote::NoUrl(name),
    }
}

/// Where `url.<base>.pushInsteadOf` sends what is pushed to a remote without a `pushurl`: of several that fit its address as written the
/// longest counts (git-config(1)).
fn pushed_instead(repo: &git2::Repository, name: &str) -> Option<String> {
    let config = repo.config().ok()?.snapshot().ok()?;
    let written = config.get_string(&format!("remote.{name}.url")).ok()?;
    let mut best: Option<(usize, String)> = None;
    let mut found = config.entries(Some(r"^url\..*\.pushinsteadof$")).ok()?;
    while let Some(Ok(entry)) = found.next() {
        let (Ok(key), Ok(prefix)) = (entry.name(), entry.value()) else { continue };
        let base = key.strip_prefix("url.").and_then(|key| key.strip_suffix(".pushinsteadof"));
        let (Some(base), Some(rest)) = (base, written.strip_prefix(prefix)) else { continue };
        if best.as_ref().is_none_or(|(length, _)| *length < prefix.len()) {
            best = Some((prefix.len(), format!("{base}{rest}")));
        }
    }
    best.map(|(_, url)| url)
}

fn cannot_open(dir: &Path, error: &git2::Error) -> Failure {
    let failure = Failure::new(FailureKind::Git, format!("the repository around {} cannot be opened", dir.display()))
        .cause(error.message());
    if error.code() == git2::ErrorCode::Owner {
        return failure.hint("it belongs to another user; `git config --global --add safe.directory <path>` trusts it");
    }
    failure.hint("`git fsck` there shows what is damaged")
}
