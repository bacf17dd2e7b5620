//! The trait `Ci` and its data types.

use crate::model::{BranchName, CiEvent, CommitId, TaskContext, TimeText, WriteError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who starts builds for pushes and changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The server does, when something is pushed or proposed.
    Server,
    /// relwf does, through [`Ci::trigger`].
    Us,
}

/// The state of a build. Any other state of a server counts as "running".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    /// Waiting to start.
    Queued,
    Running,
    /// Green.
    Passed,
    /// Red.
    Failed,
    /// Could not run.
    Errored,
    /// Stopped before its end.
    Canceled,
    /// Nothing of it ran.
    Skipped,
    /// Waits for a person to start what is left of it.
    Manual,
}

impl BuildState {
    /// Has it ended?
    pub fn is_over(self) -> bool {
        self == Self::Passed || self.is_red()
    }

    /// Has it ended without having passed?
    pub fn is_red(self) -> bool {
        matches!(self, Self::Failed | Self::Errored | Self::Canceled | Self::Skipped)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// Its id on the server.
    pub id: String,
    /// The commit it tests; for a change its head, whatever it was merged with for the test.
    pub commit: CommitId,
    /// Why it runs.
    pub event: CiEvent,
    pub state: BuildState,
    /// Its page on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TimeText>")]
    pub finished: Option<Timestamp>,
}

/// A job of a build that did not pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RedJob {
    pub name: String,
    /// Its page on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The last lines of its log.
    pub log: Vec<String>,
}

/// The last lines of a log.
pub(super) fn tail(text: &str, lines: usize) -> Vec<String> {
    let mut last: Vec<String> = text.lines().rev().take(lines).map(str::to_owned).collect();
    last.reverse();
    last
}

/// Which builds to look for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BuildQuery {
    pub commit: Option<CommitId>,
    /// For this event.
    pub event: Option<CiEvent>,
    /// On this branch.
    pub branch: Option<BranchName>,
}

/// A build to start.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Finds it again after a crash.
    pub key: String,
    /// The commit to test.
    pub commit: CommitId,
    /// Why.
    pub event: CiEvent,
    /// The branch it is for.
    pub branch: BranchName,
    /// Further variables for the build.
    pub env: Vec<(String, String)>,
}

/// A started build, as the server named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket(pub String);

pub trait Ci: Send + Sync {
    /// Who starts builds for pushes and changes.
    fn start(&self) -> Start;
    /// What its builds of pushes are called on the forge; empty where other builds have the same names.
    fn push_contexts(&self) -> &'static [&'static str] {
        &[]
    }
    /// Is a build several runs, of which some may begin later than others?
    fn gathers(&self) -> bool {
        false
    }
    /// Builds, newest first.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn builds(&self, query: &BuildQuery, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError>;
    /// Starts a build.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn trigger(&self, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, WriteError>;
    /// The builds that were triggered under a key, on a branch; lists may lag behind.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn find(&self, key: &str, branch: &BranchName, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError>;
    /// Do its lists show the keys of triggers? Where they do not, a build that is not found may have been started all the same.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn shows_keys(&self, _branch: &BranchName, _task: TaskContext<'_>) -> Result<bool, WriteError> {
        Ok(true)
    }
    /// The build that a ticket became; `None` while there is none yet.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn resolve(&self, ticket: &Ticket, task: TaskContext<'_>) -> Result<Option<Build>, WriteError>;
    /// One build.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn build(&self, id: &str, task: TaskContext<'_>) -> Result<Build, WriteError>;
    /// Stops a build.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn cancel(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError>;
    /// Runs what did not pass of a build once more. A CI whose builds we start does nothing here: who waits for it builds.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn restart(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError>;
    /// The jobs of a build that did not pass, a few at most, each with the last lines of its log.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn red_jobs(&self, id: &str, lines: usize, task: TaskContext<'_>) -> Result<Vec<RedJob>, WriteError>;
}
