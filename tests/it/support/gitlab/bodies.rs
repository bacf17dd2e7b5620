//! What the fake GitLab's answers look like: the fields of its documentation's examples.

use super::{Ask, Lab, PATH, Rights};
use crate::support::github::Settled;
use crate::support::hosted::project::{Change, Check, Comment, Pipeline, State};
use serde_json::{Value, json};

fn user(ask: &Ask<'_>, login: &str) -> Value {
    json!({
        "id": 1 + login.len(), "username": login, "name": login, "state": "active", "locked": false,
        "avatar_url": null, "web_url": format!("{}/{login}", ask.web),
    })
}

impl Lab {
    pub(super) fn project_body(&self, ask: &Ask<'_>) -> Value {
        let (space, name) = PATH.rsplit_once('/').unwrap();
        let level = match ask.rights() {
            Rights::None => 10,
            Rights::Read => 20,
            Rights::Write => 30,
            Rights::Admin => 40,
        };
        let access = ask.person.is_some().then(|| json!({ "access_level": level, "notification_level": 3 }));
        json!({
            "id": 42, "name": name, "path": name, "path_with_namespace": PATH, "default_branch": "master",
            "name_with_namespace": PATH.replace('/', " / "), "visibility": "public", "archived": false,
            "web_url": format!("{}/{PATH}", ask.web), "http_url_to_repo": format!("{}/{PATH}.git", ask.web),
            "namespace": { "id": 7, "full_path": space, "kind": "group" },
            "permissions": { "project_access": null, "group_access": access }, "merge_method": self.merge_method, "squash_option": self.squash_option,
            "only_allow_merge_if_pipeline_succeeds": self.only_if_pipeline_succeeds,
            "only_allow_merge_if_all_discussions_are_resolved": false, "allow_merge_on_skipped_pipeline": self.skipped_succeeds,
            "remove_source_branch_after_merge": true, "merge_requests_enabled": true, "jobs_enabled": true,
        })
    }

    pub(super) fn branch_body(&self, ask: &Ask<'_>, name: &str, commit: &str) -> Value {
        let protected = self.protected.get(name);
        json!({
            "name": name, "merged": false, "protected": protected.is_some(), "default": name == "master",
            "developers_can_push": protected.is_some_and(|p| p.push <= Rights::Write),
            "developers_can_merge": protected.is_some_and(|p| p.merge <= Rights::Write),
            "can_push": self.may_push(ask, name),
            "web_url": format!("{}/{PATH}/-/tree/{name}", ask.web),
            "commit": { "id": commit, "short_id": &commit[..8], "title": "", "message": "", "parent_ids": [] },
        })
    }

    pub(super) fn request_body(&self, ask: &Ask<'_>, change: &Change) -> Value {
        let (state, merged) = match &change.state {
            State::Open => ("opened", None),
            State::Closed => ("closed", None),
            State::Merged(commit) => ("merged", Some(commit)),
        };
        // A fast-forward has no commit of its own.
        let own = merged.filter(|commit| **commit != change.head_commit);
        json!({
            "id": 9000 + change.number, "iid": change.number, "project_id": 42,
            "title": change.title, "description": change.body, "state": state,
            "created_at": change.at, "updated_at": change.at, "merged_at": merged.map(|_| &change.at),
            "source_branch": change.head, "target_branch": change.base,
            "source_project_id": if change.fork { 99 } else { 42 }, "target_project_id": 42,
            "author": user(ask, change.author), "draft": false, "sha": change.head_commit,
            "merge_commit_sha": own, "squash_commit_sha": null,
            "squash": change.squash, "squash_on_merge": (!self.old).then(|| self.squashes(change)),
            "merge_status": if change.computing > 0 { "checking" } else { "can_be_merged" },
            "detailed_merge_status": self.merge_status(change),
            "has_conflicts": false, "should_remove_source_branch": null, "force_remove_source_branch": false,
            "web_url": format!("{}/{PATH}/-/merge_requests/{}", ask.web, change.number),
            "references": { "short": format!("!{}", change.number), "full": format!("{PATH}!{}", change.number) },
            "user": { "can_merge": self.may_merge(ask, &change.base) },
        })
    }

    pub(super) fn note_body(ask: &Ask<'_>, note: &Comment) -> Value {
        json!({
            "id": note.id, "body": note.body, "author": user(ask, note.author), "created_at": note.at,
            "updated_at": note.at, "system": false, "noteable_type": "MergeRequest", "noteable_iid": note.number,
            "project_id": 42, "resolvable": false, "internal": false,
        })
    }

    pub(super) fn status_body(&self, ask: &Ask<'_>, check: &Check) -> Value {
        let of = self.project.pipelines.iter().find(|pipeline| pipeline.id == check.pipeline);
        json!({
            "id": check.id, "sha": check.commit, "ref": of.map(|pipeline| &pipeline.name), "name": check.name,
            "status": word(check), "allow_failure": check.settled == Settled::Neutral, "description": check.description,
            "target_url": check.url.clone().unwrap_or_else(|| format!("{}/{PATH}/-/jobs/{}", ask.web, check.id)),
            "created_at": check.at, "started_at": null, "finished_at": check.is_settled().then_some(&check.at),
            "pipeline_id": check.pipeline, "coverage": null, "author": user(ask, "ci"),
        })
    }

    pub(super) fn job_body(&self, ask: &Ask<'_>, check: &Check) -> Value {
        json!({
            "id": check.id, "name": check.name, "stage": "test", "status": word(check),
            "allow_failure": check.settled == Settled::Neutral, "created_at": check.at,
            "pipeline": { "id": check.pipeline, "project_id": 42 },
            "web_url": format!("{}/{PATH}/-/jobs/{}", ask.web, check.id),
        })
    }

    pub(super) fn pipeline_body(&self, ask: &Ask<'_>, pipeline: &Pipeline) -> Value {
        let status = self.pipeline_status(pipeline.id);
        json!({
            "id": pipeline.id, "iid": pipeline.id - 1000, "project_id": 42, "sha": pipeline.commit, "ref": pipeline.name,
            "status": status, "source": pipeline.source, "created_at": pipeline.at, "updated_at": pipeline.at,
            "finished_at": matches!(status, "success" | "failed" | "canceled").then_some(&pipeline.at),
            "web_url": format!("{}/{PATH}/-/pipelines/{}", ask.web, pipeline.id),
        })
    }
}

/// A job's or status' own word.
pub(super) fn word(check: &Check) -> &'static str {
    match (check.is_settled(), check.settled) {
        (false, _) => "running",
        (true, Settled::Green) => "success",
        (true, Settled::Red | Settled::Neutral) => "failed",
        (true, Settled::Skipped) => "skipped",
    }
}
