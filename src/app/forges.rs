//! Which forge a project is on, where its API is, and whose token goes there.

use super::project::Project;
use crate::config::ForgeKind;
use crate::forge::{forgejo_api, github_api, gitlab_api};
use crate::git::RemoteUrl;
use crate::http::{Api, Client};
use crate::model::{Failure, FailureKind, HttpUrl, Secret};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `[forge].kind`, else what the remote's host is known to be, else none at all.
pub(super) fn kind(project: &Project, url: &RemoteUrl) -> ForgeKind {
    if let Some(kind) = project.config.forge.kind {
        return kind;
    }
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

/// Where the API of a kind of forge is: `[forge].api`, else on the remote's host.
///
/// # Errors
///
/// Kind `config` where there is no host.
pub(super) fn address(project: &Project, kind: ForgeKind, url: &RemoteUrl) -> Result<String, Failure> {
    if let Some(api) = &project.config.forge.api {
        return Ok(api.clone());
    }
    let below = match kind {
        ForgeKind::Gitlab => "api/v4",
        ForgeKind::Forgejo => "api/v1",
        ForgeKind::Github | ForgeKind::Local => "api/v3",
    };
    // The port of an ssh remote is no web server's.
    match (kind, if url.is_http() { url.host() } else { host(url) }) {
        (ForgeKind::Github, Some("github.com")) => Ok("https://api.github.com".to_owned()),
        (_, Some(host)) => Ok(format!("https://{host}/{below}")),
        (_, None) => {
            Err(Failure::new(FailureKind::Config, format!("{url} is on no host, so there is no forge to ask"))
                .hint(format!("say api = \"https://HOST/{below}\" under [forge], or kind = \"local\"")))
        }
    }
}

/// The APIs of a project's forge and CI. Where both ask the same server they share one: what was asked, and how fast writes
/// follow one another, is known in one place.
pub(super) struct Apis<'a> {
    project: &'a Project,
    url: &'a RemoteUrl,
    known: RefCell<BTreeMap<String, Arc<Api>>>,
}

impl<'a> Apis<'a> {
    pub(super) fn new(project: &'a Project, url: &'a RemoteUrl) -> Self {
        Self { project, url, known: RefCell::default() }
    }

    /// The forge's API.
    ///
    /// # Errors
    ///
    /// Kind `config` where it has no address, or the token would go there in the clear.
    pub(super) fn of(&self, kind: ForgeKind) -> Result<Arc<Api>, Failure> {
        self.at(kind, &address(self.project, kind, self.url)?, "[forge]")
    }

    /// The API at `base`, as `table` says, with that host's token, which goes nowhere else.
    ///
    /// # Errors
    ///
    /// Kind `config` where the token would go there in the clear.
    pub(super) fn at(&self, kind: ForgeKind, base: &str, table: &str) -> Result<Arc<Api>, Failure> {
        if let Some(api) = self.known.borrow().get(base) {
            return Ok(Arc::clone(api));
        }
        let parsed = RemoteUrl::parse(base, &self.project.config.root)?;
        let credential = self.project.credentials().for_host(parsed.host().unwrap_or_default());
        if credential.is_some() {
            never_in_the_clear(base, table)?;
        }
        let token = credential.map(|credential| Secret::new(credential.secret()));
        let make = match kind {
            ForgeKind::Gitlab => gitlab_api,
            ForgeKind::Forgejo => forgejo_api,
            ForgeKind::Github | ForgeKind::Local => github_api,
        };
        let api = make(client(self.project)?, base, token.as_ref());
        let api = Arc::new(match self.project.config.forge.timeout {
            Some(timeout) => api.deadline(timeout.duration()),
            None => api,
        });
        self.known.borrow_mut().insert(base.to_owned(), Arc::clone(&api));
        Ok(api)
    }
}

/// Tokens go over https, or to this very machine.
pub(super) fn never_in_the_clear(base: &str, table: &str) -> Result<(), Failure> {
    let loopback = HttpUrl::parse(base).is_some_and(|url| url.is_loopback());
    if loopback || !base.starts_with("http:") {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Config, format!("{base} would get the token in the clear"))
        .hint(format!("write the `api` of {table} with https://")))
}

/// A client that goes the ways that git goes.
pub(super) fn client(project: &Project) -> Result<Client, Failure> {
    Ok(Client::new(project.invocation.cancel.clone()).by(project.routes()?))
}

/// The variables that hold tokens for a host with that kind of forge, as people know them.
pub(super) fn variables(kind: ForgeKind, host: Option<&str>) -> &'static [&'static str] {
    match kind {
        ForgeKind::Github if !matches!(host, Some("api.github.com" | "github.com") | None) => {
            &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
        }
        ForgeKind::Github | ForgeKind::Local => &["GITHUB_ACCESS_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
        ForgeKind::Gitlab => &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"],
        ForgeKind::Forgejo => &["FORGEJO_TOKEN", "GITEA_TOKEN"],
    }
}

/// The host of the project's own forge, and the variables that hold tokens for it; github.com's have rules of their own.
pub(super) fn own_tokens(project: &Project) -> Option<(String, &'static [&'static str])> {
    let url = project.url().ok()?;
    let kind = kind(project, &url);
    if kind == ForgeKind::Local {
        return None;
    }
    let api = RemoteUrl::parse(&address(project, kind, &url).ok()?, &project.config.root).ok()?;
    let host = api.host()?;
    let own = !matches!((kind, host), (ForgeKind::Github, "api.github.com" | "github.com"));
    own.then(|| (host.to_owned(), variables(kind, Some(host))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Fetch, Invocation};
    use crate::git::CrossCheckMode;
    use crate::model::Cancel;

    /// A project with this remote, these lines about the forge, and a token in every variable, which is its name.
    fn project(dir: &std::path::Path, url: &str, forge: &str) -> (Project, RemoteUrl) {
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
        let project = Project::open(&invocation).unwrap();
        let url = project.url().unwrap();
        (project, url)
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
            let (project, url) = project(dir.path(), remote, forge);
            assert_eq!(kind(&project, &url), found, "{remote}");
            assert_eq!(address(&project, found, &url).unwrap(), base, "{remote}");
            let host = RemoteUrl::parse(base, dir.path()).unwrap().host().unwrap().to_owned();
            let source = project.credentials().source(&host).map(|source| source.0);
            assert_eq!(source.as_deref(), Some(variable));
        }
    }

    #[test]
    fn a_token_does_not_go_in_the_clear() {
        let dir = tempfile::tempdir().unwrap();
        let forge = "kind = \"forgejo\"\napi = \"http://git.acme.example/api/v1\"";
        let (project, url) = project(dir.path(), "git@git.acme.example:acme/service.git", forge);
        let refused = Apis::new(&project, &url).of(ForgeKind::Forgejo).err().unwrap();
        assert_eq!(refused.kind, FailureKind::Config);
        assert!(refused.message.contains("in the clear"), "{refused:?}");
    }
}
