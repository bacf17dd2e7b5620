//! The fields of Travis' JSON answers that relwf reads, and the builds and states they stand for.

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
    pull_request_number: Option<u64>,
    commit: Option<CommitAnswer>,
    pub(super) request: Option<Numbered>,
}

#[derive(Deserialize)]
struct CommitAnswer {
    sha: CommitId,
    message: Option<String>,
}

impl BuildAnswer {
    /// Does the message of its commit hold this key?
    pub(super) fn carries(&self, key: &str) -> bool {
        self.commit.as_ref().and_then(|commit| commit.message.as_deref()).is_some_and(|message| message.contains(key))
    }

    /// Is it the build of a pull request?
    pub(super) fn tests_a_change(&self) -> bool {
        self.pull_request_number.is_some() || self.event_type == CiEvent::PullRequest.word()
    }

    /// The head in `Merge HEAD into BASE`, as GitHub calls the merges in `refs/pull/N/merge`.
    pub(super) fn merged_head(&self) -> Option<CommitId> {
        let message = self.commit.as_ref()?.message.as_deref()?;
        let (head, base) = message.trim().strip_prefix("Merge ")?.split_once(" into ")?;
        base.parse::<CommitId>().ok().and(head.parse().ok())
    }

    /// `None` for a build without a commit, or of an event that Travis invented since.
    pub(super) fn build(self, url: String, head: Option<CommitId>) -> Option<Build> {
        let state = state(&self.state);
        Some(Build {
            id: self.id.to_string(),
            commit: head.or_else(|| Some(self.commit?.sha))?,
            event: event(&self.event_type)?,
            state,
            url: Some(url),
            finished: self.finished_at.filter(|_| state.is_over()),
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
    pub(super) head_commit: Option<CommitId>,
    #[serde(default)]
    pub(super) builds: Vec<Numbered>,
}

#[derive(Deserialize)]
pub(super) struct JobAnswer {
    pub(super) id: u64,
    number: Option<String>,
    state: String,
    #[serde(default)]
    allow_failure: bool,
}

impl JobAnswer {
    pub(super) fn name(&self) -> String {
        self.number.as_ref().map_or_else(|| format!("job {}", self.id), |number| format!("job {number}"))
    }

    pub(super) fn counts_against(&self) -> bool {
        !self.allow_failure && state(&self.state) != BuildState::Passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_build_of_a_pull_request_names_the_head_it_tests() {
        let (head, base) = ("a".repeat(40), "b".repeat(40));
        let build = |message: &str| -> BuildAnswer {
            let commit = json!({ "sha": "c".repeat(40), "message": message });
            serde_json::from_value(json!({
                "id": 1, "state": "passed", "event_type": "pull_request", "pull_request_number": 7, "commit": commit,
            }))
            .unwrap()
        };
        assert_eq!(build(&format!("Merge {head} into {base}")).merged_head().unwrap().to_string(), head);
        for other in ["Merge topic into master", "Merge pull request #7 from acme/topic", "", &head] {
            assert_eq!(build(other).merged_head(), None, "{other}");
        }
        assert!(build("x").tests_a_change());
    }
}
