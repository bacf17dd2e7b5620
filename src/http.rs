//! One HTTP client: classes of failures, deadlines, redaction. Only this room names ureq.
//!
//! A caller must know of a failed request whether the server may have acted on it: see [`WriteError`]. Whether anything
//! was sent is not guessed from the kind of error but seen at the transport, see `attempt.rs`.
//! Knows how the servers of forges and CIs limit, page and explain, as all their APIs share it; nothing of what they are asked for.

mod api;
mod attempt;
mod rate_limit;

use crate::model::{Cancel, Failure, FailureKind, HttpUrl, HumanDuration, Secret, Value, WriteError, scrub};
use crate::network::Routes;
use attempt::{AttemptOutcome, Connections};
use std::time::{Duration, Instant};

pub(crate) use api::{Api, ApiAnswer};

/// How long a request may take in all, unless it sets its own deadline.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// How many bytes an answer may have, unpacked.
pub const BODY_LIMIT: u64 = 32 * 1024 * 1024;
/// How many redirects a read follows.
const REDIRECTS: usize = 5;
/// How often a read is tried when connection or gateway fail: a short outage passes, a misspelt host is reported soon.
const ATTEMPTS: u32 = 5;
/// Headers that hold no secrets: they may follow a redirect to another host.
const HARMLESS: [&str; 5] = ["accept", "accept-language", "content-type", "range", "user-agent"];
/// The pause after the first attempt of a read; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// Does a request change anything?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only looks: it may be sent again, and follows redirects.
    Read,
    /// It only looks, and only the server itself may answer: redirects to another one are refused.
    Own,
    /// It changes something: it is sent once, and redirects are answers.
    Write,
}

#[derive(Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL, `https://…` or `http://…`.
    pub url: String,
    /// Does it change anything?
    pub access: Access,
    /// Headers; their values are never shown.
    pub headers: Vec<(String, Secret)>,
    pub body: Option<Vec<u8>>,
    /// How long it may take in all, attempts and pauses included.
    pub deadline: Duration,
    /// What must not be shown of URL and body: removed from every error. Headers need no mention.
    pub secrets: Vec<Secret>,
}

impl Request {
    /// A request that only reads where its method is `GET`, `HEAD` or `OPTIONS`.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let method = method.into();
        let reads = ["GET", "HEAD", "OPTIONS"].iter().any(|read| method.eq_ignore_ascii_case(read));
        Self {
            method: method.to_uppercase(),
            url: url.into(),
            access: if reads { Access::Read } else { Access::Write },
            headers: Vec::new(),
            body: None,
            deadline: DEADLINE,
            secrets: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Secret::new(value)));
        self
    }

    /// Sends a value as JSON.
    #[must_use]
    pub fn json(mut self, value: &Value) -> Self {
        self.body = Some(value.to_string().into_bytes());
        self.header("content-type", "application/json")
    }

    /// Sets how long it may take in all.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Method and URL for messages: without user, query and secrets.
    pub fn shown(&self) -> String {
        format!("{} {}", self.method, shown_url(&self.scrubbed(&self.url)))
    }

    fn scrubbed(&self, text: &str) -> String {
        let harmless = |name: &str| HARMLESS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless));
        let values = self.headers.iter().filter(|(name, _)| !harmless(name)).map(|(_, value)| value);
        // Each word by itself too: `Bearer <token>`. Short ones would tear holes into every sentence.
        let parts = values.flat_map(|value| value.expose().split_whitespace()).filter(|word| word.len() >= 6);
        let hidden: Vec<Secret> = self.secrets.iter().cloned().chain(parts.map(Secret::new)).collect();
        scrub(text, &hidden)
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

/// A URL for messages: without user, password, query and fragment, and with what is hidden in it already.
pub fn shown_url(text: &str) -> String {
    const STAND_IN: &str = "hidden-secret";
    let hidden = Secret::new("").to_string();
    if text == hidden {
        return hidden;
    }
    match HttpUrl::parse(&text.replace(&hidden, STAND_IN)) {
        Some(url) => url.to_string().replace(STAND_IN, &hidden),
        None => "<no http URL>".to_owned(),
    }
}

/// An answer, of any status.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The status, e.g. 404.
    pub status: u16,
    /// The headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body, unpacked.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `None` when it is none.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The kind of failure that the status is, where it is no success.
    pub const fn failure_kind(&self) -> FailureKind {
        failure_kind(self.status)
    }

    /// Is the status 2xx?
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// The kind of failure that a status is: what it says for good is no failure of the network.
const fn failure_kind(status: u16) -> FailureKind {
    match status {
        401 => FailureKind::Auth,
        404 | 410 => FailureKind::NotFound,
        500.. => FailureKind::Network,
        _ => FailureKind::Refused,
    }
}

#[derive(Debug, Clone)]
pub struct Client {
    attempt: Connections,
    cancel: Cancel,
}

impl Client {
    /// A client that stops when the flag is raised. Proxies come from the environment (`https_proxy`, `no_proxy`, …), trust in
    /// certificates from the system.
    pub fn new(cancel: Cancel) -> Self {
        Self { attempt: Connections::by(Routes::new(&|name| std::env::var(name).ok(), Vec::new())), cancel }
    }

