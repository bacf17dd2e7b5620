//! Travis CI (.com and Enterprise), through its API version 3 (<https://developer.travis-ci.com>).
//!
//! The build of a pull request tests `refs/pull/N/merge` and names that merge as its commit; which head it tests is in the
//! merge's message, as GitHub writes it, and in Travis' own request. A build's id is the number that Travis gives it; a ticket names a request for one. The key of a
//! trigger travels in the request's message, which becomes the message of the build's commit, and is found there again.

mod answers;

use super::types::tail;
use super::{Build, BuildQuery, Ci, CiEvent, RedJob, Start, Ticket, Trigger};
use crate::http::{Api, ApiAnswer, Client};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Secret, TaskContext, WriteError, percent_encoded};
use answers::{BuildAnswer, JobAnswer, RequestAnswer, Requested};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many builds are looked through.
const NEWEST: usize = 100;
/// Of how many jobs the logs are read.
const LOGS: usize = 3;
/// How the ticket of a request begins; every other ticket is the id of a build.
const REQUEST: &str = "request ";

/// A repository on Travis.
pub struct TravisCi {
    api: Api,
    slug: String,
    /// The web site that shows builds.
    site: String,
    /// The heads of the changes that builds test, where these took a request of their own.
    heads: Mutex<BTreeMap<u64, CommitId>>,
}

impl TravisCi {
    /// `api` is `https://api.travis-ci.com` or `https://HOST/api`; `slug` the repository's `owner/name`.
    pub fn new(client: Client, api: &str, token: Option<Secret>, slug: &str) -> Self {
        let mut headers = vec![
            ("travis-api-version".to_owned(), Secret::new("3")),
            ("accept".to_owned(), Secret::new("application/json")),
            ("user-agent".to_owned(), Secret::new(concat!("relwf/", env!("CARGO_PKG_VERSION")))),
        ];
        if let Some(token) = token {
            headers.push(("authorization".to_owned(), Secret::new(format!("token {}", token.expose()))));
        }
        let site = match api.trim_end_matches('/') {
            "https://api.travis-ci.com" => "https://app.travis-ci.com/github".to_owned(),
            other => other.trim_end_matches("/api").to_owned(),
        };
        Self { api: Api::new(client, api, headers), slug: slug.to_owned(), site, heads: Mutex::default() }
    }

    fn repo(&self, rest: &str) -> String {
        format!("/repo/{}{rest}", percent_encoded(&self.slug))
    }

    fn get<T: DeserializeOwned>(&self, path: &str, what: &str, task: TaskContext<'_>) -> Result<T, WriteError> {
        let answer = self.api.get(path, task)?;
        if answer.is_success() { read(&answer, what) } else { Err(refused(&answer)) }
    }

    fn write(&self, path: &str, body: Option<&Value>, task: TaskContext<'_>) -> Result<ApiAnswer, WriteError> {
        let answer = self.api.send("POST", path, body, task)?;
        if answer.is_success() { Ok(answer) } else { Err(refused(&answer)) }
    }

    /// The newest builds of an event on a branch, as Travis lists them.
    fn newest(
        &self,
        event: Option<CiEvent>,
        branch: Option<&BranchName>,
        task: TaskContext<'_>,
    ) -> Result<Vec<BuildAnswer>, WriteError> {
        #[derive(serde::Deserialize)]
        struct List {
            builds: Vec<BuildAnswer>,
        }
        let mut query = format!("/builds?sort_by=id:desc&limit={NEWEST}&include=build.request");
        if let Some(event) = event {
            query.push_str(&format!("&event_type={}", event.word()));
        }
        if let Some(branch) = branch {
            query.push_str(&format!("&branch.name={}", percent_encoded(branch.as_str())));
        }
        Ok(self.get::<List>(&self.repo(&query), "the builds", task)?.builds)
    }

    /// The head of the change that a build tests; `None` where the commit that it names is meant.
    fn head(&self, build: &BuildAnswer, task: TaskContext<'_>) -> Result<Option<CommitId>, WriteError> {
        if !build.tests_a_change() {
            return Ok(None);
        }
        if let Some(head) = build.merged_head() {
            return Ok(Some(head));
        }
        let known = self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(&build.id).copied();
        let (None, Some(request)) = (known, &build.request) else { return Ok(known) };
        let request: RequestAnswer = self.get(&self.repo(&format!("/request/{}", request.id)), "the request", task)?;
        if let Some(head) = request.head_commit {
            self.heads.lock().unwrap_or_else(PoisonError::into_inner).insert(build.id, head);
        }
        Ok(request.head_commit)
    }

    fn as_build(&self, build: BuildAnswer, head: Option<CommitId>) -> Option<Build> {
        let url = format!("{}/{}/builds/{}", self.site, self.slug, build.id);
        build.build(url, head)
    }
}

impl Ci for TravisCi {
    fn start(&self) -> Start {
        Start::Server
    }

