//! `sh::run`: a program that `[sh]` allows, without a shell.

use crate::effects::EffectContext;
use crate::effects::secrets::Secrets;
use crate::effects::shortened_list::shortened;
use crate::effects::typed_host_fn::{
    Answering, Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map, read,
};
use crate::model::{Failure, FailureKind, HumanDuration, OrUnknown, Value, WriteError};
use crate::process::{Leftovers, Program, ProgramExit, Streams, replaces_code, run, withheld};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static RUN: TypedHostFn<Args, ScriptOutput> = map(
    CommandKind::Effect,
    "sh::run",
    "Runs a program in the folder of relwf.toml, without a shell. An exit code other than 0 throws kind \"command\".",
    make,
)
.throws(&[
    (FailureKind::Command, "the program ended with another exit code than 0; the detail holds it and the last lines"),
    (FailureKind::Refused, "[sh].allow does not name the program"),
    (FailureKind::Timeout, "the program was still running at its deadline"),
])
.throws_outages();

/// How much of each stream is kept.
const KEEP: usize = 64 * 1024;
/// How long a program may take unless the workflow sets a deadline.
const LIMIT: HumanDuration = crate::effects::waiting::DEADLINE;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the program and its arguments; `[sh].allow` must name the program
    #[schemars(with = "Vec<String>")]
    argv: Vec<Value>,
    /// does it change anything? If not, it runs in a dry run too
    effect: bool,
    /// further variables; may hold secrets
    #[serde(default)]
    env: BTreeMap<String, Value>,
    /// what to do when it cannot be known whether it ran
    #[serde(default)]
    on_unknown: OnUnknown,
    /// it is stopped after this long; 1h by default
    deadline: Option<HumanDuration>,
}

/// How a program ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct ScriptOutput {
    /// its exit code, which is 0
    status: i32,
    /// what it wrote to its standard output
    stdout: OrUnknown<String>,
    /// what it wrote to its standard error
    stderr: OrUnknown<String>,
}

struct Sh {
    context: Arc<EffectContext>,
    argv: Vec<String>,
    args: Args,
}

fn make(context: &Arc<EffectContext>, args: Args) -> Result<Answering<ScriptOutput>, Failure> {
    let changes = args.effect;
    let argv = args.argv.iter().map(word).collect::<Result<_, _>>()?;
    let sh = Sh { context: Arc::clone(context), argv, args };
    Ok(if changes { effect(sh) } else { read(move |cx| sh.run(cx, None).map_err(|failed| failed.failure)) })
}

/// One argument of the program.
fn word(word: &Value) -> Result<String, Failure> {
    word.as_str().map(str::to_owned).ok_or_else(|| {
        let message = "`sh::run`: a secret must not be in argv, where every user of this machine sees it";
        Failure::new(FailureKind::Arguments, message).hint("hand it over in `env`, and let the program read it there")
    })
}

/// A failure, and whether the program may have done something.
struct Failed {
    failure: Failure,
    ran: HasRun,
}

enum HasRun {
    No,
    ToItsEnd,
    Perhaps,
}

impl Sh {
    fn allowed(&self) -> Result<(), Failure> {
        let Some(program) = self.argv.first() else {
            return Err(Failure::new(FailureKind::Arguments, "`sh::run`: argv is empty"));
        };
        if self.context.config.sh.allow.contains(program) {
            return Ok(());
        }
        Err(Failure::new(FailureKind::Refused, format!("`sh::run` may not start `{program}`"))
            .hint(format!("allow it in relwf.toml: [sh] allow = [\"{program}\"]")))
    }

