//! The connection to one remote: its references, its objects. Knows nothing of the cache folder's layout.

use super::commits::oid;
use super::progress::Meter;
use super::refs::{self, Snapshot};
use super::transport::{self, CancelScope};
use super::{Credentials, GitError, RemoteUrl};
use crate::model::{FailureKind, ObjectId, RefName, TaskContext};
use git2::{Direction, FetchOptions, ProxyOptions, RemoteCallbacks, RemoteRedirect, Repository};
use std::sync::Arc;

/// What a mirror holds of its remote.
const MIRRORED: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/// One remote and the credentials for it.
#[derive(Clone)]
pub(super) struct RemoteConnection {
    url: RemoteUrl,
    credentials: Arc<Credentials>,
}

impl RemoteConnection {
    pub(super) fn new(url: RemoteUrl, credentials: Arc<Credentials>) -> Self {
        Self { url, credentials }
    }

    /// The same for pushing, which may go by another address.
    pub(super) fn for_pushing(&self) -> Self {
        let url = self.url.push().unwrap_or(&self.url).clone();
        Self { url, credentials: Arc::clone(&self.credentials) }
    }

    pub(super) fn url(&self) -> &RemoteUrl {
        &self.url
    }

    /// Every reference of the remote.
    pub(super) fn refs(&self, repository: &Repository, task: TaskContext<'_>) -> Result<Snapshot, GitError> {
        const DOING: &str = "asking for the references";
        if let Some(path) = self.url.path() {
            return here(path, &self.url, repository);
        }
        let meter = Meter::new(task);
        let _cancel = CancelScope::new(task.cancel);
        let mut native = self.native(repository)?;
        let failed = |e: git2::Error| GitError::remote(DOING, &self.url, task, &e);
        let connection = native
            .connect_auth(Direction::Fetch, Some(self.callbacks(&meter)), Some(self.proxy()))
            .map_err(|e| self.explained(failed(e)))?;
        advertised(connection.list().map_err(failed)?, connection.default_branch().ok())
    }

    /// Downloads the objects of all branches and tags; says what those are. No reference moves.
    pub(super) fn fetch(&self, repository: &Repository, task: TaskContext<'_>) -> Result<(Snapshot, u64), GitError> {
        let (mut snapshot, bytes) = self.download(repository, task, &MIRRORED, |snapshot| {
            Ok(snapshot.refs.iter().filter(|(name, _)| mirrored(name)).map(|(_, id)| *id).collect())
        })?;
        snapshot.refs.retain(|name, _| mirrored(name));
        Ok((snapshot, bytes))
    }

    /// Downloads the objects of these references. No reference moves.
    pub(super) fn fetch_named(
        &self,
        repository: &Repository,
        names: &[RefName],
        task: TaskContext<'_>,
    ) -> Result<(), GitError> {
        if names.is_empty() {
            return Ok(());
        }
        let specs: Vec<&str> = names.iter().map(RefName::as_str).collect();
        let wanted = |snapshot: &Snapshot| {
            names
                .iter()
                .map(|name| {
                    snapshot.refs.get(name.as_str()).copied().ok_or_else(|| {
                        GitError::new(FailureKind::NotFound, format!("the remote {} has no {name}", self.url))
                            .hint("`git ls-remote` shows what it has")
                    })
                })
                .collect()
        };
        self.download(repository, task, &specs, wanted).map(|_| ())
    }

    /// Asks for the references and downloads what is wanted and not here yet.
    fn download(
        &self,
        repository: &Repository,
        task: TaskContext<'_>,
        specs: &[&str],
        wanted: impl Fn(&Snapshot) -> Result<Vec<git2::Oid>, GitError>,
    ) -> Result<(Snapshot, u64), GitError> {
        const DOING: &str = "fetching";
        let odb = repository.odb().map_err(|e| GitError::local("the cache cannot be opened", &e))?;
        let all_here = |snapshot: &Snapshot| Ok::<_, GitError>(wanted(snapshot)?.iter().all(|id| odb.exists(*id)));
        if let Some(path) = self.url.path() {
            // Read in this process: most of the time nothing is new, and then no other process is needed.
            let snapshot = here(path, &self.url, repository)?;
            if all_here(&snapshot)? {
                return Ok((snapshot, 0));
            }
        }
        let meter = Meter::new(task);
        let _cancel = CancelScope::new(task.cancel);
        let failed = |e: git2::Error| self.explained(GitError::remote(DOING, &self.url, task, &e));
        let mut native = self.native(repository)?;
        let mut connection =
            native.connect_auth(Direction::Fetch, Some(self.callbacks(&meter)), Some(self.proxy())).map_err(failed)?;
        let snapshot = advertised(connection.list().map_err(failed)?, connection.default_branch().ok())?;
        if all_here(&snapshot)? {
            return Ok((snapshot, 0));
        }
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(self.callbacks(&meter))
            .proxy_options(self.proxy())
            .download_tags(git2::AutotagOption::None)
            .update_fetchhead(false)
            .follow_redirects(RemoteRedirect::None);
        connection.remote().download(specs, Some(&mut options)).map_err(failed)?;
        let bytes = connection.remote().stats().received_bytes() as u64;
        Ok((snapshot, bytes))
    }

