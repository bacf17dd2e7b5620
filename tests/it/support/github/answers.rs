//! From a request to its answer: who asks, for which repository, and which endpoint it is.
//!
//! What an endpoint does is in the file of its kind; rate limits, ETags and pages are the same for all and done here.

use super::bodies::View;
use super::state::{Person, Repository, Rights};
use super::{actions, changes, checks, deployments, merging, refs, releases};
use crate::support::wire::{Answer, Request, decode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// A request with what it comes with.
pub struct Ask<'a> {
    pub request: &'a Request,
    pub view: View,
    pub person: Person,
    pub body: Value,
}

impl Ask<'_> {
    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.request.query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// The page that is asked for, and the `Link` header that leads to the others.
    pub fn page<'t, T>(&self, all: &'t [T]) -> (&'t [T], Option<String>) {
        let number = |name: &str| self.query(name).and_then(|text| text.parse::<usize>().ok());
        let size = number("per_page").unwrap_or(30).clamp(1, 100);
        let page = number("page").unwrap_or(1).max(1);
        let last = all.len().div_ceil(size).max(1);
        let start = ((page - 1) * size).min(all.len());
        let items = &all[start..(start + size).min(all.len())];
        let others: Vec<String> = self
            .request
            .query()
            .into_iter()
            .filter(|(key, _)| key != "page")
            .map(|(key, value)| format!("{}={}&", encode(&key), encode(&value)))
            .collect();
        let path = format!("{}{}?{}", self.view.api, self.request.path(), others.concat());
        let link = |to: usize, rel: &str| format!("<{path}page={to}>; rel=\"{rel}\"");
        let mut links = Vec::new();
        if page > 1 {
            links.extend([link(page - 1, "prev"), link(1, "first")]);
        }
        if page < last {
            links.extend([link(page + 1, "next"), link(last, "last")]);
        }
        (items, (!links.is_empty()).then(|| links.join(", ")))
    }

    /// A list, one page of it.
    pub fn list<T>(&self, all: &[T], show: impl Fn(&T) -> Value) -> Answer {
        let (items, link) = self.page(all);
        linked(Answer::json(200, &items.iter().map(show).collect()), link)
    }
}

