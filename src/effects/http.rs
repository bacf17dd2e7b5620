//! `http::…`: one request. A read when it says so, otherwise an effect that nobody can probe.

use super::World;
use super::declare::{Declared, args, map, value};
use super::secrets::Secrets;
use crate::model::{Failure, Span, Value, Watch, unknown};
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
            optional("read", ParamType::Bool, "true: it changes nothing, so it is real in a dry run and may be repeated"),
            optional("on_unknown", ParamType::String, "\"ask\", \"skip\" or \"retry\" when nobody knows whether it arrived"),
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
