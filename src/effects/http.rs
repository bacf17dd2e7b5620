//! `http::…`: one request. A read when it says so, otherwise an effect that nobody can probe.

use super::World;
use super::declare::{Declared, args, map};
use super::lease::not_sent;
use super::secrets::Secrets;
use crate::model::{Failure, FailureKind, Span, Value, Watch, unknown};
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
            optional("deadline", ParamType::Duration, "how long the whole may take; 30s when left away"),
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
            optional("deadline", ParamType::Duration, "how long the whole may take; 30s when left away"),
        ],
        RETURNS,
        "Sends a request. Answers whatever the status is; `json` is () when the body is none.",
        request,
    ),
];

/// How long a request may take when nobody says.
const LIMIT: Span = Span::new(Duration::from_secs(30));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GetArgs {
    url: Value,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    deadline: Option<Span>,
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
    deadline: Option<Span>,
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

/// What a server answered.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Why there is no answer.
enum Broken {
    /// Nothing arrived at the server.
    NotSent(Failure),
    /// Perhaps something did.
    Perhaps(Failure),
    /// The request itself is wrong.
    Wrong(Failure),
}

/// One exchange with a server.
struct Exchange {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    limit: Duration,
}

impl Exchange {
    fn run(self, _watch: Watch<'_>) -> Result<Answer, Broken> {
        Err(Broken::Wrong(Failure::new(FailureKind::Bug, format!("{} {}: not built", self.method, self.url))))
    }
}

/// The body of what a URL answers, for reads that want nothing else.
pub(super) fn fetch(url: &str, limit: Duration, watch: Watch<'_>) -> Result<String, Failure> {
    let exchange = Exchange { method: "GET".to_owned(), url: url.to_owned(), headers: Vec::new(), body: None, limit };
    let answer = exchange.run(watch).map_err(Broken::failure)?;
    if !(200..300).contains(&answer.status) {
        return Err(Failure::new(FailureKind::Network, format!("{url} answered with status {}", answer.status)));
    }
    Ok(answer.body)
}

impl Broken {
    fn failure(self) -> Failure {
        match self {
            Self::NotSent(failure) | Self::Perhaps(failure) | Self::Wrong(failure) => failure,
        }
    }
}

impl Http {
    fn exchange(&self, cx: &Performing<'_>, key: Option<&str>) -> Result<Value, Broken> {
        let mut secrets = Secrets::new(&self.world, cx.watch);
        let exchange = self.fill(&mut secrets, key).map_err(Broken::Wrong)?;
        let answer = exchange.run(cx.watch).map_err(|broken| match broken {
            Broken::NotSent(failure) => Broken::NotSent(secrets.hide_failure(failure)),
            Broken::Perhaps(failure) => Broken::Perhaps(secrets.hide_failure(failure)),
            Broken::Wrong(failure) => Broken::Wrong(secrets.hide_failure(failure)),
        })?;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        let answer = json!({ "status": answer.status, "headers": answer.headers, "body": answer.body, "json": json });
        Ok(secrets.hide_in(answer))
    }

    fn fill(&self, secrets: &mut Secrets<'_>, key: Option<&str>) -> Result<Exchange, Failure> {
        let wanted = &self.wanted;
        let mut headers = Vec::new();
        for (name, value) in &wanted.headers {
            headers.push((name.clone(), secrets.text(value, &format!("the header {name}"))?));
        }
        let has =
            |headers: &[(String, String)], name: &str| headers.iter().any(|(held, _)| held.eq_ignore_ascii_case(name));
        if let Some(key) = key.filter(|_| !has(&headers, "idempotency-key")) {
            // Servers that know this header answer a second attempt with the first one's outcome.
            headers.push(("Idempotency-Key".to_owned(), key.to_owned()));
        }
        let body = match (&wanted.body, &wanted.json) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(FailureKind::Arguments, "`http::request` takes `body` or `json`, not both"));
            }
            (Some(body), None) => Some(secrets.text(body, "the body")?.into_bytes()),
            (None, Some(json)) => {
                if !has(&headers, "content-type") {
                    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
                }
                Some(secrets.fill(json)?.to_string().into_bytes())
            }
            (None, None) => None,
        };
        Ok(Exchange {
            method: wanted.method.to_ascii_uppercase(),
            url: secrets.text(&wanted.url, "the URL")?,
            headers,
            body,
            limit: wanted.deadline.unwrap_or(LIMIT).duration(),
        })
    }
}

impl Read for Http {
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        self.exchange(cx, None).map_err(Broken::failure)
    }
}

impl Effect for Http {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        self.exchange(cx, Some(&intent.idempotency_key)).map_err(|broken| match broken {
            Broken::NotSent(failure) => not_sent(failure),
            Broken::Perhaps(failure) => EffectError::Unknown(failure),
            Broken::Wrong(failure) => EffectError::Refused(failure),
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
