//! A request and its answer, which `http::get` and `http::request` share; with the secrets put in and taken out again.

use crate::effects::EffectContext;
use crate::effects::secrets::Secrets;
use crate::http::{Access, Request, Response};
use crate::model::{
    DEEPEST, Failure, FailureKind, HumanDuration, OrUnknown, Value, WriteError, escaped_key, is_too_deep, outside_data,
};
use crate::run::Performing;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take unless the workflow sets a deadline.
const LIMIT: HumanDuration = HumanDuration::new(Duration::from_secs(30));

/// How many characters of a refused answer's body are shown, in the message and as data.
const SHOWN: usize = 120;
const KEPT: usize = 2000;

/// What both throw.
pub(super) const THROWS: &[(FailureKind, &str)] = &[
    (FailureKind::Network, "the server did not answer, or with a status from 500 on"),
    (FailureKind::Auth, "it answered 401"),
    (FailureKind::NotFound, "it answered 404 or 410"),
    (
        FailureKind::Refused,
        "it answered another status that is no success; the detail holds `status` and the beginning of `body`",
    ),
];

/// What is sent.
pub(super) struct Exchange {
    pub(super) context: Arc<EffectContext>,
    pub(super) method: String,
    pub(super) url: Value,
    pub(super) headers: BTreeMap<String, Value>,
    pub(super) body: Option<Value>,
    pub(super) json: Option<Value>,
    /// Does it change nothing?
    pub(super) reads: bool,
    pub(super) deadline: Option<HumanDuration>,
    /// Statuses that are no success, and answers all the same.
    pub(super) accept: Vec<u16>,
}

/// What a server answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScriptResponse {
    /// its status, e.g. 404
    pub(super) status: u16,
    /// its headers; one that came several times is one list
    pub(super) headers: OrUnknown<BTreeMap<String, String>>,
    /// its body as text
    pub(super) body: OrUnknown<String>,
    /// its body as data, or () when it is no JSON
    pub(super) json: OrUnknown<Value>,
}

impl Exchange {
    pub(super) fn perform(&self, cx: &Performing<'_>, key: Option<&str>) -> Result<ScriptResponse, WriteError> {
        let mut secrets = Secrets::new(&self.context, cx.task);
        let request =
            self.fill(&mut secrets, key).map_err(|failure| WriteError::Refused(secrets.hide_failure(failure)))?;
        let (client, shown) = (self.context.client(cx.task.cancel), request.shown());
        let response = client.request(request).map_err(|error| error.map(|failure| secrets.hide_failure(failure)))?;
        if !response.is_success() && !self.accept.contains(&response.status) {
            // It has answered: what it said no to is not sent again.
            return Err(WriteError::Refused(self.refused(&response, &shown, &secrets)));
        }
        let mut answered = json!({ "json": response.json().unwrap_or_default() });
        if is_too_deep(&answered) {
            let what = format!("{} answered JSON that is nested more than {DEEPEST} deep", secrets.hide(&shown));
            return Err(WriteError::Refused(
                Failure::new(FailureKind::Refused, what).hint("ask it for less, or have a program read it: `sh::run`"),
            ));
        }
        let mut headers = BTreeMap::new();
        for (name, value) in &response.headers {
            let (name, value) = (escaped_key(&secrets.hide(name)).into_owned(), secrets.hide(value));
            // A header that comes several times is one list (RFC 9110, 5.3).
            match headers.get_mut(&name) {
                Some(held) => *held = format!("{held}, {value}"),
                None => drop(headers.insert(name, value)),
            }
        }
        Ok(ScriptResponse {
            status: response.status,
            headers: headers.into(),
            body: secrets.hide(&response.text()).into(),
            json: outside_data(secrets.hide_in(answered["json"].take())).into(),
        })
    }

    /// An answer that is no success.
    fn refused(&self, response: &Response, shown: &str, secrets: &Secrets<'_>) -> Failure {
        let (status, body) = (response.status, secrets.hide(&response.text()));
        let line = beginning(&body.split_whitespace().collect::<Vec<_>>().join(" "), SHOWN);
        let said = if line.is_empty() { line } else { format!(": {line}") };
        Failure::new(response.failure_kind(), format!("{} answered {status}{said}", secrets.hide(shown)))
            .hint(format!("where that is an answer like any other, accept it: `accept: [{status}]`"))
            .detail(json!({ "status": status, "body": beginning(&body, KEPT) }))
    }

    fn fill(&self, secrets: &mut Secrets<'_>, key: Option<&str>) -> Result<Request, Failure> {
        let mut request = Request::new(self.method.as_str(), secrets.text(&self.url, "the URL")?);
        request.access = if self.reads { Access::Read } else { Access::Write };
        request = request.deadline(self.deadline.unwrap_or(LIMIT).duration());
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), secrets.text(value, &format!("the header {name}"))?);
        }
        let has = |name: &str| self.headers.keys().any(|held| held.eq_ignore_ascii_case(name));
        if let Some(key) = key.filter(|_| !has("idempotency-key")) {
            // Servers that know this header answer a second attempt with the first one's outcome.
            request = request.header("idempotency-key", key);
        }
        match (&self.body, &self.json) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(FailureKind::Arguments, "`http::request` takes `body` or `json`, not both"));
            }
            (Some(body), None) => request.body = Some(secrets.text(body, "the body")?.into_bytes()),
            (None, Some(json)) if has("content-type") => {
                request.body = Some(secrets.fill(json)?.to_string().into_bytes());
            }
            (None, Some(json)) => request = request.json(&secrets.fill(json)?),
            (None, None) => {}
        }
        request.secrets = secrets.known().to_vec();
        Ok(request)
    }
}

fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
