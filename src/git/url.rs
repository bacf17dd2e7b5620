//! Where a remote is: a path, `file://`, `https://`, `ssh://` or `user@host:path`.
//!
//! Passwords inside an address are kept for the connection and never shown.

use super::GitError;
use super::ssh::{SshPlace, SshProgram};
use crate::model::{FailureKind, HttpUrl, hex, keep_secret};
use crate::network::{Route, Routes};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::{Path, PathBuf};

/// A remote's address. Shown without a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    shown: String,
    /// Behind the host; empty for a path on this machine.
    path: String,
    place: Endpoint,
    route: Route,
    /// What reaches it, where that is a program of its own.
    ssh: Option<SshProgram>,
    /// Where pushes go instead: another way to the same repository.
    push: Option<Box<RemoteUrl>>,
}

#[derive(Clone, PartialEq, Eq)]
enum Endpoint {
    Local(PathBuf),
    Http(HttpUrl),
    Ssh { host: String, user: Option<String> },
    GitDaemon { host: String },
}

impl RemoteUrl {
    fn new(shown: String, path: &str, place: Endpoint) -> Self {
        Self { shown, path: path.to_owned(), place, route: Route::default(), ssh: None, push: None }
    }

    /// Reads an address; a relative path is taken from `relative_to`.
    ///
    /// The rules are git's (`git help clone`, "GIT URLS"): a colon before the first slash makes `host:path`.
    ///
    /// # Errors
    ///
    /// An empty text, a scheme that git does not have, an address without a host.
    pub fn parse(text: &str, relative_to: &Path) -> Result<Self, GitError> {
        let text = text.trim();
        let wrong = |why: &str| {
            GitError::new(
                FailureKind::Config,
                format!("`{}` is not a repository's address: {why}", without_password(text)),
            )
            .hint("write a path, `https://host/owner/name`, `ssh://user@host/path` or `user@host:path`")
        };
        if text.is_empty() {
            return Err(wrong("it is empty"));
        }
        if text.starts_with('-') || text.contains(['\0', '\n', '\r']) {
            return Err(wrong("it starts with a dash or holds a control character"));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                "file" => {
                    let path = rest.strip_prefix("localhost").unwrap_or(rest);
                    if !path.starts_with('/') {
                        return Err(wrong("`file://` needs an absolute path"));
                    }
                    Ok(Self::local(Path::new(&percent_decoded(path))))
                }
                scheme @ ("http" | "https") => {
                    let (_, host, path) = authority(rest).ok_or_else(|| wrong("it has no host"))?;
                    let url = HttpUrl::parse(text).ok_or_else(|| wrong("it is no URL"))?;
                    Ok(Self::new(format!("{scheme}://{host}{path}"), path, Endpoint::Http(url)))
                }
                "ssh" | "git+ssh" | "ssh+git" => {
                    let (user, host, path) = authority(rest).ok_or_else(|| wrong("it has no host"))?;
                    let user = user.map(|info| percent_decoded(info.split(':').next().unwrap_or(info)));
                    let at = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                    Ok(Self::new(format!("ssh://{at}{host}{path}"), path, Endpoint::Ssh { host, user }))
                }
                "git" => {
                    let (_, host, path) = authority(rest).ok_or_else(|| wrong("it has no host"))?;
                    Ok(Self::new(format!("git://{host}{path}"), path, Endpoint::GitDaemon { host }))
                }
                other => Err(wrong(&format!("`{other}` is not a protocol that relwf speaks"))),
            };
        }
        let slash = text.find('/').unwrap_or(text.len());
        if let Some((before, path)) = text.split_once(':').filter(|(before, _)| before.len() < slash) {
            let (user, host) = match before.rsplit_once('@') {
                Some((user, host)) => (Some(user.to_owned()), host),
                None => (None, before),
            };
            if host.is_empty() || path.is_empty() || host.starts_with('-') {
                return Err(wrong("host or path is missing around the colon"));
            }
            let place = Endpoint::Ssh { host: host.to_owned(), user };
            return Ok(Self::new(text.to_owned(), path, place));
        }
        let path = match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => std::env::home_dir()
                .ok_or_else(|| wrong("there is no home directory to replace `~`"))?
                .join(rest.trim_start_matches('/')),
            _ => relative_to.join(text),
        };
        Ok(Self::local(&path))
    }

    /// The address of a repository that lies here.
    pub(crate) fn local(path: &Path) -> Self {
        // One repository, one mirror: however its path was written.
        let path = real(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
        Self::new(path.display().to_string(), "", Endpoint::Local(path))
    }

    /// The same address by the way that leads to it: without, it is reached directly and trusts the machine's certificates.
    ///
    /// # Errors
    ///
    /// Kind `config` when the proxy that is named is none that can be used for it.
    pub fn by(mut self, routes: &Routes) -> Result<Self, GitError> {
        if let Endpoint::Http(url) = &self.place {
            self.route = routes.to(url).map_err(GitError::Failure)?;
            // libgit2 would connect directly, against what is configured.
            if let Some(proxy) = self.route.proxy.as_ref().filter(|_| !url.is_https()) {
                let (proxy, source) = (proxy.shown(), &proxy.source);
                return Err(GitError::new(
                    FailureKind::Config,
                    format!(
                        "{} is to be reached by the proxy {proxy} of {source}, which relwf can do for https alone",
                        self.shown
                    ),
                )
                .hint("use the https address, or list the host in no_proxy to reach it directly"));
            }
        }
        Ok(self)
    }

    /// The same address, reached by a program where it is on an ssh server.
    #[must_use]
    pub fn through(self, ssh: Option<SshProgram>) -> Self {
        Self { ssh, ..self }
    }

    /// The same, pushed to by another address (`remote.<name>.pushurl` and `url.<base>.pushInsteadOf` of git-config(1)).
    #[must_use]
    pub fn pushed_to(self, push: Option<Self>) -> Self {
        Self { push: push.map(Box::new), ..self }
    }

    /// Where pushes go, when that is another address.
    pub fn push(&self) -> Option<&Self> {
        self.push.as_deref()
    }

    /// The program that reaches it, and where it is on the server.
    pub(super) fn by_ssh_program(&self) -> Option<(&SshProgram, SshPlace<'_>)> {
        match (&self.place, &self.ssh) {
            (Endpoint::Ssh { host, user }, Some(program)) => {
                Some((program, SshPlace { host, user: user.as_deref(), path: &self.path }))
            }
            _ => None,
        }
    }

    /// The way that leads to it.
    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// A path or `file://`?
    pub fn is_local(&self) -> bool {
        matches!(self.place, Endpoint::Local(_))
    }

    /// `https://` or `http://`?
    pub fn is_http(&self) -> bool {
        matches!(self.place, Endpoint::Http(_))
    }

    /// The address of a repository on a web server.
    pub(super) fn http(&self) -> Option<&HttpUrl> {
        match &self.place {
            Endpoint::Http(url) => Some(url),
            Endpoint::Local(_) | Endpoint::Ssh { .. } | Endpoint::GitDaemon { .. } => None,
        }
    }

    /// `ssh://` or `user@host:path`?
    pub fn is_ssh(&self) -> bool {
        matches!(self.place, Endpoint::Ssh { .. })
    }

    /// The path of a local one.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Endpoint::Local(path) => Some(path),
            _ => None,
        }
    }

    /// The host, with the port when it has one.
    pub fn host(&self) -> Option<&str> {
        match &self.place {
            Endpoint::Local(_) => None,
            Endpoint::Http(url) => Some(url.host()),
            Endpoint::Ssh { host, .. } | Endpoint::GitDaemon { host } => Some(host),
        }
    }

    /// What stands behind the host; empty for a repository on this machine.
    pub fn path_on_host(&self) -> &str {
        &self.path
    }

    /// User name and password that stand in the address itself.
    pub(crate) fn userinfo(&self) -> (Option<String>, Option<String>) {
        let (user, password) = match &self.place {
            Endpoint::Http(url) => (url.user().map(percent_decoded), url.password().map(percent_decoded)),
            Endpoint::Ssh { user, .. } => (user.clone(), None),
            Endpoint::Local(_) | Endpoint::GitDaemon { .. } => (None, None),
        };
        password.iter().for_each(|password| keep_secret(password));
        (user, password)
    }

    /// The folder name of its mirror: readable, and different for different addresses.
    pub(crate) fn folder(&self) -> String {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(self.shown.as_bytes());
        let hash: String = hex(&digest[..6]);
        let last = self.shown.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).next().unwrap_or("");
        let name: String = last
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
            .take(40)
            .collect();
        let name = name.trim_matches(['.', '-']);
        format!("{}-{hash}", if name.is_empty() { "repository" } else { name })
    }
}

