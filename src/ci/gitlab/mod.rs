//! GitLab's pipelines, through the REST API version 4 (<https://docs.gitlab.com/api/pipelines/>).
//!
//! A build is a pipeline. The key of a trigger travels in the variable `RELWF_KEY`, and is found there again.

mod answers;

use super::{Build, BuildQuery, Ci, CiEvent, RedJob, Start, Ticket, Trigger};
use crate::http::{Api, ApiAnswer};
use crate::model::{BranchName, CommitId, Failure, FailureKind, TaskContext, WriteError, percent_encoded};
use answers::{Job, Pipeline, Variable, readable};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// The variable that holds the key of a trigger.
const KEY: &str = "RELWF_KEY";
/// Of how many of the newest pipelines the variables are read.
const NEWEST: usize = 20;
/// Of how many jobs the logs are read.
const LOGS: usize = 3;

/// A project's pipelines.
pub struct GitlabCi {
    api: Arc<Api>,
    root: String,
}

impl GitlabCi {
    /// The project with that whole path, on GitLab's API.
    pub fn new(api: Arc<Api>, project: &str) -> Self {
        Self { api, root: format!("/projects/{}", percent_encoded(project)) }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.root)
    }

    fn get<T: DeserializeOwned>(&self, rest: &str, task: TaskContext<'_>) -> Result<T, WriteError> {
        let answer = self.api.get(&self.path(rest), task)?;
        if answer.is_success() { read(&answer.body, rest) } else { Err(refused(&answer)) }
    }

    fn list<T: DeserializeOwned>(&self, rest: &str, task: TaskContext<'_>) -> Result<Vec<T>, WriteError> {
        let found = self.api.all(&self.path(rest), Value::as_array, task)?;
        let found = found.map_err(|answer| refused(&answer))?;
        found.iter().map(|item| read(item, rest)).collect()
    }

    fn post(&self, rest: &str, body: Option<&Value>, task: TaskContext<'_>) -> Result<ApiAnswer, WriteError> {
        let answer = self.api.send("POST", &self.path(rest), body, task)?;
        if answer.is_success() { Ok(answer) } else { Err(refused(&answer)) }
    }

    /// One page of the newest pipelines.
    fn newest(&self, query: &str, task: TaskContext<'_>) -> Result<Vec<Pipeline>, WriteError> {
        self.get(&format!("/pipelines?order_by=id&sort=desc&per_page=100{query}"), task)
    }

    fn tip(&self, branch: &BranchName, task: TaskContext<'_>) -> Result<CommitId, WriteError> {
        #[derive(Deserialize)]
        struct Branch {
            commit: Tip,
        }
        #[derive(Deserialize)]
        struct Tip {
            id: CommitId,
        }
        let path = format!("/repository/branches/{}", percent_encoded(branch.as_str()));
        Ok(self.get::<Branch>(&path, task)?.commit.id)
    }
}

impl Ci for GitlabCi {
    fn start(&self) -> Start {
        Start::Server
    }

    fn builds(&self, query: &BuildQuery, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let mut text = String::new();
        if let Some(commit) = query.commit {
            text.push_str(&format!("&sha={commit}"));
        }
        // A merge request's pipeline runs on a reference of its own.
        if let Some(branch) = query.branch.as_ref().filter(|_| query.event != Some(CiEvent::PullRequest)) {
            text.push_str(&format!("&ref={}", percent_encoded(branch.as_str())));
        }
        let found = self.newest(&text, task)?.into_iter();
        let builds = found.map(|pipeline| match &query.branch {
            // Where merge requests have no pipelines of their own, those of their branches test them.
            Some(target) if query.event == Some(CiEvent::PullRequest) && pipeline.is_push_beside(target) => {
                Build { event: CiEvent::PullRequest, ..Build::from(pipeline) }
            }
            _ => Build::from(pipeline),
        });
        Ok(builds.filter(|build| query.event.is_none_or(|event| build.event == event)).collect())
    }

    fn find(&self, key: &str, branch: &BranchName, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let query = format!("&source=api&ref={}", percent_encoded(branch.as_str()));
        let mut found = Vec::new();
        for pipeline in self.newest(&query, task)?.into_iter().take(NEWEST) {
            let variables: Vec<Variable> = self.get(&format!("/pipelines/{}/variables", pipeline.id), task)?;
            if variables.iter().any(|variable| variable.key == KEY && variable.value.as_deref() == Some(key)) {
                found.push(Build::from(pipeline));
            }
        }
        Ok(found)
    }

