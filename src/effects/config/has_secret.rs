//! `config::has_secret`: may a workflow ask for a secret?

use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) static HAS_SECRET: TypedHostFn<Args, bool> = positional(
    CommandKind::Read,
    "config::has_secret",
    "Is this secret configured in [secrets]?",
    |context, Args { name }| {
        let context = Arc::clone(context);
        Ok(read(move |_| Ok(context.config.secrets.contains_key(&name))))
    },
);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the secret's name
    name: String,
}
