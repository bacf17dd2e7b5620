//! `relwf demo`: a sample service, and a real promotion on it.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::run::{begin, ended};
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{Invocation, ProcessChoice, Project, Purpose, choose_process, demo, prepare};
use crate::ui::{self, Form, Out};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Make a sample service and promote its master to staging, for real.
///
/// Makes a folder with a bare remote (master, staging, production, some forty commits), a work clone with relwf.toml and
/// the workflows, and six customers' agents. No network, no configuration; nothing outside of the folder is touched
/// but relwf's own state and cache. Remove the folder when you are done.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf demo\n  relwf demo --dir /tmp/try-relwf")]
pub struct DemoArgs {
    /// Where to make it; must be empty or absent.
    #[arg(long, value_name = "DIR", default_value = "relwf-demo")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: DemoArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let dir = context.invocation.dir.join(&args.dir);
    let made = demo(&dir)?;
    let invocation = Invocation { dir: made.project.clone(), config: None, ..context.invocation.clone() };
    // As the operator would type it: relative when it was given so.
    let shown = context.shown(&args.dir.join("service"));
    let command_prefix = format!("relwf -C {shown}");
    ui::demo::made(&context.out, &made, &command_prefix);

    let quiet = match context.out.form {
        Form::Text => Arc::clone(&context.out),
        // One object for everything: the run's own events are in its journal.
        Form::Json => Arc::new(Out::to_writers(Box::new(std::io::sink()), Box::new(std::io::sink()), Form::Text)),
    };
    let inner = VerbContext::of_folder(quiet, invocation, command_prefix.clone());
    let project = Project::open(&inner.invocation)?;
    let chosen = {
        let working = ui::working::Working::new(&inner.out);
        choose_process(project, ProcessChoice::Unsaid, Purpose::Run, working.task(&inner.invocation.cancel))?
    };
    inner.go_by(&chosen);
    let prepared = prepare(&chosen.project, "promote-staging", &BTreeMap::new())?;
    ui::run::process(&inner.out, &chosen.origin, !chosen.texts.is_empty());
    let finished = begin(&inner, chosen, &prepared)?;
    let exit = ended(&inner, &finished);
    let next = ui::demo::next(&command_prefix);
    match context.out.form {
        Form::Text => ui::demo::try_next(&context.out, &next, Path::new(&shown)),
        Form::Json => context.out.answer_json(&json!({
            "demo": made,
            "run": finished.run,
            "status": finished.outcome.status,
            "value": finished.outcome.value,
            "error": finished.outcome.failure,
            "next": next.iter().map(|(command, what)| json!({ "command": command, "what": what })).collect::<Vec<_>>(),
        }))?,
    }
    Ok(exit)
}
