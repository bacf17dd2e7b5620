//! The remote of a project, resolved once: where it is, the route there, which forge it is on, whose credentials are for it.
//!
//! Knows the command line and relwf.toml; nothing of what is done with the remote.

use super::invocation::{Fetch, Invocation};
use crate::config::{Config, ForgeKind};
use crate::forge::{FORGEJO, GITHUB, GITLAB, Hosted, ProjectPages};
use crate::git::{self, Credentials, DefaultRemote, Keep, Mirror, RemoteUrl};
use crate::model::{Failure, FailureKind, HttpUrl, TaskContext};
use crate::network::Routes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The remote of a project.
pub struct Remote {
    /// Its address, with the route that leads there.
    pub url: RemoteUrl,
    /// What the clone calls it, where that decided.
    pub name: Option<String>,
    /// Which forge it is on.
    pub forge: ForgeKind,
    /// Where that forge's API is, or why there is none.
    pub api: Result<String, Failure>,
    /// Credentials for it and for its forge, never shown.
    pub credentials: Arc<Credentials>,
}

impl Remote {
    /// `--repo`, else `[repo].url`, else the enclosing repository's remote, else that repository itself. `routes` is called
    /// where the way there is by http.
    ///
    /// # Errors
    ///
    /// Kind `config` when there is nothing to take, or its address is wrong; `not-found` when it is a path where nothing is.
    pub(super) fn resolve(
        invocation: &Invocation,
        config: &Config,
        routes: impl FnOnce() -> Result<Routes, Failure>,
    ) -> Result<Self, Failure> {
        let Address { text, push, base, name } = address(invocation, config)?;
        let (url, push) =
            (RemoteUrl::parse(&text, &base)?, push.map(|push| RemoteUrl::parse(&push, &base)).transpose()?);
        let by_http = url.is_http() || push.as_ref().is_some_and(RemoteUrl::is_http);
        let routes = if by_http { Some(routes()?) } else { None };
        let mut logins = Vec::new();
        let mut reached = |mut url: RemoteUrl| -> Result<RemoteUrl, Failure> {
            if let Some(routes) = routes.as_ref().filter(|_| url.is_http()) {
                logins.extend(git::http_logins(&*invocation.env, routes, &url));
                url = url.by(routes)?;
            }
            if url.is_ssh() {
                url = url.through(git::ssh_program(&*invocation.env, Some(&config.root))?);
            }
            Ok(url)
        };
        let push = push.map(&mut reached).transpose()?;
        let url = reached(url)?;
        let push = push.filter(|push| push.to_string() != url.to_string());
        let url = url.pushed_to(push);
        let needed = invocation.fetch == Fetch::First;
        if let Some(path) = url.path().filter(|path| needed && !path.exists()) {
            return Err(Failure::new(FailureKind::NotFound, format!("there is no repository at {}", path.display()))
                .hint(address_hint(invocation, config)));
        }
        let forge = config.forge.kind.unwrap_or_else(|| forge_of(&url));
        let api = api_of(config, forge, &url);
        let env = Arc::clone(&invocation.env);
        let credentials = Credentials::new(move |name| env(name), config.forge.api.as_deref()).with_logins(logins);
        let credentials = Arc::new(match own_tokens(forge, api.as_deref().ok()) {
            Some((host, variables)) => credentials.with_forge(&host, variables),
            None => credentials,
        });
        Ok(Self { url, name, forge, api, credentials })
    }

    /// The project's pages on its forge, where there is one.
    pub(super) fn pages(&self) -> Option<ProjectPages> {
        ProjectPages::of(hosted(self.forge)?, self.api.as_deref().ok()?, &self.url).ok()
    }

    /// The mirror of it, cloned when there is none, and fetched unless that is to be skipped.
    ///
    /// # Errors
    ///
    /// The remote or the cache cannot be reached.
    pub(super) fn mirror(&self, invocation: &Invocation, keep: Keep, task: TaskContext<'_>) -> Result<Mirror, Failure> {
        let credentials = Arc::clone(&self.credentials);
        let mirror = Mirror::open(&invocation.cache_dir()?, &self.url, credentials, keep, task)?;
        if invocation.fetch == Fetch::First {
            mirror.sync(task)?;
        }
        Ok(mirror)
    }
}

/// The remote's address as written.
struct Address {
    text: String,
    /// Where pushes go, when that is another address.
    push: Option<String>,
    /// Where a relative path starts from.
    base: PathBuf,
    /// The remote of the clone that has it.
    name: Option<String>,
}

