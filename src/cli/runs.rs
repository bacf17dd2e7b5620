//! `relwf runs`: the runs in this machine's journal.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{Listed, Which, runs};
use crate::run::RunStatus;
use crate::ui::{self, Form};
use serde_json::json;

/// List the runs of this repository, newest first, whichever clone of it on this machine they were started in.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf runs\n  relwf runs --open\n  relwf runs --failed --limit 5\n  relwf runs --json | jq -r '.runs[] | select(.status == \"suspended\").run'"
)]
pub struct RunsArgs {
    /// Of every repository on this machine.
    #[arg(long)]
    pub everywhere: bool,
    /// Only those that can go on: running, suspended, interrupted, in doubt.
    #[arg(long)]
    pub open: bool,
    /// Only those that failed.
    #[arg(long, conflicts_with = "open")]
    pub failed: bool,
    /// How many to list at most.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &RunsArgs) -> Result<Exit, VerbError> {
    let listed = if args.everywhere { Listed::Everywhere } else { Listed::Repository };
    let which = if args.open { Which::Open } else { Which::All };
    let mut rows = runs(&context.journal()?, which, listed)?;
    rows.retain(|row| !args.failed || row.status == RunStatus::Failed);
    rows.truncate(args.limit.unwrap_or(usize::MAX));
    match context.out.form {
        Form::Json => context.out.answer_json(&json!({ "runs": rows }))?,
        Form::Text if rows.is_empty() && (args.open || args.failed) => {
            context.out.answer(if args.failed { "no failed runs\n" } else { "no open runs\n" })?;
        }
        Form::Text => context.out.answer(&ui::runs::runs(&rows, jiff::Timestamp::now()))?,
    }
    Ok(Exit::Done)
}
