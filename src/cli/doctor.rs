//! `relwf doctor`: checks what a run needs, and changes nothing.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{LiveChecks, doctor};
use crate::ui::{self, Form};

/// Look at everything that a run needs: configuration, git, identity, remote, credentials, folders, workflows.
///
/// Read-only. Exits 1 when something would stop a run.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf doctor\n  relwf doctor --json | jq '.findings[] | select(.health == \"bad\")'"
)]
pub struct DoctorArgs {
    /// Also ask the forge and the CI whether a promotion would get through (read-only).
    #[arg(long)]
    pub live: bool,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &DoctorArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let diagnosis = {
        let working = ui::working::Working::new(&context.out);
        let live = if args.live { LiveChecks::Yes } else { LiveChecks::No };
        doctor(&context.invocation, live, working.task(&context.invocation.cancel))
    };
    match context.out.form {
        Form::Json => context.out.answer_json(&diagnosis)?,
        Form::Text => context.out.answer(&ui::doctor::doctor(&diagnosis))?,
    }
    Ok(if diagnosis.ok { Exit::Done } else { Exit::Against })
}
