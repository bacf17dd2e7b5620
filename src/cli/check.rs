//! `relwf check [WORKFLOW…]`: finds mistakes in relwf.toml, workflows and plugins without running them.

use super::command_line::JsonArg;
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{check_here, check_live};
use crate::ui::{self, Form};
use serde_json::json;

/// Check relwf.toml, workflows and plugins without running anything.
///
/// Finds unknown functions and fields ("did you mean"), wrong numbers of arguments, unknown variables and namespaces, words
/// of other languages, names that relwf.toml does not have, plugins that use what they do not declare, headers that are not
/// literal; with `--live`, components that no branch has. Exits 2 when there is a finding.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf check\n  relwf check promote-staging --json\n  relwf check --live")]
pub struct CheckArgs {
    /// Only these workflows (with the plugins they import); all of them and every plugin when none is named.
    #[arg(value_name = "WORKFLOW")]
    pub workflows: Vec<String>,
    /// Look for every component on the branch of every environment too; fetches the remote.
    #[arg(long)]
    pub live: bool,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &CheckArgs) -> Result<Exit, VerbError> {
    let project = context.project()?;
    let checked = {
        let working = ui::working::Working::new(&context.out);
        let task = working.task(&context.invocation.cancel);
        if args.live {
            context.listen_for_interrupts();
            check_live(&project, &args.workflows, task)?
        } else {
            check_here(&project, &args.workflows, task)?
        }
    };
    match context.out.form {
        Form::Json => {
            let findings: Vec<_> = checked.findings.iter().map(|finding| &finding.failure).collect();
            context.out.answer_json(&json!({
                "ok": checked.findings.is_empty(),
                "config": checked.config,
                "workflows": checked.workflows,
                "plugins": checked.plugins,
                "warnings": checked.warnings,
                "findings": findings,
            }))?;
        }
        Form::Text => {
            checked.findings.iter().for_each(|finding| ui::errors::diagnostic(&context.out, finding));
            checked.warnings.iter().for_each(|warning| ui::errors::warning(&context.out, warning));
            ui::workflows::checked(&context.out, &checked);
        }
    }
    Ok(if checked.findings.is_empty() { Exit::Done } else { Exit::Usage })
}
