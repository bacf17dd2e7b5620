//! `relwf delta BASE HEAD`: how the versions of components differ between two commits.

use super::command_line::{JsonArg, RepoArgs};
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::delta;
use crate::ui::{self, Form};

/// Show which components change between two commits, and from which version to which.
///
/// A manifest that cannot be read is reported in its component's row; the other components are still shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf delta production staging\n  relwf delta HEAD~1 HEAD --repo . --json")]
pub struct DeltaArgs {
    /// The older commit: anything git understands; a branch is the remote's branch.
    pub base: String,
    /// The newer commit.
    pub head: String,
    #[command(flatten)]
    pub repo: RepoArgs,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &DeltaArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.project()?;
    let answer = {
        let working = ui::working::Working::new(&context.out);
        delta(&project, &args.base, &args.head, working.task(&context.invocation.cancel))?
    };
    match context.out.form {
        Form::Json => context.out.answer_json(&answer)?,
        Form::Text => context.out.answer(&ui::components::components(&answer.components))?,
    }
    Ok(Exit::Done)
}
