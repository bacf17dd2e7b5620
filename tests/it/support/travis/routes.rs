//! From a request to Travis' answer.

use super::bodies;
use super::state::{Build, Event, Request, Travis};
use crate::support::github::{Repository, Rights, Settled, World, now};
use crate::support::wire::{Answer, Request as Message, decode};
use serde_json::{Value, json};

fn no(status: u16, kind: &str, message: &str) -> Answer {
    Answer::json(status, &bodies::error(kind, message))
}

pub fn answer(world: &World, request: &Message) -> Answer {
    // Without the header it would be another version of the API.
    let path = request.path().trim_start_matches("/api").trim_start_matches("/v3");
    if request.header("travis-api-version") != Some("3") && !request.path().contains("/v3/") {
        return Answer::text(404, "not found");
    }
    if request.header("user-agent").is_none() {
        return no(400, "bad_request", "a user agent is needed");
    }
    let token = request.header("authorization").map(|value| value.strip_prefix("token ").unwrap_or_default());
    let rights = match token.map(|token| world.rights(token)) {
        Some(None) => return Answer::text(403, "access denied"),
        Some(Some(rights)) => rights,
        None => Rights::Read,
    };
    let ask = Ask { request, rights, known: token.is_some() };
    let words: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let missing = |kind: &str| {
        let mut body = bodies::error("not_found", &format!("{kind} not found (or insufficient access)"));
        body["resource_type"] = kind.into();
        Answer::json(404, &body)
    };
    let id = |text: &str| text.parse::<u64>().unwrap_or(0);
    match (request.method.as_str(), words.as_slice()) {
        ("GET", ["user"]) if ask.known => Answer::json(200, &json!({ "@type": "user", "id": 1, "login": "ada" })),
        ("GET", ["user"]) => no(403, "login_required", "login required"),
        (_, ["repo", slug, rest @ ..]) => {
            let name = world.name_of(slug);
            let found = world.repository(&name, |repo| {
                if ask.rights == Rights::None || (repo.private && !ask.known) {
                    return missing("repository");
                }
                with_travis(repo, |repo, travis| of_repository(repo, travis, &ask, rest, &missing))
            });
            found.unwrap_or_else(|| missing("repository"))
        }
        (_, [kind @ ("build" | "job"), number, rest @ ..]) => {
            let number = if *kind == "job" { id(number).saturating_sub(100_000) } else { id(number) };
            let mut found = missing(kind);
            world.each_repository(|repo| {
                let here = repo.travis.as_ref().is_some_and(|travis| travis.builds.iter().any(|b| b.id == number));
                if here && ask.rights > Rights::None {
                    found = with_travis(repo, |repo, travis| of_build(repo, travis, &ask, kind, number, rest));
                }
            });
            found
        }
        _ => missing("resource"),
    }
}

struct Ask<'a> {
    request: &'a Message,
    rights: Rights,
    known: bool,
}

impl Ask<'_> {
    fn query(&self, name: &str) -> Option<String> {
        self.request.query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn admin(&self) -> bool {
        self.known && self.rights >= Rights::Write
    }
}

fn with_travis(repo: &mut Repository, act: impl FnOnce(&mut Repository, &mut Travis) -> Answer) -> Answer {
    let Some(mut travis) = repo.travis.take() else {
        return no(404, "not_found", "repository not found (or insufficient access)");
    };
    let answer = act(repo, &mut travis);
    repo.travis = Some(travis);
    answer
}

fn of_repository(
    repo: &mut Repository,
    travis: &mut Travis,
    ask: &Ask<'_>,
    rest: &[&str],
    missing: &dyn Fn(&str) -> Answer,
) -> Answer {
    match (ask.request.method.as_str(), rest) {
        ("GET", []) => Answer::json(200, &bodies::full_repository(repo, travis, ask.admin())),
        ("GET", ["builds"]) => builds(repo, travis, ask),
        ("POST", ["requests"]) => create(repo, travis, ask),
        ("GET", ["requests"]) => {
            let all: Vec<Value> =
                travis.requests.iter().rev().map(|request| bodies::request(repo, travis, request)).collect();
            Answer::json(200, &json!({ "@type": "requests", "@representation": "standard", "requests": all }))
        }
        ("GET", ["request", id]) => show(repo, travis, id.parse().unwrap_or(0)).unwrap_or_else(|| missing("request")),
        _ => missing("resource"),
    }
}

