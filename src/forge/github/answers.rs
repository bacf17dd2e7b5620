//! What GitHub's answers look like, as far as they are needed, and how they become changes, verdicts and rules.

use crate::forge::{
    BranchRules, Change, ChangeState, LandingObstacle, PatternOf, TextPattern, Verdict, VerdictState, unmarked,
};
use crate::model::{BranchName, CommitId, DEPLOYMENT};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

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
pub(super) struct Branch {
    pub(super) commit: Commit,
    #[serde(default)]
    protection: Value,
}

impl Branch {
    /// Is there a classic protection?
    pub(super) fn is_protected(&self) -> bool {
        self.protection["enabled"] == true
    }

    /// What classic protection demands, as any login may read it; answers the checks that only one app may give.
    pub(super) fn add_to(&self, rules: &mut BranchRules) -> Vec<AppCheck> {
        let required = &self.protection["required_status_checks"];
        if required["enforcement_level"] == "off" {
            return Vec::new();
        }
        let bound = AppCheck::all(&required["checks"], "app_id");
        let contexts = required["contexts"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let anyone = contexts.filter(|context| bound.iter().all(|check| check.context != *context));
        rules.required.extend(anyone.map(str::to_owned).chain(bound.iter().map(AppCheck::to_string)));
        bound
    }
}

/// A required check that counts from one app alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppCheck {
    context: String,
    app: u64,
}

impl AppCheck {
    /// Those of a list of required checks that are bound to an app; -1 and null bind to none.
    fn all(checks: &Value, key: &str) -> Vec<Self> {
        let checks = checks.as_array().into_iter().flatten();
        checks
            .filter_map(|check| {
                Some(Self { context: check["context"].as_str()?.to_owned(), app: check[key].as_u64()? })
            })
            .collect()
    }

    /// Did this app give this verdict?
    pub(super) fn is(&self, context: &str, app: Option<u64>) -> bool {
        self.context == context && app == Some(self.app)
    }
}

/// What such a check is called: another app's check of the same name is another one.
impl fmt::Display for AppCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (app {})", self.context, self.app)
    }
}

/// One rule of a ruleset (<https://docs.github.com/rest/repos/rules>).
#[derive(Deserialize)]
pub(super) struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Value,
    /// The ruleset that it is of.
    pub(super) ruleset_id: Option<u64>,
}

/// A ruleset (<https://docs.github.com/rest/repos/rules>).
#[derive(Deserialize)]
pub(super) struct Ruleset {
    current_user_can_bypass: Option<String>,
}

impl Ruleset {
    /// Does it not bind this login?
    pub(super) fn is_bypassed(&self) -> bool {
        matches!(self.current_user_can_bypass.as_deref(), Some("always" | "exempt"))
    }
}

/// A classic protection as administrators may read it (<https://docs.github.com/rest/branches/branch-protection>).
#[derive(Deserialize)]
pub(super) struct ClassicProtection {
    #[serde(default)]
    required_linear_history: Switch,
    #[serde(default)]
    required_signatures: Switch,
    #[serde(default)]
    lock_branch: Switch,
    required_pull_request_reviews: Option<Reviews>,
}

#[derive(Default, Deserialize)]
struct Switch {
    #[serde(default)]
    enabled: bool,
}

#[derive(Deserialize)]
struct Reviews {
    #[serde(default)]
    required_approving_review_count: u64,
}

impl ClassicProtection {
    pub(super) fn add_to(&self, rules: &mut BranchRules) {
        let switches = [
            (&self.lock_branch, LandingObstacle::Locked),
            (&self.required_linear_history, LandingObstacle::LinearHistory),
            (&self.required_signatures, LandingObstacle::Signatures),
        ];
        rules.obstacles.extend(switches.into_iter().filter(|(switch, _)| switch.enabled).map(|(_, obstacle)| obstacle));
        if let Some(reviews) = &self.required_pull_request_reviews {
            rules.direct_push = Some(false);
            rules.approvals = rules.approvals.max(reviews.required_approving_review_count);
        }
    }
}

impl Rule {
    /// What it holds against a landing, where it is of such a kind.
    pub(super) fn obstacle(&self) -> Option<LandingObstacle> {
        let pattern = |of| {
            let wanted = TextPattern::deserialize(&self.parameters).ok()?;
            Some(LandingObstacle::Pattern { of, wanted })
        };
        match self.kind.as_str() {
            "required_linear_history" => Some(LandingObstacle::LinearHistory),
            "required_signatures" => Some(LandingObstacle::Signatures),
            "commit_message_pattern" => pattern(PatternOf::Message),
            "commit_author_email_pattern" => pattern(PatternOf::AuthorEmail),
            "committer_email_pattern" => pattern(PatternOf::CommitterEmail),
            "required_deployments" => {
                let names = self.parameters["required_deployment_environments"].as_array()?;
                Some(LandingObstacle::Deployments(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
            }
            _ => None,
        }
    }

    /// Adds what it demands; answers the checks that only one app may give.
    pub(super) fn add_to(&self, rules: &mut BranchRules) -> Vec<AppCheck> {
        match self.kind.as_str() {
            "required_status_checks" => {
                let required = &self.parameters["required_status_checks"];
                let bound = AppCheck::all(required, "integration_id");
                let anyone = required
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|check| check["integration_id"].as_u64().is_none());
                rules.required.extend(anyone.filter_map(|check| check["context"].as_str()).map(str::to_owned));
                rules.required.extend(bound.iter().map(AppCheck::to_string));
                return bound;
            }
            "pull_request" => {
                rules.direct_push = Some(false);
                let approvals = self.parameters["required_approving_review_count"].as_u64().unwrap_or(0);
                rules.approvals = rules.approvals.max(approvals);
                if let Some(methods) = self.parameters["allowed_merge_methods"].as_array()
                    && !methods.iter().any(|method| method == "merge")
                {
                    rules.merge_commits = Some(false);
                }
            }
            "update" => rules.direct_push = Some(false),
            "merge_queue" => {
                rules.direct_push = Some(false);
                rules.queue = true;
            }
            _ => {}
        }
        Vec::new()
    }
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
