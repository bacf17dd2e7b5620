//! A fake GitLab with a memory: its git side is real, a project in a subgroup, with merge requests, pipelines and protected
//! branches as GitLab's documentation describes them.

mod bodies;
mod deployments;
mod pipelines;
mod releases;
mod requests;

use super::hosted::project::Project;
use super::hosted::{Ask, Host, Rights, Service};
use crate::support::wire::Answer;
pub use deployments::Deployment;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The project's path.
pub const PATH: &str = "acme/platform/service";

/// Who may do what to a protected branch.
#[derive(Debug, Clone, Copy)]
pub struct Protected {
    pub push: Rights,
    pub merge: Rights,
}

/// The server's state.
pub struct Lab {
    pub project: Project,
    /// `merge`, `rebase_merge`, `ff`.
    pub merge_method: &'static str,
    /// `never`, `always`, `default_on`, `default_off`.
    pub squash_option: &'static str,
    pub only_if_pipeline_succeeds: bool,
    /// Does a pipeline that was skipped succeed?
    pub skipped_succeeds: bool,
    pub protected: BTreeMap<String, Protected>,
    /// Oldest first.
    pub deployments: Vec<Deployment>,
    /// How many approvals are missing on every merge request.
    pub approvals_left: u32,
    /// Are variables of pipelines forbidden?
    pub no_variables: bool,
    /// Pipelines of pushes stop before a job that a person has to start.
    pub by_hand: bool,
    /// Is it too old to say whether it would squash?
    pub old: bool,
}

/// The fake.
pub type Gitlab = Host<Lab>;

impl Gitlab {
    /// A server with an empty project in a subgroup.
    pub fn open() -> Self {
        Self::start(PATH, None, |project| Lab {
            project,
            merge_method: "merge",
            squash_option: "default_off",
            only_if_pipeline_succeeds: false,
            skipped_succeeds: false,
            protected: BTreeMap::new(),
            deployments: Vec::new(),
            approvals_left: 0,
            no_variables: false,
            by_hand: false,
            old: false,
        })
    }

    /// Nobody below these roles pushes to a branch, or merges into it.
    pub fn protect(&self, branch: &str, push: Rights, merge: Rights) {
        self.with(|lab| {
            if push > Rights::Write {
                let words = "GitLab: You are not allowed to push code to protected branches on this project.";
                lab.project.close_to_pushes(branch, words);
            }
            lab.protected.insert(branch.to_owned(), Protected { push, merge });
        });
    }
}

/// No, in GitLab's form.
pub fn refused(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

impl Service for Lab {
    const API: &'static str = "/api/v4";

    fn unauthorized() -> Answer {
        refused(401, "401 Unauthorized")
    }

    fn project(&mut self) -> &mut Project {
        &mut self.project
    }

    fn answer(&mut self, ask: &Ask<'_>) -> Answer {
        let parts: Vec<&str> = ask.parts.iter().map(String::as_str).collect();
        let ["projects", path, rest @ ..] = parts.as_slice() else { return refused(404, "404 Not Found") };
        if (*path != PATH && *path != "42") || ask.rights() == Rights::None {
            return refused(404, "404 Project Not Found");
        }
        let writes = ask.request.method != "GET";
        if writes && ask.person.is_none() {
            return Self::unauthorized();
        }
        // Guests comment and propose nothing here.
        if writes && ask.rights() < Rights::Write && !rest.contains(&"notes") {
            return refused(403, "403 Forbidden");
        }
        self.of_project(ask, rest)
    }
}

impl Lab {
    fn of_project(&mut self, ask: &Ask<'_>, rest: &[&str]) -> Answer {
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        match (ask.request.method.as_str(), rest) {
            ("GET", []) => Answer::json(200, &self.project_body(ask)),
            ("GET", ["repository", "branches", name]) => self.branch(ask, name),
            ("GET", ["repository", "commits", sha, "statuses"]) => self.statuses(ask, sha),
            ("GET", ["repository", "commits", sha, "merge_requests"]) => self.requests_of(ask, sha),
            ("POST", ["statuses", sha]) => self.set_status(ask, sha),
            ("GET", ["merge_requests"]) => self.requests(ask),
            ("POST", ["merge_requests"]) => self.open_request(ask),
            ("GET", ["merge_requests", n]) => self.show_request(ask, number(n)),
            ("PUT", ["merge_requests", n]) => self.edit_request(ask, number(n)),
            ("PUT", ["merge_requests", n, "merge"]) => self.merge_request(ask, number(n)),
            ("GET", ["merge_requests", n, "notes"]) => self.notes(ask, number(n)),
            ("POST", ["merge_requests", n, "notes"]) => self.note(ask, number(n)),
            ("GET", ["pipelines"]) => self.pipelines(ask),
            ("POST", ["pipeline"]) => self.create_pipeline(ask),
            ("GET", ["pipelines", id]) => self.show_pipeline(ask, number(id)),
            ("GET", ["pipelines", id, "variables"]) => self.variables(number(id)),
            ("GET", ["pipelines", id, "jobs"]) => self.jobs(ask, number(id)),
            ("POST", ["pipelines", id, "cancel"]) => self.end_pipeline(ask, number(id)),
            ("POST", ["pipelines", id, "retry"]) => self.retry_pipeline(ask, number(id)),
            ("GET", ["deployments"]) => self.deployments(ask),
            ("POST", ["deployments"]) => self.deploy(ask),
            ("PUT", ["deployments", id]) => self.edit_deployment(ask, number(id)),
            ("GET", ["releases", tag]) => self.release(ask, tag),
            ("POST", ["releases"]) => self.create_release(ask),
            ("GET", ["jobs", id, "trace"]) => self.trace(number(id)),
            _ => refused(404, "404 Not Found"),
        }
    }

    /// May the token's owner push to a branch?
    fn may_push(&self, ask: &Ask<'_>, branch: &str) -> bool {
        let needed = self.protected.get(branch).map_or(Rights::Write, |protected| protected.push);
        ask.person.is_some() && ask.rights() >= needed
    }

    fn branch(&self, ask: &Ask<'_>, name: &str) -> Answer {
        match self.project.git.branch(name) {
            Some(commit) => Answer::json(200, &self.branch_body(ask, name, &commit)),
            None => refused(404, "404 Branch Not Found"),
        }
    }
}

/// 400 as GitLab says what is missing.
fn missing(parameter: &str) -> Answer {
    Answer::json(400, &json!({ "error": format!("{parameter} is missing") }))
}

/// A list of GitLab's: 20 a page, 100 at most.
fn list<T>(ask: &Ask<'_>, all: &[T], show: impl Fn(&T) -> Value) -> Answer {
    ask.list(Lab::API, "per_page", 100, all, show)
}
