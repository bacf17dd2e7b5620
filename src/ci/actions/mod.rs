//! GitHub Actions (<https://docs.github.com/rest/actions>), through the same API as the forge.
//!
//! A build is what the workflow of `[ci].workflow` made of a commit for an event; where none is named, all workflows' runs
//! together, as red as the reddest of them. Its id is theirs, joined by `+`. A triggered build is a
//! `workflow_dispatch`: the workflow must declare the inputs `relwf_key` and `relwf_commit` (and those of `env`), and show the
//! key in its `run-name`, by which it is found again.

mod answers;

use super::types::tail;
use super::{Build, BuildQuery, BuildState, Ci, CiEvent, RedJob, Start, Ticket, Trigger};
use crate::http::{Api, ApiAnswer};
use crate::model::{BranchName, CommitId, Failure, FailureKind, TaskContext, WriteError, percent_encoded};
use answers::{Dispatched, JobAnswer, Jobs, Runs, WorkflowRun, word};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// Of how many jobs the logs are read.
const LOGS: usize = 3;
/// A ticket begins with this where the server did not name the run that it made; the key and the branch follow.
const KEY: &str = "key ";

/// A repository's workflows.
pub struct ActionsCi {
    api: Arc<Api>,
    /// The path of the repository.
    repository: String,
    workflow: Option<String>,
}

impl ActionsCi {
    /// Of the repository `owner/name`; `workflow` is a file of `.github/workflows`.
    pub fn new(api: Arc<Api>, owner: &str, name: &str, workflow: Option<String>) -> Self {
        Self { api, repository: format!("/repos/{}/{}", percent_encoded(owner), percent_encoded(name)), workflow }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/actions{rest}", self.repository)
    }

    fn get<T: DeserializeOwned>(&self, rest: &str, what: &str, task: TaskContext<'_>) -> Result<T, WriteError> {
        let answer = self.api.get(&self.path(rest), task)?;
        if answer.is_success() { read(&answer, what) } else { Err(refused(&answer)) }
    }

    fn write(&self, rest: &str, body: Option<&Value>, task: TaskContext<'_>) -> Result<ApiAnswer, WriteError> {
        self.api.send("POST", &self.path(rest), body, task)
    }

    /// The newest runs, newest first.
    fn runs(&self, query: &[(&str, String)], task: TaskContext<'_>) -> Result<Vec<WorkflowRun>, WriteError> {
        Ok(self.get::<Runs>(&self.list(query), "the runs", task)?.workflow_runs)
    }

    /// All runs of one commit, newest first; of each its last attempt.
    fn of_commit(&self, query: &[(&str, String)], task: TaskContext<'_>) -> Result<Vec<WorkflowRun>, WriteError> {
        let path = self.path(&self.list(query));
        let found = self.api.all(&path, |page| page["workflow_runs"].as_array(), task)?;
        let mut runs: Vec<WorkflowRun> = Vec::new();
        for run in found.map_err(|answer| refused(&answer))? {
            let run: WorkflowRun = parsed(&run, "the runs")?;
            match runs.iter_mut().find(|known| known.id == run.id) {
                Some(known) if known.run_attempt < run.run_attempt => *known = run,
                Some(_) => {}
                None => runs.push(run),
            }
        }
        Ok(runs)
    }

    /// Where the runs are listed.
    fn list(&self, query: &[(&str, String)]) -> String {
        let of = self.workflow.as_ref().map(|file| format!("/workflows/{}", percent_encoded(file))).unwrap_or_default();
        let query: String = query.iter().map(|(name, value)| format!("&{name}={}", percent_encoded(value))).collect();
        format!("{of}/runs?per_page=100{query}")
    }

    /// The runs that were triggered under a key.
    fn of_key(&self, key: &str, branch: &str, task: TaskContext<'_>) -> Result<Vec<WorkflowRun>, WriteError> {
        let query = [("event", word(CiEvent::Api).to_owned()), ("branch", branch.to_owned())];
        let mut runs = self.runs(&query, task)?;
        runs.retain(|run| run.display_title.contains(key));
        Ok(runs)
    }
}

/// The runs of one commit for one event as one build; `None` where nothing ran.
fn build(commit: CommitId, event: CiEvent, runs: &[&WorkflowRun]) -> Option<Build> {
    let ran: Vec<(&WorkflowRun, BuildState)> = runs.iter().filter_map(|run| Some((*run, run.state()?))).collect();
    let (reddest, state) = ran.iter().copied().max_by_key(|(_, state)| weight(*state))?;
    let ids: Vec<String> = ran.iter().map(|(run, _)| run.id.to_string()).collect();
    let over = weight(state) != weight(BuildState::Running);
    Some(Build {
        id: ids.join("+"),
        commit,
        event,
        state,
        url: Some(reddest.html_url.clone()),
        finished: ran.iter().filter_map(|(run, _)| run.updated_at).max().filter(|_| over),
    })
}

