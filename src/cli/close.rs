//! `relwf close CHANGE`: closes a change that relwf opened.

use super::command_line::{CrossCheckArg, JsonArg};
use super::exit::Exit;
use super::run::{self, RunArgs};
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
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb: the workflow `close-change`.
pub fn run(context: &VerbContext, args: CloseArgs) -> Result<Exit, VerbError> {
    let run = RunArgs {
        workflow: Some("close-change".to_owned()),
        params: vec![format!("change={}", args.change), format!("reason={}", args.reason)],
        dry_run: false,
        no_fetch: false,
        process: None,
        cross_check: CrossCheckArg { no_cross_check: false },
        json: args.json,
        help: false,
    };
    run::run(context, run)
}
