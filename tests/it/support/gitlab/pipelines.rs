//! Pipelines, their jobs, and statuses from outside.

use super::bodies::word;
use super::{Ask, Lab, list, missing, refused};
use crate::support::github::{Play, Settled};
use crate::support::hosted::project::{Check, Pipeline};
use crate::support::wire::Answer;
use serde_json::json;

impl Lab {
    pub(super) fn pipeline_status(&self, id: u64) -> &'static str {
        let jobs: Vec<&Check> = self.project.checks.iter().filter(|check| check.pipeline == id).collect();
        let latest = |check: &&&Check| !jobs.iter().any(|other| other.name == check.name && other.id > check.id);
        let words: Vec<&str> =
            jobs.iter().filter(latest).filter(|job| job.settled != Settled::Neutral).map(|job| word(job)).collect();
        match () {
            () if words.contains(&"running") => "running",
            () if words.contains(&"failed") => "failed",
            () if !words.is_empty() && words.iter().all(|word| *word == "skipped") => "skipped",
            () if self.by_hand
                && self.project.pipelines.iter().any(|known| known.id == id && known.source == "push") =>
            {
                "manual"
            }
            () => "success",
        }
    }

    fn looked_at(&mut self, pipeline: u64) {
        let commit = self.project.pipelines.iter().find(|known| known.id == pipeline).map(|known| known.commit.clone());
        if let Some(commit) = commit {
            self.project.looked(&commit);
        }
    }

    pub(super) fn statuses(&mut self, ask: &Ask<'_>, sha: &str) -> Answer {
        if self.project.git.commit(sha).is_none() {
            return refused(404, "404 Commit Not Found");
        }
        let latest = self.project.latest(sha);
        let answer = list(ask, &latest, |check| self.status_body(ask, check));
        self.project.looked(sha);
        answer
    }

    pub(super) fn set_status(&mut self, ask: &Ask<'_>, sha: &str) -> Answer {
        let Some(state) = ask.text("state") else { return missing("state") };
        let (looks, settled) = match state {
            "pending" | "running" => (u32::MAX, Settled::Green),
            "success" => (0, Settled::Green),
            "failed" | "canceled" => (0, Settled::Red),
            _ => return Answer::json(400, &json!({ "error": "state does not have a valid value" })),
        };
        let name = ask.text("name").or_else(|| ask.text("context")).unwrap_or("default").to_owned();
        let outside = self.project.pipelines.iter().find(|known| known.commit == sha && known.source == "external");
        let pipeline = outside.map(|known| known.id);
        let pipeline = pipeline.unwrap_or_else(|| self.project.pipeline(sha, "relwf", "external", Vec::new()));
        let held = self.project.checks.iter().rev().find(|check| check.pipeline == pipeline && check.name == name);
        if held.is_some_and(|held| (held.looks, held.settled) == (looks, settled)) {
            let words = "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")";
            return refused(400, words);
        }
        let id = self.project.check(sha, &name, looks, settled, pipeline);
        let check = self.project.checks.iter_mut().find(|check| check.id == id).unwrap();
        check.description = ask.text("description").map(str::to_owned);
        check.url = ask.text("target_url").map(str::to_owned);
        let check = check.clone();
        Answer::json(201, &self.status_body(ask, &check))
    }

    pub(super) fn pipelines(&mut self, ask: &Ask<'_>) -> Answer {
        let (sha, name, source) = (ask.query("sha"), ask.query("ref"), ask.query("source"));
        let fits = |pipeline: &&Pipeline| {
            sha.as_ref().is_none_or(|sha| *sha == pipeline.commit)
                && name.as_ref().is_none_or(|name| *name == pipeline.name)
                && source.as_ref().is_none_or(|source| source == pipeline.source)
        };
        let mut found: Vec<&Pipeline> = self.project.pipelines.iter().filter(fits).collect();
        found.reverse();
        let answer = list(ask, &found, |pipeline| self.pipeline_body(ask, pipeline));
        let commits: Vec<String> = found.iter().map(|pipeline| pipeline.commit.clone()).collect();
        commits.iter().for_each(|commit| self.project.looked(commit));
        answer
    }

    /// Only of the tip of a branch.
    pub(super) fn create_pipeline(&mut self, ask: &Ask<'_>) -> Answer {
        let Some(name) = ask.text("ref") else { return missing("ref") };
        let Some(commit) = self.project.git.branch(name) else {
            return Answer::json(400, &json!({ "message": { "base": ["Reference not found"] } }));
        };
        let given = ask.body["variables"].as_array().cloned().unwrap_or_default();
        if self.no_variables && !given.is_empty() {
            let words = "Insufficient permissions to set pipeline variables";
            return Answer::json(400, &json!({ "message": { "base": [words] } }));
        }
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let variables = given.iter().map(|pair| (text(&pair["key"]), text(&pair["value"]))).collect();
        let id = self.project.pipeline(&commit, name, "api", variables);
        let (looks, settled) = Play::GreenAfter(2).steps().unwrap();
        self.project.check(&commit, "test", looks, settled, id);
        self.show_pipeline_as(201, ask, id)
    }

    fn show_pipeline_as(&self, status: u16, ask: &Ask<'_>, id: u64) -> Answer {
        match self.project.pipelines.iter().find(|pipeline| pipeline.id == id) {
            Some(pipeline) => Answer::json(status, &self.pipeline_body(ask, pipeline)),
            None => refused(404, "404 Not Found"),
        }
    }

    pub(super) fn show_pipeline(&mut self, ask: &Ask<'_>, id: u64) -> Answer {
        let answer = self.show_pipeline_as(200, ask, id);
        self.looked_at(id);
        answer
    }

    pub(super) fn variables(&self, id: u64) -> Answer {
        let Some(pipeline) = self.project.pipelines.iter().find(|pipeline| pipeline.id == id) else {
            return refused(404, "404 Not Found");
        };
        let all = pipeline.variables.iter();
        Answer::json(
            200,
            &all.map(|(key, value)| json!({ "key": key, "variable_type": "env_var", "value": value })).collect(),
        )
    }

    pub(super) fn jobs(&self, ask: &Ask<'_>, id: u64) -> Answer {
        let mut all: Vec<&Check> = self.project.checks.iter().filter(|check| check.pipeline == id).collect();
        all.reverse();
        list(ask, &all, |check| self.job_body(ask, check))
    }

    pub(super) fn trace(&self, id: u64) -> Answer {
        match self.project.checks.iter().find(|check| check.id == id) {
            Some(check) => Answer::text(200, &check.log),
            None => refused(404, "404 Not Found"),
        }
    }

    /// What has ended stays as it is.
    pub(super) fn end_pipeline(&mut self, ask: &Ask<'_>, id: u64) -> Answer {
        for check in self.project.checks.iter_mut().filter(|check| check.pipeline == id && !check.is_settled()) {
            (check.looks, check.settled) = (0, Settled::Red);
        }
        self.show_pipeline_as(200, ask, id)
    }

    pub(super) fn retry_pipeline(&mut self, ask: &Ask<'_>, id: u64) -> Answer {
        let red = |check: &&mut Check| check.pipeline == id && check.settled == Settled::Red;
        for check in self.project.checks.iter_mut().filter(red) {
            (check.looks, check.settled) = (1, Settled::Green);
        }
        self.show_pipeline_as(201, ask, id)
    }
}
