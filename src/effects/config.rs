//! `config::…`: what relwf.toml says, for workflows that branch on it.

use super::World;
use super::declare::{Declared, args, positional, read};
use crate::model::{Failure, FailureKind};
use crate::run::{Call, Command, Kind, ParamType, required};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

pub(super) const COMMANDS: &[Declared] = &[
    positional(
        Kind::Read,
        "config::environment",
        &[required("name", ParamType::String, "the environment's name")],
        "#{ name, branch, url, checks }",
        "One [[environment]].",
        environment,
    ),
    positional(
        Kind::Read,
        "config::component",
        &[required("name", ParamType::String, "the component's name")],
        "#{ name, detect }",
        "One [[component]].",
        component,
    ),
    positional(
        Kind::Read,
        "config::has_secret",
        &[required("name", ParamType::String, "the secret's name")],
        "true or false",
        "Is this secret configured in [secrets]?",
        has_secret,
    ),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameArgs {
    name: String,
}

/// The failure for a name that relwf.toml does not have.
pub(super) fn no_such(what: &str, name: &str, names: &[&str]) -> Failure {
    let failure = Failure::new(FailureKind::NotFound, format!("relwf.toml has no {what} `{name}`"));
    let near = names.iter().map(|known| (strsim::damerau_levenshtein(known, name), *known)).min();
    match near {
        Some((distance, known)) if distance <= 2 => failure.hint(format!("did you mean `{known}`?")),
        Some(_) => failure.hint(format!("there are {}", names.join(", "))),
        None => failure.hint(format!("it has no {what} at all")),
    }
}

fn environment(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let NameArgs { name } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| {
        let all = &world.config.environments;
        let found = all.iter().find(|environment| environment.name == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|environment| environment.name.as_str()).collect();
            no_such("environment", &name, &names)
        })?;
        Ok(json!({ "name": found.name, "branch": found.branch, "url": found.url, "checks": found.checks }))
    }))
}

fn component(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let NameArgs { name } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| {
        let all = &world.config.components;
        let found = all.iter().find(|component| component.name.as_str() == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|component| component.name.as_str()).collect();
            no_such("component", &name, &names)
        })?;
        Ok(json!({ "name": found.name, "detect": found.detect.word() }))
    }))
}

fn has_secret(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let NameArgs { name } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| Ok(world.config.secrets.contains_key(&name).into())))
}
