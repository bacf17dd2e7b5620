//! `fleet::…`: the agents at the customers: what they run, and updating them one after another.

use super::World;
use super::build_report::red_build;
use super::ci::{BuildOutcome, ci_failed, configured, outcome};
use super::config::no_such;
use super::declare::{Declared, args, facts, map, positional, read, value};
use super::delta::CommitFiles;
use super::git::tip;
use super::sh::ended;
use super::text::version_text;
use crate::ci::{BuildState, CiEvent, Start, Trigger};
use crate::components::detect;
use crate::config::{FleetCommand, FleetConfig, FleetTarget, Observe};
use crate::fleet::{self, Reading, same_version};
use crate::model::{BranchName, Failure, FailureKind, TaskContext, Value};
use crate::process::{Finished, Leftovers, ProcessError, Program, Streams, run};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional,
    required,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::sync::Arc;
use std::time::Duration;

pub(super) const COMMANDS: &[Declared] = &[
    positional(
        Kind::Read,
        "fleet::targets",
        &[],
        "a list of #{ id, ring, labels }",
        "Every [[fleet.target]], in order.",
        targets,
    ),
    map(
        Kind::Read,
        "fleet::wanted",
        &[required("branch", ParamType::Branch, "the branch whose tip says which version the fleet should run")],
        "#{ component, version, commit }",
        "The version of the fleet's component at the tip of a branch.",
        wanted,
    ),
    map(
        Kind::Read,
        "fleet::behind",
        &[required("to", ParamType::String, "the version they should run")],
        "a list of #{ id, ring, labels, version, error? }",
        "Observes every target and answers those that do not run `to`; `version` is () where nobody can tell.",
        behind,
    ),
    map(
        Kind::Read,
        "fleet::waves",
        &[required("to", ParamType::String, "the version they should run")],
        "a list of #{ name, targets }",
        "The targets that do not run `to`, ring by ring, in the order in which rings first appear.",
        waves,
    ),
    map(
        Kind::Effect,
        "fleet::roll",
        &[
            required("target", ParamType::String, "the target's id"),
            required("to", ParamType::String, "the version it should run"),
            optional("from", ParamType::String, "the version it runs now; observed when omitted"),
        ],
        "#{ target, from, to }",
        "Updates one target and then looks whether it runs the new version.",
        |world, call| Ok(Command::Effect(Box::new(Roll { world: Arc::clone(world), wanted: args(call)? }))),
    ),
];

/// How long observing one target may take.
const OBSERVE: Duration = Duration::from_secs(60);
/// How long updating one target may take.
const UPDATE: Duration = Duration::from_secs(3600);
/// How many targets are observed at once.
const AT_ONCE: usize = 8;
/// Enough for a version, and for the last words of a failed update.
const KEEP: usize = 64 * 1024;
/// How often the CI is asked about the build that updates a target.
const LOOK: Duration = Duration::from_secs(2);

fn fleet_of(world: &World) -> Result<&FleetConfig, Failure> {
    world.config.fleet.as_ref().ok_or_else(|| {
        Failure::new(FailureKind::Config, "no fleet is configured")
            .hint("add [fleet] with its [[fleet.target]] tables to relwf.toml")
    })
}

fn target_value(target: &FleetTarget) -> Value {
    json!({ "id": target.id, "ring": target.ring, "labels": target.labels })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn targets(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let Nothing {} = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| Ok(fleet_of(&world)?.targets.iter().map(target_value).collect())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedArgs {
    branch: BranchName,
}

fn wanted(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let WantedArgs { branch } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| {
        let name = &fleet_of(&world)?.component;
        let components = &world.config.components;
        let component = components.iter().find(|component| component.name == *name).ok_or_else(|| {
            let names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
            no_such("component", name.as_str(), &names)
        })?;
        let commit = tip(&world, &branch)?;
        let found = detect(component, &CommitFiles::new(&world.mirror, commit), &*world.plugins)?;
        let version = found.as_ref().filter(|version| !version.floating).and_then(version_text).ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format!("{branch} at {} does not pin {name}", commit.short()))
                .hint("the fleet can only be brought to a version that the branch names exactly")
        })?;
        Ok(json!({ "component": name, "version": version, "commit": commit }))
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToArgs {
    to: String,
}

fn behind(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let ToArgs { to } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |cx| Ok(those_behind(&world, &to, cx.task)?.into_iter().map(|(_, value)| value).collect())))
}

