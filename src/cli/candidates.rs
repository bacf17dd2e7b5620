//! `relwf candidates SOURCE TARGET`: the commits that could be promoted, newest first.

use super::command_line::{JsonArg, RepoArgs};
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{Line, candidates};
use crate::ui::{self, Form};

/// List the commits that could be promoted, newest first, and why or why not.
///
/// A candidate is a commit of SOURCE that TARGET lacks. It is green when every check that SOURCE's environment requires
/// is green on it, for at least --soak.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf candidates staging production\n  relwf candidates master staging --soak 2h --limit 5"
)]
pub struct CandidatesArgs {
    /// The branch that a release would come from.
    pub source: String,
    /// The branch that it would go to.
    pub target: String,
    /// How long a candidate must have been green, e.g. 90s, 10m, 1h30m, 2d.
    #[arg(long, value_name = "DURATION")]
    pub soak: Option<crate::model::HumanDuration>,
    /// Also commits that came with a merge, not only those along the branch's first parents.
    #[arg(long)]
    pub all: bool,
    /// How many to list at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit)]
    pub limit: u32,
    #[command(flatten)]
    pub repo: RepoArgs,
    #[command(flatten)]
    pub json: JsonArg,
}

fn limit(text: &str) -> Result<u32, &'static str> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or("it must be a whole number from 1")
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &CandidatesArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.project()?;
    let answer = {
        let working = ui::working::Working::new(&context.out);
        let task = working.task(&context.invocation.cancel);
        let line = if args.all { Line::All } else { Line::FirstParent };
        candidates(&project, &args.source, &args.target, args.soak, line, args.limit, task)?
    };
    match context.out.form {
        Form::Json => context.out.answer_json(&answer)?,
        Form::Text => context.out.answer(&ui::candidates::candidates(&answer))?,
    }
    Ok(Exit::Done)
}
