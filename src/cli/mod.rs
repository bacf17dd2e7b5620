//! What people type: clap types, one file per verb. Only this room names clap.
//!
//! A verb reads its arguments, calls the application and hands the answer to `ui`; it decides nothing else but the exit
//! code.

mod abandon;
mod approve;
mod candidates;
mod changes;
mod check;
mod close;
mod command_line;
mod completions;
mod confirm;
mod delta;
mod demo;
mod doctor;
mod exit;
mod help;
mod init;
mod land;
mod list;
mod man;
mod merge_tree;
mod notes;
mod preview;
mod reference;
mod resume;
mod run;
mod runs;
mod show;
mod sign_off;
mod usage;
mod verb_context;
mod verb_error;

use crate::model::{Failure, FailureKind};
use crate::ui::errors;
use clap::Parser;
use command_line::{Cli, Verb};
use exit::Exit;
use std::process::ExitCode;
use verb_context::VerbContext;

/// The whole program: reads the command line, does what it says, answers the exit code.
pub fn main() -> ExitCode {
    let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage::report(&error, &args).into(),
    };
    let context = VerbContext::of_process(&cli);
    let exit = crate::ui::bug::guarded(&context.out, || verb(&context, cli.verb)).unwrap_or(Exit::Bug);
    match context.out.lost() {
        Some(why) => {
            // Stdout is what failed, so that this goes to stderr even where JSON was asked for.
            let failure = Failure::new(FailureKind::Io, "the answer could not be written whole").cause(why);
            context.out.error_line(errors::failure_text(&failure, &errors::no_texts).trim_end());
            exit.worse(Exit::Against)
        }
        None => exit,
    }
    .into()
}

fn verb(context: &VerbContext, verb: Verb) -> Exit {
    let done = match verb {
        Verb::Demo(args) => demo::run(context, args),
        Verb::Init(args) => init::run(context, &args),
        Verb::List(args) => list::run(context, &args),
        Verb::Check(args) => check::run(context, &args),
        Verb::Run(args) => run::run(context, args),
        Verb::Resume(args) => resume::run(context, &args),
        Verb::Runs(args) => runs::run(context, &args),
        Verb::Show(args) => show::run(context, &args),
        Verb::Approve(args) => approve::run(context, &args),
        Verb::Changes(_) => changes::run(context),
        Verb::Close(args) => close::run(context, args),
        Verb::Land(args) => land::run(context, args),
        Verb::SignOff(args) => sign_off::run(context, args),
        Verb::Abandon(args) => abandon::run(context, &args),
        Verb::Preview(args) => preview::run(context, &args),
        Verb::Delta(args) => delta::run(context, &args),
        Verb::Notes(args) => notes::run(context, &args),
        Verb::MergeTree(args) => merge_tree::run(context, &args),
        Verb::Candidates(args) => candidates::run(context, &args),
        Verb::Doctor(args) => doctor::run(context, &args),
        Verb::Completions(args) => completions::run(context, &args),
        Verb::Help(args) => help::run(context, &args),
        Verb::Man => man::run(context),
        Verb::Reference(args) => reference::run(context, &args),
    };
    match done {
        Ok(exit) => exit,
        Err(problem) => problem.tell(context),
    }
}