fn builds(repo: &mut Repository, travis: &mut Travis, ask: &Ask<'_>) -> Answer {
    let number = |name: &str| ask.query(name).and_then(|text| text.parse::<usize>().ok());
    let (limit, offset) = (number("limit").unwrap_or(25).clamp(1, 100), number("offset").unwrap_or(0));
    let has = |name: &str, value: &str| ask.query(name).is_none_or(|words| words.split(',').any(|word| word == value));
    let fits = |build: &&Build| {
        has("event_type", build.event.word())
            && has("branch.name", &build.branch)
            && has("state", build.state())
            && has("build.state", build.state())
            && has("build.event_type", build.event.word())
    };
    let mut all: Vec<&Build> = travis.builds.iter().filter(fits).collect();
    match ask.query("sort_by").as_deref() {
        None | Some("id:desc" | "started_at:desc" | "finished_at:desc") => all.reverse(),
        Some("id" | "started_at" | "finished_at") => {}
        Some(_) => return no(400, "wrong_params", "not a valid sort criterion"),
    }
    let keep = |(key, value): (String, String)| (key != "offset").then(|| format!("{key}={value}"));
    let query: Vec<String> = ask.request.query().into_iter().filter_map(keep).collect();
    let path = format!("/repo/{}/builds?{}", repo.id, query.join("&"));
    let answer = Answer::json(200, &bodies::page(repo, &all, offset, limit, &path, ask.admin()));
    let shown: Vec<u64> = all.iter().skip(offset).take(limit).map(|build| build.id).collect();
    travis.step(repo, |build| shown.contains(&build.id));
    answer
}

fn create(repo: &mut Repository, travis: &mut Travis, ask: &Ask<'_>) -> Answer {
    if !ask.known {
        return no(403, "login_required", "login required");
    }
    let with_repository = |status: u16, kind: &str, message: &str| {
        let mut body = bodies::error(kind, message);
        body["repository"] = bodies::repository(repo);
        (status, body)
    };
    if ask.rights < Rights::Write {
        let (status, body) = with_repository(403, "push_access_required", "push access required");
        return Answer::json(status, &body);
    }
    if !travis.active {
        let (status, body) =
            with_repository(406, "repository_inactive", "cannot create requests on an inactive repository");
        return Answer::json(status, &body);
    }
    if travis.remaining == 0 {
        let (status, mut body) = with_repository(429, "request_limit_reached", "request limit reached for resource");
        body["max_requests"] = 10.into();
        body["per_seconds"] = 3600.into();
        return Answer::json(status, &body);
    }
    let body = ask.request.json();
    let asked = body.get("request").unwrap_or(&body);
    let text = |name: &str| asked[name].as_str().map(str::to_owned);
    let modes = ["replace", "merge", "deep_merge", "deep_merge_append", "deep_merge_prepend"];
    if text("merge_mode").is_some_and(|mode| !modes.contains(&mode.as_str())) {
        return no(400, "wrong_params", "merge_mode is not known");
    }
    let branch = text("branch").unwrap_or_else(|| "master".to_owned());
    let Some(commit) = text("sha").or_else(|| repo.git.branch(&branch)) else {
        return no(400, "wrong_params", "branch does not exist");
    };
    travis.remaining -= 1;
    let request = Request {
        id: travis.next_id(),
        branch,
        commit,
        message: text("message"),
        config: asked.get("config").cloned().unwrap_or_else(|| json!({})),
        merge_mode: text("merge_mode"),
        created: now(),
        looks: travis.request_looks,
        build: None,
        rejected: travis.rejects.clone(),
    };
    let answer = json!({
        "@type": "pending", "remaining_requests": travis.remaining, "resource_type": "request",
        "repository": bodies::repository(repo),
        "request": {
            "repository": { "id": repo.id, "owner_name": repo.owner, "name": repo.name }, "user": { "id": 1 },
            "id": request.id, "message": request.message, "branch": request.branch, "sha": text("sha"),
            "merge_mode": request.merge_mode, "config": request.config,
        },
    });
    travis.requests.push(request);
    let newest = travis.requests.len() - 1;
    resolve(repo, travis, newest);
    Answer::json(202, &answer)
}

