//! `relwf close CHANGE`: closes a change that relwf opened.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::run::{self, ProcessArg, RunArgs};
use super::verb_context::VerbContext;
use super::verb_error::VerbError;

/// Close a change without landing it: says why on it, and deletes the branch that relwf made for it.
///
/// A run that waits for it stops. What has landed stays landed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf changes\n  relwf close 12 --reason 'not this week'")]
pub struct CloseArgs {
    /// Its number: `relwf changes` lists them.
    pub change: u64,
    /// Why; written on it.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// By which relwf.toml, workflows and plugins, where those of this folder differ from the published ones.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub process: Option<ProcessArg>,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb: the workflow `close-change`.
pub fn run(context: &VerbContext, args: CloseArgs) -> Result<Exit, VerbError> {
    let params = [("change", &*args.change.to_string()), ("reason", &args.reason)];
    run::run(context, RunArgs::of_verb("close-change", &params, args.process, args.json))
}