fn address(invocation: &Invocation, config: &Config) -> Result<Address, Failure> {
    if let Some(repo) = &invocation.repo {
        let push = push_of_clone(invocation, repo, &invocation.dir);
        return Ok(Address { text: repo.clone(), push, base: invocation.dir.clone(), name: None });
    }
    if let Some(repo) = &config.repo {
        let push = push_of_clone(invocation, repo, &config.root);
        return Ok(Address { text: repo.clone(), push, base: config.root.clone(), name: None });
    }
    match git::enclosing(&invocation.dir)? {
        Some(found) => {
            let text = found.remote.url()?.map_or_else(|| found.root.display().to_string(), str::to_owned);
            let (name, push) = match found.remote {
                DefaultRemote::At { name, push, .. } => (Some(name), push),
                DefaultRemote::None | DefaultRemote::Unclear(_) | DefaultRemote::NoUrl(_) => (None, None),
            };
            Ok(Address { text, push, base: found.root, name })
        }
        None => Err(Failure::new(
            FailureKind::Config,
            format!("no repository to work with: {} lies in none and there is no relwf.toml", invocation.dir.display()),
        )
        .hint("run it inside a git repository, or write [repo] url = \"…\" into relwf.toml (`relwf init` makes one)")),
    }
}

/// Where the enclosing clone pushes to, where the address is that of its remote.
fn push_of_clone(invocation: &Invocation, repo: &str, base: &Path) -> Option<String> {
    let found = git::enclosing(&invocation.dir).ok()??;
    let DefaultRemote::At { url, push: Some(push), .. } = found.remote else { return None };
    let own = RemoteUrl::parse(&url, &found.root).ok()?;
    if own.to_string() != RemoteUrl::parse(repo, base).ok()?.to_string() {
        return None;
    }
    // A relative path starts at the clone.
    let place = RemoteUrl::parse(&push, &found.root).ok()?;
    Some(place.path().map_or(push, |path| path.display().to_string()))
}

fn address_hint(invocation: &Invocation, config: &Config) -> String {
    match (&invocation.repo, &config.file) {
        (Some(_), _) => "check --repo".to_owned(),
        (None, Some(file)) if config.repo.is_some() => format!("check [repo].url in {}", file.display()),
        _ => "check the remote: `git remote -v`".to_owned(),
    }
}

/// What the remote's host is known to be, else none at all.
fn forge_of(url: &RemoteUrl) -> ForgeKind {
    match host(url) {
        Some("github.com") => ForgeKind::Github,
        Some("gitlab.com") => ForgeKind::Gitlab,
        Some("codeberg.org") => ForgeKind::Forgejo,
        _ => ForgeKind::Local,
    }
}

/// The host without its port.
fn host(url: &RemoteUrl) -> Option<&str> {
    url.host().map(|host| host.split(':').next().unwrap_or(host))
}

/// The forge of a kind; `None` where changes live in the git repository itself.
pub(super) fn hosted(kind: ForgeKind) -> Option<Hosted> {
    match kind {
        ForgeKind::Github => Some(GITHUB),
        ForgeKind::Gitlab => Some(GITLAB),
        ForgeKind::Forgejo => Some(FORGEJO),
        ForgeKind::Local => None,
    }
}

/// Where the API of a kind of forge is: `[forge].api`, else on the remote's host.
///
/// # Errors
///
/// Kind `config` where there is no host.
pub(super) fn api_of(config: &Config, kind: ForgeKind, url: &RemoteUrl) -> Result<String, Failure> {
    if let Some(api) = &config.forge.api {
        return Ok(api.clone());
    }
    let below = hosted(kind).unwrap_or(GITHUB).api_path;
    // The port of an ssh remote is no web server's.
    match (kind, if url.is_http() { url.host() } else { host(url) }) {
        (ForgeKind::Github, Some("github.com")) => Ok("https://api.github.com".to_owned()),
        (_, Some(host)) => Ok(format!("https://{host}/{below}")),
        (_, None) => Err(Failure::new(FailureKind::Config, format!("{url} is on no host, so it has no forge"))
            .hint(format!("write api = \"https://HOST/{below}\" into [forge], or kind = \"local\""))),
    }
}

