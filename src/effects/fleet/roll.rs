//! `fleet::roll`: updates one target, then checks that it runs the new version.

use super::observe::observe;
use super::{fleet_of, start, withheld_from};
use crate::ci::{Build, BuildState, Ci, CiEvent, Start, Trigger};
use crate::config::{FleetCommand, FleetTarget};
use crate::effects::EffectContext;
use crate::effects::build_report::red_build;
use crate::effects::ci::{BuildOutcome, StartedBuild, configured, outcome, started_build};
use crate::effects::config::no_such;
use crate::effects::git::tip;
use crate::effects::ref_lease::not_sent;
use crate::effects::sh::ended;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::fleet::WantedVersion;
use crate::model::{BranchName, Failure, FailureKind, TaskContext, WriteError, hex};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::sync::Arc;
use std::time::Duration;

pub(super) static ROLL: TypedHostFn<Args, Rolled> = map(
    CommandKind::Effect,
    "fleet::roll",
    "Updates one target and then looks whether it runs the new version.",
    |context, args| Ok(effect(Roll { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::Command, "the update failed, or the target runs another version after it"),
    (FailureKind::Red, "the build that updates the target is red"),
    (FailureKind::NotFound, "relwf.toml has no such target"),
]);

/// How long updating one target may take.
const UPDATE: Duration = Duration::from_secs(3600);
/// How often the CI is asked about the build that updates a target.
const LOOK: Duration = Duration::from_secs(2);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the target's id
    target: String,
    /// the version it should run
    to: String,
    /// its exact revision, which the target may report in its place
    revision: Option<String>,
    /// the version it runs now; observed by default
    from: Option<String>,
}

/// A target that was updated.
#[derive(Serialize, JsonSchema)]
pub(super) struct Rolled {
    /// the target's id
    target: String,
    /// what it ran before, where that is known
    from: Option<String>,
    /// what it runs
    to: String,
}

struct Roll {
    context: Arc<EffectContext>,
    args: Args,
}

/// What the probe needs.
#[derive(Serialize, Deserialize)]
pub(super) struct Before {
    from: Option<String>,
}

