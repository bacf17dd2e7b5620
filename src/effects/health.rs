//! `ci::healthy`: does what was deployed answer, and is it the commit that landed?

use super::World;
use super::declare::{Declared, args, facts, map, value};
use super::http::fetch;
use super::waiting::{POLL, later};
use crate::config::Health;
use crate::http::shown_url;
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, TaskContext, Value};
use crate::policy;
use crate::run::{Assumed, Command, Kind, Observation, ParamType, Performing, Wait, optional, required};
use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub(super) const COMMANDS: &[Declared] = &[map(
    Kind::Wait,
    "ci::healthy",
    &[
        required("commit", ParamType::Commit, "the commit that was deployed"),
        required("branch", ParamType::Branch, "the environment's branch"),
        optional("deadline", ParamType::Duration, "how long to wait; 15m by default"),
    ],
    "#{ url, version? }, or () when the environment has no `health`",
    "Waits until the environment answers at its `health`, and with this commit where a `version` is looked for; throws kind \
     \"timeout\".",
    |world, call| Ok(Command::Wait(Box::new(Healthy { world: Arc::clone(world), wanted: args(call)? }))),
)];

/// How long is waited when nobody says.
const DEADLINE: HumanDuration = HumanDuration::new(Duration::from_secs(900));
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// So many characters of an id name a commit.
const ENOUGH: usize = 7;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthyArgs {
    commit: String,
    branch: BranchName,
    deadline: Option<HumanDuration>,
}

struct Healthy {
    world: Arc<World>,
    wanted: HealthyArgs,
}

/// Journaled when the wait begins.
#[derive(Serialize, Deserialize)]
struct Begun {
    commit: CommitId,
    deadline: Timestamp,
}

impl Healthy {
    fn health(&self) -> Option<&Health> {
        policy::environment_of(&self.world.config, &self.wanted.branch)?.health.as_ref()
    }
}

/// The version in the answer, or why it is not healthy yet.
fn ask(world: &World, health: &Health, commit: CommitId, task: TaskContext<'_>) -> Result<Option<String>, String> {
    let body = fetch(world, &health.url, ANSWER, task).map_err(|failure| failure.message)?;
    let Some(pattern) = &health.version else { return Ok(None) };
    let pattern = Regex::new(pattern).map_err(|error| error.to_string())?;
    let found = pattern.captures(&body).and_then(|found| found.get(1).or(found.get(0)));
    let version = found.map(|found| found.as_str().to_ascii_lowercase());
    match version {
        Some(version) if version.len() >= ENOUGH && commit.to_string().starts_with(&version) => Ok(Some(version)),
        Some(version) => Err(format!("{} runs `{version}`, not {}", shown_url(&health.url), commit.short())),
        None => Err(format!("{} answers without a version", shown_url(&health.url))),
    }
}

impl Wait for Healthy {
    fn begin(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        let commit = self.world.mirror.resolve(&self.wanted.commit)?;
        value(Begun { commit, deadline: later(cx.now, self.wanted.deadline.unwrap_or(DEADLINE)) })
    }

    fn observe(&self, cx: &Performing<'_>, begun: &Value) -> Result<Observation, Failure> {
        let begun: Begun = facts(begun)?;
        let Some(health) = self.health() else { return Ok(Observation::Ready(Value::Null)) };
        match ask(&self.world, health, begun.commit, cx.task) {
            Ok(version) => Ok(Observation::Ready(json!({ "url": shown_url(&health.url), "version": version }))),
            Err(why) if self.world.clock.now() < begun.deadline => {
                Ok(Observation::NotYet { why, again: self.world.config.forge.poll.unwrap_or(POLL) })
            }
            Err(why) => Err(Failure::new(
                FailureKind::Timeout,
                format!("{} is not healthy: {why}", self.wanted.branch),
            )
            .hint(format!(
                "the commit has landed already: fix forward on the source branch and promote again, or `relwf run rollback \
                     --param branch={} --param reason=…`",
                self.wanted.branch
            ))),
        }
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        let Some(health) = self.health() else { return Ok(Assumed { value: Value::Null, note: None }) };
        let url = shown_url(&health.url);
        Ok(Assumed { value: json!({ "url": url }), note: Some(format!("assuming that {url} answers")) })
    }
}