/// A request whose time has come becomes a build.
fn resolve(repo: &mut Repository, travis: &mut Travis, at: usize) {
    let Request { branch, commit, message, looks, build, rejected, .. } = travis.requests[at].clone();
    if looks == 0 && build.is_none() && rejected.is_none() && repo.git.commit(&commit).is_some() {
        let build = travis.build(repo, Event::Api, &branch, &commit, None, message.as_deref());
        travis.requests[at].build = build;
    }
}

fn show(repo: &mut Repository, travis: &mut Travis, id: u64) -> Option<Answer> {
    if let Some(build) = travis.builds.iter().find(|build| build.id + 200_000 == id) {
        return Some(Answer::json(200, &bodies::request_of(repo, build)));
    }
    let at = travis.requests.iter().position(|request| request.id == id)?;
    let answer = Answer::json(200, &bodies::request(repo, travis, &travis.requests[at]));
    travis.requests[at].looks = travis.requests[at].looks.saturating_sub(1);
    resolve(repo, travis, at);
    Some(answer)
}

fn of_build(repo: &mut Repository, travis: &mut Travis, ask: &Ask<'_>, kind: &str, id: u64, rest: &[&str]) -> Answer {
    let Some(build) = travis.builds.iter().find(|build| build.id == id).cloned() else {
        return no(404, "not_found", "build not found (or insufficient access)");
    };
    let jobs =
        || json!({ "@type": "jobs", "@representation": "standard", "jobs": [bodies::job(repo, &build, ask.admin())] });
    match (ask.request.method.as_str(), kind, rest) {
        ("GET", "build", []) => {
            let body = bodies::build(repo, &build, ask.admin());
            let requests = ask.query("include").is_some_and(|include| include.contains("build.request"));
            let body = if requests { bodies::with_request(body, repo, &build) } else { body };
            let answer = Answer::json(200, &body);
            travis.step(repo, |build| build.id == id);
            answer
        }
        ("GET", "build", ["jobs"]) => Answer::json(200, &jobs()),
        ("GET", "job", []) => Answer::json(200, &bodies::job(repo, &build, ask.admin())),
        ("GET", "job", ["log.txt"]) => Answer::text(200, &build.log),
        ("POST", _, ["cancel" | "restart"]) if !ask.known => no(403, "login_required", "login required"),
        ("POST", _, [what @ ("cancel" | "restart")]) if !ask.admin() => {
            no(403, "insufficient_access", &format!("operation requires {what} access to {kind}"))
        }
        ("POST", _, ["cancel"]) if build.is_over() => {
            no(409, "build_not_cancelable", &format!("{kind} is not running, cannot cancel"))
        }
        ("POST", _, ["restart"]) if !build.is_over() => {
            no(409, "build_already_running", &format!("{kind} already running, cannot restart"))
        }
        ("POST", _, ["cancel"]) => {
            travis.set(repo, id, 0, Settled::Skipped);
            pending(kind, &build, "cancel")
        }
        ("POST", _, ["restart"]) => {
            travis.set(repo, id, 1, Settled::Green);
            pending(kind, &build, "restart")
        }
        _ => no(404, "not_found", "resource not found (or insufficient access)"),
    }
}

fn pending(kind: &str, build: &Build, change: &str) -> Answer {
    let mut body = json!({ "@type": "pending", "state_change": change, "resource_type": kind });
    body[kind] = bodies::minimal_build(build);
    Answer::json(202, &body)
}
