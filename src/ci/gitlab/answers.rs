//! The fields of GitLab's JSON answers about pipelines that relwf reads, and the builds and states they stand for; log lines
//! without colours and folding marks.

use crate::ci::{Build, BuildState, CiEvent};
use crate::model::{BranchName, CommitId};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: u64,
    pub(super) sha: CommitId,
    #[serde(rename = "ref")]
    name: String,
    status: String,
    source: Option<String>,
    web_url: Option<String>,
    updated_at: Option<Timestamp>,
    /// Only where one pipeline is read, not in lists.
    finished_at: Option<Timestamp>,
}

impl Pipeline {
    /// Does it run for a push to another branch than this one?
    pub(super) fn is_push_beside(&self, target: &BranchName) -> bool {
        self.source.as_deref() == Some("push") && self.name != target.as_str()
    }
}

impl From<Pipeline> for Build {
    fn from(pipeline: Pipeline) -> Self {
        let state = state(&pipeline.status);
        let ended = pipeline.finished_at.or(pipeline.updated_at);
        Self {
            id: pipeline.id.to_string(),
            commit: pipeline.sha,
            event: event(pipeline.source.as_deref().unwrap_or_default()),
            state,
            url: pipeline.web_url,
            finished: ended.filter(|_| state.is_over()),
        }
    }
}

/// An open list.
fn state(word: &str) -> BuildState {
    match word {
        "created" | "waiting_for_resource" | "preparing" | "pending" | "scheduled" => BuildState::Queued,
        "success" => BuildState::Passed,
        "failed" => BuildState::Failed,
        "canceled" => BuildState::Canceled,
        "skipped" => BuildState::Skipped,
        "manual" => BuildState::Manual,
        _ => BuildState::Running,
    }
}

/// Where a pipeline came from, as one of the four (<https://docs.gitlab.com/ci/jobs/job_rules/>).
fn event(source: &str) -> CiEvent {
    match source {
        "push" => CiEvent::Push,
        "merge_request_event" | "external_pull_request_event" => CiEvent::PullRequest,
        "schedule" => CiEvent::Cron,
        // api, trigger, web, pipeline, chat, …: triggered by a person or a program.
        _ => CiEvent::Api,
    }
}

#[derive(Deserialize)]
pub(super) struct Variable {
    pub(super) key: String,
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) web_url: Option<String>,
    status: String,
    #[serde(default)]
    allow_failure: bool,
}

impl Job {
    /// Does it make its pipeline red?
    pub(super) fn is_red(&self) -> bool {
        self.status == "failed" && !self.allow_failure
    }
}

/// A line of a job's log as a terminal shows it, without colours and the runner's marks for folding.
pub(super) fn readable(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        text.push_str(&rest[..at]);
        // ESC [ … and a letter.
        let sequence = &rest[at + 1..];
        let end = sequence.find(|letter: char| letter.is_ascii_alphabetic()).map_or(sequence.len(), |end| end + 1);
        rest = &sequence[end..];
    }
    text.push_str(rest);
    // A carriage return overwrites what is before it; marks for folding end in one.
    let last = text.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    if last.starts_with("section_start:") || last.starts_with("section_end:") {
        return String::new();
    }
    last.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_read_without_colours_and_marks() {
        assert_eq!(
            readable("\u{1b}[0;m\u{1b}[31;1mERROR: Job failed: exit code 1\u{1b}[0;m"),
            "ERROR: Job failed: exit code 1"
        );
        assert_eq!(readable("section_start:1560896352:step\r\u{1b}[0K$ make test"), "$ make test");
        assert_eq!(readable("section_end:1560896353:step\r\u{1b}[0K"), "");
        assert_eq!(readable("50 %\r100 %\r"), "100 %");
        assert_eq!(readable("ends in \u{1b}[3"), "ends in ");
    }

    #[test]
    fn sources_are_events_and_states_are_open() {
        assert_eq!(event("merge_request_event"), CiEvent::PullRequest);
        assert_eq!(event("web"), CiEvent::Api);
        assert_eq!(state("skipped"), BuildState::Skipped);
        assert_eq!(state("manual"), BuildState::Manual);
    }
}
