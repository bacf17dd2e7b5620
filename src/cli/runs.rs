//! `relwf runs`: the runs in this machine's journal.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{Listed, runs};
use crate::ui::{self, Form};
use serde_json::json;

/// List the runs of this project, newest first.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf runs\n  relwf runs --json | jq -r '.runs[] | select(.status == \"suspended\").run'"
)]
pub struct RunsArgs {
    /// Of every project on this machine.
    #[arg(long)]
    pub everywhere: bool,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &RunsArgs) -> Result<Exit, VerbError> {
    let listed = if args.everywhere { Listed::Everywhere } else { Listed::Here };
    let rows = runs(&context.journal()?, listed)?;
    match context.out.form {
        Form::Json => context.out.answer_json(&json!({ "runs": rows }))?,
        Form::Text => context.out.answer(&ui::runs::runs(&rows, jiff::Timestamp::now()))?,
    }
    Ok(Exit::Done)
}
