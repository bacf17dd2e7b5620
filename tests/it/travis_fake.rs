//! The fake Travis itself: builds of pushes and pull requests, requests, limits, statuses on GitHub.

use crate::github_fake::{ask_as, history};
use crate::support::github::{Fault, Github, Play};
use crate::support::travis::{Event, TravisServer};
use crate::support::wire::{self, Answer, Request};
use serde_json::{Value, json};

fn ask(travis: &TravisServer, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let host = travis.api().replace("http://", "");
    let mut headers = vec![
        ("host".to_owned(), host.clone()),
        ("user-agent".to_owned(), "tests".to_owned()),
        ("travis-api-version".to_owned(), "3".to_owned()),
    ];
    if !token.is_empty() {
        headers.push(("authorization".to_owned(), format!("token {token}")));
    }
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    wire::call(host.parse().unwrap(), &Request { method: method.to_owned(), target: path.to_owned(), headers, body })
        .unwrap()
}

#[track_caller]
fn json_of(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

fn statuses(github: &Github, commit: &str) -> Vec<(String, String)> {
    let path = format!("/repos/acme/service/commits/{commit}/status");
    let body = json_of(&ask_as("t-read", github, "GET", &path, &Value::Null), 200);
    let one =
        |status: &Value| (status["context"].as_str().unwrap().to_owned(), status["state"].as_str().unwrap().to_owned());
    body["statuses"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn pushes_and_pull_requests_are_built_and_reported() {
    let github = Github::start();
    let travis = TravisServer::start(&github);
    travis.plays("acme/service", Event::PullRequest, Some("staging"), Play::RedAfter(2));
    let history = history(&github);
    let status = |kind: &str, state: &str| (format!("continuous-integration/travis-ci/{kind}"), state.to_owned());
    assert_eq!(statuses(&github, &history.topic), [status("push", "pending")]);
    assert_eq!(statuses(&github, &history.topic), [status("push", "success")]);
    let new = json!({ "title": "x", "head": "topic", "base": "staging" });
    json_of(&ask_as("t-write", &github, "POST", "/repos/acme/service/pulls", &new), 201);

    let builds = |query: &str| {
        let answer = ask(&travis, "t-read", "GET", &format!("/repo/acme%2Fservice/builds?{query}"), &Value::Null);
        json_of(&answer, 200)
    };
    let body = builds("event_type=pull_request&branch.name=staging&sort_by=id:desc&limit=1");
    let build = &body["builds"][0];
    assert_eq!((&build["state"], &build["pull_request_number"]), (&json!("started"), &json!(1)));
    let merge = github.bare("acme/service").git(&["rev-parse", "refs/pull/1/merge"]);
    assert_eq!(build["commit"]["sha"], merge, "Travis tests the merge");
    let path = format!("/build/{}", build["id"]);
    json_of(&ask(&travis, "", "GET", &path, &Value::Null), 200);
    let build = json_of(&ask(&travis, "", "GET", &path, &Value::Null), 200);
    assert_eq!(build["state"], "failed");
    assert_eq!(statuses(&github, &history.topic)[0], status("pr", "failure"), "it reports on the head");
    let job = build["jobs"][0]["id"].clone();
    let log = ask(&travis, "", "GET", &format!("/job/{job}/log.txt"), &Value::Null);
    assert!(String::from_utf8_lossy(&log.body).contains("make travis_pull_request"));
    assert_eq!(json_of(&ask(&travis, "", "GET", &format!("{path}/jobs"), &Value::Null), 200)["jobs"][0]["id"], job);

    let page = builds("limit=2&offset=2");
    let pages = &page["@pagination"];
    assert_eq!((&pages["count"], &pages["next"], &pages["prev"]["offset"]), (&json!(4), &Value::Null, &json!(0)));
    assert_eq!(builds("state=failed")["builds"].as_array().unwrap().len(), 1);
    let cron = travis.builds("acme/service", Event::Cron, "master");
    assert_eq!(builds("event_type=cron")["builds"][0]["id"], json!(cron));

    assert_eq!(ask(&travis, "t-write", "POST", &format!("{path}/cancel"), &Value::Null).status, 409);
    assert_eq!(ask(&travis, "t-read", "POST", &format!("{path}/restart"), &Value::Null).status, 403);
    let restarted = json_of(&ask(&travis, "t-write", "POST", &format!("{path}/restart"), &Value::Null), 202);
    assert_eq!(restarted["state_change"], "restart");
    assert_eq!(ask(&travis, "t-write", "POST", &format!("{path}/restart"), &Value::Null).status, 409);
    json_of(&ask(&travis, "t-write", "POST", &format!("{path}/cancel"), &Value::Null), 202);
    assert_eq!(statuses(&github, &history.topic)[0], status("pr", "error"));
}

#[test]
fn requests_become_builds_within_limits() {
    let github = Github::start();
    let travis = TravisServer::start(&github);
    let history = history(&github);
    let request =
        json!({ "request": { "branch": "topic", "message": "key k1", "merge_mode": "replace", "config": {} } });
    let post = |token: &str, body: &Value| ask(&travis, token, "POST", "/repo/acme%2Fservice/requests", body);
    let pending = json_of(&post("t-write", &request), 202);
    assert_eq!((&pending["@type"], &pending["remaining_requests"]), (&json!("pending"), &json!(9)));
    let path = format!("/repo/acme%2Fservice/request/{}", pending["request"]["id"]);
    let show = || json_of(&ask(&travis, "t-write", "GET", &path, &Value::Null), 200);
    let first = show();
    assert_eq!((&first["state"], &first["builds"]), (&json!("pending"), &json!([])));
    let second = show();
    assert_eq!((&second["state"], &second["result"]), (&json!("finished"), &json!("approved")));
    assert_eq!(second["builds"][0]["event_type"], "api");
    assert_eq!(second["commit"]["sha"], history.topic);

    assert_eq!(post("t-read", &request).status, 403);
    assert_eq!(post("", &request).status, 403);
    assert_eq!(post("t-wrong", &request).status, 403);
    assert_eq!(post("t-none", &request).status, 404);
    travis.with("acme/service", |travis| travis.rejects = Some("not here".to_owned()));
    let pending = json_of(&post("t-write", &request), 202);
    let path = format!("/repo/{}/request/{}", pending["repository"]["id"], pending["request"]["id"]);
    ask(&travis, "t-write", "GET", &path, &Value::Null);
    let rejected = json_of(&ask(&travis, "t-write", "GET", &path, &Value::Null), 200);
    assert_eq!((&rejected["result"], &rejected["message"]), (&json!("rejected"), &json!("not here")));
    travis.with("acme/service", |travis| travis.remaining = 0);
    let limited = json_of(&post("t-write", &request), 429);
    assert_eq!((&limited["max_requests"], &limited["per_seconds"]), (&json!(10), &json!(3600)));
    travis.with("acme/service", |travis| travis.active = false);
    assert_eq!(post("t-write", &request).status, 406);
    travis.fault("POST", "/requests", 1, Fault::broken(503));
    assert_eq!(post("t-write", &request).status, 503);
    assert_eq!(travis.count("POST", "/requests"), 9);
    let last = travis.requests().pop().unwrap();
    assert_eq!((last.status, last.body["request"]["merge_mode"].as_str()), (503, Some("replace")));
}
