//! `sh::run`: a program that [sh] allows, without a shell.

use super::World;
use super::declare::{Declared, args, map, value};
use super::secrets::Secrets;
use crate::model::{Failure, FailureKind, Span, Value, unknown};
use crate::process::{Finished, Leftovers, Program, Streams, run};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, Read, optional,
    required,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const COMMANDS: &[Declared] = &[map(
    Kind::Effect,
    "sh::run",
    &[
        required("argv", ParamType::Strings, "the program and its arguments; [sh].allow must name the program"),
        required("effect", ParamType::Bool, "does it change anything? If not, it runs in a dry run too"),
        optional("env", ParamType::Map, "further variables; may hold secrets"),
        optional("on_unknown", ParamType::String, "\"ask\", \"skip\" or \"retry\" when nobody knows whether it ran"),
        optional("deadline", ParamType::Duration, "it is stopped after this long; 1h when left away"),
    ],
    "#{ status, stdout, stderr }",
    "Runs a program in the folder of relwf.toml, without a shell. An exit code other than 0 throws kind \"command\".",
    make,
)];

/// How much of each stream is kept.
const KEEP: usize = 64 * 1024;
/// How long a program may take when nobody says.
pub(super) const LIMIT: Span = super::checks::DEADLINE;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunArgs {
    argv: Vec<String>,
    effect: bool,
    #[serde(default)]
    env: BTreeMap<String, Value>,
    #[serde(default)]
    on_unknown: OnUnknown,
    deadline: Option<Span>,
}

struct Sh {
    world: Arc<World>,
    wanted: RunArgs,
}

fn make(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let words = call.args.get("argv").and_then(Value::as_array);
    if words.is_some_and(|words| words.iter().any(|word| word.get("$secret").is_some())) {
        return Err(Failure::new(
            FailureKind::Arguments,
            "`sh::run`: a secret must not stand in argv, where every user of this machine sees it",
        )
        .hint("hand it over in `env`, and let the program read it there")
        .at(call.at.clone()));
    }
    let wanted: RunArgs = args(call)?;
    let effect = wanted.effect;
    let sh = Sh { world: Arc::clone(world), wanted };
    Ok(if effect { Command::Effect(Box::new(sh)) } else { Command::Read(Box::new(sh)) })
}

/// A failure, and whether the program may have done something.
struct Failed {
    failure: Failure,
    ran: Ran,
}

enum Ran {
    No,
    ToItsEnd,
    Perhaps,
}

impl Sh {
    fn allowed(&self) -> Result<(), Failure> {
        let Some(program) = self.wanted.argv.first() else {
            return Err(Failure::new(FailureKind::Arguments, "`sh::run`: argv is empty"));
        };
        if self.world.config.sh.allow.contains(program) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::Refused, format!("`sh::run` may not start `{program}`"))
            .hint(format!("allow it in relwf.toml: [sh] allow = [\"{program}\"]")))
    }

    fn run(&self, cx: &Performing<'_>, key: Option<&str>) -> Result<Value, Failed> {
        let not = |failure| Failed { failure, ran: Ran::No };
        self.allowed().map_err(not)?;
        let mut secrets = Secrets::new(&self.world, cx.task);
        let mut env = Vec::new();
        for (name, value) in &self.wanted.env {
            env.push((name.clone(), secrets.text(value, &format!("the variable {name}")).map_err(not)?));
        }
        env.push(("RELWF_RUN".to_owned(), cx.run.to_string()));
        env.extend(key.map(|key| ("RELWF_KEY".to_owned(), key.to_owned())));
        let program = Program {
            argv: &self.wanted.argv,
            dir: &self.world.config.root,
            env: &env,
            without: &[],
            stdin: None,
            streams: Streams::Apart,
            keep: KEEP,
            limit: Some(self.wanted.deadline.unwrap_or(LIMIT).duration()),
            leftovers: Leftovers::Leave,
        };
        let finished = run(program, cx.task, &mut |line| cx.task.say(secrets.hide(line))).map_err(|error| {
            let ran = if error.never_started() { Ran::No } else { Ran::Perhaps };
            Failed { failure: secrets.hide_failure(error.into()), ran }
        })?;
        let program = self.wanted.argv.first().map_or("", String::as_str);
        if !finished.success() {
            return Err(Failed { failure: secrets.hide_failure(ended(program, &finished)), ran: Ran::ToItsEnd });
        }
        Ok(secrets.hide_in(json!({ "status": 0, "stdout": finished.stdout, "stderr": finished.stderr })))
    }
}

/// The failure for a program that ended with anything but 0.
pub(super) fn ended(program: &str, finished: &Finished) -> Failure {
    let failure = Failure::new(FailureKind::Command, format!("`{program}` ended with {}", finished.ending()));
    let said = if finished.stderr.trim().is_empty() { &finished.stdout } else { &finished.stderr };
    let mut last: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).rev().take(20).collect();
    last.reverse();
    let failure = last.iter().rev().take(3).rev().fold(failure, |failure, line| failure.cause(line));
    failure.detail(json!({ "status": finished.code, "output": last }))
}

impl Read for Sh {
    fn perform(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        self.run(cx, None).map_err(|failed| failed.failure)
    }
}

impl Effect for Sh {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        self.allowed()?;
        Ok(Value::Null)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        self.run(cx, Some(&intent.idempotency_key)).map_err(|failed| match failed.ran {
            Ran::No | Ran::ToItsEnd => EffectError::Refused(failed.failure),
            Ran::Perhaps => EffectError::Unknown(failed.failure),
        })
    }

    fn probe(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Probe, Failure> {
        Ok(Probe::Unknown(format!("only a person can say whether `{}` did its work", self.wanted.argv.join(" "))))
    }

    fn on_unknown(&self) -> OnUnknown {
        self.wanted.on_unknown
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        self.allowed()?;
        let program = self.wanted.argv.first().map_or("", String::as_str);
        value(json!({
            "status": 0,
            "stdout": unknown(&format!("output of {program}")),
            "stderr": unknown(&format!("error output of {program}")),
        }))
        .map(|value| Assumed { value, note: Some(format!("assuming `{program}` succeeds")) })
    }
}
