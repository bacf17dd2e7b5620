//! Builds what host functions work on from the configuration: mirror, forge, CI, identity, signing, clock, operators'
//! decisions.

use super::apis::{self, Apis};
use super::project::Project;
use super::remote::hosted;
use crate::ci::{ActionsCi, BuildCommand, Ci, CommandCi, GitlabCi, TravisCi};
use crate::config::{CiKind, Config, Environment, ForgeKind};
use crate::effects::{Clock, EffectContext, Registry, Signals};
use crate::forge::{Forge, LocalForge, gitlab_project, owner_and_name};
use crate::git::{Identity, Keep, Mirror, RemoteUrl, Signing};
use crate::journal::Store;
use crate::model::{Failure, FailureKind, ProcessOrigin, RunId, Secret, TaskContext, hex, keep_secret};
use crate::policy::{self, NeverReports};
use crate::run::{ApprovalDecision, Key};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;

/// The machine's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, how_long: std::time::Duration) {
        std::thread::sleep(how_long);
    }
}

/// The operators' decisions, from the journal.
struct StoredSignals(Store);

impl Signals for StoredSignals {
    fn decision(&self, run: &RunId, key: &Key, digest: &str) -> Result<Option<ApprovalDecision>, Failure> {
        self.0.decision(run, key, digest)
    }
}

/// Where no decision can be made: a dry run, a question.
struct NoSignals;

impl Signals for NoSignals {
    fn decision(&self, _: &RunId, _: &Key, _: &str) -> Result<Option<ApprovalDecision>, Failure> {
        Ok(None)
    }
}

/// Forge and CI of a project.
pub struct ProjectServices {
    pub forge: Arc<dyn Forge>,
    /// The CI, where there is one.
    pub ci: Option<Arc<dyn Ci>>,
    /// Who commits.
    identity: Result<Identity, Failure>,
    /// For locks and logs.
    folder: PathBuf,
}

/// A context to look at or to work on.
pub struct Ready {
    /// The mirror in it.
    pub mirror: Arc<Mirror>,
    pub forge: Arc<dyn Forge>,
    pub commands: Registry,
}

/// A context for questions and dry runs.
///
/// # Errors
///
/// The remote, the cache or the configuration.
pub fn for_reading(project: &Project, keep: Keep, task: TaskContext<'_>) -> Result<Ready, Failure> {
    ready(project, None, Arc::new(project.mirror(keep, task)?), Arc::new(NoSignals))
}

/// A context for a dry run, on a mirror that is there.
///
/// # Errors
///
/// The configuration.
pub fn for_dry_run(project: &Project, process: &ProcessOrigin, mirror: Arc<Mirror>) -> Result<Ready, Failure> {
    ready(project, Some(process.clone()), mirror, Arc::new(NoSignals))
}

/// A context for a run.
///
/// # Errors
///
/// The configuration.
pub fn for_run(
    project: &Project,
    process: Option<ProcessOrigin>,
    mirror: Arc<Mirror>,
    store: Store,
) -> Result<Ready, Failure> {
    ready(project, process, mirror, Arc::new(StoredSignals(store)))
}

fn ready(
    project: &Project,
    process: Option<ProcessOrigin>,
    mirror: Arc<Mirror>,
    signals: Arc<dyn Signals>,
) -> Result<Ready, Failure> {
    let ProjectServices { forge, ci, identity, folder } = parts(project, Arc::clone(&mirror))?;
    let env = Arc::clone(&project.invocation.env);
    // What a program prints before they are asked for must not be shown either.
    for variable in project.config.secret_variables() {
        env(&variable).iter().for_each(|secret| keep_secret(secret));
    }
    let signing = Signing::find(&move |name| env(name), Some(&project.config.root)).map_err(Failure::from);
    let context = EffectContext {
        config: project.config.clone(),
        process,
        mirror: Arc::clone(&mirror),
        forge: Arc::clone(&forge),
        pages: project.remote()?.pages(),
        ci,
        identity,
        signing,
        cross_check: project.invocation.cross_check,
        plugins: Arc::new(project.library()?),
        signals,
        env: Arc::clone(&project.invocation.env),
        routes: project.routes()?.clone(),
        repositories: project.component_repositories()?,
        clock: Arc::new(SystemClock),
        folder,
    };
    Ok(Ready { mirror, forge, commands: Registry::new(Arc::new(context)) })
}

