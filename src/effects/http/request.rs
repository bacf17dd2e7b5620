//! `http::request`: sends a request that may change something.

use super::exchange::{Exchange, ScriptResponse, THROWS};
use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{
    Answering, Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map, read,
};
use crate::model::{Failure, HumanDuration, OrUnknown, Value, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static REQUEST: TypedHostFn<Args, ScriptResponse> = map(
    CommandKind::Effect,
    "http::request",
    "Sends a request. A status that is no success is an error unless `accept` names it; `json` is () when the body is none.",
    make,
)
.throws(THROWS)
.throws_outages();

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// GET, POST, PUT, PATCH, DELETE, HEAD
    method: String,
    /// where; may hold a secret
    url: Value,
    /// may hold secrets
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// a text; may hold a secret
    body: Option<Value>,
    /// sent as JSON instead of `body`; may hold secrets
    json: Option<Value>,
    /// true: it changes nothing, so it is real in a dry run and may be repeated
    #[serde(default)]
    read: bool,
    /// what to do when it cannot be known whether it arrived
    #[serde(default)]
    on_unknown: OnUnknown,
    /// how long the whole may take; 30s by default
    deadline: Option<HumanDuration>,
    /// statuses that are answers too, e.g. `[404]`; without it every one but 200 to 299 is an error
    #[serde(default)]
    accept: Vec<u16>,
}

struct Send {
    exchange: Exchange,
    on_unknown: OnUnknown,
}

fn make(context: &Arc<EffectContext>, args: Args) -> Result<Answering<ScriptResponse>, Failure> {
    let Args { method, url, headers, body, json, read: reads, on_unknown, deadline, accept } = args;
    let exchange = Exchange { context: Arc::clone(context), method, url, headers, body, json, reads, deadline, accept };
    Ok(if reads { read(move |cx| Ok(exchange.perform(cx, None)?)) } else { effect(Send { exchange, on_unknown }) })
}

impl TypedEffect for Send {
    type Facts = ();
    type Answer = ScriptResponse;

    fn prepare(&self, _cx: &Performing<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, ()>) -> Result<ScriptResponse, WriteError> {
        self.exchange.perform(cx, Some(intent.key)).map_err(WriteError::or_hopeless)
    }

    fn probe(&self, _cx: &Performing<'_>, _intent: TypedIntent<'_, ()>) -> Result<Probe<ScriptResponse>, Failure> {
        Ok(Probe::Unknown(format!("whether this {} arrived cannot be looked up", self.exchange.method)))
    }

    fn on_unknown(&self) -> OnUnknown {
        self.on_unknown
    }

    /// 200, so that a workflow may look at the status; what is in the answer only the server can invent.
    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<ScriptResponse>, Failure> {
        let value = ScriptResponse {
            status: 200,
            headers: OrUnknown::unknown("headers of the answer"),
            body: OrUnknown::unknown("body of the answer"),
            json: OrUnknown::unknown("body of the answer"),
        };
        Ok(Assumed { value, note: Some("assuming it answers with status 200".to_owned()) })
    }
}