fn waves(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let ToArgs { to } = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |cx| {
        let rings = fleet_of(&world)?.targets.iter().map(|target| target.ring.as_str());
        let behind = those_behind(&world, &to, cx.task)?;
        let waves = fleet::waves(rings, behind, |(ring, _)| ring);
        let shown = waves.into_iter().map(|wave| {
            let targets: Vec<Value> = wave.targets.into_iter().map(|(_, target)| target).collect();
            json!({ "name": wave.ring, "targets": targets })
        });
        Ok(shown.collect())
    }))
}

/// Every target that does not run `to`, with its ring, in order. A target that cannot be observed counts as behind, with
/// the reason: an update looks again.
fn those_behind(world: &World, to: &str, task: TaskContext<'_>) -> Result<Vec<(String, Value)>, Failure> {
    let fleet = fleet_of(world)?;
    let mut behind = Vec::new();
    for some in fleet.targets.chunks(AT_ONCE) {
        let observed: Vec<Result<Option<String>, Failure>> = std::thread::scope(|scope| {
            let looking: Vec<_> = some.iter().map(|target| scope.spawn(move || observe(world, target, task))).collect();
            looking
                .into_iter()
                .map(|look| {
                    look.join().unwrap_or_else(|_| Err(Failure::new(FailureKind::Bug, "observing a target panicked")))
                })
                .collect()
        });
        for (target, version) in some.iter().zip(observed) {
            let mut shown = target_value(target);
            match version {
                Ok(Some(version)) if same_version(&version, to) => continue,
                Ok(version) => shown["version"] = version.into(),
                Err(failure) if failure.kind == FailureKind::Interrupted => return Err(failure),
                Err(failure) => {
                    shown["version"] = Value::Null;
                    shown["error"] = failure.message.into();
                }
            }
            behind.push((target.ring.clone(), shown));
        }
    }
    Ok(behind)
}

/// The version that a target runs; `None` when nothing is configured to observe it.
fn observe(world: &World, target: &FleetTarget, task: TaskContext<'_>) -> Result<Option<String>, Failure> {
    let Some(how) = &target.observe else { return Ok(None) };
    task.say(format!("observing {}", target.id));
    let (text, reading) = match how {
        Observe::Command(argv) => {
            let env = [("RELWF_TARGET".to_owned(), target.id.clone())];
            let finished = start(world, argv, &env, None, OBSERVE, task, &mut |_| {})?;
            if !finished.success() {
                return Err(ended(argv.first().map_or("", String::as_str), &finished));
            }
            (finished.stdout, Reading::Whole)
        }
        Observe::Json { http, key } => (super::http::fetch(world, http, OBSERVE, task)?, Reading::Key(key)),
        Observe::Regex { http, pattern } => {
            (super::http::fetch(world, http, OBSERVE, task)?, Reading::Pattern(pattern))
        }
    };
    reading.read(&text).map(Some).map_err(|error| unobserved(target, &error.to_string()))
}

fn unobserved(target: &FleetTarget, why: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("the version of {} cannot be observed: {why}", target.id))
        .hint("`observe` of this target in relwf.toml says how it is looked at")
}

