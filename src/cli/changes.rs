//! `relwf changes`: what relwf has open on the forge.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::changes;
use crate::ui::{self, Form};
use serde_json::json;

/// List the changes that relwf has open, asked of the forge: pull requests, merge requests, or records where there is no forge.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf changes\n  relwf close 12 --reason 'not this week'")]
pub struct ChangesArgs {
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.project()?;
    let rows = {
        let working = ui::working::Working::new(&context.out);
        changes(&project, working.task(&context.invocation.cancel))?
    };
    match context.out.form {
        Form::Json => context.out.answer_json(&json!({ "changes": rows }))?,
        Form::Text => context.out.answer(&ui::changes::changes(&rows))?,
    }
    Ok(Exit::Done)
}
