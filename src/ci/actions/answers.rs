//! The fields of GitHub's JSON answers about workflow runs that relwf reads, and the builds and states they stand for.

use crate::ci::{BuildState, CiEvent};
use crate::model::CommitId;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Runs {
    pub(super) workflow_runs: Vec<WorkflowRun>,
}

/// A workflow run (<https://docs.github.com/rest/actions/workflow-runs>).
#[derive(Deserialize)]
pub(super) struct WorkflowRun {
    pub(super) id: u64,
    pub(super) head_sha: CommitId,
    /// As `run-name` has it.
    #[serde(default)]
    pub(super) display_title: String,
    event: String,
    status: Option<String>,
    conclusion: Option<String>,
    #[serde(default)]
    pub(super) run_attempt: u64,
    pub(super) html_url: String,
    pub(super) updated_at: Option<Timestamp>,
}

impl WorkflowRun {
    pub(super) fn event(&self) -> Option<CiEvent> {
        EVENTS.into_iter().find(|(_, word)| *word == self.event).map(|(event, _)| event)
    }

    /// `None` where nothing ran, or the result is neither green nor red.
    pub(super) fn state(&self) -> Option<BuildState> {
        match (self.status.as_deref(), self.conclusion.as_deref()) {
            (Some("completed"), Some("success")) => Some(BuildState::Passed),
            (Some("completed"), Some("skipped" | "neutral" | "stale")) => None,
            (Some("completed"), Some("cancelled")) => Some(BuildState::Canceled),
            (Some("completed"), Some("timed_out" | "startup_failure")) => Some(BuildState::Errored),
            (Some("completed"), Some("action_required")) => Some(BuildState::Manual),
            // failure, and any other.
            (Some("completed"), _) => Some(BuildState::Failed),
            (Some("queued" | "requested" | "waiting" | "pending"), _) => Some(BuildState::Queued),
            _ => Some(BuildState::Running),
        }
    }
}

/// Our events and GitHub's.
const EVENTS: [(CiEvent, &str); 4] = [
    (CiEvent::Push, "push"),
    (CiEvent::PullRequest, "pull_request"),
    (CiEvent::Api, "workflow_dispatch"),
    (CiEvent::Cron, "schedule"),
];

/// GitHub's name of an event.
pub(super) fn word(event: CiEvent) -> &'static str {
    EVENTS.into_iter().find(|(known, _)| *known == event).map_or("push", |(_, word)| word)
}

#[derive(Deserialize)]
pub(super) struct Dispatched {
    pub(super) workflow_run_id: u64,
}

#[derive(Deserialize)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<JobAnswer>,
}

#[derive(Deserialize)]
pub(super) struct JobAnswer {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) html_url: Option<String>,
    conclusion: Option<String>,
}

impl JobAnswer {
    pub(super) fn counts_against(&self) -> bool {
        self.conclusion.as_deref().is_some_and(|word| !matches!(word, "success" | "skipped" | "neutral"))
    }
}
