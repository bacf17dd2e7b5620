//! `http::get`: asks a server for something.

use super::exchange::{Exchange, ScriptResponse, THROWS};
use crate::effects::typed_host_fn::{TypedHostFn, map, read};
use crate::model::{HumanDuration, Value};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static GET: TypedHostFn<Args, ScriptResponse> = map(
    CommandKind::Read,
    "http::get",
    "Asks for something. A status that is no success is an error unless `accept` names it; `json` is () when the body is none.",
    |context, Args { url, headers, deadline, accept }| {
        let get = Exchange {
            context: Arc::clone(context),
            method: "GET".to_owned(),
            url,
            headers,
            body: None,
            json: None,
            reads: true,
            deadline,
            accept,
        };
        Ok(read(move |cx| Ok(get.perform(cx, None)?)))
    },
)
.throws(THROWS)
.throws_outages();

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// where; may hold a secret
    url: Value,
    /// may hold secrets
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    /// how long the whole may take; 30s by default
    deadline: Option<HumanDuration>,
    /// statuses that are answers too, e.g. `[404]`; without it every one but 200 to 299 is an error
    #[serde(default)]
    accept: Vec<u16>,
}
