//! The trait, and what passes through it.

use crate::http::HttpError;
use crate::model::{BranchName, CiEvent, CommitId, Failure, TaskContext};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who starts builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The server does, when something is pushed or proposed.
    Server,
    /// We do, through [`Ci::trigger`].
    Us,
}

/// How a build stands. Whatever a server invents beyond these counts as `Running`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    /// Waiting to start.
    Queued,
    /// Running.
    Running,
    /// Green.
    Passed,
    /// Red.
    Failed,
    /// Could not run.
    Errored,
    /// Stopped by somebody.
    Canceled,
}

/// One build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Its id on the server.
    pub id: String,
    /// The commit it tests; for a change its head, whatever it was merged with for the test.
    pub commit: CommitId,
    /// Why it runs.
    pub event: CiEvent,
    /// How it stands.
    pub state: BuildState,
    /// Where a person looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
}

/// A job of a build that did not pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RedJob {
    /// Its name.
    pub name: String,
    /// Where a person looks at it.
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
    /// Of this commit.
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

/// How a CI fails.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CiError {
    /// It answered no, for good.
    #[error("{0}")]
    Refused(Failure),
    /// Nothing was started; may be tried again.
    #[error("{0}")]
    NotSent(Failure),
    /// A build may or may not have been started.
    #[error("{0}")]
    Unknown(Failure),
}

impl From<HttpError> for CiError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Invalid(failure) => Self::Refused(failure),
            HttpError::NotSent(failure) | HttpError::NotDone { failure, .. } => Self::NotSent(failure),
            HttpError::Unknown(failure) => Self::Unknown(failure),
        }
    }
}

impl CiError {
    /// The same of an answer to a write: what a look could do again may have happened.
    pub(super) fn of_a_write(self) -> Self {
        match self {
            Self::NotSent(failure) => Self::Unknown(failure.hint("look on the server whether it happened")),
            other => other,
        }
    }
}

/// A CI.
pub trait Ci: Send + Sync {
    /// Its kind: `command`, `travis`, …
    fn kind(&self) -> &'static str;
    /// Who starts builds for pushes and changes.
    fn start(&self) -> Start;
    /// What its builds of pushes are called on the forge; empty where that does not tell them from others.
    fn push_contexts(&self) -> &'static [&'static str] {
        &[]
    }
    /// Builds, newest first.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn builds(&self, query: &BuildQuery, task: TaskContext<'_>) -> Result<Vec<Build>, CiError>;
    /// Starts a build.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn trigger(&self, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, CiError>;
    /// The builds that were asked for under a key, on a branch; lists may lag behind.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn find(&self, key: &str, branch: &BranchName, task: TaskContext<'_>) -> Result<Vec<Build>, CiError>;
    /// The build that a ticket became; `None` while there is none yet.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn resolve(&self, ticket: &Ticket, task: TaskContext<'_>) -> Result<Option<Build>, CiError>;
    /// One build.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn build(&self, id: &str, task: TaskContext<'_>) -> Result<Build, CiError>;
    /// Stops a build.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn cancel(&self, id: &str, task: TaskContext<'_>) -> Result<(), CiError>;
    /// Starts a build again.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn restart(&self, id: &str, task: TaskContext<'_>) -> Result<(), CiError>;
    /// The jobs of a build that did not pass, a few at most, each with the last lines of its log.
    ///
    /// # Errors
    ///
    /// See [`CiError`].
    fn red_jobs(&self, id: &str, lines: usize, task: TaskContext<'_>) -> Result<Vec<RedJob>, CiError>;
}

impl From<CiError> for Failure {
    fn from(error: CiError) -> Self {
        match error {
            CiError::Refused(failure) | CiError::NotSent(failure) | CiError::Unknown(failure) => failure,
        }
    }
}
