//! What the fake Forgejo's answers look like.

use super::{Ask, Jo, PATH, Rights};
use crate::support::github::Settled;
use crate::support::hosted::project::{Change, Check, Comment, State};
use serde_json::{Value, json};

/// Forgejo says `null` where its description knows none; omitted it is the same to every client.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let said = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn user(ask: &Ask<'_>, login: &str) -> Value {
    json!({
        "id": 1 + login.len(), "login": login, "login_name": "", "source_id": 0, "full_name": "",
        "email": format!("{login}@noreply.test"), "avatar_url": format!("{}/avatars/{login}", ask.web),
        "html_url": format!("{}/{login}", ask.web), "language": "", "is_admin": false, "active": true,
        "prohibit_login": false, "restricted": false, "last_login": "0001-01-01T00:00:00Z",
        "created": "2024-01-01T00:00:00Z", "location": "", "pronouns": "", "website": "", "description": "",
        "visibility": "public", "followers_count": 0, "following_count": 0, "starred_repos_count": 0,
    })
}

impl Jo {
    pub(super) fn repository_body(&self, ask: &Ask<'_>) -> Value {
        let (owner, name) = PATH.split_once('/').unwrap();
        let web = format!("{}/{PATH}", ask.web);
        let allows = |style: &str| self.styles.contains(&style);
        json!({
            "id": 42, "owner": user(ask, owner), "name": name, "full_name": PATH, "description": "", "empty": false,
            "private": false, "fork": false, "template": false, "parent": null, "mirror": false, "size": 1,
            "language": "", "languages_url": format!("{}/api/v1/repos/{PATH}/languages", ask.web), "html_url": web,
            "url": format!("{}/api/v1/repos/{PATH}", ask.web), "link": "", "ssh_url": format!("ssh://git@forge.test/{PATH}.git"),
            "clone_url": format!("{web}.git"), "original_url": "", "website": "", "stars_count": 0, "forks_count": 0,
            "watchers_count": 1, "open_issues_count": 0, "open_pr_counter": 0, "release_counter": 0,
            "default_branch": "master", "archived": false, "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z", "archived_at": "1970-01-01T00:00:00Z",
            "permissions": {
                "admin": ask.rights() >= Rights::Admin, "push": ask.rights() >= Rights::Write, "pull": true,
            },
            "has_issues": true, "has_wiki": false, "has_pull_requests": true, "has_projects": false,
            "has_releases": true, "has_packages": false, "has_actions": false, "ignore_whitespace_conflicts": false,
            "allow_merge_commits": allows("merge"), "allow_rebase": allows("rebase"), "allow_rebase_explicit": false,
            "allow_squash_merge": allows("squash"), "allow_fast_forward_only_merge": allows("fast-forward-only"),
            "allow_rebase_update": true, "default_delete_branch_after_merge": false, "default_merge_style": "merge",
            "default_allow_maintainer_edit": false, "avatar_url": "", "internal": false, "mirror_interval": "",
            "object_format_name": "sha1", "mirror_updated": "0001-01-01T00:00:00Z", "repo_transfer": null, "topics": [],
            "wiki_branch": "main", "globally_editable_wiki": false,
        })
    }

    pub(super) fn branch_body(&self, ask: &Ask<'_>, name: &str, commit: &str) -> Value {
        let protected = self.protected.get(name);
        let contexts = protected.map(|protected| protected.contexts.clone()).unwrap_or_default();
        let (push, merge) = self.may(ask, name);
        let who = json!({ "name": "Ada", "email": "ada@example.com", "username": "ada" });
        json!({
            "name": name, "protected": protected.is_some(), "required_approvals": 0,
            "enable_status_check": !contexts.is_empty(), "status_check_contexts": contexts,
            "user_can_push": push, "user_can_merge": merge, "effective_branch_protection_name": "",
            "commit": {
                "id": commit, "message": "", "url": format!("{}/{PATH}/commit/{commit}", ask.web), "author": who,
                "committer": who, "verification": null, "timestamp": "2024-01-01T00:00:00Z", "added": null,
                "removed": null, "modified": null,
            },
        })
    }

    pub(super) fn pull_body(&self, ask: &Ask<'_>, change: &Change) -> Value {
        let web = format!("{}/{PATH}/pulls/{}", ask.web, change.number);
        let merged = match &change.state {
            State::Merged(commit) => Some(commit),
            _ => None,
        };
        let side = |name: &str, sha: &str, fork: bool| {
            json!({
                "label": name, "ref": name, "sha": sha, "repo_id": if fork { 99 } else { 42 },
                "repo": self.repository_body(ask),
            })
        };
        let base = self.project.git.branch(&change.base).unwrap_or_default();
        json!({
            "id": 9000 + change.number, "url": web, "number": change.number, "user": user(ask, change.author),
            "title": change.title, "body": change.body, "labels": [], "milestone": null, "assignee": null,
            "assignees": null, "requested_reviewers": [], "requested_reviewers_teams": [],
            "state": if change.state == State::Open { "open" } else { "closed" }, "draft": false, "is_locked": false,
            "comments": 0, "review_comments": 0, "additions": 1, "deletions": 0, "changed_files": 1, "html_url": web,
            "diff_url": format!("{web}.diff"), "patch_url": format!("{web}.patch"), "mergeable": change.computing == 0,
            "merged": merged.is_some(), "merged_at": merged.map(|_| &change.at), "merge_commit_sha": merged,
            "merged_by": merged.map(|_| user(ask, "ada")), "allow_maintainer_edit": false,
            "base": side(&change.base, &base, false), "head": side(&change.head, &change.head_commit, change.fork),
            "merge_base": base, "due_date": null, "created_at": change.at, "updated_at": change.at,
            "closed_at": (change.state != State::Open).then_some(&change.at), "pin_order": 0, "flow": 0,
        })
    }

    pub(super) fn comment_body(ask: &Ask<'_>, comment: &Comment) -> Value {
        let web = format!("{}/{PATH}/pulls/{}", ask.web, comment.number);
        json!({
            "id": comment.id, "html_url": format!("{web}#issuecomment-{}", comment.id), "pull_request_url": web,
            "issue_url": format!("{}/{PATH}/issues/{}", ask.web, comment.number), "user": user(ask, comment.author),
            "original_author": "", "original_author_id": 0, "body": comment.body, "assets": [],
            "created_at": comment.at, "updated_at": comment.at,
        })
    }

    pub(super) fn status_body(&self, ask: &Ask<'_>, check: &Check) -> Value {
        let state = match (check.is_settled(), check.settled) {
            (false, _) => "pending",
            (true, Settled::Green) => "success",
            (true, Settled::Red) => "failure",
            (true, Settled::Neutral) => "warning",
            (true, Settled::Skipped) => "skipped",
        };
        json!({
            "id": check.id, "status": state, "target_url": check.url.clone().unwrap_or_default(),
            "description": check.description.clone().unwrap_or_default(),
            "url": format!("{}/api/v1/repos/{PATH}/statuses/{}", ask.web, check.commit), "context": check.name,
            "creator": user(ask, "ci"), "created_at": check.at, "updated_at": check.at,
        })
    }
}
