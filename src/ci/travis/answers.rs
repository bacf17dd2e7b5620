//! What Travis' answers look like, as far as they are needed.

use crate::ci::{Build, BuildState, CiEvent};
use crate::model::CommitId;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct BuildAnswer {
    pub(super) id: u64,
    state: String,
    event_type: String,
    finished_at: Option<Timestamp>,
    commit: Option<CommitAnswer>,
}

#[derive(Deserialize)]
struct CommitAnswer {
    sha: CommitId,
    message: Option<String>,
}

impl BuildAnswer {
    /// Does the message of its commit hold this?
    pub(super) fn says(&self, key: &str) -> bool {
        self.commit.as_ref().and_then(|commit| commit.message.as_deref()).is_some_and(|message| message.contains(key))
    }

    /// `None` for a build without a commit, or of an event that Travis invented since.
    pub(super) fn build(self, url: String) -> Option<Build> {
        let state = state(&self.state);
        Some(Build {
            id: self.id.to_string(),
            commit: self.commit?.sha,
            event: event(&self.event_type)?,
            state,
            url: Some(url),
            finished: self.finished_at.filter(|_| !matches!(state, BuildState::Queued | BuildState::Running)),
        })
    }
}

/// created, queued, received, started, passed, failed, errored, canceled; treated as an open list.
pub(super) fn state(word: &str) -> BuildState {
    match word {
        "created" | "queued" | "received" => BuildState::Queued,
        "passed" => BuildState::Passed,
        "failed" => BuildState::Failed,
        "errored" => BuildState::Errored,
        "canceled" => BuildState::Canceled,
        _ => BuildState::Running,
    }
}

fn event(word: &str) -> Option<CiEvent> {
    [CiEvent::Push, CiEvent::PullRequest, CiEvent::Api, CiEvent::Cron].into_iter().find(|event| event.word() == word)
}

#[derive(Deserialize)]
pub(super) struct Requested {
    pub(super) remaining_requests: Option<u64>,
    pub(super) request: Numbered,
}

#[derive(Deserialize)]
pub(super) struct Numbered {
    pub(super) id: u64,
}

#[derive(Deserialize)]
pub(super) struct RequestAnswer {
    pub(super) result: Option<String>,
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) builds: Vec<Numbered>,
}

#[derive(Deserialize)]
pub(super) struct JobAnswer {
    pub(super) id: u64,
    pub(super) state: String,
}
