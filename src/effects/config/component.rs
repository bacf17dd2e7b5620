//! `config::component`: one component of relwf.toml.

use super::no_such;
use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::{ComponentName, FailureKind};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static COMPONENT: TypedHostFn<Args, ScriptComponent> =
    positional(CommandKind::Read, "config::component", "One [[component]].", |context, Args { name }| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let all = &context.config.components;
            let found = all.iter().find(|component| component.name.as_str() == name).ok_or_else(|| {
                let names: Vec<&str> = all.iter().map(|component| component.name.as_str()).collect();
                no_such("component", &name, &names)
            })?;
            Ok(ScriptComponent { name: found.name.clone(), detect: found.detect.word().to_owned() })
        }))
    })
    .throws(&[(FailureKind::NotFound, "relwf.toml has no such component")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the component's name
    name: String,
}

/// A component of relwf.toml.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScriptComponent {
    /// its name
    name: ComponentName,
    /// how its version is found, e.g. "go-mod"
    detect: String,
}
