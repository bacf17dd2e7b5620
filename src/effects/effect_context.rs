//! What host functions work on: mirror, forge, CI, identity, clock. Built once by the application.

use crate::ci::Ci;
use crate::components::PluginDetector;
use crate::config::Config;
use crate::forge::{Forge, ProjectPages};
use crate::git::CrossCheckMode;
use crate::git::{Identity, Mirror, Signing};
use crate::http::Client;
use crate::model::{Cancel, Failure, ProcessOrigin, RunId};
use crate::network::Routes;
use crate::promotion::ComponentRepositories;
use crate::run::{ApprovalDecision, Key};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// The clock, given in so that tests can turn it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Sleeps.
    fn sleep(&self, how_long: std::time::Duration);
}

/// People's decisions, as the journal keeps them.
pub trait Signals: Send + Sync {
    /// The decision on an approval whose digest is `digest`; first writer wins.
    ///
    /// # Errors
    ///
    /// The journal could not be read.
    fn decision(&self, run: &RunId, key: &Key, digest: &str) -> Result<Option<ApprovalDecision>, Failure>;
}

/// Looks a variable of the environment up; given in so that tests have their own.
pub type EnvLookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What commands work on.
pub struct EffectContext {
    /// The configuration.
    pub config: Config,
    /// Where the configuration and the scripts come from; `None` where nothing is done by them, or that is not known.
    pub process: Option<ProcessOrigin>,
    /// The local mirror.
    pub mirror: Arc<Mirror>,
    /// The forge.
    pub forge: Arc<dyn Forge>,
    /// The project's pages there, for links.
    pub pages: Option<ProjectPages>,
    /// The CI, where there is one.
    pub ci: Option<Arc<dyn Ci>>,
    /// Who commits; an error only when it is needed.
    pub identity: Result<Identity, Failure>,
    /// How commits are signed, if they are; an error only when it is needed.
    pub signing: Result<Option<Signing>, Failure>,
    /// Is git asked for its opinion on every merge?
    pub cross_check: CrossCheckMode,
    /// Component detectors written as plugins.
    pub plugins: Arc<dyn PluginDetector + Send + Sync>,
    /// People's decisions.
    pub signals: Arc<dyn Signals>,
    /// The environment's variables, for secrets.
    pub env: EnvLookup,
    /// The ways to servers: proxies and certificates.
    pub routes: Routes,
    /// The repositories of components, for changelogs.
    pub repositories: ComponentRepositories,
    /// The clock, for what ends later than it began.
    pub clock: Arc<dyn Clock>,
    /// A folder of this project in the state directory, for locks and logs.
    pub folder: PathBuf,
}

impl EffectContext {
    /// A client for other servers than the forge's.
    pub(super) fn client(&self, cancel: &Cancel) -> Client {
        Client::new(cancel.clone()).by(self.routes.clone())
    }
}