fn start(
    world: &World,
    argv: &[String],
    env: &[(String, String)],
    stdin: Option<File>,
    limit: Duration,
    task: TaskContext<'_>,
    line: &mut dyn FnMut(&str),
) -> Result<Finished, ProcessError> {
    let program = Program {
        argv,
        dir: &world.config.root,
        env,
        without: &[],
        stdin,
        streams: Streams::Apart,
        keep: KEEP,
        limit: Some(limit),
        leftovers: Leftovers::Leave,
    };
    run(program, task, line)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollArgs {
    target: String,
    to: String,
    from: Option<String>,
}

struct Roll {
    world: Arc<World>,
    wanted: RollArgs,
}

/// What the probe needs.
#[derive(Serialize, Deserialize)]
struct Before {
    from: Option<String>,
}

impl Roll {
    fn target(&self) -> Result<&FleetTarget, Failure> {
        let all = &fleet_of(&self.world)?.targets;
        all.iter().find(|target| target.id == self.wanted.target).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|target| target.id.as_str()).collect();
            no_such("fleet target", &self.wanted.target, &names)
        })
    }

    fn how(&self) -> Result<&FleetCommand, Failure> {
        self.target()?.update.as_ref().ok_or_else(|| {
            Failure::new(FailureKind::Config, format!("nothing says how {} is updated", self.wanted.target))
                .hint("give it `update = { command = [\"./update\", …] }` in relwf.toml")
        })
    }

    fn through_own_ci(&self) -> Result<bool, Failure> {
        let ours = self.world.ci.as_ref().is_some_and(|ci| ci.start() == Start::Us);
        Ok(ours && matches!(self.how()?, FleetCommand::Ci { .. }))
    }

    fn before(&self, task: TaskContext<'_>) -> Result<Before, Failure> {
        self.how()?;
        // What is observed wins: the script's word may be from an earlier day.
        let observed = observe(&self.world, self.target()?, task)?;
        Ok(Before { from: observed.or_else(|| self.wanted.from.clone()) })
    }

    fn value(&self, before: &Before) -> Value {
        json!({ "target": self.wanted.target, "from": before.from, "to": self.wanted.to })
    }

    /// One update of a target at a time, on this machine. The update command holds the lock (as its standard input) for as
    /// long as it lives, even when relwf no longer does.
    fn lock(&self, task: TaskContext<'_>) -> Result<File, Failure> {
        let folder = self.world.folder.join("fleet");
        let name: String = self.wanted.target.bytes().map(|byte| format!("{byte:02x}")).collect();
        let kept = |error: std::io::Error| {
            Failure::new(FailureKind::Io, format!("no lock could be made in {}", folder.display())).cause(error)
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(kept)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = options.open(folder.join(format!("{name}.lock"))).map_err(kept)?;
        let began = std::time::Instant::now();
        let mut said = false;
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
                        format!("another update of {} still runs", self.wanted.target),
                    )
                    .hint("see what it waits for, stop it, and resume the run"));
                }
                Err(TryLockError::WouldBlock) => {
                    if !said {
                        task.say(format!("waiting: another update of {} still runs", self.wanted.target));
                        said = true;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    fn update(&self, cx: &Performing<'_>, before: &Before, key: &str) -> Result<(), EffectError> {
        let mut env: Vec<(String, String)> = [
            ("RELWF_TARGET", self.wanted.target.as_str()),
            ("RELWF_FROM", before.from.as_deref().unwrap_or_default()),
            ("RELWF_TO", &self.wanted.to),
            ("RELWF_KEY", key),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        match self.how().map_err(EffectError::Refused)? {
            FleetCommand::Command(argv) => self.start(cx, argv, &env),
            FleetCommand::Ci { env: further } => {
                env.extend(further.clone());
                self.build(cx, env, key)
            }
        }
    }

    fn start(&self, cx: &Performing<'_>, argv: &[String], env: &[(String, String)]) -> Result<(), EffectError> {
        let lock = self.lock(cx.task).map_err(super::lease::not_sent)?;
        let stdin = lock.try_clone().ok();
        let finished =
            start(&self.world, argv, env, stdin, UPDATE, cx.task, &mut |line| cx.task.say(line)).map_err(|error| {
                if error.never_started() {
                    EffectError::Refused(error.into())
                } else {
                    EffectError::Unknown(error.into())
                }
            })?;
        // Closing the file would do, were it not for copies that a service started by the update may hold.
        let _ = lock.unlock();
        if finished.success() {
            return Ok(());
        }
        Err(self.failed(ended(argv.first().map_or("", String::as_str), &finished)))
    }

    /// Through the CI: a build of event `api` on the branch of the last environment, where releases end.
    fn build(&self, cx: &Performing<'_>, env: Vec<(String, String)>, key: &str) -> Result<(), EffectError> {
        let refused = EffectError::Refused;
        let ci = configured(&self.world).map_err(refused)?;
        let environment = self.world.config.environments.last().ok_or_else(|| {
            refused(
                Failure::new(FailureKind::Config, "an update through the CI needs a branch to build on")
                    .hint("add the [[environment]] that customers get to relwf.toml, as the last one"),
            )
        })?;
        let branch = environment.branch.clone();
        let commit = tip(&self.world, &branch).map_err(refused)?;
        let trigger = Trigger { key: key.to_owned(), commit, event: CiEvent::Api, branch, env };
        let ticket = ci.trigger(&trigger, cx.task).map_err(ci_failed)?;
        let began = std::time::Instant::now();
        loop {
            // Once it is started, a CI that cannot be asked leaves the outcome open.
            let build = ci.resolve(&ticket, cx.task).map_err(|error| EffectError::Unknown(error.into()))?;
            match build.map(outcome) {
                Some(BuildOutcome::Ended(build)) if build.state == BuildState::Passed => return Ok(()),
                Some(BuildOutcome::Ended(build)) => return Err(self.failed(red_build(ci, &build, cx.task))),
                Some(BuildOutcome::Open(_)) | None => {}
            }
            let open = |kind, why: &str| {
                EffectError::Unknown(Failure::new(kind, format!("the build that updates {} {why}", self.wanted.target)))
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

    fn failed(&self, failure: Failure) -> EffectError {
        EffectError::Refused(Failure {
            message: format!("updating {} failed: {}", self.wanted.target, failure.message),
            ..failure
        })
    }
}

impl Effect for Roll {
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        value(self.before(cx.task)?)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        let before: Before = facts(&intent.pre).map_err(EffectError::Refused)?;
        let to = &self.wanted.to;
        if before.from.as_deref().is_some_and(|from| same_version(from, to)) {
            cx.task.say(format!("{} runs {to} already", self.wanted.target));
            return Ok(self.value(&before));
        }
        self.update(cx, &before, &intent.idempotency_key)?;
        let target = self.target().map_err(EffectError::Refused)?;
        match observe(&self.world, target, cx.task) {
            Ok(Some(found)) if !same_version(&found, to) => Err(EffectError::Refused(
                Failure::new(
                    FailureKind::Command,
                    format!("{} was updated to {to}, but it runs {found}", self.wanted.target),
                )
                .hint("the update command ended with 0; look at the target, then run the workflow again")
                .detail(json!({ "target": self.wanted.target, "wanted": to, "found": found })),
            )),
            Ok(_) => Ok(self.value(&before)),
            Err(failure) => Err(EffectError::Unknown(failure)),
        }
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let before: Before = facts(&intent.pre)?;
        // An update that outlived its relwf comes to its end first.
        drop(self.lock(cx.task)?);
        Ok(match observe(&self.world, self.target()?, cx.task)? {
            Some(found) if same_version(&found, &self.wanted.to) => Probe::Done(self.value(&before)),
            Some(found) if Some(&found) == before.from.as_ref() => Probe::Absent,
            Some(found) => Probe::Unknown(format!(
                "{} runs {found}; before it ran {}, and this run wanted {}",
                self.wanted.target,
                before.from.as_deref().unwrap_or("an unknown version"),
                self.wanted.to
            )),
            // A CI that runs here knows its key: the same build never runs to its end twice.
            None if self.through_own_ci()? => Probe::Absent,
            None => Probe::Unknown(format!("nothing is configured to observe {}", self.wanted.target)),
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        let before = self.before(cx.task)?;
        Ok(Assumed {
            value: self.value(&before),
            note: Some(format!("assuming the update of {} succeeds", self.wanted.target)),
        })
    }
}
