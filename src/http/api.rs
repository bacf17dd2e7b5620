//! The JSON API of one server: its address, a token that never leaves it, pages, conditional reads, the rate of writes.
//!
//! Knows nothing of what a request is for; `forge` and `ci` do.

use super::rate_limit::Limit;
use super::{Access, Client, DEADLINE, Request, Response};
use crate::model::{Failure, FailureKind, HttpUrl, HumanDuration, Secret, TaskContext, Value, WriteError};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most this many pages of one list are read; GitHub's longest lists end there too.
const PAGES: usize = 100;
/// Between two writes, as GitHub's guide to its limits asks for
/// (<https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api>).
const BETWEEN_WRITES: Duration = Duration::from_secs(1);
/// How often a read is tried whose answer makes no sense.
const LOOKS: u64 = 3;
/// How many answers are kept for conditional reads.
const KEPT: usize = 500;

/// A server's JSON API.
pub struct Api {
    client: Client,
    base: String,
    headers: Vec<(String, Secret)>,
    /// Answers with an `etag`, by URL: read again, an unchanged one costs the server nothing.
    kept: Mutex<BTreeMap<String, Response>>,
    written: Mutex<Option<Instant>>,
    between_writes: Duration,
    deadline: Duration,
    /// How long the server made reads wait, and writes.
    limits: [Mutex<Limit>; 2],
}

/// An answer to be looked at: any status but those of a server that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiAnswer {
    pub status: u16,
    /// The body; null when it is no JSON.
    pub body: Value,
    /// The server's `link` to the next page.
    next: Option<String>,
    /// The request, for messages.
    shown: String,
    /// How a body begins that is no JSON.
    garble: Option<String>,
    /// The server's message, where the status is no success.
    server_message: Option<String>,
}

