//! `relwf completions SHELL`: a completion script for the shell.

use super::command_line::Cli;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
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
pub fn run(context: &VerbContext, args: &CompletionsArgs) -> Result<Exit, VerbError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "relwf", &mut text);
    context.out.answer(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
