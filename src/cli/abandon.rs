//! `relwf abandon RUN`: ends a run for good; nothing is undone.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{Abandoned, abandon, find_run};
use crate::model::short_id;
use crate::ui::Form;
use crate::ui::run::still_open;
use serde_json::json;

/// Abandon a run: it will not be resumed, and its target is free again.
///
/// Nothing that it did is undone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf abandon r0g2 --reason 'superseded by the hotfix'")]
pub struct AbandonArgs {
    /// The run, or the first characters of its id.
    pub run: String,
    /// Why; kept with the run.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Does it.
pub fn run(context: &VerbContext, args: &AbandonArgs) -> Result<Exit, VerbError> {
    let project = context.journal()?;
    let run = find_run(&project, &args.run)?;
    let Abandoned { landed, open } = abandon(&project, &run, &args.reason)?;
    match context.out.form {
        Form::Json => context
            .out
            .answer_json(&json!({ "run": run, "status": "abandoned", "reason": args.reason, "open_changes": open }))?,
        Form::Text => {
            context.out.say(&format!("run {run}: abandoned; nothing was undone"));
            for (commit, branch) in landed {
                let commit = short_id(&commit);
                context.out.say(&format!(
                    "{commit} has landed on {branch} and stays there; its deploy is not watched any more"
                ));
            }
            for change in open {
                context.out.say(&still_open(&change, &context.command_prefix));
            }
        }
    }
    Ok(Exit::Done)
}