impl Api {
    /// `base` is the address that every path is appended to, e.g. `https://api.github.com`; the headers go with every request
    /// to it, and to nowhere else.
    pub fn new(client: Client, base: &str, headers: Vec<(String, Secret)>) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            headers,
            kept: Mutex::default(),
            written: Mutex::default(),
            between_writes: BETWEEN_WRITES,
            deadline: DEADLINE,
            limits: Default::default(),
        }
    }

    /// Sets how long one request may take.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The address that paths are appended to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Looks at a path, e.g. `/repos/acme/service`.
    ///
    /// # Errors
    ///
    /// Never [`WriteError::Unknown`].
    pub fn get(&self, path: &str, task: TaskContext<'_>) -> Result<ApiAnswer, WriteError> {
        self.sensible(&format!("{}{path}", self.base), |_| true, task)
    }

    /// A text, e.g. a log. An answer that is no success is given back as it is.
    ///
    /// # Errors
    ///
    /// Never [`WriteError::Unknown`].
    pub fn text(&self, path: &str, task: TaskContext<'_>) -> Result<Result<String, ApiAnswer>, WriteError> {
        let mut request = self.request("GET", format!("{}{path}", self.base));
        // Whatever kind of text it is.
        request.headers.retain(|(name, _)| name != "accept");
        let response = self.pass(&self.client.stopping_with(task.cancel.clone()), request.clone())?;
        let text = response.text();
        let answer = self.answer(&request, response)?;
        Ok(if answer.is_success() { Ok(text) } else { Err(answer) })
    }

    /// All items of a list that comes in pages (`Link: <…>; rel="next"`, RFC 8288). `list` takes them out of a page. An
    /// answer that is no success is given back as it is.
    ///
    /// # Errors
    ///
    /// Those of [`Api::get`]; a next page on another server; a list without end.
    pub fn all(
        &self,
        path: &str,
        list: fn(&Value) -> Option<&Vec<Value>>,
        task: TaskContext<'_>,
    ) -> Result<Result<Vec<Value>, ApiAnswer>, WriteError> {
        let mut items = Vec::new();
        let mut page = format!("{}{path}", self.base);
        for _ in 0..PAGES {
            let answer = self.sensible(&page, |body| list(body).is_some(), task)?;
            match list(&answer.body) {
                Some(found) if answer.is_success() => items.extend(found.iter().cloned()),
                _ => return Ok(Err(answer)),
            }
            let Some(next) = &answer.next else { return Ok(Ok(items)) };
            let target = HttpUrl::parse(&page).and_then(|page| page.join(next).filter(|next| next.same_origin(&page)));
            page = match target {
                Some(target) => target.expose().to_owned(),
                None => return Err(self.astray(&answer, "the next page of the list is on another server")),
            };
        }
        Err(self.astray(&ApiAnswer::of(page), &format!("the list has more than {PAGES} pages")))
    }

    /// Writes: sent once, never twice.
    ///
    /// # Errors
    ///
    /// [`WriteError::Unknown`] where it may or may not have happened; an answer of 500 and above is one of those.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        task: TaskContext<'_>,
    ) -> Result<ApiAnswer, WriteError> {
        let mut request = self.request(method, format!("{}{path}", self.base));
        request.access = Access::Write;
        if let Some(body) = body {
            request = request.json(body);
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let client = self.client.stopping_with(task.cancel.clone());
        let pause = written.map(|last| (last + self.between_writes).saturating_duration_since(Instant::now()));
        if pause.is_some_and(|pause| !client.sleep(pause)) {
            let failure = Failure::new(FailureKind::Interrupted, format!("{}: interrupted", request.shown()));
            return Err(WriteError::NotSent(failure));
        }
        let response = self.pass(&client, request.clone());
        *written = Some(Instant::now());
        drop(written);
        let answer = self.answer(&request, response?)?;
        if answer.is_success() && answer.garble.is_some() {
            return Err(WriteError::Unknown(answer.garbled()));
        }
        Ok(answer)
    }

    /// Looks until a success makes sense: a proxy or a login page may answer for the server for a while.
    fn sensible(
        &self,
        url: &str,
        fits: impl Fn(&Value) -> bool,
        task: TaskContext<'_>,
    ) -> Result<ApiAnswer, WriteError> {
        let mut looks = 1;
        loop {
            let answer = self.look(url.to_owned(), task)?;
            if !answer.is_success() || answer.garble.is_none() && fits(&answer.body) {
                return Ok(answer);
            }
            // Read again, it must not count as unchanged.
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
            let client = self.client.stopping_with(task.cancel.clone());
            if looks == LOOKS || !client.sleep(Duration::from_secs(looks)) {
                return Err(WriteError::NotSent(answer.garbled()));
            }
            looks += 1;
            task.say(format!("{}; trying again", answer.garbled().message));
        }
    }

    fn look(&self, url: String, task: TaskContext<'_>) -> Result<ApiAnswer, WriteError> {
        let mut request = self.request("GET", url.clone());
        request.access = Access::Own;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&url).cloned();
        if let Some(etag) = kept.as_ref().and_then(|kept| kept.header("etag")) {
            request = request.header("if-none-match", etag);
        }
        let response = self.pass(&self.client.stopping_with(task.cancel.clone()), request.clone())?;
        let response = match kept {
            Some(kept) if response.status == 304 => kept,
            _ => response,
        };
        if response.status == 200 && response.header("etag").is_some() {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(url, response.clone());
        }
        self.answer(&request, response)
    }

    /// Sends a request, unless the server's rate limit is not over: a client that goes on sending is shut out for longer.
    fn pass(&self, client: &Client, request: Request) -> Result<Response, WriteError> {
        let limit = &self.limits[usize::from(request.access == Access::Write)];
        let left = limit.lock().unwrap_or_else(PoisonError::into_inner).left();
        if let Some(left) = left {
            let after = Some(HumanDuration::new(Duration::from_secs(left.as_secs() + 1)));
            let failure =
                Failure::new(FailureKind::Network, format!("{}: the server's rate limit is not over", request.shown()));
            return Err(WriteError::NotDone { failure: failure.after(after), after });
        }
        let answer = client.request(request);
        limit.lock().unwrap_or_else(PoisonError::into_inner).observe(answer)
    }

    fn request(&self, method: &str, url: String) -> Request {
        let mut request = Request::new(method, url).deadline(self.deadline);
        request.headers.clone_from(&self.headers);
        request
    }

    fn answer(&self, request: &Request, response: Response) -> Result<ApiAnswer, WriteError> {
        let answer = ApiAnswer::new(request, &response);
        if response.status < 500 {
            return Ok(answer);
        }
        let failure = answer.failure();
        match request.access {
            Access::Read | Access::Own => Err(WriteError::NotSent(failure)),
            Access::Write => Err(WriteError::Unknown(failure.hint("check on the server whether it happened"))),
        }
    }

    fn astray(&self, answer: &ApiAnswer, why: &str) -> WriteError {
        WriteError::Refused(Failure::new(FailureKind::Refused, format!("{}: {why}", answer.shown)))
    }
}