/// Forge and CI, as configured.
///
/// # Errors
///
/// Kind `config` for a remote or an address that does not fit.
pub fn parts(project: &Project, mirror: Arc<Mirror>) -> Result<ProjectServices, Failure> {
    let env = Arc::clone(&project.invocation.env);
    let identity = Identity::find(&move |name| env(name), Some(&project.config.root)).map_err(Failure::from);
    let now: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(Timestamp::now);
    let remote = project.remote()?;
    let (url, kind) = (&remote.url, remote.forge);
    let apis = Apis::new(project, remote);
    let forge: Arc<dyn Forge> = match hosted(kind) {
        Some(hosted) => (hosted.open)(apis.of(kind)?, url)?,
        None => Arc::new(LocalForge::new(Arc::clone(&mirror), Arc::clone(&now), identity.as_ref().ok())),
    };
    let folder = project.invocation.state_dir()?.join("projects").join(name_of(url));
    let config = &project.config.ci;
    let ci: Option<Arc<dyn Ci>> = match config.kind() {
        None => None,
        Some(CiKind::Command) if config.command.is_empty() => {
            return Err(Failure::new(FailureKind::Config, "[ci] kind = \"command\" needs a command")
                .hint("add command = [\"make\", \"travis_${event}\"] to [ci]"));
        }
        Some(CiKind::Command) => Some(Arc::new(CommandCi::new(
            build_command(&project.config),
            config.timeout(),
            Arc::clone(&mirror),
            Arc::clone(&forge),
            folder.join("ci"),
            now,
        ))),
        Some(CiKind::Travis) => {
            let (owner, name) = owner_and_name(url)?;
            let api = config.api.clone().unwrap_or_else(|| "https://api.travis-ci.com".to_owned());
            let token = (project.invocation.env)("TRAVIS_TOKEN").filter(|token| !token.is_empty()).map(Secret::new);
            token.iter().for_each(|token| keep_secret(token.expose()));
            if token.is_some() {
                apis::never_in_the_clear(&api, "[ci]")?;
            }
            let client = apis::client(project)?;
            Some(Arc::new(TravisCi::new(client, &api, token, &format!("{owner}/{name}"))))
        }
        Some(CiKind::Actions) => {
            let (owner, name) = owner_and_name(url)?;
            Some(Arc::new(ActionsCi::new(apis.of(ForgeKind::Github)?, &owner, &name, config.workflow.clone())))
        }
        Some(CiKind::Gitlab) => {
            let api = match &config.api {
                Some(base) => apis.at(ForgeKind::Gitlab, base, "[ci]")?,
                None => apis.of(ForgeKind::Gitlab)?,
            };
            let path = gitlab_project(url, api.base())?;
            Some(Arc::new(GitlabCi::new(api, &path)))
        }
        // Whatever reports statuses to the forge: nothing to start, and only the forge to read.
        Some(CiKind::Status) => None,
    };
    for environment in &project.config.environments {
        can_report(environment, kind, &*forge, ci.as_deref())?;
    }
    Ok(ProjectServices { forge, ci, identity, folder })
}

/// Refuses a name in `deployed_by` that nothing will ever report.
fn can_report(
    environment: &Environment,
    kind: ForgeKind,
    forge: &dyn Forge,
    ci: Option<&dyn Ci>,
) -> Result<(), Failure> {
    let found = policy::never_reports(environment, forge.caps().deploys, ci.map(Ci::start));
    let Some((name, why)) = found else { return Ok(()) };
    let why = match why {
        NeverReports::NoDeployments => format!("the forge ({}) keeps no deployments", kind.word()),
        NeverReports::NoCommand => "only a command of [ci] reports that".to_owned(),
    };
    let message = format!("the environment `{}` is deployed_by `{name}`, and {why}", environment.name);
    Err(Failure::new(FailureKind::Config, message).hint("name a status or check that follows the landing"))
}

/// A folder's name for a remote.
fn name_of(url: &RemoteUrl) -> String {
    let digest = Sha256::digest(url.to_string());
    hex(&digest[..8])
}

/// The command of `[ci]`, which runs code that has not landed yet.
fn build_command(config: &Config) -> BuildCommand {
    BuildCommand {
        argv: config.ci.command.clone(),
        checkout: config.ci.checkout,
        passed: config.ci.env.clone(),
        withheld: config.secret_variables(),
    }
}
