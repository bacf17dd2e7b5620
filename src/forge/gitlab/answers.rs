//! What GitLab's answers look like, as far as they are needed, and how they become changes, verdicts and rules.

use crate::forge::{Change, ChangeState, Verdict, VerdictState, unmarked};
use crate::model::{BranchName, CommitId, DEPLOYMENT, WriteError};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A project (<https://docs.gitlab.com/api/projects/>).
#[derive(Deserialize)]
pub(super) struct ProjectAnswer {
    /// `never`, `always`, `default_on`, `default_off`.
    pub(super) squash_option: Option<String>,
    pub(super) only_allow_merge_if_pipeline_succeeds: Option<bool>,
    /// Does a pipeline that was skipped count as one that succeeded?
    pub(super) allow_merge_on_skipped_pipeline: Option<bool>,
    /// Of this login: `project_access` and `group_access`, each with a role's level.
    #[serde(default)]
    permissions: Value,
}

/// The level of the role Developer.
const DEVELOPER: u64 = 30;

impl ProjectAnswer {
    /// May this login write? Not all rights come from a role that is listed here: an administrator's do not.
    pub(super) fn write(&self) -> Option<bool> {
        let level = |key: &str| self.permissions[key]["access_level"].as_u64();
        let role = level("project_access").max(level("group_access"))?;
        Some(role >= DEVELOPER)
    }
}

#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) id: CommitId,
}

/// A branch (<https://docs.gitlab.com/api/branches/>).
#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) commit: Commit,
    /// May this login push to it, protected or not?
    pub(super) can_push: Option<bool>,
}

/// A merge request (<https://docs.gitlab.com/api/merge_requests/>).
#[derive(Deserialize)]
pub(super) struct MergeRequestAnswer {
    pub(super) iid: u64,
    web_url: String,
    state: String,
    title: String,
    description: Option<String>,
    pub(super) sha: Option<CommitId>,
    source_branch: String,
    target_branch: BranchName,
    source_project_id: Option<u64>,
    target_project_id: u64,
    merge_commit_sha: Option<CommitId>,
    squash_commit_sha: Option<CommitId>,
    squash: Option<bool>,
    squash_on_merge: Option<bool>,
    pub(super) detailed_merge_status: Option<String>,
    /// Only where one is read, not in lists.
    pub(super) head_pipeline: Option<Pipeline>,
}

impl MergeRequestAnswer {
    /// Is its branch one of this very project? A fork may use the same names.
    pub(super) fn is_own(&self) -> bool {
        self.source_project_id == Some(self.target_project_id)
    }

    /// Would GitLab squash it? Older servers tell only the project's option.
    pub(super) fn squashes(
        &self,
        option: impl FnOnce() -> Result<Option<String>, WriteError>,
    ) -> Result<bool, WriteError> {
        match self.squash_on_merge {
            Some(known) => Ok(known),
            None => Ok(self.squash == Some(true) || option()?.as_deref() == Some("always")),
        }
    }

    /// Is GitLab merging it at this moment?
    pub(super) fn is_locked(&self) -> bool {
        self.state == "locked"
    }

    /// `None` where its branch and its commits are gone.
    pub(super) fn change(self) -> Option<Change> {
        let state = match self.state.as_str() {
            "merged" => ChangeState::Merged,
            "closed" => ChangeState::Closed,
            // `locked`: it is being merged.
            _ => ChangeState::Open,
        };
        let head = self.sha?;
        let head_branch = if self.is_own() { self.source_branch.parse().ok() } else { None };
        let body = self.description.unwrap_or_default();
        let (text, marker) = unmarked(&body);
        // A fast-forward has no commit of its own.
        let landed = self.merge_commit_sha.or(self.squash_commit_sha).unwrap_or(head);
        Some(Change {
            number: self.iid,
            url: Some(self.web_url),
            head,
            head_branch,
            base: self.target_branch,
            state,
            title: self.title,
            body: text.to_owned(),
            marker: marker.map(str::to_owned),
            merged_as: (state == ChangeState::Merged).then_some(landed),
        })
    }
}

/// What a merge request waits for, as a sentence; `None` when it passes by itself.
pub(super) fn held_by(status: &str) -> Option<String> {
    Some(match status {
        "unchecked" | "checking" | "preparing" | "approvals_syncing" | "ci_still_running" | "mergeable" => return None,
        "not_approved" => "it lacks approvals that the project requires".to_owned(),
        "requested_changes" => "a reviewer asks for changes".to_owned(),
        "ci_must_pass" => "its pipeline must succeed first".to_owned(),
        "discussions_not_resolved" => "its threads are not all resolved".to_owned(),
        "draft_status" => "it is a draft".to_owned(),
        "not_open" => "it is not open".to_owned(),
        "merge_request_blocked" | "blocked_status" => "another merge request blocks it".to_owned(),
        "status_checks_must_pass" | "external_status_checks" => "its external status checks must pass".to_owned(),
        other => format!("its status on GitLab is `{other}`"),
    })
}

