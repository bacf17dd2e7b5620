//! The project a verb works on: its configuration, its remote, its workflows.

use super::embedded;
use super::forges;
use super::invocation::{Fetch, Invocation};
use crate::config::{self, Config};
use crate::git::{self, Credentials, Keep, Mirror, RemoteUrl};
use crate::model::{Failure, FailureKind, TaskContext};
use crate::network::Routes;
use crate::script::Library;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The project a verb works on.
pub struct Project {
    /// What the command was given.
    pub invocation: Invocation,
    /// relwf.toml, or its defaults.
    pub config: Config,
}

impl Project {
    /// Finds and reads relwf.toml; without one the defaults hold.
    ///
    /// # Errors
    ///
    /// Kind `config` when the file is wrong, with its place.
    pub fn open(invocation: &Invocation) -> Result<Self, Failure> {
        if !invocation.dir.is_dir() {
            let failure = Failure::new(FailureKind::Usage, format!("there is no folder {}", invocation.dir.display()));
            return Err(failure.hint("-C wants a folder that exists"));
        }
        let config = config::load(&invocation.dir, invocation.config.as_deref())?;
        Ok(Self { invocation: invocation.clone(), config })
    }

    /// The same for verbs that need only the journal: a relwf.toml that is wrong today must not keep anybody from looking at
    /// a run, or from going on with one that has its own.
    ///
    /// # Errors
    ///
    /// There is no such folder.
    pub fn around(invocation: &Invocation) -> Result<Self, Failure> {
        match Self::open(invocation) {
            Err(failure) if failure.kind != FailureKind::Usage => {
                let file = invocation.config.clone().or_else(|| config::find(&invocation.dir));
                let root = file.as_deref().and_then(Path::parent).unwrap_or(&invocation.dir);
                let config = config::parse("", "relwf.toml", root)?;
                Ok(Self { invocation: invocation.clone(), config })
            }
            other => other,
        }
    }

    /// The remote: `--repo`, else `[repo].url`, else the enclosing repository's origin, else that repository itself.
    ///
    /// # Errors
    ///
    /// Kind `config` when there is nothing to take.
    pub fn url(&self) -> Result<RemoteUrl, Failure> {
        let (text, base) = self.address()?;
        let mut url = RemoteUrl::parse(&text, &base)?;
        if url.is_http() {
            url = url.by(&self.routes()?)?;
        }
        let needed = self.invocation.fetch == Fetch::First;
        if let Some(path) = url.path().filter(|path| needed && !path.exists()) {
            return Err(Failure::new(FailureKind::NotFound, format!("there is no repository at {}", path.display()))
                .hint(self.address_hint()));
        }
        Ok(url)
    }

    /// The remote's address as written, and the folder that a relative path starts from.
    fn address(&self) -> Result<(String, PathBuf), Failure> {
        if let Some(repo) = &self.invocation.repo {
            return Ok((repo.clone(), self.invocation.dir.clone()));
        }
        if let Some(repo) = &self.config.repo {
            return Ok((repo.clone(), self.config.root.clone()));
        }
        match git::enclosing(&self.invocation.dir)? {
            Some(found) => {
                let own = || found.root.display().to_string();
                Ok((found.origin.clone().unwrap_or_else(own), found.root.clone()))
            }
            None => Err(Failure::new(
                FailureKind::Config,
                format!(
                    "no repository to work with: {} lies in none and there is no relwf.toml",
                    self.invocation.dir.display()
                ),
            )
            .hint(
                "run it inside a git repository, or write [repo] url = \"…\" into relwf.toml (`relwf init` makes one)",
            )),
        }
    }

    fn address_hint(&self) -> String {
        match (&self.invocation.repo, &self.config.file) {
            (Some(_), _) => "check --repo".to_owned(),
            (None, Some(file)) if self.config.repo.is_some() => format!("check [repo].url in {}", file.display()),
            _ => "check the remote called origin: `git remote -v`".to_owned(),
        }
    }

    /// The workflows and plugins: files of the project over the embedded ones.
    ///
    /// # Errors
    ///
    /// The folders cannot be read.
    pub fn library(&self) -> Result<Library, Failure> {
        Library::open(&self.config.root, embedded::SOURCES.as_slice(), crate::effects::host_functions())
    }

    /// The ways to servers: proxies and certificates.
    ///
    /// # Errors
    ///
    /// Kind `config` when git's configuration cannot be read.
    pub fn routes(&self) -> Result<Routes, Failure> {
        Ok(git::routes(&*self.invocation.env, Some(&self.config.root))?)
    }

    /// Credentials for the remote, never shown.
    pub fn credentials(&self) -> Arc<Credentials> {
        let env = Arc::clone(&self.invocation.env);
        let credentials = Credentials::new(move |name| env(name), self.config.forge.api.as_deref());
        Arc::new(match forges::own_tokens(self) {
            Some((host, variables)) => credentials.with_forge(&host, variables),
            None => credentials,
        })
    }

    /// The mirror of the remote, cloned when there is none, and fetched unless that is to be skipped.
    ///
    /// # Errors
    ///
    /// The remote or the cache cannot be reached.
    pub fn mirror(&self, keep: Keep, task: TaskContext<'_>) -> Result<Mirror, Failure> {
        let url = self.url()?;
        let mirror = Mirror::open(&self.invocation.cache_dir()?, &url, self.credentials(), keep, task)?;
        if self.invocation.fetch == Fetch::First {
            mirror.sync(task)?;
        }
        Ok(mirror)
    }

    /// A file of the project as messages name it.
    pub fn named(&self, path: &Path) -> String {
        path.strip_prefix(&self.config.root).unwrap_or(path).display().to_string()
    }
}
