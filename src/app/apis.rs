//! HTTP API clients for the project's forge and CI: one per server, each with that server's token; refuses tokens over plain
//! http.

use super::project::Project;
use super::remote::{Remote, api_of, hosted};
use crate::config::ForgeKind;
use crate::forge::GITHUB;
use crate::http::{Api, Client};
use crate::model::{Failure, FailureKind, HttpUrl, Secret};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The APIs of a project's forge and CI. Where both are on one server they share one: what was read, and how fast writes
/// follow one another, is known in one place.
pub(super) struct Apis<'a> {
    project: &'a Project,
    remote: &'a Remote,
    known: RefCell<BTreeMap<String, Arc<Api>>>,
}

impl<'a> Apis<'a> {
    pub(super) fn new(project: &'a Project, remote: &'a Remote) -> Self {
        Self { project, remote, known: RefCell::default() }
    }

    /// The forge's API.
    ///
    /// # Errors
    ///
    /// Kind `config` where it has no address, or the token would go there in the clear.
    pub(super) fn of(&self, kind: ForgeKind) -> Result<Arc<Api>, Failure> {
        self.at(kind, &api_of(&self.project.config, kind, &self.remote.url)?, "[forge]")
    }

    /// The API at `base`, as `table` of relwf.toml has it, with that host's token, which goes nowhere else.
    ///
    /// # Errors
    ///
    /// Kind `config` where the token would go there in the clear.
    pub(super) fn at(&self, kind: ForgeKind, base: &str, table: &str) -> Result<Arc<Api>, Failure> {
        if let Some(api) = self.known.borrow().get(base) {
            return Ok(Arc::clone(api));
        }
        let url = HttpUrl::parse(base).ok_or_else(|| {
            let message = format!("the `api` of {table} is no URL that starts with `https://` or `http://`");
            Failure::new(FailureKind::Config, message).hint("write it whole, like `https://api.example.com`")
        })?;
        let credential = self.remote.credentials.for_host(url.host());
        if credential.is_some() {
            never_in_the_clear(base, table)?;
        }
        let token = credential.map(|credential| Secret::new(credential.secret()));
        let make = hosted(kind).unwrap_or(GITHUB).api;
        let api = make(client(self.project)?, base, token.as_ref());
        let api = Arc::new(api.deadline(self.project.config.forge.timeout().duration()));
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

/// A client with git's proxies and certificates.
pub(super) fn client(project: &Project) -> Result<Client, Failure> {
    Ok(Client::new(project.invocation.cancel.clone()).by(project.routes()?.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_go_in_the_clear() {
        let dir = tempfile::tempdir().unwrap();
        let forge = "kind = \"forgejo\"\napi = \"http://git.acme.example/api/v1\"";
        let project = crate::app::remote::tests::project(dir.path(), "git@git.acme.example:acme/service.git", forge);
        let refused = Apis::new(&project, project.remote().unwrap()).of(ForgeKind::Forgejo).err().unwrap();
        assert_eq!(refused.kind, FailureKind::Config);
        assert!(refused.message.contains("in the clear"), "{refused:?}");
    }
}
