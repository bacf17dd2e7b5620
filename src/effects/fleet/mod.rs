//! `fleet::…`: the agents at the customers: what they run, and updating them one after another. Here is what they share.

mod behind;
mod observe;
mod roll;
mod targets;
mod wanted;
mod waves;

use super::EffectContext;
use super::typed_host_fn::AnyHostFn;
use crate::config::{FleetConfig, FleetTarget};
use crate::fleet::WantedVersion;
use crate::model::{Failure, FailureKind, TaskContext};
use crate::process::{Leftovers, ProcessError, Program, ProgramExit, Streams, run, withheld};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::time::Duration;

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] =
    &[&targets::TARGETS, &wanted::WANTED, &behind::BEHIND, &waves::WAVES, &roll::ROLL];

/// Enough for a version, and for the last words of a failed update.
const KEEP: usize = 64 * 1024;

/// A target as scripts see it.
#[derive(Serialize, JsonSchema)]
struct ScriptTarget {
    /// its id
    id: String,
    /// its ring, e.g. "canary"
    ring: String,
    /// its labels
    labels: BTreeMap<String, String>,
}

impl From<&FleetTarget> for ScriptTarget {
    fn from(target: &FleetTarget) -> Self {
        Self { id: target.id.clone(), ring: target.ring.clone(), labels: target.labels.clone() }
    }
}

/// The version that a target should run.
#[derive(Deserialize, JsonSchema)]
struct To {
    /// the version they should run
    to: String,
    /// its exact revision, which targets may report in its place
    revision: Option<String>,
}

impl To {
    /// What a target's report is compared with.
    fn wanted<'a>(&'a self, fleet: &FleetConfig) -> WantedVersion<'a> {
        WantedVersion { version: &self.to, revision: self.revision.as_deref(), report: fleet.report }
    }
}

fn fleet_of(context: &EffectContext) -> Result<&FleetConfig, Failure> {
    context.config.fleet.as_ref().ok_or_else(|| {
        Failure::new(FailureKind::Config, "no fleet is configured")
            .hint("add [fleet] with its [[fleet.target]] tables to relwf.toml")
    })
}

/// The variables that commands of the fleet do not get.
fn withheld_from(context: &EffectContext) -> Vec<String> {
    let config = &context.config;
    withheld(config.fleet.as_ref().map_or(&[], |fleet| &fleet.env), &config.secret_variables())
}

fn start(
    context: &EffectContext,
    argv: &[String],
    env: &[(String, String)],
    stdin: Option<File>,
    limit: Duration,
    task: TaskContext<'_>,
    line: &mut dyn FnMut(&str),
) -> Result<ProgramExit, ProcessError> {
    let withheld = withheld_from(context);
    let program = Program {
        argv,
        dir: &context.config.root,
        env,
        without: &withheld.iter().map(String::as_str).collect::<Vec<_>>(),
        stdin,
        streams: Streams::Apart,
        keep: KEEP,
        limit: Some(limit),
        leftovers: Leftovers::Leave,
    };
    run(program, task, line)
}
