//! `relwf resume RUN` and `relwf resume --all`: continues suspended or interrupted runs; `--settle` says what became of
//! effects in doubt.

use super::command_line::{CrossCheckArg, JsonArg};
use super::exit::Exit;
use super::run::ended;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{Project, Scripts, Settlement, continue_run, find_run, resumable, settle};
use crate::journal::DoubtVerdict;
use crate::model::{Failure, FailureKind, RunId, Value};
use crate::run::ParseKeyError;
use crate::ui;

/// Continue a suspended or interrupted run.
///
/// The run goes on with the workflow, plugins and relwf.toml that it began with. An effect whose outcome is not known is
/// looked up on the remote first; where the remote cannot tell, you say what happened with --settle.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf resume r0g2                     a part of the id is enough\n  \
                        relwf resume --all\n  relwf resume r0g2 --script new        with today's files\n  \
                        relwf resume r0g2 --settle 'notify#0=done'")]
pub struct ResumeArgs {
    /// The run, or the first characters of its id.
    #[arg(required_unless_present = "all")]
    pub run: Option<String>,
    /// Every run of this project that can go on.
    #[arg(long, conflicts_with_all = ["run", "settle"])]
    pub all: bool,
    /// Which workflow and plugins: those the run began with, or today's files. Today's must ask for the same effects so
    /// far; if they do not, the run stops before it does anything.
    #[arg(long, value_name = "WHICH", value_enum, default_value = "pinned")]
    pub script: ScriptArg,
    /// Whether an effect in doubt happened: KEY=done (or KEY=done:JSON with the value that the workflow gets), or
    /// KEY=absent: it is then done again. May be given several times.
    #[arg(long, value_name = "KEY=WHAT")]
    pub settle: Vec<String>,
    #[command(flatten)]
    pub cross_check: CrossCheckArg,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Which workflow and plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ScriptArg {
    /// Those the run began with.
    Pinned,
    /// Today's files.
    New,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &ResumeArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.journal()?;
    let scripts = match args.script {
        ScriptArg::Pinned => Scripts::Pinned,
        ScriptArg::New => Scripts::New,
    };
    let Some(run) = &args.run else { return all(context, &project, scripts) };
    let run = find_run(&project, run)?;
    for settlement in &args.settle {
        settle(&project, &run, &settlement_of(settlement)?)?;
    }
    one(context, &project, &run, scripts)
}

fn one(context: &VerbContext, project: &Project, run: &RunId, scripts: Scripts) -> Result<Exit, VerbError> {
    let listener = ui::run::listener(&context.out);
    ui::bug::working_on(run);
    let finished = {
        let working = ui::working::Working::new(&context.out);
        let task = working.task(&context.invocation.cancel);
        continue_run(&project.invocation, run, scripts, &*listener, task, &|_| working.done())?
    };
    Ok(ended(context, &finished))
}

/// One after another; one that cannot go on does not keep the others from it.
fn all(context: &VerbContext, project: &Project, scripts: Scripts) -> Result<Exit, VerbError> {
    let runs = resumable(project)?;
    if runs.is_empty() {
        context.out.say("no run waits or was interrupted");
    }
    let mut exit = Exit::Done;
    for run in runs {
        let one = match one(context, project, &run, scripts) {
            Ok(one) => one,
            Err(problem) => problem.tell(context),
        };
        exit = exit.worse(one);
        if context.invocation.cancel.is_raised() {
            break;
        }
    }
    Ok(exit)
}

fn settlement_of(text: &str) -> Result<Settlement, Failure> {
    let wrong = || {
        Failure::new(FailureKind::Usage, format!("`{text}` does not say what happened"))
            .hint("write KEY=done, KEY=done:JSON (its value) or KEY=absent; `relwf show RUN` names the keys")
    };
    // A key may hold `=` in an item's name; the word behind the last `=done` or `=absent` counts.
    let split = |word: &str| text.rfind(word).map(|at| (&text[..at], &text[at + word.len()..]));
    let (key, verdict) = match (split("=done"), split("=absent")) {
        (Some((key, "")), _) => (key, DoubtVerdict::Happened(Value::Null)),
        (Some((key, value)), _) if value.starts_with(':') => {
            (key, DoubtVerdict::Happened(serde_json::from_str(&value[1..]).map_err(|error| wrong().cause(error))?))
        }
        (_, Some((key, ""))) => (key, DoubtVerdict::Absent),
        _ => return Err(wrong()),
    };
    let key = key.parse().map_err(|error: ParseKeyError| {
        Failure::new(FailureKind::Usage, format!("`{key}` is {error}")).hint("`relwf show RUN` names the keys")
    })?;
    Ok(Settlement { key, verdict })
}