    /// The same client with other routes to its servers.
    #[must_use]
    pub fn by(self, routes: Routes) -> Self {
        Self { attempt: Connections::by(routes), ..self }
    }

    /// The same client, stopping when another flag is raised.
    #[must_use]
    pub fn stopping_with(&self, cancel: Cancel) -> Self {
        Self { attempt: self.attempt.clone(), cancel }
    }

    /// Sends the request and reads the whole answer. An answer of any status is a success, but for those that say "come
    /// later". Reads are tried a few times, with pauses, while their deadline allows it.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    pub fn request(&self, request: Request) -> Result<Response, WriteError> {
        let until = Instant::now() + request.deadline;
        match request.access {
            Access::Write => self.once(&request, until),
            Access::Read | Access::Own => self.with_retries(request, until),
        }
    }

    /// A read: redirects and further attempts.
    fn with_retries(&self, mut request: Request, until: Instant) -> Result<Response, WriteError> {
        let mut attempts = 0;
        let mut redirects = 0;
        loop {
            let answer = self.once(&request, until);
            let pause = PAUSE * 2u32.saturating_pow(attempts);
            let wait = match &answer {
                Ok(response) => {
                    if let Some(next) = redirected(&request, response, redirects)? {
                        request = next;
                        redirects += 1;
                        continue;
                    }
                    // A server that fails for a moment, and a gateway that does not reach its server.
                    if !matches!(response.status, 500 | 502..=504) {
                        return answer;
                    }
                    pause
                }
                Err(WriteError::NotSent(failure)) if failure.kind == FailureKind::Network => pause,
                Err(WriteError::NotDone { after, .. }) => after.map_or(pause, HumanDuration::duration).max(pause),
                Err(_) => return answer,
            };
            attempts += 1;
            if attempts >= ATTEMPTS || Instant::now() + wait >= until || !self.sleep(wait) {
                return answer;
            }
        }
    }

    /// One attempt.
    fn once(&self, request: &Request, until: Instant) -> Result<Response, WriteError> {
        let fail =
            |kind, message: String| Failure::new(kind, format!("{}: {}", request.shown(), request.scrubbed(&message)));
        let began = Instant::now();
        let outcome = self.attempt.run(request, until.saturating_duration_since(began), &self.cancel);
        let status = match &outcome {
            AttemptOutcome::Answer(response) => response.status.to_string(),
            AttemptOutcome::Invalid(message) | AttemptOutcome::Failed { message, .. } => request.scrubbed(message),
            AttemptOutcome::NoWay(failure) => request.scrubbed(&failure.message),
        };
        tracing::debug!("{} {status} in {} ms", request.shown(), began.elapsed().as_millis());
        let (class, failure): (fn(Failure) -> WriteError, Failure) = match outcome {
            AttemptOutcome::Answer(response) => {
                return rate_limit::unless_limited(response, |message| fail(FailureKind::Network, message));
            }
            AttemptOutcome::Invalid(message) => (WriteError::Refused, fail(FailureKind::Arguments, message)),
            AttemptOutcome::NoWay(failure) => (WriteError::Refused, failure),
            AttemptOutcome::Failed { kind, message, hint, sent } => {
                let failure = Failure { hint, ..fail(kind, message) };
                match (request.access, sent) {
                    (Access::Write, attempt::Sent::Perhaps) => {
                        (WriteError::Unknown, failure.hint("check on the server whether it happened"))
                    }
                    _ => (WriteError::NotSent, failure),
                }
            }
        };
        Err(class(failure))
    }

    /// Sleeps unless the cancel flag is raised; answers whether it slept to the end.
    fn sleep(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        while !self.cancel.is_raised() {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return true;
            }
            std::thread::sleep(rest.min(Duration::from_millis(50)));
        }
        false
    }
}

/// The request that a redirect asks for; `None` when the answer is none, or leads nowhere.
fn redirected(request: &Request, response: &Response, redirects: usize) -> Result<Option<Request>, WriteError> {
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (response.status, response.header("location")) else {
        return Ok(None);
    };
    let refused = |reason: &str| {
        let failure = Failure::new(FailureKind::Refused, format!("{}: {reason}", request.shown()));
        Err(WriteError::Refused(failure.hint("give the URL that it leads to")))
    };
    let Some((here, target)) = HttpUrl::parse(&request.url).and_then(|here| Some((here.clone(), here.join(location)?)))
    else {
        return refused("the server redirects to something that is no HTTP URL");
    };
    if redirects >= REDIRECTS {
        return refused("the server redirects again and again");
    }
    let mut next = Request { url: target.expose().to_owned(), ..request.clone() };
    if !target.same_origin(&here) {
        if request.access == Access::Own {
            return refused(&format!("the server redirects to another one ({})", target.host()));
        }
        if here.is_https() && !target.is_https() {
            return refused("the server redirects from https to http");
        }
        // Secrets are for one host: what is not known to be harmless stays here. A body may hold one too.
        if request.body.is_some() {
            return refused("the server redirects a request with a body to another host");
        }
        next.headers.retain(|(name, _)| HARMLESS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless)));
        // They came from the server, not from us, but a signed address is a secret of its own: `shown` drops its query.
        next.secrets.push(Secret::new(location));
    }
    Ok(Some(next))
}