    /// A remote without a name; nothing is written into the repository's configuration.
    pub(super) fn native<'r>(&self, repository: &'r Repository) -> Result<git2::Remote<'r>, GitError> {
        let address = transport::address(&self.url)?;
        repository
            .remote_anonymous(&address)
            .map_err(|e| GitError::local(format!("{} cannot be used as a remote", self.url), &e))
    }

    /// The proxy on the way; libgit2 looks for none itself.
    pub(super) fn proxy(&self) -> ProxyOptions<'_> {
        let mut options = ProxyOptions::new();
        if let Some(proxy) = &self.url.route().proxy {
            options.url(proxy.url());
        }
        options
    }

    /// Credentials and progress; each callback looks at ctrl-C.
    pub(super) fn callbacks<'a>(&'a self, meter: &'a Meter<'a>) -> RemoteCallbacks<'a> {
        let mut callbacks = RemoteCallbacks::new();
        let mut session = self.credentials.session(&self.url);
        callbacks.credentials(move |url, user, allowed| session.answer(url, user, allowed));
        callbacks.transfer_progress(|stats| meter.receiving(&stats));
        callbacks.sideband_progress(|line| meter.remote_says(line));
        callbacks
    }

    /// Adds which credentials were tried to a failed login.
    pub(super) fn explained(&self, error: GitError) -> GitError {
        if error.failure().kind != FailureKind::Auth {
            return error;
        }
        self.credentials
            .tried(&self.url)
            .into_iter()
            .fold(error, |error, source| error.cause(format!("tried {}", source.0)))
    }
}

fn mirrored(name: &str) -> bool {
    name.starts_with("refs/heads/") || name.starts_with("refs/tags/")
}

fn advertised(heads: &[git2::RemoteHead<'_>], default: Option<git2::Buf>) -> Result<Snapshot, GitError> {
    let refs = heads
        .iter()
        .filter(|head| head.name().starts_with("refs/") && !head.name().ends_with("^{}"))
        .map(|head| (head.name().to_owned(), head.oid()))
        .collect();
    let head = default.and_then(|name| name.as_str().ok().map(ToOwned::to_owned));
    Ok(Snapshot { refs, head })
}

/// The references of a repository on this machine.
fn here(path: &std::path::Path, url: &RemoteUrl, mirror: &Repository) -> Result<Snapshot, GitError> {
    let missing = || {
        // What it has was fetched before: a drive is not mounted, a server's folder has another name for a while.
        if mirror.references().is_ok_and(|mut known| known.next().is_some()) {
            return GitError::new(FailureKind::Network, format!("there is no git repository at {url} any more"))
                .hint("it was there before: bring it back and go on, or correct `[repo] url` or the clone's remote");
        }
        GitError::new(FailureKind::NotFound, format!("there is no git repository at {url}"))
            .hint("check the path; `git -C PATH rev-parse --git-dir` shows whether git sees one")
    };
    if !path.exists() {
        return Err(missing());
    }
    let repository = transport::open_source(path).map_err(|e| match e.code() {
        git2::ErrorCode::NotFound => missing(),
        _ => GitError::local(format!("{url} cannot be opened"), &e),
    })?;
    let failed = |e: git2::Error| GitError::local(format!("the references of {url} cannot be read"), &e);
    let refs = refs::targets(repository.references().map_err(failed)?).map_err(failed)?;
    let head = repository.find_reference("HEAD").ok();
    let head = head.and_then(|head| head.symbolic_target().ok().flatten().map(ToOwned::to_owned));
    Ok(Snapshot { refs, head })
}

/// Is this object in the repository?
pub(super) fn has(repository: &Repository, id: ObjectId) -> bool {
    repository.odb().is_ok_and(|odb| oid(id).is_ok_and(|oid| odb.exists(oid)))
}
