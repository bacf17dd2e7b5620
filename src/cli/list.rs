//! `relwf list`: the workflows and their parameters.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::script::{Diagnostic, WorkflowHeader};
use crate::ui::{self, Form};
use serde_json::json;

/// List the workflows with their descriptions and parameters.
///
/// They are read without being executed. A file in workflows/ replaces the one of the same name built into relwf.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  relwf list\n  relwf list --json | jq -r '.workflows[].name'\n  relwf run promote-staging --help"
)]
pub struct ListArgs {
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb. A workflow whose header cannot be read is named with its error, and the others are still listed.
pub fn run(context: &VerbContext, _args: &ListArgs) -> Result<Exit, VerbError> {
    let library = context.project()?.library()?;
    let mut headers: Vec<WorkflowHeader> = Vec::new();
    let mut broken: Vec<Diagnostic> = Vec::new();
    for name in library.workflows() {
        match library.header(&name) {
            Ok(header) => headers.push(header),
            Err(diagnostic) => broken.push(diagnostic),
        }
    }
    match context.out.form {
        Form::Json => {
            let errors: Vec<_> = broken.iter().map(|diagnostic| &diagnostic.failure).collect();
            context.out.answer_json(&json!({ "workflows": headers, "errors": errors }))?;
        }
        Form::Text => {
            context.out.answer(&ui::workflows::list(&headers))?;
            broken.iter().for_each(|diagnostic| ui::errors::diagnostic(&context.out, diagnostic));
        }
    }
    Ok(if broken.is_empty() { Exit::Done } else { Exit::Usage })
}
