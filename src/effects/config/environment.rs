//! `config::environment`: one environment of relwf.toml.

use super::no_such;
use crate::effects::typed_host_fn::{TypedHostFn, positional, read};
use crate::model::{BranchName, FailureKind};
use crate::run::CommandKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static ENVIRONMENT: TypedHostFn<Args, ScriptEnvironment> =
    positional(CommandKind::Read, "config::environment", "One [[environment]].", |context, Args { name }| {
        let context = Arc::clone(context);
        Ok(read(move |_| {
            let all = &context.config.environments;
            let found = all.iter().find(|environment| environment.name == name).ok_or_else(|| {
                let names: Vec<&str> = all.iter().map(|environment| environment.name.as_str()).collect();
                no_such("environment", &name, &names)
            })?;
            Ok(ScriptEnvironment {
                name: found.name.clone(),
                branch: found.branch.clone(),
                url: found.url.clone(),
                checks: found.checks.clone(),
            })
        }))
    })
    .throws(&[(FailureKind::NotFound, "relwf.toml has no such environment")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the environment's name
    name: String,
}

/// An environment of relwf.toml.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScriptEnvironment {
    /// its name
    name: String,
    /// the branch that it runs
    branch: BranchName,
    /// where people find it
    url: Option<String>,
    /// the checks that a commit needs before it lands there
    checks: Vec<String>,
}
