//! `relwf help`: verbs, workflows, host functions.

use super::command_line::{Cli, JsonArg};
use super::exit::Exit;
use super::usage;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::functions;
use crate::model::{Failure, FailureKind, nearest};
use crate::ui::{self, Form};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;

/// The topic that is no command.
const FUNCTIONS: &str = "functions";

/// Explain a command, or the host functions that workflows call.
///
/// `relwf help functions` lists them, with a name it shows one: what it takes, what it answers, what it throws.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf help run\n  relwf help functions\n  relwf help functions git::merge\n  relwf help functions \
                  --definitions > relwf.d.rhai    for editors with a Rhai language server"
)]
pub struct HelpArgs {
    /// A command, or `functions`.
    pub topic: Option<String>,
    /// Of `functions`: one of them, or a namespace; of `run`: a workflow.
    pub name: Option<String>,
    #[command(flatten)]
    pub json: JsonArg,
    /// `functions` as definitions for a Rhai language server.
    #[arg(long, conflicts_with = "json")]
    pub definitions: bool,
}

/// Does it.
pub fn run(context: &VerbContext, args: &HelpArgs) -> Result<Exit, VerbError> {
    if args.topic.as_deref() != Some(FUNCTIONS) {
        refuse(args)?;
        let topic = args.topic.as_deref().into_iter().chain(args.name.as_deref());
        let line: Vec<OsString> = ["relwf"].into_iter().chain(topic).chain(["--help"]).map(Into::into).collect();
        return Ok(match Cli::try_parse_from(&line) {
            // A verb that explains itself, as `run` does with a workflow.
            Ok(cli) => super::verb(context, cli.verb),
            Err(error) => usage::report(&error, &line),
        });
    }
    let wanted = functions(args.name.as_deref())?;
    let text = match (&context.out.form, wanted.as_slice()) {
        (Form::Json, functions) => {
            context.out.answer_json(&ui::functions::json(functions))?;
            return Ok(Exit::Done);
        }
        (Form::Text, functions) if args.definitions => ui::functions::definitions(functions),
        (Form::Text, [one]) => ui::functions::one(one),
        (Form::Text, functions) => ui::functions::list(functions),
    };
    context.out.answer(&text)?;
    Ok(Exit::Done)
}

/// Refuses what only `functions` has, and what is nearly its name.
fn refuse(args: &HelpArgs) -> Result<(), Failure> {
    let topic = args.topic.as_deref().unwrap_or_default();
    let usage = |message: String, hint: &str| Err(Failure::new(FailureKind::Usage, message).hint(hint));
    let known = Cli::command().find_subcommand(topic).is_some();
    if topic.contains("::") {
        let hint = format!("`relwf help {FUNCTIONS} {topic}` shows a host function");
        return usage(format!("there is no command `{topic}`"), &hint);
    }
    if !known && nearest(topic, [FUNCTIONS]).is_some() {
        return usage(format!("there is no command `{topic}`"), &format!("did you mean `{FUNCTIONS}`?"));
    }
    // A workflow explains itself.
    let workflow = topic == "run" && args.name.is_some();
    if args.definitions {
        return usage("only functions have definitions".to_owned(), "`relwf help functions --definitions`");
    }
    if args.json.json && !workflow {
        return usage(
            "only functions and workflows are explained as JSON".to_owned(),
            "`relwf help functions --json`, or `relwf help run WORKFLOW --json`",
        );
    }
    match &args.name {
        Some(name) if known && !workflow => {
            usage(format!("unexpected argument `{name}`"), &format!("`relwf help {topic}` explains the command"))
        }
        _ => Ok(()),
    }
}
