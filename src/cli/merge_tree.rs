//! `relwf merge-tree OURS THEIRS` and `--stdin`: the merge alone, for scripts.

use super::command_line::{JsonArg, RepoArgs};
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{MergePool, Question, Reply, TreeAnswer, TreeMerger};
use crate::model::{Failure, FailureKind};
use crate::ui::{Form, Out, merge_tree as lines, working::Working};
use serde_json::json;
use std::sync::Arc;

/// Merge THEIRS into OURS and print the resulting tree; nothing else (plumbing).
///
/// Prints the tree's id when the merge is clean, else `CONFLICT` and what conflicts as kind:path. A local repository is
/// used as it is: nothing is fetched and nothing is written to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  relwf merge-tree staging master --repo ../service.git\n  \
                        git rev-list --merges HEAD | while read m; do echo $m^1 $m^2; done | relwf merge-tree --stdin --repo .")]
pub struct MergeTreeArgs {
    /// The commit that is merged into.
    #[arg(required_unless_present = "stdin")]
    pub ours: Option<String>,
    /// The commit that is merged.
    #[arg(required_unless_present = "stdin")]
    pub theirs: Option<String>,
    /// Read `OURS THEIRS` lines and answer one line for each, in order; a pair that cannot be merged answers `ERROR message`.
    #[arg(long, conflicts_with_all = ["ours", "theirs"])]
    pub stdin: bool,
    #[command(flatten)]
    pub repo: RepoArgs,
    #[command(flatten)]
    pub json: JsonArg,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &MergeTreeArgs) -> Result<Exit, VerbError> {
    if !args.stdin {
        context.listen_for_interrupts();
    }
    let project = context.project()?;
    let working = Working::new(&context.out);
    let task = working.task(&context.invocation.cancel);
    match (&args.ours, &args.theirs) {
        (Some(ours), Some(theirs)) => {
            let merger = TreeMerger::open(&project, task)?;
            working.done();
            let answer = merger.merge(ours, theirs)?;
            context.out.answer_line(&line(context, &answer))?;
            Ok(if answer.clean { Exit::Done } else { Exit::Against })
        }
        _ => {
            let pool = MergePool::open(&project, task)?;
            working.done();
            stdin(context, pool)
        }
    }
}

/// Answers line by line. Each line carries its own verdict, so the exit code says only that all were answered, as git's
/// `merge-tree --stdin` does.
fn stdin(context: &VerbContext, pool: MergePool) -> Result<Exit, VerbError> {
    let out = Arc::clone(&context.out);
    pool.answer_all(move || next(&out), |reply| context.out.answer_line(&rendered(context, &reply)))?;
    Ok(Exit::Done)
}

/// The next line that is not empty.
fn next(out: &Out) -> Option<Question> {
    loop {
        let text = out.read_line()?;
        let mut words = text.split_whitespace().map(str::to_owned);
        return Some(match (words.next(), words.next(), words.next()) {
            (None, ..) => continue,
            (Some(ours), Some(theirs), None) => Ok((ours, theirs)),
            _ => Err(Failure::new(FailureKind::Usage, "a line must be OURS THEIRS")),
        });
    }
}

fn rendered(context: &VerbContext, reply: &Reply) -> String {
    match (reply, context.out.form) {
        (Ok(answer), _) => line(context, answer),
        (Err(failure), Form::Json) => json!({ "error": failure }).to_string(),
        (Err(failure), Form::Text) => lines::error(failure),
    }
}

fn line(context: &VerbContext, answer: &TreeAnswer) -> String {
    match context.out.form {
        Form::Json => serde_json::to_string(answer).unwrap_or_else(|error| error.to_string()),
        Form::Text => lines::answer(answer),
    }
}
