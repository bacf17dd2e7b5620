//! The trait `Forge` and its data types.

use super::{LandingObstacle, Releases};
use crate::model::{BranchName, CommitId, TaskContext, TimeText, WriteError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a forge can do; workflows never ask, effects do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Can it merge a change itself, through its API?
    pub merges: bool,
    /// Does proposing need a branch on the remote (`relwf/promote/<run>`)?
    pub needs_branch: bool,
    /// Does it keep deployments of its own?
    pub deploys: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeState {
    /// Proposed.
    Open,
    /// Landed.
    Merged,
    /// Closed without landing.
    Closed,
}

/// A proposed change: pull request, merge request, or a local record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Its number on the forge.
    pub number: u64,
    /// Its page on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit that is proposed.
    pub head: CommitId,
    /// The branch of this repository that holds it, where one does: a fork's branch is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_branch: Option<BranchName>,
    /// The branch it is to land on.
    pub base: BranchName,
    pub state: ChangeState,
    pub title: String,
    /// Its text; holds the marker.
    pub body: String,
    /// The idempotency key of the command that opened it.
    pub marker: Option<String>,
    /// The commit that it landed as, where the forge names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_as: Option<CommitId>,
}

/// A change to open.
#[derive(Debug, Clone, PartialEq)]
pub struct NewChange {
    /// The commit to propose.
    pub head: CommitId,
    /// The branch that holds it on the remote, for forges that need one.
    pub head_branch: Option<BranchName>,
    /// The branch it is to land on.
    pub base: BranchName,
    pub title: String,
    /// Text.
    pub body: String,
    /// Finds it again after a crash.
    pub marker: String,
}

/// Which changes to look for.
#[derive(Debug, Clone, Copy)]
pub struct ChangeSearch<'a> {
    /// Those that are to land on this branch.
    pub base: &'a BranchName,
    /// From this branch, where changes have one.
    pub head_branch: Option<&'a BranchName>,
    /// With this marker.
    pub marker: Option<&'a str>,
}

impl ChangeSearch<'_> {
    /// Has the change that marker?
    pub fn fits(&self, change: &Change) -> bool {
        self.marker.is_none_or(|marker| change.marker.as_deref() == Some(marker))
    }
}

/// How one check judged a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictState {
    /// Not finished.
    Pending,
    /// Passed.
    Green,
    /// Failed.
    Red,
    /// Did not run.
    Skipped,
    /// Ran and is neutral.
    Neutral,
    /// Was stopped before its end.
    Canceled,
    /// Was given up by the forge, unfinished.
    Stale,
    /// Waits for a person on the forge.
    ActionRequired,
}

/// One check's verdict on a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The check, e.g. `continuous-integration/travis-ci/pr`.
    pub context: String,
    /// How it judged.
    pub state: VerdictState,
    /// Its own description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its page on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was given.
    #[schemars(with = "TimeText")]
    pub at: Timestamp,
}

/// What the forge demands of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BranchRules {
    /// Contexts that must be green.
    pub required: Vec<String>,
    /// May the branch be pushed to directly?
    pub direct_push: Option<bool>,
    /// May merge commits land on it?
    pub merge_commits: Option<bool>,
    /// May this login write to the repository?
    pub write: Option<bool>,
    /// How many reviewers must approve a change before the forge merges it.
    pub approvals: u64,
    /// Do changes go through a merge queue, which makes merges of its own?
    pub queue: bool,
    /// May this login have changes merged into the branch?
    pub merge: Option<bool>,
    /// What else is in the way.
    #[serde(default)]
    pub obstacles: Vec<LandingObstacle>,
}

/// A merge through the forge's API.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeRequest {
    /// The change.
    pub number: u64,
    /// Its head must be this.
    pub expected_head: CommitId,
    /// The merge commit's message.
    pub message: String,
}

/// How a merge through the API ended.
#[derive(Debug, Clone, PartialEq)]
pub enum MergeOutcome {
    /// Merged as this commit.
    Merged(CommitId),
    /// It had been merged before, as this commit.
    Already(CommitId),
    /// The head is not the expected one.
    HeadMoved,
    /// The base moved; build the merge again.
    BaseMoved,
    /// Not now; try again.
    NotReady(String),
    /// Not before reviewers have acted on the forge, e.g. approved it.
    Withheld(String),
    /// The forge refuses it.
    Refused(String),
}

/// A forge. Writes are idempotent by marker: look first, act if needed.
pub trait Forge: Send + Sync {
    /// What it can do.
    fn caps(&self) -> Caps;
    /// The tip of a branch, as the forge sees it now.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn branch(&self, name: &BranchName, task: TaskContext<'_>) -> Result<Option<CommitId>, WriteError>;
    /// What it demands of a branch.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn rules(&self, branch: &BranchName, task: TaskContext<'_>) -> Result<BranchRules, WriteError>;
    /// The changes that a search names, newest first; those of forks are never among them.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn find_changes(&self, search: &ChangeSearch<'_>, task: TaskContext<'_>) -> Result<Vec<Change>, WriteError>;
    /// Opens a change.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn open_change(&self, new: &NewChange, task: TaskContext<'_>) -> Result<Change, WriteError>;
    /// One change.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn change(&self, number: u64, task: TaskContext<'_>) -> Result<Option<Change>, WriteError>;
    /// Closes a change, as merged or without landing.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn close(&self, number: u64, state: ChangeState, task: TaskContext<'_>) -> Result<Change, WriteError>;
    /// Adds a comment to a change.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn comment(&self, number: u64, text: &str, marker: &str, task: TaskContext<'_>) -> Result<(), WriteError>;
    /// Every check's latest verdict on a commit.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn verdicts(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError>;
    /// The same as far as one request shows it: cheaper, and a little older in parts. A decision needs [`Forge::verdicts`].
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn glance(&self, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, WriteError>;
    /// How the newest of the forge's own deployments of a commit to an environment went, as a verdict of
    /// `deployment/ENVIRONMENT`; `None` where there is none, or never any ([`Caps::deploys`]).
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn deployment(
        &self,
        _commit: CommitId,
        _environment: &str,
        _watch: TaskContext<'_>,
    ) -> Result<Option<Verdict>, WriteError> {
        Ok(None)
    }
    /// Merges through the API, where [`Caps::merges`].
    ///
    /// # Errors
    ///
    /// See [`WriteError`]; `Unknown` where the answer was lost.
    fn merge(&self, request: &MergeRequest, task: TaskContext<'_>) -> Result<MergeOutcome, WriteError>;
    /// Its releases, where it keeps any.
    fn releases(&self) -> Option<&dyn Releases> {
        None
    }
    /// Records a check's verdict on a commit.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn set_status(&self, commit: CommitId, verdict: &Verdict, task: TaskContext<'_>) -> Result<(), WriteError>;
}