/// Red counts at once, green only when every run has ended.
fn weight(state: BuildState) -> u8 {
    match state {
        BuildState::Passed => 0,
        BuildState::Queued | BuildState::Running | BuildState::Manual => 1,
        BuildState::Canceled | BuildState::Skipped => 2,
        BuildState::Errored => 3,
        BuildState::Failed => 4,
    }
}

impl Ci for ActionsCi {
    fn start(&self) -> Start {
        Start::Server
    }

    /// Workflows that a push starts show up one after another.
    fn gathers(&self) -> bool {
        self.workflow.is_none()
    }

    fn builds(&self, query: &BuildQuery, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let mut parameters = Vec::new();
        if let Some(event) = query.event {
            parameters.push(("event", word(event).to_owned()));
        }
        if let Some(commit) = query.commit {
            parameters.push(("head_sha", commit.to_string()));
        }
        // For GitHub the branch of a pull request's run is its head: the commit says which one it is.
        if let Some(branch) = query.branch.as_ref().filter(|_| query.event != Some(CiEvent::PullRequest)) {
            parameters.push(("branch", branch.to_string()));
        }
        let runs = match query.commit {
            Some(_) => self.of_commit(&parameters, task)?,
            None => self.runs(&parameters, task)?,
        };
        let mut groups: Vec<((CommitId, CiEvent), Vec<&WorkflowRun>)> = Vec::new();
        for run in &runs {
            let Some(event) = run.event() else { continue };
            let of = (run.head_sha, event);
            match groups.iter_mut().find(|(group, _)| *group == of) {
                // Each request is a build of its own; what a commit started by itself belongs together.
                Some((_, runs)) if event != CiEvent::Api => runs.push(run),
                _ => groups.push((of, vec![run])),
            }
        }
        Ok(groups.iter().filter_map(|((commit, event), runs)| build(*commit, *event, runs)).collect())
    }

    fn find(&self, key: &str, branch: &BranchName, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let runs = self.of_key(key, branch.as_str(), task)?;
        Ok(runs.iter().filter_map(|run| build(run.head_sha, CiEvent::Api, &[run])).collect())
    }

