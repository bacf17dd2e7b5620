//! `relwf reference PAGE`, hidden: the pages of the book that come from declarations.

use super::command_line::Cli;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app;
use crate::ui;
use clap::{Arg, Command, CommandFactory, ValueEnum};
use std::fmt::Write;

/// Print a page of the reference as Markdown.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct ReferenceArgs {
    /// The page.
    pub page: Page,
}

/// The generated pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// Host functions.
    Functions,
    /// Keys of relwf.toml.
    Config,
    /// Verbs and their options.
    Commands,
    /// Exit codes.
    ExitCodes,
}

/// Does it.
pub fn run(context: &VerbContext, args: &ReferenceArgs) -> Result<Exit, VerbError> {
    let text = match args.page {
        Page::Functions => ui::reference::functions(&app::functions(None)?),
        Page::Config => ui::reference::config(&app::config_tables()),
        Page::Commands => commands(),
        Page::ExitCodes => exit_codes(),
    };
    context.out.answer(text.trim_end())?;
    Ok(Exit::Done)
}

fn exit_codes() -> String {
    let mut page = ui::reference::page("Exit codes");
    page.push_str("| Code | Meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        let _ = writeln!(page, "| {} | {} |", exit.code(), exit.meaning());
    }
    page.push_str(
        "\nAnswers go to standard output, everything else to standard error. With `--json` standard output holds JSON only, errors \
         included.\n",
    );
    page
}

fn commands() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = ui::reference::page("Commands");
    page.push_str("`relwf VERB --help` prints the same.\n\n## Options of every verb\n\n");
    let global: Vec<&Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).collect();
    options(&mut page, &global);
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        section(&mut page, verb);
    }
    page
}

fn section(page: &mut String, verb: &Command) {
    let name = verb.get_name();
    let about = verb.get_long_about().or(verb.get_about()).map(|text| escaped(&text.to_string())).unwrap_or_default();
    let usage = verb.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    let _ = writeln!(page, "\n## relwf {name}\n\n{about}\n\n```text\n{usage}\n```\n");
    let own: Vec<&Arg> = verb
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help")
        .collect();
    options(page, &own);
    if let Some(after) = verb.get_after_help().map(ToString::to_string) {
        let _ = writeln!(page, "\n```text\n{}\n```", after.trim());
    }
}

fn options(page: &mut String, arguments: &[&Arg]) {
    if arguments.is_empty() {
        return;
    }
    page.push_str("| | |\n|---|---|\n");
    for argument in arguments {
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "| `{}` | {} |", spelled(argument), escaped(&help).replace('\n', " "));
    }
}

/// `-v, --verbose`, `--param <K=V>`, `<WORKFLOW>`.
fn spelled(argument: &Arg) -> String {
    let short = argument.get_short().map(|letter| format!("-{letter}"));
    let long = argument.get_long().map(|word| format!("--{word}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    let values = argument.get_value_names().filter(|_| argument.get_action().takes_values()).unwrap_or_default();
    let values: Vec<String> = values.iter().map(|value| format!("<{value}>")).collect();
    [flags.join(", "), values.join(" ")].join(" ").trim().replace('|', "\\|")
}

/// Text as it is shown, also where it holds what Markdown would read.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace("[[", "\\[\\[").replace('|', "\\|")
}