impl ApiAnswer {
    fn of(url: String) -> Self {
        Self {
            status: 0,
            body: Value::Null,
            next: None,
            shown: Request::new("GET", url).shown(),
            garble: None,
            server_message: None,
        }
    }

    fn new(request: &Request, response: &Response) -> Self {
        let parsed = response.json();
        let garble =
            (parsed.is_none() && !response.body.is_empty()).then(|| request.scrubbed(&beginning(&response.text())));
        let body = parsed.unwrap_or_default();
        let message = if response.is_success() { None } else { server_message(&body) };
        Self {
            status: response.status,
            next: response.header("link").and_then(next),
            server_message: message.map(|message| request.scrubbed(&message)),
            shown: request.shown(),
            garble,
            body,
        }
    }

    /// Is the status 2xx?
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The server's message in an answer that is no success; empty when there is none.
    pub fn server_message(&self) -> &str {
        self.server_message.as_deref().unwrap_or_default()
    }

    /// The failure that this answer is.
    pub fn failure(&self) -> Failure {
        let reason =
            if self.server_message().is_empty() { String::new() } else { format!(": {}", self.server_message()) };
        Failure::new(super::failure_kind(self.status), format!("{} answered {}{reason}", self.shown, self.status))
    }

    /// The failure for a success whose body is not what the request expects.
    pub fn garbled(&self) -> Failure {
        let what = match &self.garble {
            Some(beginning) => format!("not JSON: begins `{beginning}`"),
            None if self.body.is_null() => "without a value".to_owned(),
            None => format!("something else: begins `{}`", beginning(&self.body.to_string())),
        };
        Failure::new(FailureKind::Network, format!("{} answered {}, {what}", self.shown, self.status)).hint(
            "check that no proxy or login page is in between, and that the `api` in relwf.toml is the API's address",
        )
    }
}

/// The beginning of a text, in one line: enough to recognise it.
fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

/// The URL that a `Link` header calls the next one.
fn next(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (target, parameters) = part.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then(|| target.to_owned())
    })
}

/// The server's message in the body of an error, as GitHub, GitLab, Forgejo and Travis write them.
fn server_message(body: &Value) -> Option<String> {
    let mut messages: Vec<String> = Vec::new();
    for key in ["message", "error_message", "error_description", "error", "errors"] {
        collect(&body[key], &mut messages);
    }
    messages.dedup();
    (!messages.is_empty()).then(|| messages.join("; "))
}

fn collect(value: &Value, messages: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => messages.push(text.trim().to_owned()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, messages)),
        // GitHub's validation errors: a message, or the field and a code; GitLab's: lists by field.
        Value::Object(fields) => match fields.get("message") {
            Some(message) => collect(message, messages),
            None => {
                let text = |key: &str| fields.get(key).and_then(Value::as_str);
                match (text("field"), text("code")) {
                    (Some(field), Some(code)) => messages.push(format!("{field}: {code}")),
                    _ => fields.values().for_each(|value| collect(value, messages)),
                }
            }
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_next_page_is_found_among_links() {
        let link = "<https://x.example/a?page=1>; rel=\"prev\", <https://x.example/a?page=3>; rel=\"next\"";
        assert_eq!(next(link).as_deref(), Some("https://x.example/a?page=3"));
        assert_eq!(next("<https://x.example/a>; rel=\"last\""), None);
        assert_eq!(next("nonsense"), None);
    }

    #[test]
    fn errors_have_the_servers_message() {
        for (body, messages) in [
            (json!({ "message": "Not Found", "documentation_url": "https://x.example" }), Some("Not Found")),
            (
                json!({ "message": "Validation Failed", "errors": [{ "resource": "PullRequest", "code": "custom",
                        "message": "No commits between a and b" }] }),
                Some("Validation Failed; No commits between a and b"),
            ),
            (
                json!({ "message": "Validation Failed", "errors": [{ "field": "base", "code": "invalid" }] }),
                Some("Validation Failed; base: invalid"),
            ),
            (
                json!({ "@type": "error", "error_type": "not_found", "error_message": "repository not found" }),
                Some("repository not found"),
            ),
            (json!({ "message": { "base": ["is invalid"] } }), Some("is invalid")),
            (json!({ "message": ["one", "two"] }), Some("one; two")),
            (json!(null), None),
        ] {
            assert_eq!(server_message(&body).as_deref(), messages, "{body}");
        }
    }
}
