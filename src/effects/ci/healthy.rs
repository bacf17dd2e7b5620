//! `ci::healthy`: does what was deployed answer, and is it the commit that landed?

use crate::config::HealthCheck;
use crate::effects::EffectContext;
use crate::effects::http::fetch;
use crate::effects::release_before::release_before;
use crate::effects::typed_host_fn::{Assumed, Observation, TypedHostFn, TypedWait, map, wait};
use crate::effects::waiting::later;
use crate::http::shown_url;
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, Revision, TaskContext};
use crate::policy;
use crate::run::{CommandKind, Performing, Remark};
use jiff::Timestamp;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

pub(super) static HEALTHY: TypedHostFn<Args, Option<Answer>> = map(
    CommandKind::Wait,
    "ci::healthy",
    "Waits until the environment answers at its `health`, and with this commit where a `version` is looked for; answers () when \
     it has no `health`. Throws kind \"timeout\".",
    |context, args| Ok(wait(Healthy { context: Arc::clone(context), args })),
)
.throws(&[(FailureKind::Timeout, "it did not answer, or not with this commit, until the deadline")])
.remarks(|answer| answer.is_null().then(|| Remark::nothing("the environment has no `health` to ask")));

/// How long is waited by default.
const DEADLINE: HumanDuration = HumanDuration::new(Duration::from_secs(900));
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How many characters of an id name a commit.
const ENOUGH: usize = 7;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the commit that was deployed
    commit: Revision,
    /// the environment's branch
    branch: BranchName,
    /// how long to wait; 15m by default
    deadline: Option<HumanDuration>,
}

/// What the environment answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// where it was asked
    url: String,
    /// the version in the answer; () where none is looked for, absent in a dry run
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Option<String>>,
}

struct Healthy {
    context: Arc<EffectContext>,
    args: Args,
}

/// Journaled when the wait begins.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    commit: CommitId,
    deadline: Timestamp,
}

impl Healthy {
    /// When the wait is over, counted from now.
    fn deadline(&self, cx: &Performing<'_>) -> Timestamp {
        later(cx.now, self.args.deadline.unwrap_or(DEADLINE))
    }

    fn health(&self) -> Option<&HealthCheck> {
        policy::environment_of(&self.context.config, &self.args.branch)?.health.as_ref()
    }

    /// What goes back to the release before, also where it is not known which that is.
    fn way_back(&self, landed: CommitId, task: TaskContext<'_>) -> String {
        let branch = &self.args.branch;
        release_before(&self.context, branch, landed, task).unwrap_or_else(|| {
            format!("`relwf run rollback --param branch={branch} --param reason=…` goes back to the release before")
        })
    }
}

/// The version in the answer, or why it is not healthy yet.
fn ask(
    context: &EffectContext,
    health: &HealthCheck,
    commit: CommitId,
    task: TaskContext<'_>,
) -> Result<Option<String>, String> {
    let body = fetch(context, &health.url, ANSWER, task).map_err(|failure| failure.message)?;
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

impl TypedWait for Healthy {
    type Begun = Begun;
    type Answer = Option<Answer>;

    fn begin(&self, cx: &Performing<'_>) -> Result<Begun, Failure> {
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        Ok(Begun { commit, deadline: self.deadline(cx) })
    }

    fn observe(&self, cx: &Performing<'_>, begun: Begun) -> Result<Observation<Option<Answer>>, Failure> {
        let Some(health) = self.health() else { return Ok(Observation::Ready(None)) };
        match ask(&self.context, health, begun.commit, cx.task) {
            Ok(version) => Ok(Observation::Ready(Some(Answer { url: shown_url(&health.url), version: Some(version) }))),
            Err(why) if self.context.clock.now() < begun.deadline => {
                Ok(Observation::NotYet { why, again: self.context.config.forge.poll() })
            }
            Err(why) => Err(Failure::new(FailureKind::Timeout, format!("{} is not healthy: {why}", self.args.branch))
                .hint(format!(
                    "the commit has landed already: fix forward on the source branch and promote again; {}",
                    self.way_back(begun.commit, cx.task)
                ))),
        }
    }

    fn again(&self, cx: &Performing<'_>, begun: Begun) -> Begun {
        Begun { deadline: self.deadline(cx), ..begun }
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Option<Answer>>, Failure> {
        let Some(health) = self.health() else { return Ok(Assumed { value: None, note: None }) };
        let url = shown_url(&health.url);
        Ok(Assumed { note: Some(format!("assuming that {url} answers")), value: Some(Answer { url, version: None }) })
    }
}