#[derive(Deserialize)]
pub(super) struct Note {
    pub(super) body: Option<String>,
}

/// A commit's status: a status from outside, or a job of a pipeline (<https://docs.gitlab.com/api/commits/>).
#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) id: u64,
    pub(super) name: String,
    /// The branch, or the merge request's own reference, for which it ran.
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    status: String,
    #[serde(default)]
    allow_failure: bool,
    description: Option<String>,
    target_url: Option<String>,
    created_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        let state = state(&status.status, status.allow_failure);
        let description = status.description.unwrap_or_else(|| match status.status.as_str() {
            "manual" => "waits to be started by hand".to_owned(),
            other => other.to_owned(),
        });
        Self {
            context: status.name,
            state,
            description,
            url: status.target_url,
            at: status.finished_at.or(status.created_at).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// A pipeline (<https://docs.gitlab.com/api/pipelines/>).
#[derive(Deserialize)]
pub(super) struct Pipeline {
    pub(super) sha: CommitId,
    #[serde(rename = "ref")]
    pub(super) name: String,
    status: String,
    web_url: Option<String>,
    updated_at: Option<Timestamp>,
}

/// The name under which a whole pipeline speaks.
pub(super) const PIPELINE: &str = "pipeline";

impl From<Pipeline> for Verdict {
    fn from(pipeline: Pipeline) -> Self {
        Self {
            context: PIPELINE.to_owned(),
            state: state(&pipeline.status, false),
            description: format!("the pipeline of {}: {}", pipeline.name, pipeline.status),
            url: pipeline.web_url,
            at: pipeline.updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// A deployment (<https://docs.gitlab.com/api/deployments/>).
#[derive(Deserialize)]
pub(super) struct Deployment {
    pub(super) sha: CommitId,
    status: String,
    /// The job that deploys.
    #[serde(default)]
    deployable: Value,
    updated_at: Option<Timestamp>,
}

impl Deployment {
    /// created, running, blocked → success, failed, canceled.
    pub(super) fn verdict(self, environment: &str) -> Verdict {
        Verdict {
            context: format!("{DEPLOYMENT}{environment}"),
            state: state(&self.status, false),
            description: self.status,
            url: self.deployable["web_url"].as_str().map(str::to_owned),
            at: self.updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// created, waiting_for_resource, preparing, pending, running, manual, scheduled → success, failed, canceled, skipped; an open
/// list. What may fail takes no side when it does, and what need not be started was skipped.
fn state(word: &str, allow_failure: bool) -> VerdictState {
    match (word, allow_failure) {
        ("success", _) => VerdictState::Green,
        ("failed", false) => VerdictState::Red,
        ("canceled" | "canceling", false) => VerdictState::Canceled,
        ("failed" | "canceled", true) => VerdictState::Neutral,
        ("skipped", _) | ("manual", true) => VerdictState::Skipped,
        _ => VerdictState::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_with_care() {
        for (word, allow_failure, read) in [
            ("success", false, VerdictState::Green),
            ("failed", false, VerdictState::Red),
            ("failed", true, VerdictState::Neutral),
            ("canceled", false, VerdictState::Canceled),
            ("skipped", false, VerdictState::Skipped),
            ("manual", true, VerdictState::Skipped),
            ("manual", false, VerdictState::Pending),
            ("running", false, VerdictState::Pending),
            ("whatever_comes_next", false, VerdictState::Pending),
        ] {
            assert_eq!(state(word, allow_failure), read, "{word}");
        }
    }

    #[test]
    fn a_login_without_a_role_may_write_all_the_same() {
        let write = |permissions: Value| {
            let project: ProjectAnswer =
                serde_json::from_value(serde_json::json!({ "permissions": permissions })).unwrap();
            project.write()
        };
        let role = |level: u64| serde_json::json!({ "access_level": level, "notification_level": 3 });
        assert_eq!(write(serde_json::json!({ "project_access": role(20), "group_access": role(40) })), Some(true));
        assert_eq!(write(serde_json::json!({ "project_access": role(20), "group_access": null })), Some(false));
        assert_eq!(write(serde_json::json!({ "project_access": null, "group_access": null })), None);
        assert_eq!(write(Value::Null), None);
    }

    #[test]
    fn what_passes_by_itself_is_no_reason_to_wait_for_a_reviewer() {
        for passing in ["unchecked", "checking", "preparing", "ci_still_running", "mergeable"] {
            assert_eq!(held_by(passing), None);
        }
        assert!(held_by("not_approved").is_some_and(|message| message.contains("approvals")));
        assert!(
            held_by("security_policy_violations").is_some_and(|message| message.contains("security_policy_violations"))
        );
    }
}
