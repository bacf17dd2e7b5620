//! What Forgejo's answers look like, as far as they are needed, and how they become changes, verdicts and rules.

use crate::forge::{BranchRules, Change, ChangeState, LandingObstacle, Verdict, VerdictState, unmarked};
use crate::model::{BranchName, CommitId};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Repository {
    #[serde(default)]
    allow_merge_commits: bool,
    #[serde(default)]
    archived: bool,
    /// Servers before Forgejo 7 and Gitea 1.22 do not have such a merge.
    #[serde(default)]
    pub(super) allow_fast_forward_only_merge: bool,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Permissions {
    push: bool,
}

impl Repository {
    /// What its own settings leave open, whatever the branch.
    pub(super) fn rules(&self) -> BranchRules {
        let write = self.permissions.as_ref().map(|permissions| permissions.push);
        let obstacles = self.archived.then_some(LandingObstacle::Archived).into_iter().collect();
        BranchRules { merge_commits: Some(self.takes_merges()), write, obstacles, ..BranchRules::default() }
    }

    /// Is there a way in which a merge commit lands unchanged, or as the second parent of the forge's own?
    pub(super) const fn takes_merges(&self) -> bool {
        self.allow_merge_commits || self.allow_fast_forward_only_merge
    }
}

#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) id: CommitId,
}

/// A branch, with what its protection means for this login.
#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) commit: Commit,
    user_can_push: Option<bool>,
    user_can_merge: Option<bool>,
    #[serde(default)]
    enable_status_check: bool,
    status_check_contexts: Option<Vec<String>>,
    #[serde(default)]
    required_approvals: u64,
}

impl Branch {
    pub(super) fn add_to(self, rules: &mut BranchRules) {
        rules.direct_push = self.user_can_push;
        rules.merge = self.user_can_merge;
        rules.approvals = self.required_approvals;
        if self.enable_status_check {
            rules.required.extend(self.status_check_contexts.unwrap_or_default());
        }
    }
}

#[derive(Deserialize)]
struct PullSide {
    #[serde(rename = "ref")]
    name: String,
    /// Empty where branch and commits are gone.
    sha: String,
    repo_id: i64,
}

#[derive(Deserialize)]
pub(super) struct Pull {
    number: u64,
    html_url: String,
    state: String,
    title: String,
    body: Option<String>,
    #[serde(default)]
    merged: bool,
    merge_commit_sha: Option<CommitId>,
    head: PullSide,
    base: PullSide,
}

impl Pull {
    /// Is its branch one of this very repository? A fork may use the same names.
    pub(super) const fn is_own(&self) -> bool {
        self.head.repo_id == self.base.repo_id
    }

    /// `None` where its commits are gone, or its base is no branch's name.
    pub(super) fn change(self) -> Option<Change> {
        let state = match (self.state.as_str(), self.merged) {
            (_, true) => ChangeState::Merged,
            ("open", false) => ChangeState::Open,
            _ => ChangeState::Closed,
        };
        let head_branch = if self.is_own() { self.head.name.parse().ok() } else { None };
        let base: BranchName = self.base.name.parse().ok()?;
        let body = self.body.unwrap_or_default();
        let (text, marker) = unmarked(&body);
        Some(Change {
            number: self.number,
            url: Some(self.html_url),
            head: self.head.sha.parse().ok()?,
            head_branch,
            base,
            state,
            title: self.title,
            body: text.to_owned(),
            marker: marker.map(str::to_owned),
            merged_as: self.merge_commit_sha.filter(|_| state == ChangeState::Merged),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub(super) body: Option<String>,
}

/// A commit status.
#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) id: i64,
    context: String,
    status: String,
    description: Option<String>,
    target_url: Option<String>,
    updated_at: Option<Timestamp>,
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        Self {
            context: status.context,
            state: match status.status.as_str() {
                "success" => VerdictState::Green,
                "failure" | "error" => VerdictState::Red,
                // It passed with a warning: not green enough to land on without `also_green`.
                "warning" => VerdictState::Neutral,
                "skipped" => VerdictState::Skipped,
                _ => VerdictState::Pending,
            },
            description: status.description.unwrap_or_default(),
            url: status.target_url.filter(|url| !url.is_empty()),
            at: status.updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}
