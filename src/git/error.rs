//! How git fails, as data: libgit2's errors become a kind, a sentence and a hint.

use super::{Expected, RemoteUrl};
use crate::model::{Failure, FailureKind, ObjectId, RefName, TaskContext};
use git2::{ErrorClass, ErrorCode};

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// A failure with its kind and hint.
    #[error("{0}")]
    Failure(Failure),
}

/// How a push fails.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The lease failed: the reference is not where it was expected. Nothing happened.
    #[error("{name} on the remote is not where it was expected: expected {expected}, found {}", shown(.found.as_ref()))]
    Moved {
        /// The reference.
        name: RefName,
        /// What was expected.
        expected: Expected,
        /// What is there.
        found: Option<ObjectId>,
    },
    /// The server refused: a hook, a protected branch. Nothing happened.
    #[error("the server refused to update {name}: {message}")]
    Rejected {
        /// The reference.
        name: RefName,
        /// git's reason, e.g. `pre-receive hook declined`.
        message: String,
        /// The server's own lines.
        server: Vec<String>,
    },
    /// Of several references some moved and one did not: the server took them one by one.
    #[error("only a part of the push went through: {} moved, then: {why}", listed(.done))]
    Partial {
        /// The references that hold their new value now.
        done: Vec<RefName>,
        /// What happened to the first one that did not move.
        why: Box<PushError>,
    },
    /// Nothing was sent for certain.
    #[error("{0}")]
    NotSent(GitError),
    /// The connection broke after sending: it may or may not have happened.
    #[error("{0}")]
    Unknown(GitError),
}

fn shown(id: Option<&ObjectId>) -> String {
    id.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

fn listed(names: &[RefName]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl GitError {
    /// A failure of `kind`, one sentence without a full stop.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::Failure(Failure::new(kind, message))
    }

    /// Says what to do next.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        let Self::Failure(failure) = self;
        Self::Failure(failure.hint(hint))
    }

    /// Adds what led to it.
    pub(crate) fn cause(self, cause: impl ToString) -> Self {
        let Self::Failure(failure) = self;
        Self::Failure(failure.cause(cause))
    }

    /// The failure inside.
    pub fn failure(&self) -> &Failure {
        let Self::Failure(failure) = self;
        failure
    }

    /// ctrl-C.
    pub(crate) fn interrupted(doing: &str) -> Self {
        Self::new(FailureKind::Interrupted, format!("interrupted while {doing}"))
    }

    /// Reading or writing `what` failed.
    pub(crate) fn io(what: impl std::fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let failure = Self::new(FailureKind::Io, format!("{what}: {error}"));
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => {
                failure.hint("free some space, or set RELWF_CACHE_DIR to a folder with more of it")
            }
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::NotADirectory => {
                failure.hint("correct its rights, or set RELWF_CACHE_DIR to a folder of your own")
            }
            _ => failure,
        }
    }

    /// libgit2 failed on a repository that lies here.
    pub(crate) fn local(what: impl std::fmt::Display, error: &git2::Error) -> Self {
        let message = git_message(error);
        match (error.code(), error.class()) {
            (ErrorCode::Owner, _) => Self::new(FailureKind::Git, format!("{what}: the folder belongs to another user"))
                .hint("trust it with `git config --global --add safe.directory PATH`"),
            (ErrorCode::Locked, _) => Self::new(FailureKind::Git, format!("{what}: {message}"))
                .hint("another git process is writing there; if there is none, remove the `.lock` file"),
            (_, ErrorClass::Odb | ErrorClass::Zlib | ErrorClass::Object)
            | (ErrorCode::NotFound, ErrorClass::Tree | ErrorClass::Os) => {
                Self::new(FailureKind::Git, format!("{what}: {message}"))
                    .hint("an object is missing or damaged; `git fsck` shows which")
            }
            _ => match unsupported(&message) {
                Some((word, hint)) => Self::new(FailureKind::Git, format!("{what}: {word}")).cause(message).hint(hint),
                None => Self::new(FailureKind::Git, format!("{what}: {message}")),
            },
        }
    }

    /// libgit2 failed while talking to `url`.
    pub(crate) fn remote(doing: &str, url: &RemoteUrl, task: TaskContext<'_>, error: &git2::Error) -> Self {
        if task.cancel.is_raised() {
            return Self::interrupted(doing);
        }
        let message = git_message(error);
        let way = url.route().proxy.as_ref().map(|p| format!(" (by the proxy {} of {})", p.shown(), p.source));
        let sentence = format!("{doing} failed for {url}{}: {message}", way.unwrap_or_default());
        let host = url.host().unwrap_or_default();
        match (error.code(), error.class()) {
            (ErrorCode::Owner, _) => Self::local(format!("{doing} failed for {url}"), error),
            (ErrorCode::Certificate, _) if url.is_ssh() => {
                Self::new(FailureKind::Auth, format!("{doing} failed: the ssh host key of {host} is not known"))
                    .hint(format!("check the key, then add it: `ssh-keyscan {} >> ~/.ssh/known_hosts`", keyscan(host)))
                    .cause(message)
            }
            (ErrorCode::Certificate, _) | (_, ErrorClass::Ssl) => {
                Self::new(FailureKind::Network, format!("{doing} failed: the certificate of {host} is not trusted"))
                    .hint(url.route().trust.advice(host))
                    .cause(message)
            }
            (_, ErrorClass::Http | ErrorClass::Net) if message.contains("proxy") => by_proxy(sentence, url),
            (ErrorCode::Auth, _) => auth(sentence, url),
            (_, ErrorClass::Http) if message.contains("status code: 401") => auth(sentence, url),
            (_, ErrorClass::Http) if message.contains("status code: 403") => Self::new(FailureKind::Auth, sentence)
                .hint("this login may not do that: the token needs write access to the repository's contents"),
            (_, ErrorClass::Http) if message.contains("status code: 404") => {
                Self::new(FailureKind::NotFound, format!("there is no repository at {url}, or it may not be seen"))
                    .hint("check the address; forges answer 404 when credentials are missing")
            }
            (_, ErrorClass::Ssh) if message.contains("auth") => auth(sentence, url),
            // OpenSSH's own words (ssh(1)); it has the last say about keys.
            _ if url.is_ssh() && message.contains("Host key verification failed") => {
                Self::new(FailureKind::Auth, sentence).hint(format!(
                    "ssh does not trust the host's key: check it with the server's administrator before you change known_hosts; \
                     `ssh {}` shows what ssh sees",
                    url.host().unwrap_or_default()
                ))
            }
            _ if url.is_ssh() && ["Permission denied", "Too many authentication"].iter().any(|word| message.contains(word)) => {
                auth(sentence, url)
            }
            // The server printed a message instead of speaking git's protocol, and closed the connection.
            (ErrorCode::Eof, ErrorClass::Ssh) => Self::new(FailureKind::Refused, sentence)
                .hint("that is the server's message: check the path, and ask the server's administrator for access"),
            (_, ErrorClass::Net | ErrorClass::Http | ErrorClass::Ssh | ErrorClass::Os) => by_proxy(sentence, url),
            _ => Self::local(format!("{doing} failed for {url}"), error),
        }
    }
}

