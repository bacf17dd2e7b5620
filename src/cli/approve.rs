//! `relwf approve RUN`: approves or refuses what a run waits for.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{approve, find_run};
use crate::model::{Failure, FailureKind};
use crate::run::{Key, ParseKeyError};
use crate::ui::Form;
use serde_json::json;

/// Approve, or refuse, what a run waits for.
///
/// The decision holds for exactly what the run shows now; the first decision counts. `relwf resume RUN` then continues the
/// run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf approve r0g2\n  relwf approve r0g2 --deny --reason 'the error rate is up'")]
pub struct ApproveArgs {
    /// The run, or the first characters of its id.
    pub run: String,
    /// Refuse.
    #[arg(long)]
    pub deny: bool,
    /// Which approval, when the run waits for several: its key, as `relwf show` names it.
    #[arg(long)]
    pub key: Option<String>,
    /// Why; recorded with the decision.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &ApproveArgs) -> Result<Exit, VerbError> {
    let project = context.journal()?;
    let run = find_run(&project, &args.run)?;
    let key = args.key.as_deref().map(key_of).transpose()?;
    let decided = approve(&project, &run, key.as_ref(), !args.deny, args.reason.clone())?;
    match context.out.form {
        Form::Json => context.out.answer_json(&json!({
            "run": run, "approved": !args.deny, "actor": decided.actor, "message": decided.message,
        }))?,
        Form::Text => {
            let word = if args.deny { "refused" } else { "approved" };
            context.out.say(&format!("{word} by {}: {}", decided.actor, decided.message));
            context.out.say(&format!("continue with: {} resume {run}", context.command_prefix));
        }
    }
    Ok(Exit::Done)
}

fn key_of(text: &str) -> Result<Key, Failure> {
    text.parse().map_err(|_: ParseKeyError| {
        Failure::new(FailureKind::Usage, format!("`{text}` is not the key of an approval"))
            .hint("`relwf show RUN` names the keys, e.g. `approve#0`")
    })
}
