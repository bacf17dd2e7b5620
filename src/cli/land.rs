//! `relwf land CHANGE`: lands a change that relwf opened.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::run::{self, ProcessArg, RunArgs};
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::landing_branch;
use crate::ui;

/// Land a change that relwf opened, gated as a run is: waits for its checks, lands exactly what it proposes, watches the deploy.
///
/// For what was proposed and left open: the back-merge of a hotfix, or the change of a run that was abandoned. Where there is no forge, this
/// is the merge button. The change of a run that is not over, or in which an approval was refused, is not landed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf changes\n  relwf land 12")]
pub struct LandArgs {
    /// Its number: `relwf changes` lists them.
    pub change: u64,
    /// By which relwf.toml, workflows and plugins, where those of this folder differ from the published ones.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub process: Option<ProcessArg>,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb: the workflow `land-change`.
pub fn run(context: &VerbContext, args: LandArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.project()?;
    let to = {
        let working = ui::working::Working::new(&context.out);
        landing_branch(&project, args.change, working.task(&context.invocation.cancel))?
    };
    let params = [("change", &*args.change.to_string()), ("to", to.as_str())];
    run::run(context, RunArgs::of_verb("land-change", &params, args.process, args.json))
}
