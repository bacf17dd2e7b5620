//! Usage errors, `--help` and `--version`.

use super::exit::Exit;
use crate::model::{Failure, FailureKind};
use crate::ui::{self, Colour, Form, Out, Questions, Verbosity};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Says what is wrong; help and version are answers, not errors.
pub fn report(error: &clap::Error, args: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let out = Out::of_process(Form::Text, Verbosity::Normal, Colour::Auto, Questions::Refused);
            ui::errors::unless_broken(out.answer(&error.render().ansi().to_string()));
            Exit::Done
        }
        _ if args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json") => {
            let out = Out::of_process(Form::Json, Verbosity::Quiet, Colour::Never, Questions::Refused);
            ui::errors::failure(&out, &as_failure(error), &ui::errors::no_texts);
            Exit::Usage
        }
        _ => {
            let out = Out::of_process(Form::Text, Verbosity::Normal, Colour::Auto, Questions::Refused);
            out.error_line(error.render().ansi().to_string().trim_end());
            if lacks_workflow(error) {
                out.error_line(&format!("\nhint: {WORKFLOWS}"));
            }
            Exit::Usage
        }
    }
}

const WORKFLOWS: &str = "`relwf list` names the workflows";

fn lacks_workflow(error: &clap::Error) -> bool {
    let lacking = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(lacking)) => {
            lacking.iter().any(|arg| arg.trim_matches(['<', '[', '>', ']']) == "WORKFLOW")
        }
        _ => false,
    };
    error.kind() == ErrorKind::MissingRequiredArgument && lacking
}

/// The error as data: its first line is the message, its suggestion or its usage line the hint.
fn as_failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let mut message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    // Missing arguments are listed below the first line.
    let listed: Vec<&str> = text.lines().skip(1).take_while(|line| line.starts_with("  ")).map(str::trim).collect();
    if !listed.is_empty() {
        message = format!("{message} {}", listed.join(" "));
    }
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) => texts.first().cloned(),
            _ => None,
        });
    let hint = match suggested {
        Some(text) => format!("did you mean `{text}`?"),
        None if lacks_workflow(error) => WORKFLOWS.to_owned(),
        None => "see `relwf --help`".to_owned(),
    };
    Failure::new(FailureKind::Usage, message).hint(hint)
}
