//! Travis' objects as JSON, with the fields that its own specifications show.

use super::state::{Build, Request, Travis};
use crate::support::github::Repository;
use serde_json::{Value, json};

/// No, in Travis' form.
pub fn error(kind: &str, message: &str) -> Value {
    json!({ "@type": "error", "error_type": kind, "error_message": message })
}

pub fn repository(repo: &Repository) -> Value {
    json!({
        "@type": "repository", "@href": format!("/repo/{}", repo.id), "@representation": "minimal", "id": repo.id,
        "name": repo.name, "slug": repo.full_name(),
    })
}

/// The repository itself.
pub fn full_repository(repo: &Repository, travis: &Travis, admin: bool) -> Value {
    let mut body = repository(repo);
    let own = json!({
        "@representation": "standard",
        "@permissions": { "read": true, "create_request": admin, "activate": admin, "deactivate": admin },
        "description": null, "github_id": repo.id, "vcs_id": repo.id.to_string(), "vcs_type": "GithubRepository",
        "github_language": null, "active": travis.active, "private": repo.private, "starred": false,
        "owner": { "@type": "organization", "id": 1, "login": repo.owner, "@href": "/org/1" },
        "default_branch": {
            "@type": "branch", "@href": format!("/repo/{}/branch/master", repo.id), "@representation": "minimal",
            "name": "master",
        },
    });
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), own) {
        body.extend(own);
    }
    body
}

fn commit(repo: &Repository, build: &Build) -> Value {
    let at = repo.git.bare.git(&["log", "-1", "--format=%cI", &build.commit]);
    let at = at.parse::<jiff::Timestamp>().map(|at| at.to_string()).unwrap_or(at);
    json!({
        "@type": "commit", "@representation": "minimal", "id": build.id, "sha": build.commit, "ref": build.reference,
        "message": build.message, "compare_url": format!("https://github.com/{}/compare", repo.full_name()),
        "committed_at": at,
    })
}

/// A build as it appears inside of other things.
pub fn minimal_build(build: &Build) -> Value {
    let over = build.is_over();
    json!({
        "@type": "build", "@href": format!("/build/{}", build.id), "@representation": "minimal", "id": build.id,
        "number": build.number.to_string(), "state": build.state(), "duration": over.then_some(7),
        "event_type": build.event.word(), "previous_state": null,
        "pull_request_title": build.change.as_ref().map(|(_, title)| title),
        "pull_request_number": build.change.as_ref().map(|(number, _)| number), "started_at": build.started,
        "finished_at": over.then_some(&build.started), "private": false, "priority": false,
    })
}

pub fn build(repo: &Repository, build: &Build, admin: bool) -> Value {
    let mut body = minimal_build(build);
    let own = json!({
        "@representation": "standard",
        "@permissions": { "read": true, "cancel": admin, "restart": admin, "prioritize": false },
        "repository": repository(repo), "tag": null, "commit": commit(repo, build), "stages": [],
        "branch": {
            "@type": "branch", "@href": format!("/repo/{}/branch/{}", repo.id, build.branch),
            "@representation": "minimal", "name": build.branch,
        },
        "jobs": [minimal_job(build)], "updated_at": build.started,
        "created_by": { "@type": "user", "@href": "/user/1", "@representation": "minimal", "id": 1, "login": "ada" },
    });
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), own) {
        body.extend(own);
    }
    body
}

/// The request behind a build, as `include=build.request` shows it; its id is two hundred thousand more.
pub fn with_request(mut body: Value, repo: &Repository, build: &Build) -> Value {
    let id = build.id + 200_000;
    body["request"] = json!({
        "@type": "request", "@href": format!("/repo/{}/request/{id}", repo.id), "@representation": "minimal", "id": id,
        "state": "finished", "result": "approved", "message": null,
    });
    body
}

