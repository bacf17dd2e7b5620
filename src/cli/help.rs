//! `relwf help`: verbs, workflows, host functions.

use super::command_line::{Cli, JsonArg};
use super::exit::Exit;
use super::usage;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::functions;
use crate::ui::{self, Form};
use clap::Parser;
use std::ffi::OsString;

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
    /// Of `functions`: one of them, or a namespace.
    pub name: Option<String>,
    #[command(flatten)]
    pub json: JsonArg,
    /// `functions` as definitions for a Rhai language server.
    #[arg(long, conflicts_with = "json")]
    pub definitions: bool,
}

/// Does it.
pub fn run(context: &VerbContext, args: &HelpArgs) -> Result<Exit, VerbError> {
    if args.topic.as_deref() != Some("functions") {
        let line: Vec<OsString> =
            ["relwf"].into_iter().chain(args.topic.as_deref()).chain(["--help"]).map(Into::into).collect();
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
