//! `relwf completions SHELL`: a completion script for the shell.

use super::command_line::Cli;
use super::context::Context;
use super::exit::Exit;
use super::problem::Problem;
use clap::CommandFactory;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf completions bash > ~/.local/share/bash-completion/completions/relwf\n  \
                        relwf completions zsh > ~/.zfunc/_relwf")]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Runs the verb.
pub fn run(context: &Context, args: &CompletionsArgs) -> Result<Exit, Problem> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "relwf", &mut text);
    context.out.answer(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
