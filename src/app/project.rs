//! The project a verb works on: its configuration, its remote, its workflows.

use super::embedded_files;
use super::invocation::{Fetch, Invocation};
use super::ownership::ensure_own;
use super::remote::Remote;
use crate::components::ComponentDelta;
use crate::config::{self, Config};
use crate::git::{self, Keep, Mirror};
use crate::model::{Failure, FailureKind, TaskContext};
use crate::network::Routes;
use crate::promotion::ComponentRepositories;
use crate::script::{ConfiguredNames, Library, SourceFile};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Pauses before the remote is asked again, where the first answer is none: a gateway that restarts, a name that is not found for a moment.
const FIRST_CONTACT: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// May it be otherwise in a moment? What a person has to change is not.
fn may_pass(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Network | FailureKind::Timeout) && !failure.message.contains("certificate")
}

/// Where the project's workflows and plugins are.
pub enum Scripts {
    /// Beside relwf.toml.
    Folder,
    /// In what the remote publishes.
    Published(Vec<SourceFile>),
}

/// The project a verb works on.
pub struct Project {
    /// What the command was given.
    pub invocation: Invocation,
    /// relwf.toml, or its defaults.
    pub config: Config,
    scripts: Scripts,
    routes: OnceLock<Result<Routes, Failure>>,
    remote: OnceLock<Result<Remote, Failure>>,
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
        ensure_own(invocation)?;
        let config = config::load(&invocation.dir, invocation.config.as_deref())?;
        Ok(Self::with(invocation.clone(), config))
    }

    /// The same for verbs that need only the journal: a relwf.toml that is wrong today must not keep an operator from
    /// looking at a run, or from resuming one that has its own.
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
                Ok(Self::with(invocation.clone(), config))
            }
            other => other,
        }
    }

    /// A configuration that was read already.
    pub fn with(invocation: Invocation, config: Config) -> Self {
        Self { invocation, config, scripts: Scripts::Folder, routes: OnceLock::new(), remote: OnceLock::new() }
    }

    /// With other workflows and plugins than those of its folder.
    pub fn scripted(self, scripts: Scripts) -> Self {
        Self { scripts, ..self }
    }

    /// The remote, resolved at its first use: verbs that only read the journal need none.
    ///
    /// # Errors
    ///
    /// Kind `config` when there is none to take or its address is wrong; `not-found` when it is a path where nothing is.
    pub fn remote(&self) -> Result<&Remote, Failure> {
        let resolve = || Remote::resolve(&self.invocation, &self.config, || self.routes().cloned());
        self.remote.get_or_init(resolve).as_ref().map_err(Clone::clone)
    }

    /// The workflows and plugins: files of the project over the embedded ones.
    ///
    /// # Errors
    ///
    /// The folders cannot be read.
    pub fn library(&self) -> Result<Library, Failure> {
        let (embedded, functions) = (embedded_files::SOURCES.as_slice(), crate::effects::host_functions());
        let library = match &self.scripts {
            Scripts::Folder => Library::open(&self.config.root, embedded, functions)?,
            Scripts::Published(files) => Library::of(files.clone(), embedded, functions),
        };
        // Without a relwf.toml nothing is said of what it would name.
        Ok(match self.config.file {
            Some(_) => library.with_names(configured_names(&self.config)),
            None => library,
        })
    }

    /// The routes to servers: proxies and certificates.
    ///
    /// # Errors
    ///
    /// Kind `config` when git's configuration cannot be read.
    pub fn routes(&self) -> Result<&Routes, Failure> {
        let read = || git::routes(&*self.invocation.env, Some(&self.config.root)).map_err(Failure::from);
        self.routes.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// The mirror of the remote, cloned when there is none, and fetched unless that is to be skipped.
    ///
    /// # Errors
    ///
    /// The remote or the cache cannot be reached.
    pub fn mirror(&self, keep: Keep, task: TaskContext<'_>) -> Result<Mirror, Failure> {
        let remote = self.remote()?;
        let mut pauses = FIRST_CONTACT.into_iter();
        loop {
            let failure = match remote.mirror(&self.invocation, keep, task) {
                Ok(mirror) => return Ok(mirror),
                Err(failure) => failure,
            };
            let Some(pause) = pauses.next().filter(|_| may_pass(&failure) && self.invocation.fetch == Fetch::First)
            else {
                return Err(failure);
            };
            task.say(format!("{}; trying again", failure.message));
            let until = Instant::now() + pause;
            while Instant::now() < until && !task.cancel.is_raised() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    /// The mirror as it was fetched last, where there is one.
    pub fn cached_mirror(&self, task: TaskContext<'_>) -> Option<Mirror> {
        let invocation = Invocation { fetch: Fetch::Skip, ..self.invocation.clone() };
        self.remote().ok()?.mirror(&invocation, Keep::No, task).ok()
    }

    /// The repositories of its components.
    ///
    /// # Errors
    ///
    /// The settings of the remote or of the ways to servers.
    pub fn component_repositories(&self) -> Result<ComponentRepositories, Failure> {
        let credentials = Arc::clone(&self.remote()?.credentials);
        Ok(ComponentRepositories { cache: self.invocation.cache_dir(), credentials, routes: self.routes()?.clone() })
    }

    /// Adds the changelogs that are wanted, unless nothing is to be fetched.
    ///
    /// # Errors
    ///
    /// ctrl-C, and see [`Project::component_repositories`].
    pub fn add_changelogs(&self, rows: &mut [ComponentDelta], task: TaskContext<'_>) -> Result<(), Failure> {
        let components = &self.config.components;
        if self.invocation.fetch == Fetch::Skip || components.iter().all(|component| !component.changelog) {
            return Ok(());
        }
        self.component_repositories()?.add_changelogs(components, rows, task)
    }

    /// A file of the project as messages name it.
    pub fn named(&self, path: &Path) -> String {
        path.strip_prefix(&self.config.root).unwrap_or(path).display().to_string()
    }
}

/// What scripts may name.
fn configured_names(config: &Config) -> ConfiguredNames {
    ConfiguredNames {
        environments: config.environments.iter().map(|environment| environment.name.clone()).collect(),
        components: config.components.iter().map(|component| component.name.to_string()).collect(),
        secrets: config.secrets.keys().cloned().collect(),
        programs: config.sh.allow.clone(),
    }
}
