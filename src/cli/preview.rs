//! `relwf preview SOURCE TARGET`: what a promotion would merge and ship; changes nothing.

use super::command_line::{CrossCheckArg, JsonArg, RepoArgs};
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{PreviewOutcome, preview};
use crate::ui::{self, Form};

/// Show the merge that a promotion would make: conflicts, commits, files, components.
///
/// Nothing is changed: no reference, neither here nor on the remote. Exits 0 when the merge is clean (or there is nothing
/// to merge), 1 when it has conflicts or when git merges differently.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf preview master staging\n  relwf preview v1.4.2 production --json | jq .components\n  \
                        relwf preview HEAD~3 staging --repo ../service.git"
)]
pub struct PreviewArgs {
    /// What would be promoted: branch, tag, commit, HEAD~3. A branch is the remote's branch.
    pub source: String,
    /// Where it would go.
    pub target: String,
    #[command(flatten)]
    pub repo: RepoArgs,
    #[command(flatten)]
    pub cross_check: CrossCheckArg,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &PreviewArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.project()?;
    let answer = {
        let working = ui::working::Working::new(&context.out);
        preview(&project, &args.source, &args.target, working.task(&context.invocation.cancel))?
    };
    match context.out.form {
        Form::Json => context.out.answer_json(&answer)?,
        Form::Text => context.out.answer(&ui::preview::preview(&answer))?,
    }
    if answer.cross_check.agrees == Some(false) {
        return Ok(Exit::Against);
    }
    Ok(match answer.outcome {
        PreviewOutcome::Clean | PreviewOutcome::UpToDate => Exit::Done,
        PreviewOutcome::Conflicts => Exit::Against,
    })
}
