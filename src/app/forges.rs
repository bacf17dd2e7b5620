//! Which forge a project is on, where its API is, and whose token goes there.

use super::project::Project;
use crate::config::ForgeKind;
use crate::forge::{forgejo_api, github_api, gitlab_api};
use crate::git::RemoteUrl;
use crate::http::{Api, Client};
use crate::model::{Failure, FailureKind, Secret};
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
    let web = url.to_string().starts_with("http");
    match (kind, if web { url.host() } else { host(url) }) {
        (ForgeKind::Github, Some("github.com")) => Ok("https://api.github.com".to_owned()),
        (_, Some(host)) => Ok(format!("https://{host}/{below}")),
        (_, None) => {
            Err(Failure::new(FailureKind::Config, format!("{url} is on no host, so there is no forge to ask"))
                .hint(format!("say api = \"https://HOST/{below}\" under [forge], or kind = \"local\"")))
        }
    }
}

/// The API at `base`, with that host's token, which goes nowhere else.
///
/// # Errors
///
/// Kind `config` where the token would go in the clear.
pub(super) fn reach(project: &Project, kind: ForgeKind, base: &str) -> Result<Arc<Api>, Failure> {
    let api = RemoteUrl::parse(base, &project.config.root)?;
    let host = api.host().unwrap_or_default();
    let credential = project.credentials().for_host(host);
    let own = matches!(host.split(':').next(), Some("127.0.0.1" | "localhost")) || host.starts_with("[::1]");
    let plain = base.starts_with("http:") && !own;
    if plain && credential.is_some() {
        return Err(Failure::new(FailureKind::Config, format!("{base} would get the token in the clear"))
            .hint("write it with https://"));
    }
    let token = credential.map(|credential| Secret::new(credential.secret()));
    let make = match kind {
        ForgeKind::Gitlab => gitlab_api,
        ForgeKind::Forgejo => forgejo_api,
        ForgeKind::Github | ForgeKind::Local => github_api,
    };
    let api = make(Client::new(project.setting.cancel.clone()), base, token.as_ref());
    Ok(Arc::new(match project.config.forge.timeout {
        Some(timeout) => api.deadline(timeout.duration()),
        None => api,
    }))
}

/// The host of the project's own forge, and the variables that hold tokens for it; GitHub's have rules of their own.
pub(super) fn own_tokens(project: &Project) -> Option<(String, &'static [&'static str])> {
    let url = project.url().ok()?;
    let kind = kind(project, &url);
    let variables: &[&str] = match kind {
        ForgeKind::Gitlab => &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"],
        ForgeKind::Forgejo => &["FORGEJO_TOKEN", "GITEA_TOKEN"],
        ForgeKind::Github | ForgeKind::Local => return None,
    };
    let api = RemoteUrl::parse(&address(project, kind, &url).ok()?, &project.config.root).ok()?;
    Some((api.host()?.to_owned(), variables))
}