/// What a repository has that cannot be read here, in words, and what to do.
fn unsupported(message: &str) -> Option<(&'static str, &'static str)> {
    let has = |word: &str| message.contains(word);
    if has("object format") || has("extensions.objectformat") {
        Some((
            "its objects have SHA-256 ids, which relwf does not read",
            "repositories with SHA-1 ids work, and those of all forges have them by default; a repository cannot be converted in place",
        ))
    } else if has("extensions.refstorage") {
        Some((
            "its references are in a reftable, which relwf reads from a server only",
            "give its address on a server (ssh, https, git), or convert it: `git refs migrate --ref-format=files`",
        ))
    } else if has("extensions.") {
        Some(("it has an extension that relwf does not know", "merge in a clone of it (`git clone --bare`)"))
    } else if has("invalid packet line") {
        Some((
            "the server's answer cannot be read here",
            "servers answer so where their repository is shallow: `git fetch --unshallow` there makes it whole",
        ))
    } else if has("graft") {
        Some((
            "its grafts (info/grafts) cannot be read",
            "remove the file, or merge in a clone, where it stays behind (`git clone --bare`)",
        ))
    } else {
        None
    }
}

/// The network failed; where there is a proxy, it may be the proxy's fault.
fn by_proxy(sentence: String, url: &RemoteUrl) -> GitError {
    let error = GitError::new(FailureKind::Network, sentence);
    match &url.route().proxy {
        Some(proxy) => error.hint(proxy.advice()),
        None => error,
    }
}

fn auth(sentence: String, url: &RemoteUrl) -> GitError {
    let error = GitError::new(FailureKind::Auth, sentence);
    if url.is_ssh() {
        error.hint(
            "load a key into ssh-agent, or put one at ~/.ssh/id_ed25519; `ssh -T` on the host shows which it takes",
        )
    } else {
        error.hint("set GITHUB_TOKEN (github.com), run `gh auth login`, or store credentials with `git credential`")
    }
}

/// `host:2222` as ssh-keyscan wants it.
fn keyscan(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, port)) => format!("-p {port} {name}"),
        None => host.to_owned(),
    }
}

/// libgit2's sentence, without the trailing stop or line breaks.
pub(crate) fn git_message(error: &git2::Error) -> String {
    let text = error.message().trim().trim_end_matches('.').replace('\n', "; ");
    if text.is_empty() { format!("{:?}", error.code()) } else { text }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Failure(failure) => failure,
        }
    }
}

impl From<PushError> for Failure {
    fn from(error: PushError) -> Self {
        let message = error.to_string();
        match error {
            PushError::Moved { name, expected, found } => Self::new(FailureKind::Moved, message)
                .hint("another push came first; fetch and look again")
                .detail(serde_json::json!({
                    "ref": name,
                    "expected": match expected { Expected::Absent => None, Expected::Id(id) => Some(id) },
                    "found": found,
                })),
            PushError::Rejected { name, message: word, server } => {
                let mut failure = Self::new(FailureKind::Refused, message)
                    .hint("the server's message says why: a hook, a protected branch or missing rights")
                    .detail(serde_json::json!({ "ref": name, "message": word, "server": server }));
                failure.causes = server;
                failure
            }
            PushError::Partial { done, why } => {
                let inner = Self::from(*why);
                Self { message, hint: Some("look at the remote: some references moved".to_owned()), ..inner }
                    .detail(serde_json::json!({ "done": done }))
            }
            PushError::NotSent(error) => error.into(),
            PushError::Unknown(error) => {
                let inner = Self::from(error);
                Self {
                    kind: FailureKind::InDoubt,
                    message: format!("the push may or may not have happened: {}", inner.message),
                    hint: Some("look at the remote's reference before trying again".to_owned()),
                    ..inner
                }
            }
        }
    }
}
