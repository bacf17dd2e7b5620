//! `relwf notes [FROM TO]`: release notes.

use super::command_line::{JsonArg, RepoArgs};
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{NotesForm, notes, notes_text};
use crate::ui::{self, Form};

/// Print release notes: changes by pull request and author, other commits, components with what they changed from and to.
///
/// Without FROM and TO: what landed last on the branch of the last environment, production. Which pull request or merge request a
/// commit came with is read from its message, as GitHub, GitLab and Forgejo write it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf notes\n  relwf notes release-2026-11-30 production --markdown\n  \
                  relwf notes HEAD~20 HEAD --repo . --json | jq '.changes[].title'")]
pub struct NotesArgs {
    /// The older commit: anything git understands; a branch is the remote's branch.
    #[arg(requires = "to")]
    pub from: Option<String>,
    /// The newer commit.
    pub to: Option<String>,
    /// As Markdown, for a release or an announcement.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    #[command(flatten)]
    pub repo: RepoArgs,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &NotesArgs) -> Result<Exit, VerbError> {
    context.listen_for_interrupts();
    let project = context.project()?;
    let between = args.from.as_deref().zip(args.to.as_deref());
    let answer = {
        let working = ui::working::Working::new(&context.out);
        notes(&project, between, working.task(&context.invocation.cancel))?
    };
    let form = if args.markdown { NotesForm::Markdown } else { NotesForm::Plain };
    match context.out.form {
        Form::Json => context.out.answer_json(&answer)?,
        Form::Text => context.out.answer(&notes_text(&answer, form))?,
    }
    Ok(Exit::Done)
}
