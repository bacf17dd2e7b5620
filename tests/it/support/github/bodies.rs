//! GitHub's objects as JSON, whole: every field that its description requires.
//!
//! Knows what things look like, not what may be done with them.

use super::repository::Protection;
use super::state::{Change, Check, Comment, Deployment, Repository, Settled};
use serde_json::{Map, Value, json};

/// What bodies need to know of the request: the server's address as the client wrote it, and who asks.
#[derive(Debug, Clone)]
pub struct View {
    /// `http://127.0.0.1:1234`, with `/api/v3` when it was asked so.
    pub api: String,
    /// `http://127.0.0.1:1234`
    pub web: String,
}

fn merge(mut left: Value, right: Value) -> Value {
    if let (Some(left), Value::Object(right)) = (left.as_object_mut(), right) {
        left.extend(right);
    }
    left
}

fn node(kind: &str, id: u64) -> String {
    format!("{kind}_{id:08x}")
}

impl View {
    pub fn person(&self, login: &str) -> Value {
        let url = format!("{}/users/{login}", self.api);
        let id: u64 = login.bytes().map(u64::from).sum::<u64>() + 1;
        let mut user = json!({
            "login": login, "id": id, "node_id": node("U", id), "avatar_url": format!("{}/avatars/{login}", self.web),
            "gravatar_id": "", "url": url, "html_url": format!("{}/{login}", self.web), "type": "User",
            "site_admin": false, "gists_url": format!("{url}/gists{{/gist_id}}"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"), "events_url": format!("{url}/events{{/privacy}}"),
        });
        for (field, tail) in [
            ("followers_url", "followers"),
            ("subscriptions_url", "subscriptions"),
            ("organizations_url", "orgs"),
            ("repos_url", "repos"),
            ("received_events_url", "received_events"),
        ] {
            user[field] = format!("{url}/{tail}").into();
        }
        user
    }

    /// The one who asks, as `GET /user` tells it.
    pub fn myself(&self, login: &str) -> Value {
        let own = json!({
            "name": login, "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null,
            "public_repos": 1, "public_gists": 0, "followers": 0, "following": 0, "created_at": "2018-01-01T00:00:00Z",
            "updated_at": "2018-01-01T00:00:00Z", "user_view_type": "public",
        });
        merge(self.person(login), own)
    }

    pub fn repo_url(&self, repo: &Repository) -> String {
        format!("{}/repos/{}", self.api, repo.full_name())
    }

    fn html_url(&self, repo: &Repository) -> String {
        format!("{}/{}", self.web, repo.full_name())
    }

    /// The repository as it appears inside of other things.
    pub fn minimal_repository(&self, repo: &Repository) -> Value {
        let url = self.repo_url(repo);
        let mut body = json!({
            "id": repo.id, "node_id": node("R", repo.id), "name": repo.name, "full_name": repo.full_name(),
            "private": repo.private, "owner": self.person(&repo.owner), "html_url": self.html_url(repo),
            "description": null, "fork": false, "url": url,
        });
        for (field, tail) in [
            ("archive_url", "/{archive_format}{/ref}"),
            ("assignees_url", "/assignees{/user}"),
            ("blobs_url", "/git/blobs{/sha}"),
            ("branches_url", "/branches{/branch}"),
            ("collaborators_url", "/collaborators{/collaborator}"),
            ("comments_url", "/comments{/number}"),
            ("commits_url", "/commits{/sha}"),
            ("compare_url", "/compare/{base}...{head}"),
            ("contents_url", "/contents/{+path}"),
            ("contributors_url", "/contributors"),
            ("deployments_url", "/deployments"),
            ("downloads_url", "/downloads"),
            ("events_url", "/events"),
            ("forks_url", "/forks"),
            ("git_commits_url", "/git/commits{/sha}"),
            ("git_refs_url", "/git/refs{/sha}"),
            ("git_tags_url", "/git/tags{/sha}"),
            ("hooks_url", "/hooks"),
            ("issue_comment_url", "/issues/comments{/number}"),
            ("issue_events_url", "/issues/events{/number}"),
            ("issues_url", "/issues{/number}"),
            ("keys_url", "/keys{/key_id}"),
            ("labels_url", "/labels{/name}"),
            ("languages_url", "/languages"),
            ("merges_url", "/merges"),
            ("milestones_url", "/milestones{/number}"),
            ("notifications_url", "/notifications{?since,all,participating}"),
            ("pulls_url", "/pulls{/number}"),
            ("releases_url", "/releases{/id}"),
            ("stargazers_url", "/stargazers"),
            ("statuses_url", "/statuses/{sha}"),
            ("subscribers_url", "/subscribers"),
            ("subscription_url", "/subscription"),
            ("tags_url", "/tags"),
            ("teams_url", "/teams"),
            ("trees_url", "/git/trees{/sha}"),
        ] {
            body[field] = format!("{url}{tail}").into();
        }
        body
    }

    /// The repository as it appears at the ends of a pull request.
    pub fn repository(&self, repo: &Repository) -> Value {
        let html = self.html_url(repo);
        let git = format!("{html}.git");
        let own = json!({
            "clone_url": git, "git_url": git.replace("http:", "git:"), "ssh_url": format!("git@localhost:{}.git", repo.full_name()),
            "svn_url": html, "mirror_url": null,
            "default_branch": repo.git.bare.git(&["symbolic-ref", "--short", "HEAD"]), "homepage": null, "language": null,
            "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 1,
            "open_issues": 0, "open_issues_count": 0, "has_issues": true, "has_projects": false, "has_wiki": false,
            "has_pages": false, "has_discussions": false, "has_downloads": false, "archived": repo.archived, "disabled": false,
            "license": null, "pushed_at": "2018-01-01T00:00:00Z", "created_at": "2018-01-01T00:00:00Z",
            "updated_at": "2018-01-01T00:00:00Z", "visibility": if repo.private { "private" } else { "public" },
            "topics": [], "is_template": false, "allow_forking": true, "web_commit_signoff_required": false,
        });
        merge(self.minimal_repository(repo), own)
    }

    /// The repository itself.
    pub fn full_repository(&self, repo: &Repository, rights: super::state::Rights) -> Value {
        use super::state::Rights;
        let own = json!({
            "network_count": 0, "subscribers_count": 0,
            "allow_merge_commit": repo.allow.contains(&"merge"), "allow_squash_merge": repo.allow.contains(&"squash"),
            "allow_rebase_merge": repo.allow.contains(&"rebase"), "allow_auto_merge": false,
            "delete_branch_on_merge": false, "allow_update_branch": false,
            "permissions": {
                "admin": rights == Rights::Admin, "maintain": rights == Rights::Admin, "push": rights >= Rights::Write,
                "triage": rights >= Rights::Write, "pull": rights >= Rights::Read,
            },
        });
        let mut body = merge(self.repository(repo), own);
        if rights < Rights::Write {
            // GitHub tells merge settings to those who may write.
            for field in ["allow_merge_commit", "allow_squash_merge", "allow_rebase_merge", "allow_auto_merge"] {
                body.as_object_mut().unwrap().remove(field);
            }
        }
        body
    }

    pub fn commit(&self, repo: &Repository, id: &str) -> Value {
        let format = "--format=%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B";
        let text = repo.git.bare.git(&["show", "-s", format, id]);
        let lines: Vec<&str> = text.splitn(9, '\n').collect();
        let [tree, parents, an, ae, at, cn, ce, ct, message] = lines[..] else { panic!("git show: {text}") };
        let url = |kind: &str, id: &str| format!("{}/{kind}/{id}", self.repo_url(repo));
        let html = |id: &str| format!("{}/commit/{id}", self.html_url(repo));
        let parents: Vec<Value> = parents
            .split_whitespace()
            .map(|id| json!({ "sha": id, "url": url("commits", id), "html_url": html(id) }))
            .collect();
        json!({
            "sha": id, "node_id": format!("C_{id}"), "url": url("commits", id), "html_url": html(id),
            "comments_url": format!("{}/comments", url("commits", id)), "parents": parents,
            "author": null, "committer": null,
            "commit": {
                "url": url("git/commits", id), "message": message.trim_end(), "comment_count": 0,
                "author": { "name": an, "email": ae, "date": zulu(at) },
                "committer": { "name": cn, "email": ce, "date": zulu(ct) },
                "tree": { "sha": tree, "url": url("git/trees", tree) },
                "verification": {
                    "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null,
                },
            },
        })
    }

    pub fn branch(&self, repo: &Repository, name: &str, tip: &str) -> Value {
        let url = format!("{}/branches/{name}", self.repo_url(repo));
        let protection = repo.protections.get(name);
        let contexts = protection.map(|protection| protection.required.clone()).unwrap_or_default();
        let classic = protection.is_some_and(|protection| protection.classic);
        let app = protection.and_then(|protection| protection.app);
        let checks: Vec<Value> = contexts.iter().map(|context| json!({ "context": context, "app_id": app })).collect();
        json!({
            "name": name, "commit": self.commit(repo, tip), "protected": protection.is_some(),
            "_links": { "self": url, "html": format!("{}/tree/{name}", self.html_url(repo)) },
            "protection": {
                "enabled": classic,
                "required_status_checks": {
                    "enforcement_level": if classic && !contexts.is_empty() { "everyone" } else { "off" },
                    "contexts": if classic { json!(contexts) } else { json!([]) },
                    "checks": if classic { json!(checks) } else { json!([]) },
                },
            },
            "protection_url": format!("{url}/protection"),
        })
    }

    /// The classic protection, as administrators see it.
    pub fn protection(&self, repo: &Repository, name: &str, protection: &Protection) -> Value {
        let url = format!("{}/branches/{name}/protection", self.repo_url(repo));
        let switch = |enabled: bool| json!({ "enabled": enabled });
        let mut body = json!({
            "url": url, "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": !protection.bypassed },
            "required_linear_history": switch(protection.linear), "allow_force_pushes": switch(false),
            "allow_deletions": switch(false), "block_creations": switch(false),
            "required_conversation_resolution": switch(false), "lock_branch": switch(protection.locked),
            "allow_fork_syncing": switch(false),
            "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": protection.signed },
        });
        if !protection.required.is_empty() {
            let checks =
                protection.required.iter().map(|context| json!({ "context": context, "app_id": protection.app }));
            let url = format!("{url}/required_status_checks");
            body["required_status_checks"] = json!({
                "url": url, "strict": false, "contexts": protection.required, "contexts_url": format!("{url}/contexts"),
                "checks": checks.collect::<Vec<_>>(),
            });
        }
        if protection.only_by_change {
            body["required_pull_request_reviews"] = json!({
                "url": format!("{url}/required_pull_request_reviews"), "dismiss_stale_reviews": false,
                "require_code_owner_reviews": false, "require_last_push_approval": false,
                "required_approving_review_count": protection.approvals,
            });
        }
        body
    }

    /// The rules of rulesets for a branch.
    pub fn rules(&self, repo: &Repository, protection: Option<&Protection>) -> Vec<Value> {
        let Some(protection) = protection.filter(|protection| !protection.classic) else { return Vec::new() };
        let mut rules = vec![json!({ "type": "deletion" }), json!({ "type": "non_fast_forward" })];
        if protection.locked {
            rules.push(json!({ "type": "update" }));
        }
        if protection.only_by_change {
            let all = vec!["merge", "squash", "rebase"];
            let methods = if protection.methods.is_empty() { &all } else { &protection.methods };
            rules.push(json!({ "type": "pull_request", "parameters": {
                "required_approving_review_count": protection.approvals, "dismiss_stale_reviews_on_push": false,
                "require_code_owner_review": false, "require_last_push_approval": false,
                "required_review_thread_resolution": false, "allowed_merge_methods": methods,
            } }));
        }
        if protection.linear {
            rules.push(json!({ "type": "required_linear_history" }));
        }
        if protection.signed {
            rules.push(json!({ "type": "required_signatures" }));
        }
        if let Some(start) = protection.message {
            rules.push(json!({ "type": "commit_message_pattern", "parameters": {
                "name": "ticket", "negate": false, "operator": "starts_with", "pattern": start,
            } }));
        }
        if let Some(name) = protection.deployed {
            let parameters = json!({ "required_deployment_environments": [name] });
            rules.push(json!({ "type": "required_deployments", "parameters": parameters }));
        }
        if protection.queue {
            rules.push(json!({ "type": "merge_queue", "parameters": {
                "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
                "max_entries_to_merge": 5, "merge_method": "MERGE", "min_entries_to_merge": 1,
                "min_entries_to_merge_wait_minutes": 5,
            } }));
        }
        if !protection.required.is_empty() {
            let checks = protection.required.iter().map(|context| match protection.app {
                Some(app) => json!({ "context": context, "integration_id": app }),
                None => json!({ "context": context }),
            });
            rules.push(json!({ "type": "required_status_checks", "parameters": {
                "strict_required_status_checks_policy": false, "do_not_enforce_on_create": false,
                "required_status_checks": checks.collect::<Vec<_>>(),
            } }));
        }
        let set = json!({ "ruleset_source_type": "Repository", "ruleset_source": repo.full_name(), "ruleset_id": 42 });
        rules.into_iter().map(|rule| merge(rule, set.clone())).collect()
    }

    /// The ruleset of all rules here.
    pub fn ruleset(&self, repo: &Repository) -> Value {
        let bypassed = repo.protections.values().any(|protection| protection.bypassed);
        json!({
            "id": 42, "name": "release branches", "target": "branch", "source_type": "Repository",
            "source": repo.full_name(), "enforcement": "active",
            "current_user_can_bypass": if bypassed { "always" } else { "never" },
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "rules": [],
        })
    }

    fn end(&self, repo: &Repository, owner: &str, name: &str, commit: &str) -> Value {
        let mut repository = self.repository(repo);
        if owner != repo.owner {
            repository["full_name"] = format!("{owner}/{}", repo.name).into();
            repository["fork"] = true.into();
            repository["id"] = (repo.id + 1_000_000).into();
            repository["owner"] = self.person(owner);
        }
        json!({
            "label": format!("{owner}:{name}"), "ref": name, "sha": commit, "user": self.person(owner), "repo": repository,
        })
    }

    /// A pull request in a list.
    pub fn simple_change(&self, repo: &Repository, change: &Change) -> Value {
        let Change { number, .. } = change;
        let (url, html) = (self.repo_url(repo), self.html_url(repo));
        let (pull, issue) = (format!("{url}/pulls/{number}"), format!("{url}/issues/{number}"));
        let web = format!("{html}/pull/{number}");
        let statuses = format!("{url}/statuses/{}", change.head_commit);
        let link = |href: &str| json!({ "href": href });
        json!({
            "id": 10_000 + number, "node_id": node("PR", *number), "number": number, "url": pull, "html_url": web,
            "diff_url": format!("{web}.diff"), "patch_url": format!("{web}.patch"), "issue_url": issue,
            "commits_url": format!("{pull}/commits"), "review_comments_url": format!("{pull}/comments"),
            "review_comment_url": format!("{url}/pulls/comments{{/number}}"), "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses, "state": if change.open { "open" } else { "closed" }, "locked": false,
            "title": change.title, "body": change.body, "user": self.person(&change.author), "labels": [],
            "milestone": null, "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [],
            "created_at": change.created, "updated_at": change.updated, "closed_at": change.closed,
            "merged_at": change.merged.as_ref().map(|merged| &merged.at),
            "merge_commit_sha": change.merged.as_ref().map(|merged| &merged.commit),
            "head": self.end(repo, change.fork.as_ref().unwrap_or(&repo.owner), &change.head, &change.head_commit),
            "base": self.end(repo, &repo.owner, &change.base, &change.base_commit),
            "author_association": "MEMBER", "auto_merge": null, "draft": change.draft,
            "_links": {
                "self": link(&pull), "html": link(&web), "issue": link(&issue),
                "comments": link(&format!("{issue}/comments")), "review_comments": link(&format!("{pull}/comments")),
                "review_comment": link(&format!("{url}/pulls/comments{{/number}}")),
                "commits": link(&format!("{pull}/commits")), "statuses": link(&statuses),
            },
        })
    }

    /// A pull request by itself; `mergeable` as it is known now.
    pub fn change(&self, repo: &Repository, change: &Change, mergeable: Option<bool>, state: &str) -> Value {
        let git = &repo.git;
        let range = format!("{}..{}", change.base_commit, change.head_commit);
        let commits: u64 = git.ask(&["rev-list", "--count", &range]).and_then(|n| n.parse().ok()).unwrap_or(0);
        let comments = repo.comments.iter().filter(|comment| comment.number == change.number).count();
        let own = json!({
            "merged": change.merged.is_some(), "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state,
            "merged_by": change.merged.as_ref().map(|merged| self.person(&merged.by)), "comments": comments,
            "review_comments": 0, "maintainer_can_modify": false, "commits": commits, "additions": 1, "deletions": 1,
            "changed_files": 1,
        });
        merge(self.simple_change(repo, change), own)
    }

    pub fn comment(&self, repo: &Repository, comment: &Comment) -> Value {
        let (url, number) = (self.repo_url(repo), comment.number);
        json!({
            "id": comment.id, "node_id": node("IC", comment.id), "url": format!("{url}/issues/comments/{}", comment.id),
            "html_url": format!("{}/pull/{number}#issuecomment-{}", self.html_url(repo), comment.id),
            "issue_url": format!("{url}/issues/{number}"), "user": self.person(&comment.author), "body": comment.body,
            "created_at": comment.at, "updated_at": comment.at, "author_association": "MEMBER",
            "performed_via_github_app": null,
        })
    }

    /// A status without its creator.
    pub fn simple_status(&self, repo: &Repository, check: &Check) -> Value {
        let state = match (check.looks, check.settled) {
            _ if check.word.is_some() => check.word.as_deref().unwrap_or_default(),
            (0, Settled::Green) => "success",
            (0, Settled::Red) => "failure",
            _ => "pending",
        };
        json!({
            "id": check.id, "node_id": node("SC", check.id), "url": format!("{}/statuses/{}", self.repo_url(repo), check.commit),
            "state": state, "context": check.context, "description": check.description, "target_url": check.url,
            "avatar_url": format!("{}/avatars/ci", self.web), "created_at": check.at, "updated_at": check.at,
        })
    }

    pub fn status(&self, repo: &Repository, check: &Check) -> Value {
        merge(self.simple_status(repo, check), json!({ "creator": self.person("ci") }))
    }

    /// `status` and `conclusion` of a check run.
    fn verdict(check: &Check) -> (&'static str, Option<&'static str>) {
        match (check.looks, check.settled) {
            (0, Settled::Green) => ("completed", Some("success")),
            (0, Settled::Red) => ("completed", Some("failure")),
            (0, Settled::Skipped) => ("completed", Some("skipped")),
            (0, Settled::Neutral) => ("completed", Some("neutral")),
            _ => ("in_progress", None),
        }
    }

    pub fn check_run(&self, repo: &Repository, check: &Check) -> Value {
        let (status, conclusion) = Self::verdict(check);
        let conclusion = conclusion.and(check.word.as_deref()).or(conclusion);
        let url = format!("{}/check-runs/{}", self.repo_url(repo), check.id);
        let html = format!("{}/actions/runs/{}/job/{}", self.html_url(repo), check.id, check.id);
        json!({
            "id": check.id, "node_id": node("CR", check.id), "head_sha": check.commit, "name": check.context, "url": url,
            "external_id": "", "html_url": html, "details_url": check.url.as_ref().unwrap_or(&html), "status": status,
            "conclusion": conclusion, "started_at": check.at, "completed_at": conclusion.map(|_| &check.at),
            "output": {
                "title": check.description, "summary": null, "text": null, "annotations_count": 0,
                "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": { "id": check.id }, "pull_requests": [],
            "app": {
                "id": 15368, "slug": "github-actions", "node_id": "A_1", "owner": self.person("github"),
                "name": "GitHub Actions", "description": "", "external_url": "https://help.github.com/en/actions",
                "html_url": format!("{}/apps/github-actions", self.web), "created_at": "2018-07-30T09:30:17Z",
                "updated_at": "2018-07-30T09:30:17Z", "permissions": { "checks": "write" }, "events": ["push"],
            },
        })
    }

    /// The Actions run that a check run is the only job of.
    pub fn workflow_run(&self, repo: &Repository, check: &Check) -> Value {
        let (status, conclusion) = Self::verdict(check);
        let conclusion = conclusion.and(check.word.as_deref()).or(conclusion);
        let (id, base) = (check.id, self.repo_url(repo));
        let url = format!("{base}/actions/runs/{id}");
        let commit = self.commit(repo, &check.commit);
        let who = |who: &Value| json!({ "name": who["name"], "email": who["email"] });
        json!({
            "id": id, "node_id": node("WFR", id), "name": check.context, "head_branch": check.branch,
            "head_sha": check.commit, "path": ".github/workflows/ci.yml", "run_number": id, "run_attempt": 1,
            "display_title": check.title.as_ref().unwrap_or(&check.context), "event": check.event, "status": status,
            "conclusion": conclusion, "workflow_id": 7, "check_suite_id": id, "check_suite_node_id": node("CS", id),
            "url": url, "html_url": format!("{}/actions/runs/{id}", self.html_url(repo)), "pull_requests": [],
            "created_at": check.at, "updated_at": check.at, "run_started_at": check.at,
            "jobs_url": format!("{url}/jobs"), "logs_url": format!("{url}/logs"),
            "check_suite_url": format!("{base}/check-suites/{id}"), "artifacts_url": format!("{url}/artifacts"),
            "cancel_url": format!("{url}/cancel"), "rerun_url": format!("{url}/rerun"),
            "workflow_url": format!("{base}/actions/workflows/7"), "actor": self.person("ada"),
            "triggering_actor": self.person("ada"), "repository": self.minimal_repository(repo),
            "head_repository": self.minimal_repository(repo),
            "head_commit": {
                "id": check.commit, "tree_id": commit["commit"]["tree"]["sha"], "message": commit["commit"]["message"],
                "timestamp": commit["commit"]["committer"]["date"], "author": who(&commit["commit"]["author"]),
                "committer": who(&commit["commit"]["committer"]),
            },
        })
    }

    pub fn job(&self, repo: &Repository, check: &Check) -> Value {
        let (status, conclusion) = Self::verdict(check);
        let conclusion = conclusion.and(check.word.as_deref()).or(conclusion);
        let (id, base) = (check.id, self.repo_url(repo));
        json!({
            "id": id, "run_id": id, "run_url": format!("{base}/actions/runs/{id}"), "run_attempt": 1,
            "node_id": node("CR", id), "head_sha": check.commit, "url": format!("{base}/actions/jobs/{id}"),
            "html_url": format!("{}/actions/runs/{id}/job/{id}", self.html_url(repo)), "status": status,
            "conclusion": conclusion, "created_at": check.at, "started_at": check.at,
            "completed_at": conclusion.map(|_| &check.at), "name": check.context, "workflow_name": check.context,
            "head_branch": check.branch, "check_run_url": format!("{base}/check-runs/{id}"), "labels": ["ubuntu-latest"],
            "runner_id": 1, "runner_name": "runner", "runner_group_id": 1, "runner_group_name": "default", "steps": [],
        })
    }

    pub fn deployment(&self, repo: &Repository, deployment: &Deployment) -> Value {
        let base = self.repo_url(repo);
        let url = format!("{base}/deployments/{}", deployment.id);
        json!({
            "id": deployment.id, "node_id": node("DE", deployment.id), "url": url, "sha": deployment.commit,
            "ref": deployment.reference, "task": "deploy", "payload": {}, "environment": deployment.environment,
            "original_environment": deployment.environment, "description": deployment.description,
            "creator": self.person(&deployment.author), "created_at": deployment.at, "updated_at": deployment.at,
            "statuses_url": format!("{url}/statuses"), "repository_url": base, "transient_environment": false,
            "production_environment": deployment.environment == "production",
        })
    }

    pub fn deployment_status(
        &self,
        repo: &Repository,
        deployment: &Deployment,
        (id, state, description, address, at): &(u64, String, String, String, String),
    ) -> Value {
        let base = self.repo_url(repo);
        let url = format!("{base}/deployments/{}", deployment.id);
        json!({
            "id": id, "node_id": node("DES", *id), "url": format!("{url}/statuses/{id}"), "state": state,
            "creator": self.person(&deployment.author), "description": description,
            "environment": deployment.environment, "target_url": address, "log_url": address, "environment_url": address,
            "created_at": at, "updated_at": at, "deployment_url": url, "repository_url": base,
        })
    }

    pub fn environment(&self, repo: &Repository, name: &str) -> Value {
        json!({
            "id": 1, "node_id": "EN_1", "name": name, "url": format!("{}/environments/{name}", self.repo_url(repo)),
            "html_url": format!("{}/deployments/{name}", self.html_url(repo)), "created_at": "2018-01-01T00:00:00Z",
            "updated_at": "2018-01-01T00:00:00Z", "protection_rules": [], "deployment_branch_policy": null,
        })
    }

    pub fn reference(&self, repo: &Repository, name: &str, commit: &str) -> Value {
        let url = self.repo_url(repo);
        json!({
            "ref": name, "node_id": format!("REF_{name}"), "url": format!("{url}/git/{name}"),
            "object": { "type": "commit", "sha": commit, "url": format!("{url}/git/commits/{commit}") },
        })
    }

    /// All statuses of a commit in one.
    pub fn combined(&self, repo: &Repository, commit: &str, page: &[&Check], all: &[&Check]) -> Value {
        let states: Vec<Value> = all.iter().map(|check| self.simple_status(repo, check)["state"].clone()).collect();
        let state = if states.iter().any(|state| state == "failure" || state == "error") {
            "failure"
        } else if states.is_empty() || states.iter().any(|state| state == "pending") {
            "pending"
        } else {
            "success"
        };
        let statuses: Vec<Value> = page.iter().map(|check| self.simple_status(repo, check)).collect();
        let url = format!("{}/commits/{commit}", self.repo_url(repo));
        json!({
            "state": state, "sha": commit, "total_count": all.len(), "statuses": statuses, "commit_url": url,
            "url": format!("{url}/status"), "repository": self.minimal_repository(repo),
        })
    }

    pub fn limits(&self, remaining: u64, reset: i64) -> Value {
        let limit = json!({ "limit": 5000, "remaining": remaining, "reset": reset, "used": 5000 - remaining });
        let mut resources = Map::new();
        ["core", "search"].iter().for_each(|name| drop(resources.insert((*name).to_owned(), limit.clone())));
        json!({ "rate": limit, "resources": resources })
    }
}

fn zulu(time: &str) -> String {
    time.parse::<jiff::Timestamp>()
        .map_or_else(|_| time.to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
