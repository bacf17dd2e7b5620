//! `relwf man`: one page with every verb.

use super::command_line::Cli;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::model::{Failure, FailureKind};
use clap::CommandFactory;

/// Runs the verb.
pub fn run(context: &VerbContext) -> Result<Exit, VerbError> {
    let text =
        page().map_err(|error| Failure::new(FailureKind::Io, "the manual page cannot be written").cause(error))?;
    context.out.answer(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// The program's page, then a section for each verb.
fn page() -> std::io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let man = clap_mangen::Man::new(verb.clone());
        text.extend_from_slice(format!(".SH RELWF {}\n", verb.get_name().to_uppercase()).as_bytes());
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        man.render_extra_section(&mut text)?;
    }
    Ok(text)
}
