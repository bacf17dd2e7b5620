//! The fake GitHub itself: each endpoint once through prism, and what it does in git.

use crate::support::git::Repo;
use crate::support::github::{Fault, Form, Github, Play, Protection, Rights, Tally};
use crate::support::wire::{self, Answer, Request};
use relwf::http::Client;
use relwf::model::{Cancel, WriteError};
use serde_json::{Value, json};
use std::time::Duration;

/// One request with a token.
pub fn ask_as(token: &str, github: &Github, method: &str, path: &str, body: &Value) -> Answer {
    let mut headers = vec![("host".to_owned(), github.host()), ("user-agent".to_owned(), "tests".to_owned())];
    if !token.is_empty() {
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    if !body.is_null() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = Request { method: method.to_owned(), target: path.to_owned(), headers, body };
    wire::call(github.host().parse().unwrap(), &request).unwrap()
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// One request by an account that may do everything; the status and the body.
#[track_caller]
fn ask(github: &Github, method: &str, path: &str, body: Value) -> (u16, Value) {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/repos/acme/service/{path}") };
    let answer = ask_as("t-admin", github, method, &path, &body);
    (answer.status, json_of(&answer))
}

#[track_caller]
fn get(github: &Github, path: &str) -> Value {
    let (status, body) = ask(github, "GET", path, Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// A history: master, staging behind it, and the branch `topic` with one commit more than master.
pub struct History {
    pub work: Repo,
    _dir: tempfile::TempDir,
    pub master: String,
    pub topic: String,
}

pub fn history(github: &Github) -> History {
    let dir = tempfile::tempdir().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("README", "one\n");
    work.git(&["branch", "staging"]);
    let master = work.change("main.go", "two\n");
    work.git(&["switch", "-q", "-c", "topic"]);
    let topic = work.change("topic.go", "three\n");
    work.git(&["remote", "add", "origin", &github.git_url_as("t-write", "acme/service")]);
    work.git(&["push", "-q", "origin", "master", "staging", "topic"]);
    History { work, _dir: dir, master, topic }
}

fn open(github: &Github, head: &str, base: &str) -> u64 {
    let (status, body) =
        ask(github, "POST", "pulls", json!({ "title": "A change", "head": head, "base": base, "body": "why" }));
    assert_eq!(status, 201, "{body}");
    body["number"].as_u64().unwrap()
}

#[test]
fn every_endpoint_satisfies_githubs_description() {
    let github = Github::start().through_prism();
    let history = history(&github);
    github
        .protect("staging", Protection { required: vec!["ci".into()], only_by_change: true, ..Protection::default() });
    github.on_change(Form::Run, "unit", Play::GreenAfter(1));
    github.workflow("deploy.yml", Play::Green);
    let topic = history.topic.as_str();

    assert_eq!(get(&github, "/user")["login"], "grace");
    assert_eq!(get(&github, "/rate_limit")["rate"]["limit"], 5000);
    let repo = get(&github, "/repos/acme/service");
    assert_eq!((&repo["allow_merge_commit"], &repo["permissions"]["push"]), (&json!(true), &json!(true)));
    assert_eq!(get(&github, "branches/topic")["commit"]["sha"], topic);
    assert_eq!(get(&github, "branches/staging")["protected"], true);
    assert_eq!(ask(&github, "GET", "branches/nothing", Value::Null).0, 404);
    assert_eq!(ask(&github, "GET", "branches/staging/protection", Value::Null).0, 404, "it is a ruleset");
    let rules = get(&github, "rules/branches/staging");
    let kinds: Vec<&str> = rules.as_array().unwrap().iter().map(|rule| rule["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["deletion", "non_fast_forward", "pull_request", "required_status_checks"]);
    github.protect("master", Protection { required: vec!["ci".into()], classic: true, ..Protection::default() });
    assert_eq!(get(&github, "branches/master/protection")["required_status_checks"]["contexts"], json!(["ci"]));
    assert_eq!(get(&github, "commits/topic")["commit"]["message"], "topic.go: three");
    assert_eq!(get(&github, "commits?sha=topic").as_array().unwrap().len(), 3);

    let number = open(&github, "topic", "staging");
    assert_eq!(get(&github, "pulls?state=all&head=acme:topic&base=staging")[0]["number"], number);
    assert_eq!(get(&github, "pulls?state=closed"), json!([]));
    let shown = |path: &str| get(&github, &format!("pulls/{number}{path}"));
    assert_eq!(shown("")["mergeable"], Value::Null);
    let body = shown("");
    assert_eq!((&body["mergeable"], &body["mergeable_state"]), (&json!(true), &json!("blocked")));
    assert_eq!(shown("/commits").as_array().unwrap().len(), 2);
    assert_eq!(get(&github, &format!("commits/{topic}/pulls"))[0]["number"], number);
    assert_eq!(ask(&github, "GET", &format!("pulls/{number}/merge"), Value::Null).0, 404);
    let comments = format!("issues/{number}/comments");
    assert_eq!(ask(&github, "POST", &comments, json!({ "body": "hello" })).0, 201);
    assert_eq!(get(&github, &comments)[0]["body"], "hello");
    assert_eq!(ask(&github, "PATCH", &format!("pulls/{number}"), json!({ "title": "Other" })).1["title"], "Other");

    assert_eq!(get(&github, "commits/topic/status")["state"], "pending");
    let runs = get(&github, "commits/topic/check-runs?filter=latest&per_page=100");
    assert_eq!(runs["check_runs"][0]["status"], "in_progress");
    let runs = get(&github, "commits/topic/check-runs?filter=latest&per_page=100");
    assert_eq!(runs["check_runs"][0]["conclusion"], "success");
    let id = &runs["check_runs"][0]["id"];
    assert_eq!(get(&github, &format!("check-runs/{id}"))["name"], "unit");
    assert_eq!(get(&github, &format!("check-runs/{id}/annotations")), json!([]));
    assert_eq!(ask(&github, "PUT", &format!("pulls/{number}/merge"), json!({ "sha": topic })).0, 405, "ci is required");
    let status =
        json!({ "state": "success", "context": "ci", "description": "fine", "target_url": "http://ci.test/1" });
    assert_eq!(ask(&github, "POST", &format!("statuses/{topic}"), status).0, 201);
    assert_eq!(get(&github, "commits/topic/status")["state"], "success");
    assert_eq!(get(&github, "commits/topic/statuses")[0]["creator"]["login"], "ci");

    assert_eq!(get(&github, "actions/runs?event=pull_request&head_sha=x")["total_count"], 0);
    assert_eq!(get(&github, &format!("actions/runs/{id}"))["conclusion"], "success");
    assert_eq!(get(&github, &format!("actions/runs/{id}/jobs"))["jobs"][0]["id"], *id);
    assert_eq!(get(&github, &format!("actions/jobs/{id}"))["name"], "unit");
    let log = ask_as("t-read", &github, "GET", &format!("/repos/acme/service/actions/jobs/{id}/logs"), &Value::Null);
    assert!(log.header("location").unwrap().starts_with("http://localhost:"), "{log:?}");
    let dispatch = json!({ "ref": "master", "inputs": { "key": "k1" }, "return_run_details": true });
    let (status, run) = ask(&github, "POST", "actions/workflows/deploy.yml/dispatches", dispatch);
    assert_eq!(status, 200, "{run}");
    let run = get(&github, &format!("actions/runs/{}", run["workflow_run_id"]));
    assert_eq!(run["display_title"], "key=k1");
    assert_eq!(ask(&github, "POST", "actions/workflows/deploy.yml/dispatches", json!({ "ref": "master" })).0, 204);
    assert_eq!(ask(&github, "POST", &format!("actions/runs/{id}/cancel"), Value::Null).0, 409);
    assert_eq!(ask(&github, "POST", &format!("actions/runs/{id}/rerun"), Value::Null).0, 201);

    let deployment = json!({ "ref": "topic", "auto_merge": false, "environment": "staging", "required_contexts": [] });
    let (status, deployment) = ask(&github, "POST", "deployments", deployment);
    assert_eq!(status, 201, "{deployment}");
    let statuses = format!("deployments/{}/statuses", deployment["id"]);
    let told = json!({ "state": "success", "environment_url": "https://staging.test/" });
    assert_eq!(ask(&github, "POST", &statuses, told).0, 201);
    assert_eq!(get(&github, &statuses)[0]["state"], "success");
    assert_eq!(get(&github, &format!("deployments/{}", deployment["id"]))["sha"], topic);
    assert_eq!(get(&github, "deployments?environment=staging").as_array().unwrap().len(), 1);
    github.with(|repo| repo.environments.push("staging".to_owned()));
    assert_eq!(get(&github, "environments")["total_count"], 1);

    let (status, landed) =
        ask(&github, "PUT", &format!("pulls/{number}/merge"), json!({ "sha": topic, "merge_method": "merge" }));
    assert_eq!(status, 200, "{landed}");
    assert_eq!(ask(&github, "GET", &format!("pulls/{number}/merge"), Value::Null).0, 204);
    assert_eq!(shown("")["merged"], true);

    let reference = json!({ "ref": "refs/heads/relwf/x", "sha": history.master });
    assert_eq!(ask(&github, "POST", "git/refs", reference).0, 201);
    assert_eq!(get(&github, "git/ref/heads/relwf/x")["object"]["sha"], history.master);
    assert_eq!(get(&github, "git/matching-refs/heads/relwf")[0]["ref"], "refs/heads/relwf/x");
    assert_eq!(ask(&github, "PATCH", "git/refs/heads/relwf/x", json!({ "sha": topic, "force": false })).0, 200);
    assert_eq!(ask(&github, "DELETE", "git/refs/heads/relwf/x", Value::Null).0, 204);
    assert_eq!(ask(&github, "GET", "git/ref/heads/relwf/x", Value::Null).0, 404);
    assert_eq!(github.objections(), Vec::<String>::new());
}

/// What prism finds must not pass unnoticed, in any endpoint that describes its answer: an answer without its fields, and
/// requests that are wrong.
#[test]
fn prism_sees_what_is_wrong() {
    let github = Github::start().through_prism();
    let history = history(&github);
    let number = open(&github, "topic", "staging");
    let sha = &history.topic;
    let seen = |method: &str, path: &str, body: Value| {
        ask(&github, method, path, body);
        github.take_objections()
    };
    for path in [
        "/user",
        "/rate_limit",
        "/repos/acme/service",
        "branches/topic",
        "rules/branches/topic",
        "commits/topic",
        "commits",
        "pulls",
        &format!("pulls/{number}"),
        &format!("pulls/{number}/commits"),
        &format!("issues/{number}/comments"),
        &format!("commits/{sha}/status"),
        &format!("commits/{sha}/statuses"),
        &format!("commits/{sha}/check-runs"),
        &format!("commits/{sha}/pulls"),
        "actions/runs",
        "git/ref/heads/topic",
        "deployments",
    ] {
        github.spoil_answers(true);
        assert_eq!(seen("GET", path, Value::Null).len(), 1, "an answer without its fields passed: {path}");
        github.spoil_answers(false);
        assert_eq!(seen("GET", path, Value::Null), Vec::<String>::new());
    }
    let no_base = seen("POST", "pulls", json!({ "title": "x", "head": "topic" }));
    assert!(no_base[0].contains("must have required property 'base'"), "{no_base:?}");
    let method = seen("PUT", &format!("pulls/{number}/merge"), json!({ "merge_method": "fast-forward" }));
    assert!(method[0].contains("merge, squash, rebase"), "{method:?}");
    assert_eq!(seen("GET", "nothing/of/the/kind", Value::Null).len(), 1);
}

#[test]
fn an_objection_fails_the_test() {
    let failed = std::panic::catch_unwind(|| {
        let github = Github::start().through_prism();
        ask(&github, "POST", "pulls", json!({ "title": "x" }));
    });
    let words = failed.unwrap_err().downcast::<String>().unwrap();
    assert!(words.contains("1 objections") && words.contains("must have required property"), "{words}");
}

#[test]
fn merging_is_refused_as_github_refuses_it() {
    let github = Github::start();
    let history = history(&github);
    let number = open(&github, "topic", "staging");
    let merge = |body: Value| {
        let (status, body) = ask(&github, "PUT", &format!("pulls/{number}/merge"), body);
        (status, body["message"].as_str().unwrap_or_default().to_owned())
    };
    let sha = &history.topic;
    assert_eq!(merge(json!({ "sha": history.master })).0, 409);
    github.allow_only(&["squash"]);
    let no = "Merge commits are not allowed on this repository.";
    assert_eq!(merge(json!({ "sha": sha, "merge_method": "merge" })), (405, no.to_owned()));
    github.allow_only(&["merge", "squash", "rebase"]);
    github.protect("staging", Protection { methods: vec!["squash"], ..Protection::default() });
    assert_eq!(merge(json!({ "sha": sha })), (405, no.to_owned()));
    github.protect("staging", Protection { required: vec!["ci".into()], ..Protection::default() });
    assert_eq!(merge(json!({ "sha": sha })), (405, "Required status check \"ci\" is expected.".to_owned()));
    github.unprotect("staging");
    github.fault("PUT", "/merge", 1, Fault::base_race());
    assert_eq!(merge(json!({})), (405, "Base branch was modified. Review and try the merge again.".to_owned()));
    let before = github.bare("acme/service").git(&["rev-parse", "staging"]);
    assert_eq!(merge(json!({ "sha": sha })).0, 200);
    assert_eq!(merge(json!({ "sha": sha })).0, 405);
    let bare = github.bare("acme/service");
    assert_eq!(bare.git(&["rev-parse", "staging^1", "staging^2"]), format!("{before}\n{sha}"));
    assert_eq!(bare.git(&["rev-parse", "staging^{tree}"]), bare.git(&["rev-parse", &format!("{sha}^{{tree}}")]));

    for (method, parents) in [("squash", 1), ("rebase", 1)] {
        let other = github.another_push("topic", method, "more\n");
        let number = open(&github, "topic", "staging");
        let (status, landed) =
            ask(&github, "PUT", &format!("pulls/{number}/merge"), json!({ "sha": other, "merge_method": method }));
        assert_eq!(status, 200, "{method}: {landed}");
        let count = bare.git(&["log", "-1", "--format=%P", "staging"]).split(' ').count();
        assert_eq!(count, parents, "{method}");
    }
    github.hostile_merges();
    let other = github.another_push("topic", "last", "more\n");
    let number = open(&github, "topic", "staging");
    assert_eq!(ask(&github, "PUT", &format!("pulls/{number}/merge"), json!({ "sha": other })).0, 200);
    assert!(bare.git(&["ls-tree", "--name-only", "staging"]).contains("nobody-asked-for-this"));
}

#[test]
fn pushes_are_protected_and_followed() {
    let github = Github::start();
    let history = history(&github);
    let work = &history.work;
    let push = |what: &str| {
        let output = work.try_git(&["push", "-q", "origin", what]);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let rules = Protection { required: vec!["ci".into()], ..Protection::default() };
    github.protect("staging", rules.clone());
    let (done, words) = push("topic:staging");
    assert!(!done && words.contains("GH013: Repository rule violations found for refs/heads/staging"), "{words}");
    assert!(words.contains("- Required status check \"ci\" is expected."), "{words}");
    github.protect("staging", Protection { classic: true, only_by_change: true, ..rules.clone() });
    let (done, words) = push("topic:staging");
    assert!(!done && words.contains("error: GH006: Protected branch update failed for refs/heads/staging."), "{words}");
    assert!(words.contains("error: Changes must be made through a pull request."), "{words}");
    github.protect("staging", rules);
    let number = open(&github, "topic", "staging");
    assert!(push("topic:refs/pull/1/head").1.contains("deny updating a hidden ref"));

    // A head moves: its reference follows. A commit that reaches the base makes it merged.
    work.git(&["switch", "-q", "topic"]);
    let topic = work.change("more", "x\n");
    assert!(push("topic").0);
    assert_eq!(get(&github, &format!("pulls/{number}"))["head"]["sha"], *topic);
    assert_eq!(github.bare("acme/service").git(&["rev-parse", &format!("refs/pull/{number}/head")]), topic);
    github.set_check(&topic, Form::Status, "ci", Play::Green);
    assert_eq!(push("topic:staging"), (true, String::new()));
    let landed = get(&github, &format!("pulls/{number}"));
    assert_eq!((&landed["merged"], &landed["merge_commit_sha"]), (&json!(true), &json!(topic)));
    assert!(push("+topic~1:staging").1.contains("Cannot force-push to this branch"));
    assert!(push(":staging").1.contains("Cannot delete this branch"));
    assert_eq!(github.pushes(), 8, "refused ones arrived too");

    // A branch that is deleted closes its pull request.
    work.change("again", "x\n");
    assert!(push("topic:other").0);
    let number = open(&github, "other", "staging");
    assert!(push(":other").0);
    assert_eq!(get(&github, &format!("pulls/{number}"))["state"], "closed");
}

#[test]
fn rights_are_those_of_the_token() {
    let github = Github::start();
    let history = history(&github);
    let status = |token: &str, method: &str, path: &str, body: Value| {
        let answer = ask_as(token, &github, method, path, &body);
        (answer.status, json_of(&answer)["message"].as_str().unwrap_or_default().to_owned())
    };
    let repo = "/repos/acme/service";
    assert_eq!(status("t-wrong", "GET", repo, Value::Null), (401, "Bad credentials".to_owned()));
    assert_eq!(status("t-none", "GET", repo, Value::Null).0, 404);
    assert_eq!(status("t-read", "GET", repo, Value::Null).0, 200);
    assert_eq!(status("", "GET", repo, Value::Null).0, 200);
    let new = json!({ "title": "x", "head": "topic", "base": "staging" });
    let words = "Resource not accessible by personal access token";
    assert_eq!(status("t-read", "POST", &format!("{repo}/pulls"), new.clone()), (403, words.to_owned()));
    assert_eq!(status("", "POST", &format!("{repo}/pulls"), new.clone()).0, 401);
    github.make_private();
    assert_eq!(status("", "GET", repo, Value::Null).0, 404);
    assert_eq!(status("t-write", "POST", &format!("{repo}/pulls"), new.clone()).0, 201);
    let again = ask_as("t-write", &github, "POST", &format!("{repo}/pulls"), &new);
    let words = json_of(&again)["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!((again.status, words.as_str()), (422, "A pull request already exists for acme:topic."));
    let nothing = json!({ "title": "x", "head": "staging", "base": "master" });
    let nothing = json_of(&ask_as("t-write", &github, "POST", &format!("{repo}/pulls"), &nothing));
    assert_eq!(nothing["errors"][0]["message"], "No commits between master and staging");

    let fetch = |token: &str| {
        let url = github.git_url_as(token, "acme/service");
        let output = history.work.try_git(&["-c", "core.askPass=true", "ls-remote", &url]);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(fetch("t-read").0);
    assert!(fetch("t-none").1.contains("Repository not found"), "{:?}", fetch("t-none"));
    assert!(fetch("t-wrong").1.contains("Authentication failed"), "{:?}", fetch("t-wrong"));
    let url = github.git_url_as("t-read", "acme/service");
    let push = history.work.try_git(&["push", &url, "topic:refs/heads/new"]);
    assert!(String::from_utf8_lossy(&push.stderr).contains("403"), "{push:?}");
    github.token("t-read", "robin", Rights::Write);
    assert!(history.work.try_git(&["push", &url, "topic:refs/heads/new"]).status.success());
    github.revoke("t-read");
    assert_eq!(status("t-read", "GET", repo, Value::Null).0, 401);
}

#[test]
fn pages_tags_and_budgets() {
    let github = Github::start().through_prism();
    let history = history(&github);
    (0..205).for_each(|n| github.set_check(&history.topic, Form::Run, &format!("job {n}"), Play::Green));
    let mut target = format!("/repos/acme/service/commits/{}/check-runs?filter=latest&per_page=100", history.topic);
    let mut found = Vec::new();
    loop {
        let answer = ask_as("t-read", &github, "GET", &target, &Value::Null);
        found.push(json_of(&answer)["check_runs"].as_array().unwrap().len());
        let Some(link) = answer.header("link") else { panic!("no link") };
        let next = link.split(", ").find(|link| link.ends_with("rel=\"next\""));
        let Some(next) = next.and_then(|link| link[1..].split('>').next()) else { break };
        target = next.strip_prefix(&github.api()).expect("the same origin").to_owned();
    }
    assert_eq!(found, [100, 100, 5]);

    let first = ask_as("t-read", &github, "GET", "/repos/acme/service", &Value::Null);
    let mut headers = vec![("host".to_owned(), github.host()), ("user-agent".to_owned(), "tests".to_owned())];
    headers.push(("authorization".to_owned(), "Bearer t-read".to_owned()));
    headers.push(("if-none-match".to_owned(), first.header("etag").unwrap().to_owned()));
    let request = Request { method: "GET".into(), target: "/repos/acme/service".into(), headers, body: Vec::new() };
    let again = wire::call(github.host().parse().unwrap(), &request).unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("x-ratelimit-remaining"), first.header("x-ratelimit-remaining"), "304 is free");
    assert_eq!(again.header("x-oauth-scopes"), Some("public_repo"));
    assert_eq!(github.tally(), Tally { reads: 4, writes: 0, polls: 1 });
}

#[test]
fn faults_come_when_they_are_ordered() {
    let github = Github::start().through_prism();
    history(&github);
    let number = open(&github, "topic", "staging");
    let send = |method: &str, path: &str, body: &Value| {
        let headers = vec![
            ("host".to_owned(), github.host()),
            ("user-agent".to_owned(), "tests".to_owned()),
            ("authorization".to_owned(), "Bearer t-write".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let target = format!("/repos/acme/service/{path}");
        wire::call(github.host().parse().unwrap(), &Request { method: method.to_owned(), target, headers, body })
    };
    let (comments, hello) = (format!("issues/{number}/comments"), json!({ "body": "hello" }));
    github.fault("POST", "/comments", 1, Fault::Reset);
    assert_eq!(send("POST", &comments, &hello).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(github.comments().len(), 0);
    github.fault("POST", "/comments", 1, Fault::DoneThenReset);
    assert_eq!(send("POST", &comments, &hello).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(github.comments().len(), 1);
    github.fault("POST", "/comments", 1, Fault::Truncate);
    assert_eq!(send("POST", &comments, &hello).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    github.fault_after(1, "GET", "/comments", 2, Fault::broken(502));
    let statuses = [(); 4].map(|()| send("GET", &comments, &Value::Null).unwrap().status);
    assert_eq!(statuses, [200, 502, 502, 200]);
    github.fault("GET", "/comments", 1, Fault::too_many(3));
    assert_eq!(send("GET", &comments, &Value::Null).unwrap().header("retry-after"), Some("3"));
    github.fault("GET", "/comments", 1, Fault::Header("link", "<http://evil.test/2>; rel=\"next\"".to_owned()));
    assert!(send("GET", &comments, &Value::Null).unwrap().header("link").unwrap().contains("evil.test"));
    assert_eq!(github.waiting_faults(), 0);
}

#[test]
fn tests_pull_strings_behind_the_backs() {
    let github = Github::start().through_prism();
    assert!(github.root().join("acme/service.git").is_dir());
    assert!(github.git_url("acme/service").ends_with("/acme/service.git"));
    for (context, play) in [
        ("green", Play::Green),
        ("red", Play::Red),
        ("skipped", Play::Skipped),
        ("neutral", Play::Neutral),
        ("pending", Play::Pending),
        ("never", Play::Never),
        ("later", Play::RedAfter(1)),
    ] {
        github.on_push("staging", Form::Run, context, play);
    }
    let history = history(&github);
    let path = |commit: &str| format!("commits/{commit}/check-runs?filter=latest");
    let runs = |commit: &str| {
        let body = get(&github, &path(commit));
        let mut all: Vec<String> = body["check_runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| format!("{} {}", run["name"].as_str().unwrap(), run["conclusion"].as_str().unwrap_or("-")))
            .collect();
        all.sort();
        all.join(", ")
    };
    let first = "green success, later -, neutral neutral, pending -, red failure, skipped skipped";
    assert_eq!(runs("staging"), first);
    assert_eq!(runs("staging"), first.replace("later -", "later failure"));
    github.forget_plans();
    let pushed = github.another_push("staging", "more", "x\n");
    assert_eq!(runs(&pushed), "");

    let number = open(&github, "topic", "staging");
    let fork = github.change_from_fork("mallory", "topic", "staging", &history.topic, "the same branch name");
    let listed = |query: &str| get(&github, &format!("pulls?{query}")).as_array().unwrap().len();
    assert_eq!((listed("head=acme:topic"), listed("head=mallory:topic"), listed("state=open")), (1, 1, 2));
    assert_eq!(get(&github, &format!("pulls/{fork}"))["head"]["repo"]["full_name"], "mallory/service");
    github.close_change(number);
    assert_eq!(github.changes().iter().map(|change| change.open).collect::<Vec<_>>(), [false, true]);

    github.forget_requests();
    let client = Client::new(Cancel::new());
    let request = |method: &str, path: &str| {
        let url = format!("{}/repos/acme/service/{path}", github.enterprise_api());
        relwf::http::Request::new(method, url).header("authorization", "Bearer t-admin")
    };
    let answer = client.request(request("GET", "branches/topic")).unwrap().json().unwrap();
    assert!(answer["protection_url"].as_str().unwrap().starts_with(&github.enterprise_api()), "{answer}");
    let comment = || request("POST", &format!("issues/{fork}/comments")).json(&json!({ "body": "hello" }));
    for limit in [Fault::secondary_limit(60), Fault::exhausted(4_000_000_000)] {
        github.fault("POST", "/comments", 1, limit);
        assert!(matches!(client.request(comment()), Err(WriteError::NotDone { after: Some(_), .. })));
    }
    github.fault("POST", "/comments", 1, Fault::Hang);
    // Long enough for the request to arrive through prism on a busy machine.
    let hanging = comment().deadline(Duration::from_secs(15));
    assert!(matches!(client.request(hanging), Err(WriteError::Unknown(_))));
    assert_eq!(github.comments().len(), 0);
    github.fault("POST", "/comments", 1, Fault::DoneThenAnswer(Answer::text(502, "the gateway gave up")));
    assert_eq!(client.request(comment()).unwrap().status, 502);
    assert_eq!(github.comments().len(), 1, "it was done all the same");
    assert_eq!((github.count("POST", "/comments"), github.count("*", "/branches/")), (4, 1));
    let seen = github.requests();
    assert!(seen[0].headers.iter().any(|(name, value)| name == "authorization" && value.ends_with("t-admin")));
}