impl Roll {
    fn target(&self) -> Result<&FleetTarget, Failure> {
        let all = &fleet_of(&self.context)?.targets;
        all.iter().find(|target| target.id == self.args.target).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|target| target.id.as_str()).collect();
            no_such("fleet target", &self.args.target, &names)
        })
    }

    fn runs_it(&self, reported: &str) -> Result<bool, Failure> {
        let Args { to, revision, .. } = &self.args;
        let wanted =
            WantedVersion { version: to, revision: revision.as_deref(), report: fleet_of(&self.context)?.report };
        Ok(wanted.is(reported))
    }

    fn how(&self) -> Result<&FleetCommand, Failure> {
        self.target()?.update.as_ref().ok_or_else(|| {
            Failure::new(FailureKind::Config, format!("nothing says how {} is updated", self.args.target))
                .hint("give it `update = { command = [\"./update\", …] }` in relwf.toml")
        })
    }

    fn through_own_ci(&self) -> Result<bool, Failure> {
        let ours = self.context.ci.as_ref().is_some_and(|ci| ci.start() == Start::Us);
        Ok(ours && matches!(self.how()?, FleetCommand::Ci { .. }))
    }

    fn before(&self, task: TaskContext<'_>) -> Result<Before, Failure> {
        self.how()?;
        // What is observed wins: the script's word may be from an earlier day.
        let observed = observe(&self.context, self.target()?, task)?;
        Ok(Before { from: observed.or_else(|| self.args.from.clone()) })
    }

    fn rolled(&self, before: Before) -> Rolled {
        Rolled { target: self.args.target.clone(), from: before.from, to: self.args.to.clone() }
    }

    /// One update of a target at a time, on this machine. The update command holds the lock (as its standard input) for as
    /// long as it lives, even when relwf no longer does.
    fn lock(&self, task: TaskContext<'_>) -> Result<File, Failure> {
        let folder = self.context.folder.join("fleet");
        let name = hex(self.args.target.as_bytes());
        let kept = |error: std::io::Error| {
            Failure::new(FailureKind::Io, format!("no lock could be made in {}", folder.display())).cause(error)
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(kept)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = options.open(folder.join(format!("{name}.lock"))).map_err(kept)?;
        let began = std::time::Instant::now();
        let mut announced = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(kept(error)),
                Err(TryLockError::WouldBlock) if task.cancel.is_raised() => {
                    return Err(Failure::new(FailureKind::Interrupted, "interrupted by ctrl-C"));
                }
                Err(TryLockError::WouldBlock) if began.elapsed() > UPDATE => {
                    return Err(Failure::new(
                        FailureKind::Timeout,
                        format!("another update of {} still runs", self.args.target),
                    )
                    .hint("find out what that process waits for, stop it, and resume the run"));
                }
                Err(TryLockError::WouldBlock) => {
                    if !announced {
                        task.say(format!("waiting: another update of {} still runs", self.args.target));
                        announced = true;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    fn update(&self, cx: &Performing<'_>, before: &Before, key: &str) -> Result<(), WriteError> {
        let mut env: Vec<(String, String)> = [
            ("RELWF_TARGET", self.args.target.as_str()),
            ("RELWF_FROM", before.from.as_deref().unwrap_or_default()),
            ("RELWF_TO", &self.args.to),
            ("RELWF_REVISION", self.args.revision.as_deref().unwrap_or_default()),
            ("RELWF_KEY", key),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        match self.how().map_err(WriteError::Refused)? {
            FleetCommand::Command(argv) => self.start(cx, argv, &env),
            FleetCommand::Ci { env: further } => {
                env.extend(further.clone());
                self.build(cx, env, key)
            }
        }
    }

    fn start(&self, cx: &Performing<'_>, argv: &[String], env: &[(String, String)]) -> Result<(), WriteError> {
        let lock = self.lock(cx.task).map_err(not_sent)?;
        let stdin = lock.try_clone().ok();
        let finished = start(&self.context, argv, env, stdin, UPDATE, cx.task, &mut |line| cx.task.say(line)).map_err(
            |error| {
                if error.never_started() {
                    WriteError::Refused(error.into())
                } else {
                    WriteError::Unknown(error.into())
                }
            },
        )?;
        // Closing the file would do, were it not for copies that a service started by the update may hold.
        let _ = lock.unlock();
        if finished.success() {
            return Ok(());
        }
        Err(self.failed(ended(
            argv.first().map_or("", String::as_str),
            &finished,
            &withheld_from(&self.context),
            "fleet",
        )))
    }

    /// The branch of the last environment, where releases end: updates through the CI are built there.
    fn branch(&self) -> Result<&BranchName, Failure> {
        let last = self.context.config.environments.last();
        last.map(|environment| &environment.branch).ok_or_else(|| {
            Failure::new(FailureKind::Config, "an update through the CI needs a branch to build on")
                .hint("add the [[environment]] that customers get to relwf.toml, as the last one")
        })
    }

    /// Through the CI: a build of event `api`.
    fn build(&self, cx: &Performing<'_>, env: Vec<(String, String)>, key: &str) -> Result<(), WriteError> {
        let refused = WriteError::Refused;
        let ci = configured(&self.context).map_err(refused)?;
        let branch = self.branch().map_err(refused)?.clone();
        let commit = tip(&self.context, &branch).map_err(refused)?;
        let trigger = Trigger { key: key.to_owned(), commit, event: CiEvent::Api, branch, env };
        let ticket = ci.trigger(&trigger, cx.task).map_err(WriteError::or_hopeless)?;
        self.ended_build(cx, ci, || ci.resolve(&ticket, cx.task))
    }

    /// Waits for a build that was started. A look that fails says nothing about it, and is repeated.
    fn ended_build(
        &self,
        cx: &Performing<'_>,
        ci: &dyn Ci,
        look: impl Fn() -> Result<Option<Build>, WriteError>,
    ) -> Result<(), WriteError> {
        let began = std::time::Instant::now();
        loop {
            match look() {
                Ok(build) => match build.map(outcome) {
                    Some(BuildOutcome::Ended(build)) if build.state == BuildState::Passed => return Ok(()),
                    Some(BuildOutcome::Ended(build)) => return Err(self.failed(red_build(ci, &build, None, cx.task))),
                    Some(BuildOutcome::Open(_)) | None => {}
                },
                Err(WriteError::Refused(failure)) if failure.kind != FailureKind::Auth => {
                    return Err(self.failed(failure));
                }
                Err(error) => cx.task.say(format!("looking again: {error}")),
            }
            let open = |kind, why: &str| {
                WriteError::Unknown(Failure::new(kind, format!("the build that updates {} {why}", self.args.target)))
            };
            if cx.task.cancel.is_raised() {
                return Err(open(FailureKind::Interrupted, "goes on after ctrl-C"));
            }
            if began.elapsed() > UPDATE {
                return Err(open(FailureKind::Timeout, "did not end in time"));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// What became of an update that may have been started through a CI: of a build that is found its end is waited for.
    fn started(&self, cx: &Performing<'_>, before: Before, key: &str) -> Result<Probe<Rolled>, Failure> {
        let ci = configured(&self.context)?;
        Ok(match started_build(&self.context, key, self.branch()?, cx.task)? {
            StartedBuild::Found(build) => match self.ended_build(cx, ci, || ci.build(&build.id, cx.task).map(Some)) {
                Ok(()) => match self.confirmed(cx, before) {
                    Ok(rolled) => Probe::Done(rolled),
                    Err(WriteError::Refused(failure)) => Probe::Refused(failure),
                    Err(error) => return Err(error.into()),
                },
                Err(WriteError::Refused(failure)) => Probe::Refused(failure),
                Err(error) => return Err(error.into()),
            },
            StartedBuild::NotListed => Probe::Unknown(format!(
                "no build for {} is listed with the key {key}; it may be on its way",
                self.args.target
            )),
            StartedBuild::Several => Probe::Unknown(format!("several builds have {key} in their message")),
        })
    }

    /// The target was updated: it has to run what was wanted.
    fn confirmed(&self, cx: &Performing<'_>, before: Before) -> Result<Rolled, WriteError> {
        let (target, to) = (self.target().map_err(WriteError::Refused)?, &self.args.to);
        match observe(&self.context, target, cx.task) {
            Ok(Some(found)) if !self.runs_it(&found).map_err(WriteError::Refused)? => Err(WriteError::Refused(
                Failure::new(
                    FailureKind::Command,
                    format!("{} was updated to {to}, but it runs {found}", self.args.target),
                )
                .hint("the update itself succeeded; look at the target, then run the workflow again")
                .detail(json!({ "target": self.args.target, "wanted": to, "found": found })),
            )),
            Ok(_) => Ok(self.rolled(before)),
            Err(failure) => Err(WriteError::Unknown(failure)),
        }
    }

    fn failed(&self, failure: Failure) -> WriteError {
        WriteError::Refused(Failure {
            message: format!("updating {} failed: {}", self.args.target, failure.message),
            ..failure
        })
    }
}

impl TypedEffect for Roll {
    type Facts = Before;
    type Answer = Rolled;

    fn prepare(&self, cx: &Performing<'_>) -> Result<Before, Failure> {
        self.before(cx.task)
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Before>) -> Result<Rolled, WriteError> {
        let before = intent.facts;
        let to = &self.args.to;
        let runs_it = |reported: &str| self.runs_it(reported).map_err(WriteError::Refused);
        if before.from.as_deref().map(runs_it).transpose()? == Some(true) {
            cx.task.say(format!("{} runs {to} already", self.args.target));
            return Ok(self.rolled(before));
        }
        self.update(cx, &before, intent.key)?;
        self.confirmed(cx, before)
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Before>) -> Result<Probe<Rolled>, Failure> {
        let before = intent.facts;
        // An update that outlived its relwf comes to its end first.
        drop(self.lock(cx.task)?);
        let through_ci = matches!(self.how()?, FleetCommand::Ci { .. }) && !self.through_own_ci()?;
        Ok(match observe(&self.context, self.target()?, cx.task)? {
            Some(found) if self.runs_it(&found)? => Probe::Done(self.rolled(before)),
            // The target changes only at the end of a build that may still run.
            _ if through_ci => self.started(cx, before, intent.key)?,
            Some(found) if Some(&found) == before.from.as_ref() => Probe::Absent,
            Some(found) => Probe::Unknown(format!(
                "{} runs {found}; before it ran {}, and this run wanted {}",
                self.args.target,
                before.from.as_deref().unwrap_or("an unknown version"),
                self.args.to
            )),
            // A CI that runs here knows its key: the same build never runs to its end twice.
            None if self.through_own_ci()? => Probe::Absent,
            None => Probe::Unknown(format!("nothing is configured to observe {}", self.args.target)),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<Rolled>, Failure> {
        let before = self.before(cx.task)?;
        Ok(Assumed {
            value: self.rolled(before),
            note: Some(format!("assuming the update of {} succeeds", self.args.target)),
        })
    }
}