    fn trigger(&self, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, WriteError> {
        let wrong = |message: &str, hint: &str| {
            WriteError::Refused(Failure::new(FailureKind::Config, message.to_owned()).hint(hint.to_owned()))
        };
        if trigger.event != CiEvent::Api {
            return Err(wrong(
                "GitHub starts only builds of event \"api\" on request",
                "omit `event`: GitHub calls that event workflow_dispatch",
            ));
        }
        let Some(file) = &self.workflow else {
            return Err(wrong("[ci] names no workflow to dispatch", "add workflow = \"release.yml\" to [ci]"));
        };
        let mut inputs = json!({ "relwf_key": trigger.key, "relwf_commit": trigger.commit });
        trigger.env.iter().for_each(|(name, value)| inputs[name] = value.as_str().into());
        let path = format!("/workflows/{}/dispatches", percent_encoded(file));
        let mut body = json!({ "ref": trigger.branch, "inputs": inputs, "return_run_details": true });
        let mut answer = self.write(&path, Some(&body), task)?;
        // An older server does not know that it could name the run.
        if matches!(answer.status, 400 | 422) && answer.server_message().contains("return_run_details") {
            body.as_object_mut().map(|body| body.remove("return_run_details"));
            answer = self.write(&path, Some(&body), task)?;
        }
        match answer.status {
            200 => Ok(Ticket(
                read::<Dispatched>(&answer, "the new run").map_err(WriteError::once_sent)?.workflow_run_id.to_string(),
            )),
            204 => Ok(Ticket(format!("{KEY}{} {}", trigger.key, trigger.branch))),
            _ => Err(refused(&answer)),
        }
    }

    /// A key shows only where the workflow has it in its `run-name`.
    fn shows_keys(&self, branch: &BranchName, task: TaskContext<'_>) -> Result<bool, WriteError> {
        Ok(!self.of_key("relwf-", branch.as_str(), task)?.is_empty())
    }

    fn resolve(&self, ticket: &Ticket, task: TaskContext<'_>) -> Result<Option<Build>, WriteError> {
        let Some(request) = ticket.0.strip_prefix(KEY) else { return self.build(&ticket.0, task).map(Some) };
        let (key, branch) = request.split_once(' ').unwrap_or((request, ""));
        let runs = self.of_key(key, branch, task)?;
        Ok(runs.first().and_then(|run| build(run.head_sha, CiEvent::Api, &[run])))
    }

    fn build(&self, id: &str, task: TaskContext<'_>) -> Result<Build, WriteError> {
        let runs: Vec<WorkflowRun> = id
            .split('+')
            .map(|id| self.get(&format!("/runs/{}", percent_encoded(id)), "the run", task))
            .collect::<Result<_, _>>()?;
        let of = runs.first().and_then(|run| Some((run.head_sha, run.event()?)));
        let found = of.and_then(|(commit, event)| build(commit, event, &runs.iter().collect::<Vec<_>>()));
        found.ok_or_else(|| {
            WriteError::Refused(Failure::new(FailureKind::NotFound, format!("the run {id} was skipped: nothing ran")))
        })
    }

    fn cancel(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        for id in id.split('+') {
            let answer = self.write(&format!("/runs/{}/cancel", percent_encoded(id)), None, task)?;
            // 409: it has ended already.
            if !answer.is_success() && answer.status != 409 {
                return Err(refused(&answer));
            }
        }
        Ok(())
    }

    fn restart(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        for id in id.split('+') {
            if self.build(id, task)?.state.is_red() {
                let answer = self.write(&format!("/runs/{}/rerun-failed-jobs", percent_encoded(id)), None, task)?;
                if !answer.is_success() {
                    return Err(refused(&answer));
                }
            }
        }
        Ok(())
    }

    fn red_jobs(&self, id: &str, lines: usize, task: TaskContext<'_>) -> Result<Vec<RedJob>, WriteError> {
        let mut red = Vec::new();
        for id in id.split('+') {
            let jobs: Jobs = self.get(&format!("/runs/{}/jobs?per_page=100", percent_encoded(id)), "the jobs", task)?;
            red.extend(jobs.jobs.into_iter().filter(JobAnswer::counts_against));
        }
        red.truncate(LOGS);
        red.into_iter()
            .map(|job| {
                // GitHub leads to a file on another host, which must not see the token, and does not.
                let text = self.api.text(&self.path(&format!("/jobs/{}/logs", job.id)), task)?;
                let log = text.map(|text| tail(&text, lines)).unwrap_or_default();
                Ok(RedJob { name: job.name, url: job.html_url, log })
            })
            .collect()
    }
}

fn read<T: DeserializeOwned>(answer: &ApiAnswer, what: &str) -> Result<T, WriteError> {
    parsed(&answer.body, what)
}

fn parsed<T: DeserializeOwned>(body: &Value, what: &str) -> Result<T, WriteError> {
    T::deserialize(body).map_err(|error| {
        WriteError::NotSent(Failure::new(
            FailureKind::Network,
            format!("GitHub's answer about {what} cannot be read: {error}"),
        ))
    })
}

/// A refusal, with what to do about it.
fn refused(answer: &ApiAnswer) -> WriteError {
    let failure = answer.failure();
    WriteError::Refused(match answer.status {
        401 | 403 => failure.hint("the token needs the right to read and write actions"),
        404 => failure.hint(
            "check that `workflow` in [ci] is a file of .github/workflows, and that the token may see the repository",
        ),
        422 => failure.hint(
            "the workflow needs `on: workflow_dispatch` with the inputs `relwf_key`, `relwf_commit` and those of `env`",
        ),
        _ => failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: u64, status: &str, conclusion: Option<&str>) -> WorkflowRun {
        serde_json::from_value(json!({
            "id": id, "head_sha": "a".repeat(40), "display_title": "", "event": "push", "status": status,
            "conclusion": conclusion, "html_url": format!("https://x.example/{id}"), "updated_at": null,
        }))
        .unwrap()
    }

    #[test]
    fn several_workflows_are_as_red_as_the_reddest() {
        let together = |runs: &[WorkflowRun]| {
            let runs: Vec<&WorkflowRun> = runs.iter().collect();
            build(runs[0].head_sha, CiEvent::Push, &runs).map(|build| (build.id, build.state))
        };
        let green = || run(1, "completed", Some("success"));
        assert_eq!(together(&[green(), run(2, "in_progress", None)]), Some(("1+2".to_owned(), BuildState::Running)));
        assert_eq!(
            together(&[green(), run(2, "completed", Some("skipped"))]),
            Some(("1".to_owned(), BuildState::Passed))
        );
        let red = [green(), run(2, "completed", Some("failure")), run(3, "queued", None)];
        assert_eq!(together(&red), Some(("1+2+3".to_owned(), BuildState::Failed)));
        assert_eq!(together(&[run(1, "completed", Some("skipped"))]), None, "nothing ran: that is not green");
        assert_eq!(together(&[run(1, "completed", Some("something new"))]).unwrap().1, BuildState::Failed);
    }
}