    /// As a status, or as a check run of its GitHub app.
    fn push_contexts(&self) -> &'static [&'static str] {
        &["continuous-integration/travis-ci/push", "Travis CI - Branch"]
    }

    fn builds(&self, query: &BuildQuery, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let mut builds = Vec::new();
        for found in self.newest(query.event, query.branch.as_ref(), task)? {
            let head = self.head(&found, task)?;
            builds.extend(
                self.as_build(found, head).filter(|build| query.commit.is_none_or(|commit| build.commit == commit)),
            );
        }
        Ok(builds)
    }

    fn find(&self, key: &str, branch: &BranchName, task: TaskContext<'_>) -> Result<Vec<Build>, WriteError> {
        let found = self.newest(Some(CiEvent::Api), Some(branch), task)?;
        let ours = found.into_iter().filter(|build| build.carries(key));
        Ok(ours.filter_map(|build| self.as_build(build, None)).collect())
    }

    /// Always of event `api`: that is what Travis makes of a request.
    fn trigger(&self, trigger: &Trigger, task: TaskContext<'_>) -> Result<Ticket, WriteError> {
        if trigger.event != CiEvent::Api {
            let event = trigger.event.word();
            return Err(WriteError::Refused(
                Failure::new(
                    FailureKind::Arguments,
                    format!("Travis starts only builds of event \"api\" on request, not of {event}"),
                )
                .hint("omit `event`"),
            ));
        }
        let env: serde_json::Map<String, Value> =
            trigger.env.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let request = json!({
            "request": {
                "branch": trigger.branch,
                "sha": trigger.commit,
                "message": format!("Build of {} ({})", trigger.commit.short(), trigger.key),
                "merge_mode": "deep_merge_append",
                "config": { "env": { "global": env } },
            },
        });
        let answer = self.write(&self.repo("/requests"), Some(&request), task)?;
        let requested: Requested = read(&answer, "the request").map_err(WriteError::once_sent)?;
        if let Some(left) = requested.remaining_requests.filter(|left| *left == 0) {
            task.warn(format!("Travis takes {left} further requests for now"));
        }
        Ok(Ticket(format!("{REQUEST}{}", requested.request.id)))
    }

    fn resolve(&self, ticket: &Ticket, task: TaskContext<'_>) -> Result<Option<Build>, WriteError> {
        let Some(number) = ticket.0.strip_prefix(REQUEST) else { return self.build(&ticket.0, task).map(Some) };
        let path = self.repo(&format!("/request/{}", percent_encoded(number)));
        let request: RequestAnswer = self.get(&path, "the request", task)?;
        if request.result.as_deref() == Some("rejected") {
            let why = request.message.as_deref().unwrap_or("no reason given");
            return Err(WriteError::Refused(Failure::new(
                FailureKind::Refused,
                format!("Travis rejected the {}: {why}", ticket.0),
            )));
        }
        match request.builds.first() {
            Some(build) => self.build(&build.id.to_string(), task).map(Some),
            None => Ok(None),
        }
    }

    fn build(&self, id: &str, task: TaskContext<'_>) -> Result<Build, WriteError> {
        let path = format!("/build/{}?include=build.request", percent_encoded(id));
        let build: BuildAnswer = self.get(&path, "the build", task)?;
        let head = self.head(&build, task)?;
        self.as_build(build, head).ok_or_else(|| {
            WriteError::Refused(Failure::new(FailureKind::Git, format!("Travis' build {id} names no commit")))
        })
    }

    fn cancel(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        let answer = self.api.send("POST", &format!("/build/{}/cancel", percent_encoded(id)), None, task)?;
        // 409: it has ended already.
        if answer.is_success() || answer.status == 409 { Ok(()) } else { Err(refused(&answer)) }
    }

    fn restart(&self, id: &str, task: TaskContext<'_>) -> Result<(), WriteError> {
        let answer = self.api.send("POST", &format!("/build/{}/restart", percent_encoded(id)), None, task)?;
        // 409: it is running already.
        if answer.is_success() || answer.status == 409 { Ok(()) } else { Err(refused(&answer)) }
    }

    fn red_jobs(&self, id: &str, lines: usize, task: TaskContext<'_>) -> Result<Vec<RedJob>, WriteError> {
        #[derive(serde::Deserialize)]
        struct Jobs {
            jobs: Vec<JobAnswer>,
        }
        let jobs: Jobs = self.get(&format!("/build/{}/jobs", percent_encoded(id)), "the jobs", task)?;
        let red = jobs.jobs.into_iter().filter(JobAnswer::counts_against).take(LOGS);
        red.map(|job| {
            let text = self.api.text(&format!("/job/{}/log.txt", job.id), task)?;
            Ok(RedJob {
                // A log may be gone: the job failed all the same.
                log: text.map(|text| tail(&text, lines)).unwrap_or_default(),
                url: Some(format!("{}/{}/jobs/{}", self.site, self.slug, job.id)),
                name: job.name(),
            })
        })
        .collect()
    }
}

fn read<T: DeserializeOwned>(answer: &ApiAnswer, what: &str) -> Result<T, WriteError> {
    T::deserialize(&answer.body).map_err(|error| {
        WriteError::NotSent(
            Failure::new(FailureKind::Network, format!("Travis' answer about {what} cannot be read: {error}"))
                .hint("is [ci].api the address of Travis' API?"),
        )
    })
}

/// A refusal, with what to do about it (<https://developer.travis-ci.com/resource/error>).
fn refused(answer: &ApiAnswer) -> WriteError {
    let failure = answer.failure();
    WriteError::Refused(match answer.status {
        403 if answer.body["error_type"] == "insufficient_access" => {
            failure.hint("the owner of the token in TRAVIS_TOKEN may not do this")
        }
        // Travis knows no 401: a token that it does not know, or none, is a 403 with other words, or without any.
        401 | 403 => {
            Failure { kind: FailureKind::Auth, ..failure }.hint("the token in TRAVIS_TOKEN is missing or wrong")
        }
        404 => failure
            .hint("Travis also answers 404 where the token may not see it; check that the repository is active there"),
        406 => failure.hint("the repository is not active on Travis"),
        409 => failure.hint("it is running already"),
        _ => failure,
    })
}