/// `user:password@host:port/path` in three; the host is in lower case.
fn authority(rest: &str) -> Option<(Option<&str>, String, &str)> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    (!host.is_empty() && !host.starts_with('-')).then(|| (userinfo, host.to_ascii_lowercase(), path))
}

/// What may be shown of an address that could not be read.
fn without_password(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &text[..scheme], &text[at..]),
        _ => text.to_owned(),
    }
}

/// `%20` and the like; what is not an escape stays as it is.
fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into)
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({})", self.shown)
    }
}

/// The path without links, `.` and `..`; one that is away just now (an unmounted disk) is the same as when it was there.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize().or_else(|away| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(real(parent)?.join(name)),
        _ => Err(away),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RemoteUrl {
        RemoteUrl::parse(text, Path::new("/base")).unwrap()
    }

    #[test]
    fn addresses_are_read_by_gits_rules() {
        for (text, shown, host, local) in [
            ("https://GitHub.com/acme/service.git", "https://github.com/acme/service.git", Some("github.com"), false),
            ("https://u:p@host:8443/x", "https://host:8443/x", Some("host:8443"), false),
            ("git@github.com:acme/service.git", "git@github.com:acme/service.git", Some("github.com"), false),
            ("host:path", "host:path", Some("host"), false),
            ("ssh://me@host:2222/srv/x.git", "ssh://me@host:2222/srv/x.git", Some("host:2222"), false),
            ("file:///no/such%20place", "/no/such place", None, true),
            ("file://localhost/no/such", "/no/such", None, true),
            ("../x y/ü.git", "/base/../x y/ü.git", None, true),
            ("./a:b", "/base/./a:b", None, true),
            ("/no/such/a:b", "/no/such/a:b", None, true),
        ] {
            let url = parse(text);
            assert_eq!((url.host(), url.is_local()), (host, local), "{text}");
            if !text.starts_with('.') {
                assert_eq!(url.to_string(), shown, "{text}");
            }
        }
        for bad in ["", "  ", "-upload-pack=x", "ftp://x/y", "https:///x", "file://host/x", "@:x", "host:", "a\nb"] {
            assert!(RemoteUrl::parse(bad, Path::new("/base")).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_password_is_kept_and_never_shown() {
        let url = parse("https://me:s3cr%40t@host/x.git");
        assert_eq!(url.userinfo(), (Some("me".to_owned()), Some("s3cr@t".to_owned())));
        assert!(!format!("{url} {url:?}").contains("s3cr"));
        let error = RemoteUrl::parse("ftp://me:s3cret@host/x", Path::new("/")).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn different_addresses_get_different_readable_folders() {
        let (a, b) = (parse("https://h/acme/service.git").folder(), parse("https://h/other/service").folder());
        assert!(a.starts_with("service-") && b.starts_with("service-") && a != b, "{a} {b}");
        assert!(parse("/no/such/日本 x").folder().ends_with(char::is_alphanumeric));
    }
}