    /// Always of event `api`, and always of a branch's tip: GitLab starts no pipeline of another commit.
    fn trigger(&self, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, WriteError> {
        let refuse = |message: String, hint: &str| {
            Err(WriteError::Refused(Failure::new(FailureKind::Arguments, message).hint(hint.to_owned())))
        };
        if trigger.event != CiEvent::Api {
            return refuse(
                format!("GitLab starts only pipelines of event \"api\" on request, not of {}", trigger.event.word()),
                "omit `event`",
            );
        }
        let elsewhere = |tip: CommitId| {
            format!(
                "GitLab builds tips of branches: {} is at {}, not at {}",
                trigger.branch,
                tip.short(),
                trigger.commit.short()
            )
        };
        let hint = "push the commit to a branch of its own and build that";
        let tip = self.tip(&trigger.branch, task)?;
        if tip != trigger.commit {
            return refuse(elsewhere(tip), hint);
        }
        let mut variables = vec![json!({ "key": KEY, "value": trigger.key })];
        variables.extend(trigger.env.iter().map(|(key, value)| json!({ "key": key, "value": value })));
        let body = json!({ "ref": trigger.branch, "variables": variables });
        let answer = self.post("/pipeline", Some(&body), task)?;
        let pipeline: Pipeline = read(&answer.body, "/pipeline").map_err(WriteError::once_sent)?;
        if pipeline.sha != trigger.commit {
            // The branch moved in between: this pipeline builds another commit.
            self.cancel(&pipeline.id.to_string(), task)?;
            return refuse(elsewhere(pipeline.sha), hint);
        }
        Ok(Ticket(pipeline.id.to_string()))
    }

    fn resolve(&self, ticket: &Ticket, task: TaskContext<'_>) -> Result<Option<Build>, WriteError> {
        self.build(&ticket.0, task).map(Some)
    }

    fn build(&self, id: &str, task: TaskContext<'_>) -> Result<Build, WriteError> {
        Ok(self.get::<Pipeline>(&format!("/pipelines/{}", percent_encoded(id)), task)?.into())
    }

    /// GitLab accepts this for a pipeline that has ended too.
    fn cancel(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        self.post(&format!("/pipelines/{}/cancel", percent_encoded(id)), None, task).map(drop)
    }

    fn restart(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        self.post(&format!("/pipelines/{}/retry", percent_encoded(id)), None, task).map(drop)
    }

    /// In the order in which they ran; GitLab lists the newest first.
    fn red_jobs(&self, id: &str, lines: usize, task: TaskContext<'_>) -> Result<Vec<RedJob>, WriteError> {
        let jobs: Vec<Job> = self.list(&format!("/pipelines/{}/jobs?per_page=100", percent_encoded(id)), task)?;
        let red = jobs.into_iter().rev().filter(Job::is_red).take(LOGS);
        red.map(|job| {
            let text = self.api.text(&self.path(&format!("/jobs/{}/trace", job.id)), task)?;
            // A log may be gone: the job failed all the same.
            Ok(RedJob {
                log: text.map(|text| tail(&text, lines)).unwrap_or_default(),
                url: job.web_url,
                name: job.name,
            })
        })
        .collect()
    }
}

/// The last lines of a log that are not empty.
fn tail(text: &str, lines: usize) -> Vec<String> {
    let filled: Vec<String> = text.lines().map(readable).filter(|line| !line.is_empty()).collect();
    filled[filled.len().saturating_sub(lines)..].to_vec()
}

fn read<T: DeserializeOwned>(body: &Value, what: &str) -> Result<T, WriteError> {
    T::deserialize(body).map_err(|error| {
        let what = what.split('?').next().unwrap_or_default();
        WriteError::NotSent(
            Failure::new(FailureKind::Network, format!("GitLab's answer to {what} cannot be read: {error}"))
                .hint("is [ci].api the address of GitLab's API?"),
        )
    })
}

/// A refusal, with what to do about it.
fn refused(answer: &ApiAnswer) -> WriteError {
    let failure = answer.failure();
    WriteError::Refused(match answer.status {
        400 if answer.server_message().contains("variables") => failure.hint(
            "relwf finds its pipelines again by a variable: allow it under Settings, CI/CD, Variables, \"Minimum role to \
             use pipeline variables\"",
        ),
        401 => failure.hint("the token is wrong or has expired; `relwf doctor` shows where it comes from"),
        403 => failure.hint("the token needs the scope `api`, and its owner the right to run pipelines on this branch"),
        404 => failure
            .hint("GitLab also answers 404 where the token may not see it; `relwf doctor` shows where the token comes from"),
        _ => failure,
    })
}
