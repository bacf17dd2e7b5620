//! `http::…`: one request. A read when it says so, otherwise an effect that nobody can probe.

use super::World;
use super::declare::{Declared, args, map};
use super::lease::not_sent;
use super::secrets::Secrets;
use crate::http::{Access, HttpError, Request};
use crate::model::{Failure, FailureKind, HumanDuration, TaskContext, Value, unknown};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, Read, optional,
    required,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const RETURNS: &str = "#{ status, headers, body, json }";

pub(super) const COMMANDS: &[Declared] = &[
    map(
        Kind::Read,
        "http::get",
        &[
            required("url", ParamType::Any, "where; may hold a secret"),
            optional("headers", ParamType::Map, "may hold secrets"),
            optional("deadline", ParamType::Duration, "how long the whole may take; 30s when omitted"),
        ],
        RETURNS,
        "Asks for something. Answers whatever the status is; `json` is () when the body is none.",
        get,
    ),
    map(
        Kind::Effect,
        "http::request",
        &[
            required("method", ParamType::String, "GET, POST, PUT, PATCH, DELETE, HEAD"),
            required("url", ParamType::Any, "where; may hold a secret"),
            optional("headers", ParamType::Map, "may hold secrets"),
            optional("body", ParamType::Any, "a text; may hold a secret"),
            optional("json", ParamType::Any, "sent as JSON instead of `body`; may hold secrets"),
            optional(
                "read",
                ParamType::Bool,
                "true: it changes nothing, so it is real in a dry run and may be repeated",
            ),
            optional(
                "on_unknown",
                ParamType::String,
                "\"ask\", \"skip\" or \"retry\" when nobody knows whether it arrived",
            ),
            optional("deadline", ParamType::Duration, "how long the whole may take; 30s when omitted"),
        ],
        RETURNS,
        "Sends a request. Answers whatever the status is; `json` is () when the body is none.",
        request,
    ),
];

/// How long a request may take when nobody says.
const LIMIT: HumanDuration = HumanDuration::new(Duration::from_secs(30));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetArgs {
    url: Value,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    deadline: Option<HumanDuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestArgs {
    method: String,
    url: Value,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    body: Option<Value>,
    json: Option<Value>,
    #[serde(default)]
    read: bool,
    #[serde(default)]
    on_unknown: OnUnknown,
    deadline: Option<HumanDuration>,
}

struct Http {
    world: Arc<World>,
    wanted: RequestArgs,
}

fn get(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let GetArgs { url, headers, deadline } = args(call)?;
    let wanted = RequestArgs {
        method: "GET".to_owned(),
        url,
        headers,
        body: None,
        json: None,
        read: true,
        on_unknown: OnUnknown::Ask,
        deadline,
    };
    Ok(Command::Read(Box::new(Http { world: Arc::clone(world), wanted })))
}

fn request(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let wanted: RequestArgs = args(call)?;
    let read = wanted.read;
    let http = Http { world: Arc::clone(world), wanted };
    Ok(if read { Command::Read(Box::new(http)) } else { Command::Effect(Box::new(http)) })
}

/// The body of what a URL answers, for reads that want nothing else.
pub(super) fn fetch(world: &World, url: &str, limit: Duration, task: TaskContext<'_>) -> Result<String, Failure> {
    let request = Request::new("GET", url).deadline(limit);
    let shown = request.shown();
    let response = world.client(task.cancel).request(request)?;
    if !response.is_success() {
        return Err(Failure::new(FailureKind::Network, format!("{shown} answered with status {}", response.status)));
    }
    Ok(response.text())
}

impl Http {
    fn exchange(&self, cx: &Performing<'_>, key: Option<&str>) -> Result<Value, HttpError> {
        let mut secrets = Secrets::new(&self.world, cx.task);
        let request =
            self.fill(&mut secrets, key).map_err(|failure| HttpError::Invalid(secrets.hide_failure(failure)))?;
        let client = self.world.client(cx.task.cancel);
        let response = client.request(request).map_err(|error| match error {
            HttpError::Invalid(failure) => HttpError::Invalid(secrets.hide_failure(failure)),
            HttpError::NotSent(failure) => HttpError::NotSent(secrets.hide_failure(failure)),
            HttpError::NotDone { failure, after } => {
                HttpError::NotDone { failure: secrets.hide_failure(failure), after }
            }
            HttpError::Unknown(failure) => HttpError::Unknown(secrets.hide_failure(failure)),
        })?;
        let mut headers = serde_json::Map::new();
        for (name, value) in &response.headers {
            // A header that comes several times is one list (RFC 9110, 5.3).
            match headers.get_mut(name) {
                Some(Value::String(held)) => *held = format!("{held}, {value}"),
                _ => drop(headers.insert(name.clone(), value.clone().into())),
            }
        }
        Ok(secrets.hide_in(json!({
            "status": response.status,
            "headers": headers,
            "body": response.text(),
            "json": response.json(),
        })))
    }

    fn fill(&self, secrets: &mut Secrets<'_>, key: Option<&str>) -> Result<Request, Failure> {
        let wanted = &self.wanted;
        let mut request = Request::new(wanted.method.as_str(), secrets.text(&wanted.url, "the URL")?);
        request.access = if wanted.read { Access::Read } else { Access::Write };
        request = request.deadline(wanted.deadline.unwrap_or(LIMIT).duration());
        for (name, value) in &wanted.headers {
            request = request.header(name.as_str(), secrets.text(value, &format!("the header {name}"))?);
        }
        let has = |name: &str| wanted.headers.keys().any(|held| held.eq_ignore_ascii_case(name));
        if let Some(key) = key.filter(|_| !has("idempotency-key")) {
            // Servers that know this header answer a second attempt with the first one's outcome.
            request = request.header("idempotency-key", key);
        }
        match (&wanted.body, &wanted.json) {
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

impl Read for Http {
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        Ok(self.exchange(cx, None)?)
    }
}

impl Effect for Http {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        self.exchange(cx, Some(&intent.idempotency_key)).map_err(|error| match error {
            HttpError::Invalid(failure) => EffectError::Refused(failure),
            HttpError::NotSent(failure) => not_sent(failure),
            HttpError::NotDone { failure, after } => EffectError::NotDone { failure, after },
            HttpError::Unknown(failure) => EffectError::Unknown(failure),
        })
    }

    fn probe(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Probe, Failure> {
        Ok(Probe::Unknown(format!("only a person can say whether this {} arrived", self.wanted.method)))
    }

    fn on_unknown(&self) -> OnUnknown {
        self.wanted.on_unknown
    }

    /// 200, so that a workflow may look at the status; what is in the answer only the server can invent.
    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        let value = json!({
            "status": 200,
            "headers": unknown("headers of the answer"),
            "body": unknown("body of the answer"),
            "json": unknown("body of the answer"),
        });
        Ok(Assumed { value, note: Some("assuming it answers with status 200".to_owned()) })
    }
}
