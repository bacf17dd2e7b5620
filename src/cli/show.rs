//! `relwf show RUN`: one run in detail.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{find_run, meant_run, show};
use crate::ui::{self, Form, Verbosity};

/// Show one run: its steps, its commands and how they ended.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf show\n  relwf show r0g2\n  relwf show r0g2 -v          with arguments and pinned files\n  relwf show r0g2 --json"
)]
pub struct ShowArgs {
    /// The run, or the first characters of its id; by default the only one that is open, else the latest.
    pub run: Option<String>,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &ShowArgs) -> Result<Exit, VerbError> {
    let project = context.journal()?;
    let run = match &args.run {
        Some(run) => find_run(&project, run)?,
        None => meant_run(&project)?,
    };
    let story = show(&project, &run)?;
    match context.out.form {
        Form::Json => context.out.answer_json(&story)?,
        Form::Text => {
            let verbose = context.out.verbosity == Verbosity::Verbose;
            context.out.answer(&ui::show::show(&story, verbose, &context.command_prefix))?;
        }
    }
    // An edited journal is no record of what the run did.
    Ok(if story.edited.is_some() { Exit::Against } else { Exit::Done })
}