/// The request of a build that was not triggered through the API.
pub fn request_of(repo: &Repository, build: &Build) -> Value {
    let id = build.id + 200_000;
    json!({
        "@type": "request", "@href": format!("/repo/{}/request/{id}", repo.id), "@representation": "standard", "id": id,
        "state": "finished", "result": "approved", "message": null, "repository": repository(repo),
        "branch_name": build.branch, "commit": commit(repo, build), "base_commit": null, "head_commit": build.reported,
        "builds": [minimal_build(build)], "owner": { "@type": "organization", "id": 1, "login": repo.owner },
        "created_at": build.started, "event_type": build.event.word(),
    })
}

/// The job of a build; its id is a hundred thousand more.
pub fn job_id(build: &Build) -> u64 {
    build.id + 100_000
}

fn minimal_job(build: &Build) -> Value {
    let id = job_id(build);
    json!({ "@type": "job", "@href": format!("/job/{id}"), "@representation": "minimal", "id": id })
}

pub fn job(repo: &Repository, build: &Build, admin: bool) -> Value {
    let mut body = minimal_job(build);
    let own = json!({
        "@representation": "standard",
        "@permissions": { "read": true, "cancel": admin, "restart": admin, "debug": false, "delete_log": admin },
        "allow_failure": false, "number": format!("{}.1", build.number), "state": build.state(),
        "started_at": build.started, "finished_at": build.is_over().then_some(&build.started),
        "created_at": build.started, "updated_at": build.started, "queue": "builds.gce", "build": minimal_build(build),
        "stage": null, "repository": repository(repo), "commit": commit(repo, build),
        "owner": { "@type": "organization", "@href": "/org/1", "@representation": "minimal", "id": 1, "login": repo.owner },
    });
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), own) {
        body.extend(own);
    }
    body
}

/// A request: pending, then finished with a build, or rejected.
pub fn request(repo: &Repository, travis: &Travis, request: &Request) -> Value {
    let found = travis.builds.iter().find(|build| Some(build.id) == request.build);
    let builds: Vec<Value> = found.into_iter().map(minimal_build).collect();
    let (state, result) = match (&request.rejected, request.looks) {
        (_, 1..) => ("pending", None),
        (Some(_), _) => ("finished", Some("rejected")),
        (None, _) => ("finished", Some("approved")),
    };
    let head = found.map(|build| commit(repo, build));
    json!({
        "@type": "request", "@href": format!("/repo/{}/request/{}", repo.id, request.id), "@representation": "standard",
        "id": request.id, "state": state, "result": result,
        "message": request.rejected.as_ref().or(request.message.as_ref()), "repository": repository(repo),
        "branch_name": request.branch, "commit": head, "base_commit": null, "head_commit": request.commit,
        "builds": builds, "owner": { "@type": "organization", "id": 1, "login": repo.owner }, "created_at": request.created,
        "event_type": "api", "config": request.config, "merge_mode": request.merge_mode,
    })
}

/// One page of builds.
pub fn page(repo: &Repository, all: &[&Build], offset: usize, limit: usize, path: &str, admin: bool) -> Value {
    let requests = path.contains("include=build.request");
    let last = all.len().saturating_sub(1) / limit * limit;
    let link = |offset: usize| json!({ "@href": format!("{path}&offset={offset}"), "offset": offset, "limit": limit });
    let end = (offset + limit).min(all.len());
    let show = |one: &&Build| {
        let body = build(repo, one, admin);
        if requests { with_request(body, repo, one) } else { body }
    };
    let shown: Vec<Value> = all[offset.min(end)..end].iter().map(show).collect();
    json!({
        "@type": "builds", "@href": path, "@representation": "standard", "builds": shown,
        "@pagination": {
            "limit": limit, "offset": offset, "count": all.len(), "is_first": offset == 0, "is_last": end >= all.len(),
            "next": (end < all.len()).then(|| link(offset + limit)),
            "prev": (offset > 0).then(|| link(offset.saturating_sub(limit))), "first": link(0), "last": link(last),
        },
    })
}