/// The variables that hold tokens for a host with that kind of forge, as messages name them.
pub(super) fn variables(kind: ForgeKind, host: Option<&str>) -> &'static [&'static str] {
    match kind {
        ForgeKind::Github if !matches!(host, Some("api.github.com" | "github.com") | None) => {
            &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
        }
        kind => hosted(kind).unwrap_or(GITHUB).tokens,
    }
}

/// The host of the project's own forge, and the variables that hold tokens for it; github.com's have rules of their own.
fn own_tokens(kind: ForgeKind, api: Option<&str>) -> Option<(String, &'static [&'static str])> {
    if kind == ForgeKind::Local {
        return None;
    }
    let api = HttpUrl::parse(api?)?;
    let host = api.host();
    let own = !matches!((kind, host), (ForgeKind::Github, "api.github.com" | "github.com"));
    own.then(|| (host.to_owned(), variables(kind, Some(host))))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::app::Project;
    use crate::git::CrossCheckMode;
    use crate::model::Cancel;

    /// A project with this remote, these lines about the forge, and a token in every variable, which is its name.
    pub(crate) fn project(dir: &std::path::Path, url: &str, forge: &str) -> Project {
        std::fs::write(dir.join("relwf.toml"), format!("[repo]\nurl = \"{url}\"\n[forge]\n{forge}\n")).unwrap();
        let env = |name: &str| (name.ends_with("_TOKEN")).then(|| name.to_owned());
        let invocation = Invocation {
            dir: dir.to_owned(),
            config: None,
            repo: None,
            fetch: Fetch::First,
            cross_check: CrossCheckMode::Ask,
            env: Arc::new(env),
            cancel: Cancel::new(),
        };
        Project::open(&invocation).unwrap()
    }

    #[test]
    fn the_remote_says_which_forge_where_its_api_is_and_whose_token_goes_there() {
        let dir = tempfile::tempdir().unwrap();
        for (remote, forge, found, base, variable) in [
            (
                "git@gitlab.com:acme/platform/service.git",
                "",
                ForgeKind::Gitlab,
                "https://gitlab.com/api/v4",
                "GITLAB_TOKEN",
            ),
            (
                "https://codeberg.org/acme/service",
                "",
                ForgeKind::Forgejo,
                "https://codeberg.org/api/v1",
                "FORGEJO_TOKEN",
            ),
            ("https://github.com/acme/service", "", ForgeKind::Github, "https://api.github.com", "GITHUB_ACCESS_TOKEN"),
            (
                "https://ghe.acme.example:8443/acme/service",
                "kind = \"github\"",
                ForgeKind::Github,
                "https://ghe.acme.example:8443/api/v3",
                "GH_ENTERPRISE_TOKEN",
            ),
            (
                "ssh://git@git.acme.example:2222/acme/service.git",
                "kind = \"gitlab\"",
                ForgeKind::Gitlab,
                "https://git.acme.example/api/v4",
                "GITLAB_TOKEN",
            ),
            (
                "https://git.acme.example:8443/acme/service.git",
                "kind = \"forgejo\"",
                ForgeKind::Forgejo,
                "https://git.acme.example:8443/api/v1",
                "FORGEJO_TOKEN",
            ),
            (
                "git@git.acme.example:acme/service.git",
                "kind = \"gitlab\"\napi = \"https://lab.acme.example/gitlab/api/v4\"",
                ForgeKind::Gitlab,
                "https://lab.acme.example/gitlab/api/v4",
                "GITLAB_TOKEN",
            ),
        ] {
            let project = project(dir.path(), remote, forge);
            let resolved = project.remote().unwrap();
            assert_eq!(resolved.forge, found, "{remote}");
            assert_eq!(resolved.api.as_deref(), Ok(base), "{remote}");
            let host = HttpUrl::parse(base).unwrap().host().to_owned();
            let source = resolved.credentials.source(&host).map(|source| source.0);
            assert_eq!(source.as_deref(), Some(variable));
        }
    }

    #[test]
    fn it_is_resolved_once() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(dir.path(), "git@github.com:acme/service.git", "");
        let (first, second) = (project.remote().unwrap(), project.remote().unwrap());
        assert!(std::ptr::eq(first, second));
        // Nothing is there, and that stays so too: one command gets one answer.
        let project = super::tests::project(dir.path(), "/no/such/repository", "");
        let failure = project.remote().err().unwrap();
        assert_eq!(failure.kind, FailureKind::NotFound);
        assert_eq!(project.remote().err(), Some(failure));
    }
}
