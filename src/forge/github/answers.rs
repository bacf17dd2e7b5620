//! What GitHub's answers look like, as far as they are needed, and how they become changes, verdicts and rules.

use crate::forge::{BranchRules, Change, ChangeState, LandingObstacle, Verdict, VerdictState, unmarked};
use crate::model::{BranchName, CommitId, DEPLOYMENT};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) full_name: String,
    /// Shown to those who may push.
    pub(super) allow_merge_commit: Option<bool>,
    /// Of this login.
    #[serde(default)]
    permissions: Value,
    #[serde(default)]
    archived: bool,
}

impl Repository {
    /// Does this login administer it?
    pub(super) fn is_admin(&self) -> bool {
        self.permissions["admin"] == true
    }

    /// What its own settings leave open, whatever the branch.
    pub(super) fn rules(&self) -> BranchRules {
        let write = self.permissions["push"].as_bool();
        let obstacles = self.archived.then_some(LandingObstacle::Archived).into_iter().collect();
        BranchRules { merge_commits: self.allow_merge_commit, write, obstacles, ..BranchRules::default() }
    }
}

#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) sha: CommitId,
}

#[derive(Deserialize)]
pub(super) struct MergedAs {
    pub(super) sha: CommitId,
}

#[derive(Deserialize)]
pub(super) struct Head {
    #[serde(rename = "ref")]
    name: String,
    sha: CommitId,
    /// Absent where the fork was deleted.
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Base {
    #[serde(rename = "ref")]
    name: BranchName,
}

#[derive(Deserialize)]
pub(super) struct Pull {
    number: u64,
    html_url: String,
    state: String,
    title: String,
    body: Option<String>,
    merged_at: Option<String>,
    /// Of an open pull request this is a test merge, not the one that landed.
    merge_commit_sha: Option<CommitId>,
    head: Head,
    base: Base,
}

impl Pull {
    /// Only pull requests from branches of this very repository are ours: a fork may use the same names.
    pub(super) fn is_from(&self, slug: &str) -> bool {
        self.head.repo.as_ref().is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(slug))
    }

    /// As a change of the repository called `slug`.
    pub(super) fn change(self, slug: &str) -> Change {
        let head_branch = if self.is_from(slug) { self.head.name.parse().ok() } else { None };
        let pull = self;
        let state = match (pull.state.as_str(), &pull.merged_at) {
            (_, Some(_)) => ChangeState::Merged,
            ("open", None) => ChangeState::Open,
            _ => ChangeState::Closed,
        };
        let body = pull.body.unwrap_or_default();
        let (text, marker) = unmarked(&body);
        Change {
            number: pull.number,
            url: Some(pull.html_url),
            head: pull.head.sha,
            head_branch,
            base: pull.base.name,
            state,
            title: pull.title,
            body: text.to_owned(),
            marker: marker.map(str::to_owned),
            merged_as: pull.merge_commit_sha.filter(|_| state == ChangeState::Merged),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub(super) body: Option<String>,
}

/// A commit status (<https://docs.github.com/rest/commits/statuses>).
#[derive(Deserialize)]
pub(super) struct Status {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
    updated_at: Option<Timestamp>,
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        Self {
            context: status.context,
            state: match status.state.as_str() {
                "success" => VerdictState::Green,
                "failure" | "error" => VerdictState::Red,
                _ => VerdictState::Pending,
            },
            description: status.description.unwrap_or_default(),
            url: status.target_url,
            at: status.updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// A check run (<https://docs.github.com/rest/checks/runs>).
#[derive(Deserialize)]
pub(super) struct CheckRun {
    pub(super) name: String,
    app: Option<CheckApp>,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    details_url: Option<String>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    #[serde(default)]
    output: Value,
}

/// The app that made a check run.
#[derive(Deserialize)]
struct CheckApp {
    id: u64,
}

impl CheckRun {
    /// Which app made it.
    pub(super) fn app(&self) -> Option<u64> {
        self.app.as_ref().map(|app| app.id)
    }
}

impl From<CheckRun> for Verdict {
    fn from(run: CheckRun) -> Self {
        let state = match (run.status.as_str(), run.conclusion.as_deref()) {
            ("completed", Some("success")) => VerdictState::Green,
            ("completed", Some("neutral")) => VerdictState::Neutral,
            ("completed", Some("skipped")) => VerdictState::Skipped,
            ("completed", Some("stale")) => VerdictState::Stale,
            ("completed", Some("cancelled")) => VerdictState::Canceled,
            ("completed", Some("action_required")) => VerdictState::ActionRequired,
            // failure, timed_out, startup_failure, and any other: not green.
            ("completed", Some(_)) => VerdictState::Red,
            _ => VerdictState::Pending,
        };
        let title = run.output["title"].as_str().map(str::to_owned);
        Self {
            context: run.name,
            state,
            description: title.or(run.conclusion).unwrap_or_default(),
            url: run.html_url.or(run.details_url),
            at: run.completed_at.or(run.started_at).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// A deployment (<https://docs.github.com/rest/deployments/deployments>).
#[derive(Deserialize)]
pub(super) struct Deployment {
    pub(super) id: u64,
    environment: String,
    updated_at: Option<Timestamp>,
}

/// How it goes (<https://docs.github.com/rest/deployments/statuses>).
#[derive(Deserialize)]
pub(super) struct DeploymentStatus {
    state: String,
    description: Option<String>,
    log_url: Option<String>,
    created_at: Option<Timestamp>,
}

impl Deployment {
    /// Its newest status as a verdict; without one it has not begun.
    pub(super) fn verdict(self, status: Option<DeploymentStatus>) -> Verdict {
        let state = match status.as_ref().map(|status| status.state.as_str()) {
            Some("success") => VerdictState::Green,
            Some("failure" | "error") => VerdictState::Red,
            // Another one took its place.
            Some("inactive") => VerdictState::Neutral,
            // queued, pending, in_progress, waiting
            Some(_) | None => VerdictState::Pending,
        };
        let at = status.as_ref().and_then(|status| status.created_at).or(self.updated_at);
        Verdict {
            context: format!("{DEPLOYMENT}{}", self.environment),
            state,
            description: status.as_ref().and_then(|status| status.description.clone()).unwrap_or_default(),
            url: status.and_then(|status| status.log_url).filter(|url| !url.is_empty()),
            at: at.unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}