    fn run(&self, cx: &Performing<'_>, key: Option<&str>) -> Result<ScriptOutput, Failed> {
        let not = |failure| Failed { failure, ran: HasRun::No };
        self.allowed().map_err(not)?;
        let mut secrets = Secrets::new(&self.context, cx.task);
        let mut env = Vec::new();
        for (name, value) in &self.args.env {
            if replaces_code(name) && !self.context.config.sh.env.contains(name) {
                let what = format!("`sh::run`: a script may not set {name}: it decides which code a program runs");
                let hint = format!("set it where relwf is started, or allow it in relwf.toml: [sh] env = [\"{name}\"]");
                return Err(not(Failure::new(FailureKind::Refused, what).hint(hint)));
            }
            env.push((name.clone(), secrets.text(value, &format!("the variable {name}")).map_err(not)?));
        }
        env.push(("RELWF_RUN".to_owned(), cx.run.to_string()));
        env.extend(key.map(|key| ("RELWF_KEY".to_owned(), key.to_owned())));
        let config = &self.context.config;
        let withheld = withheld(&config.sh.env, &config.secret_variables());
        let program = Program {
            argv: &self.argv,
            dir: &config.root,
            env: &env,
            without: &withheld.iter().map(String::as_str).collect::<Vec<_>>(),
            stdin: None,
            streams: Streams::Apart,
            keep: KEEP,
            limit: Some(self.args.deadline.unwrap_or(LIMIT).duration()),
            leftovers: Leftovers::Leave,
        };
        let finished = run(program, cx.task, &mut |line| cx.task.say(secrets.hide(line))).map_err(|error| {
            let ran = if error.never_started() { HasRun::No } else { HasRun::Perhaps };
            Failed { failure: secrets.hide_failure(error.into()), ran }
        })?;
        let program = self.argv.first().map_or("", String::as_str);
        if !finished.success() {
            return Err(Failed {
                failure: secrets.hide_failure(ended(program, &finished, &withheld, "sh")),
                ran: HasRun::ToItsEnd,
            });
        }
        let shown = |text: &str| secrets.hide(text).into();
        Ok(ScriptOutput { status: 0, stdout: shown(&finished.stdout), stderr: shown(&finished.stderr) })
    }
}

/// The failure for a program that ended with anything but 0; `withheld` are the variables that it did not get, which `env` of `section`
/// would pass.
pub(in crate::effects) fn ended(program: &str, finished: &ProgramExit, withheld: &[String], section: &str) -> Failure {
    let failure = Failure::new(FailureKind::Command, format!("`{program}` ended with {}", finished.ending()));
    let output = if finished.stderr.trim().is_empty() { &finished.stdout } else { &finished.stderr };
    let mut last: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).rev().take(20).collect();
    last.reverse();
    let failure = last.iter().rev().take(3).rev().fold(failure, |failure, line| failure.cause(line));
    let failure = if withheld.is_empty() {
        failure
    } else {
        failure.hint(format!(
            "if it needs one of these variables, which it did not get, [{section}] env = [\"NAME\"] in relwf.toml passes it: {}",
            shortened(withheld, 8)
        ))
    };
    failure.detail(json!({ "status": finished.code, "output": last }))
}

impl TypedEffect for Sh {
    type Facts = ();
    type Answer = ScriptOutput;

    fn prepare(&self, _cx: &Performing<'_>) -> Result<(), Failure> {
        self.allowed()
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, ()>) -> Result<ScriptOutput, WriteError> {
        self.run(cx, Some(intent.key)).map_err(|failed| match failed.ran {
            HasRun::No | HasRun::ToItsEnd => WriteError::Refused(failed.failure),
            HasRun::Perhaps => WriteError::Unknown(failed.failure),
        })
    }

    fn probe(&self, _cx: &Performing<'_>, _intent: TypedIntent<'_, ()>) -> Result<Probe<ScriptOutput>, Failure> {
        Ok(Probe::Unknown(format!("whether `{}` finished cannot be looked up", self.argv.join(" "))))
    }

    fn on_unknown(&self) -> OnUnknown {
        self.args.on_unknown
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<ScriptOutput>, Failure> {
        self.allowed()?;
        let program = self.argv.first().map_or("", String::as_str);
        let value = ScriptOutput {
            status: 0,
            stdout: OrUnknown::unknown(format!("output of {program}")),
            stderr: OrUnknown::unknown(format!("error output of {program}")),
        };
        Ok(Assumed { value, note: Some(format!("assuming `{program}` succeeds")) })
    }
}
