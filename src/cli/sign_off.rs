//! `relwf sign-off CONTEXT`: gives the verdict of a check that people give.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::run::{self, ProcessArg, RunArgs};
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::actor_of;

/// Sign off a commit: say under the name of a check that it is good, or with --red that it is not.
///
/// A landing waits for every check that its environment or the forge requires; one that no CI reports is given here. It is a status on the
/// forge, or a record where there is none, with who and why, and it is journaled: `relwf show` has it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf sign-off qa/signoff --commit 1a2b3c4 --reason 'tried on beta'\n  \
                        relwf sign-off qa/signoff --commit 1a2b3c4 --red --reason 'login is slow'")]
pub struct SignOffArgs {
    /// The check, as `checks` of the environment name it.
    pub context: String,
    /// The commit that was looked at: what the change proposes.
    #[arg(long)]
    pub commit: String,
    /// It is not good.
    #[arg(long)]
    pub red: bool,
    /// Why; shown beside the check.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// By which relwf.toml, workflows and plugins, where those of this folder differ from the published ones.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub process: Option<ProcessArg>,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb: the workflow of that name.
pub fn run(context: &VerbContext, args: SignOffArgs) -> Result<Exit, VerbError> {
    let state = if args.red { "red" } else { "green" };
    let by = actor_of(&context.project()?);
    let params = [
        ("context", &*args.context),
        ("commit", &*args.commit),
        ("state", state),
        ("reason", &*args.reason),
        ("by", &*by),
    ];
    run::run(context, RunArgs::of_verb("sign-off", &params, args.process, args.json))
}
