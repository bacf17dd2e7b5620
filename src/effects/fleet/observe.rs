//! Finds out which version each target runs, and which targets are behind.

use super::{ScriptTarget, To, fleet_of, start, withheld_from};
use crate::config::{FleetTarget, Observe};
use crate::effects::EffectContext;
use crate::effects::sh::ended;
use crate::fleet::Reading;
use crate::model::{Failure, FailureKind, TaskContext};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// How long observing one target may take.
const OBSERVE: Duration = Duration::from_secs(60);
/// How many targets are observed at once.
const AT_ONCE: usize = 8;

/// A target that does not run the version it should.
#[derive(Serialize, JsonSchema)]
pub(super) struct Behind {
    #[serde(flatten)]
    pub(super) target: ScriptTarget,
    /// what it runs, or () where that cannot be observed
    version: Option<String>,
    /// why it cannot be observed
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Every target that does not run `to`, in order. A target that cannot be observed counts as behind, with
/// the reason: an update looks again.
pub(super) fn those_behind(context: &EffectContext, to: &To, task: TaskContext<'_>) -> Result<Vec<Behind>, Failure> {
    let fleet = fleet_of(context)?;
    let wanted = to.wanted(fleet);
    let mut behind = Vec::new();
    for some in fleet.targets.chunks(AT_ONCE) {
        let observed: Vec<Result<Option<String>, Failure>> = std::thread::scope(|scope| {
            let looking: Vec<_> =
                some.iter().map(|target| scope.spawn(move || observe(context, target, task))).collect();
            looking
                .into_iter()
                .map(|look| {
                    look.join().unwrap_or_else(|_| Err(Failure::new(FailureKind::Bug, "observing a target panicked")))
                })
                .collect()
        });
        for (target, version) in some.iter().zip(observed) {
            let (version, error) = match version {
                Ok(Some(version)) if wanted.is(&version) => continue,
                Ok(version) => (version, None),
                Err(failure) if failure.kind == FailureKind::Interrupted => return Err(failure),
                Err(failure) => (None, Some(failure.message)),
            };
            behind.push(Behind { target: target.into(), version, error });
        }
    }
    Ok(behind)
}

/// The version that a target runs; `None` when nothing is configured to observe it.
pub(super) fn observe(
    context: &EffectContext,
    target: &FleetTarget,
    task: TaskContext<'_>,
) -> Result<Option<String>, Failure> {
    let Some(how) = &target.observe else { return Ok(None) };
    task.say(format!("observing {}", target.id));
    let (text, reading) = match how {
        Observe::Command(argv) => {
            let env = [("RELWF_TARGET".to_owned(), target.id.clone())];
            let finished = start(context, argv, &env, None, OBSERVE, task, &mut |_| {})?;
            if !finished.success() {
                return Err(ended(
                    argv.first().map_or("", String::as_str),
                    &finished,
                    &withheld_from(context),
                    "fleet",
                ));
            }
            (finished.stdout, Reading::Whole)
        }
        Observe::Json { http, key } => (crate::effects::http::fetch(context, http, OBSERVE, task)?, Reading::Key(key)),
        Observe::Regex { http, pattern } => {
            (crate::effects::http::fetch(context, http, OBSERVE, task)?, Reading::Pattern(pattern))
        }
    };
    reading.read(&text).map(Some).map_err(|error| unobserved(target, &error.to_string()))
}

fn unobserved(target: &FleetTarget, why: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("the version of {} cannot be observed: {why}", target.id))
        .hint("`observe` of this target in relwf.toml says how it is looked at")
}