/// The answer with its `Link` header.
pub fn linked(answer: Answer, link: Option<String>) -> Answer {
    match link {
        Some(link) => answer.with("link", &link),
        None => answer,
    }
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// No, in GitHub's form.
pub fn refused(status: u16, message: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Answer::json(status, &body)
}

/// 422 for a reason that GitHub puts into `errors`.
pub fn invalid(resource: &str, field: Option<&str>, message: &str) -> Answer {
    let error = match field {
        Some(field) => json!({ "resource": resource, "field": field, "code": "invalid" }),
        None => json!({ "resource": resource, "code": "custom", "message": message }),
    };
    let body = json!({
        "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest",
        "status": "422",
    });
    Answer::json(422, &body)
}

/// What all repositories of a server share.
pub struct Forge {
    pub repositories: BTreeMap<String, Repository>,
    pub tokens: BTreeMap<String, Person>,
    pub remaining: u64,
    pub reset: i64,
}

impl Forge {
    /// Answers a request.
    pub fn answer(&mut self, request: &Request, view: View) -> Answer {
        let answer = self.endpoint(request, view);
        let etag = (request.method == "GET" && answer.status == 200).then(|| etag(request, &answer.body));
        let same = etag.is_some() && etag.as_deref() == request.header("if-none-match");
        if !same {
            self.remaining = self.remaining.saturating_sub(1);
        }
        let mut answer = if same { Answer::new(304) } else { answer };
        if let Some(etag) = etag {
            answer = answer.with("etag", &etag).with("cache-control", "private, max-age=60, s-maxage=60");
        }
        let used = 5000 - self.remaining;
        for (name, value) in [
            ("x-ratelimit-limit", "5000".to_owned()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-used", used.to_string()),
            ("x-ratelimit-reset", self.reset.to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
            ("x-github-media-type", "github.v3; format=json".to_owned()),
            ("x-github-request-id", format!("F4CE:{used:04X}")),
        ] {
            answer = answer.with(name, &value);
        }
        match self.person(request) {
            Ok(Some(person)) => {
                answer.with("x-oauth-scopes", scopes(person.rights)).with("x-accepted-oauth-scopes", "")
            }
            _ => answer,
        }
    }

    /// The account of a request: none without a token; an error with a wrong one.
    fn person(&self, request: &Request) -> Result<Option<Person>, Answer> {
        let Some(value) = request.header("authorization") else { return Ok(None) };
        let token = value.split_once(' ').map_or("", |(_, token)| token.trim());
        self.tokens.get(token).cloned().map(Some).ok_or_else(|| refused(401, "Bad credentials"))
    }

    fn endpoint(&mut self, request: &Request, view: View) -> Answer {
        if request.header("user-agent").is_none() {
            return Answer::text(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
            );
        }
        let person = match self.person(request) {
            Ok(person) => person,
            Err(answer) => return answer,
        };
        let segments: Vec<String> = request.path().trim_matches('/').split('/').map(decode).collect();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let known = person.is_some();
        let person = person.unwrap_or(Person { login: String::new(), rights: Rights::Read });
        let ask = Ask { request, view, person, body: request.json() };
        match (request.method.as_str(), words.as_slice()) {
            ("GET", ["user"]) if known => Answer::json(200, &ask.view.myself(&ask.person.login)),
            ("GET", ["user"]) => refused(401, "Requires authentication"),
            ("GET", ["rate_limit"]) => Answer::json(200, &ask.view.limits(self.remaining, self.reset)),
            (_, ["repos", owner, name, rest @ ..]) => {
                let found = self.repositories.get_mut(&format!("{owner}/{name}"));
                let found = found.filter(|repo| ask.person.rights > Rights::None && (known || !repo.private));
                let Some(repo) = found else { return refused(404, "Not Found") };
                repo.follow();
                let writes = request.method != "GET";
                if writes && !known {
                    return refused(401, "Requires authentication");
                }
                let comments = matches!(rest, ["issues", _, "comments"]);
                if writes && !comments && ask.person.rights < Rights::Write {
                    return refused(403, "Resource not accessible by personal access token");
                }
                let answer = of_repository(repo, &ask, rest);
                repo.follow();
                answer
            }
            _ => refused(404, "Not Found"),
        }
    }
}

fn scopes(rights: Rights) -> &'static str {
    match rights {
        Rights::Admin => "repo, workflow",
        Rights::Write => "repo",
        Rights::Read => "public_repo",
        Rights::None => "",
    }
}

fn etag(request: &Request, body: &[u8]) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    (request.header("authorization"), &request.target, body).hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

fn of_repository(repo: &mut Repository, ask: &Ask<'_>, rest: &[&str]) -> Answer {
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    match (ask.request.method.as_str(), rest) {
        ("GET", []) => Answer::json(200, &ask.view.full_repository(repo, ask.person.rights)),
        ("GET", ["branches", name]) => refs::branch(repo, ask, name),
        ("GET", ["rulesets", "42"]) => Answer::json(200, &ask.view.ruleset(repo)),
        ("GET", ["branches", name, "protection"]) => refs::protection(repo, ask, name),
        ("GET", ["rules", "branches", name]) => refs::rules(repo, ask, name),
        ("GET", ["commits"]) => refs::commits(repo, ask),
        ("GET", ["commits", name]) => refs::commit(repo, ask, name),
        ("GET", ["git", "ref", name @ ..]) => refs::reference(repo, ask, &name.join("/")),
        ("GET", ["git", "matching-refs", name @ ..]) => refs::matching(repo, ask, &name.join("/")),
        ("POST", ["git", "refs"]) => refs::create(repo, ask),
        ("PATCH", ["git", "refs", name @ ..]) => refs::update(repo, ask, &name.join("/")),
        ("DELETE", ["git", "refs", name @ ..]) => refs::delete(repo, ask, &name.join("/")),
        ("GET", ["pulls"]) => changes::list(repo, ask),
        ("POST", ["pulls"]) => changes::open(repo, ask),
        ("GET", ["pulls", n]) => changes::show(repo, ask, number(n)),
        ("PATCH", ["pulls", n]) => changes::edit(repo, ask, number(n)),
        ("GET", ["pulls", n, "commits"]) => changes::commits(repo, ask, number(n)),
        ("GET", ["commits", id, "pulls"]) => changes::with_commit(repo, ask, id),
        ("GET", ["pulls", n, "merge"]) => merging::is_merged(repo, number(n)),
        ("PUT", ["pulls", n, "merge"]) => merging::merge(repo, ask, number(n)),
        ("GET", ["issues", n, "comments"]) => changes::comments(repo, ask, number(n)),
        ("POST", ["issues", n, "comments"]) => changes::comment(repo, ask, number(n)),
        ("GET", ["commits", name, "status"]) => checks::combined(repo, ask, name),
        ("GET", ["commits", name, "statuses"]) => checks::statuses(repo, ask, name),
        ("POST", ["statuses", id]) => checks::post(repo, ask, id),
        ("GET", ["commits", name, "check-runs"]) => checks::runs(repo, ask, name),
        ("GET", ["check-runs", id]) => checks::run(repo, ask, number(id)),
        ("GET", ["check-runs", id, "annotations"]) => checks::annotations(repo, number(id)),
        ("POST", ["actions", "workflows", file, "dispatches"]) => actions::dispatch(repo, ask, file),
        ("GET", ["actions", "runs"] | ["actions", "workflows", _, "runs"]) => actions::runs(repo, ask),
        ("GET", ["actions", "runs", id]) => actions::run(repo, ask, number(id)),
        ("GET", ["actions", "runs", id, "jobs"]) => actions::jobs(repo, ask, number(id)),
        ("POST", ["actions", "runs", id, "cancel"]) => actions::cancel(repo, number(id)),
        ("POST", ["actions", "runs", id, "rerun" | "rerun-failed-jobs"]) => actions::rerun(repo, number(id)),
        ("GET", ["actions", "jobs", id]) => actions::job(repo, ask, number(id)),
        ("GET", ["actions", "jobs", id, "logs"]) => actions::log(repo, ask, number(id)),
        ("GET", ["deployments"]) => deployments::list(repo, ask),
        ("POST", ["deployments"]) => deployments::create(repo, ask),
        ("GET", ["deployments", id]) => deployments::show(repo, ask, number(id)),
        ("GET", ["deployments", id, "statuses"]) => deployments::statuses(repo, ask, number(id)),
        ("POST", ["deployments", id, "statuses"]) => deployments::tell(repo, ask, number(id)),
        ("GET", ["releases", "tags", tag]) => releases::of_tag(repo, ask, tag),
        ("POST", ["releases"]) => releases::create(repo, ask),
        ("GET", ["environments"]) => deployments::environments(repo, ask),
        _ => refused(404, "Not Found"),
    }
}
