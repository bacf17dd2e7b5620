//! `relwf run WORKFLOW`: runs a workflow, or with `--dry-run` shows what it would do.

use super::command_line::{Cli, CrossCheckArg, JsonArg};
use super::confirm::{GoOn, confirm};
use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{
    ChosenProcess, FinishedRun, Prepared, ProcessChoice, Purpose, choose_process, dry_run, prepare, start,
};
use crate::model::{Failure, FailureKind};
use crate::ui::{self, Form};
use clap::CommandFactory;
use std::collections::BTreeMap;

/// Run a workflow, or show what it would do.
///
/// Configuration, workflow and plugins are checked first: what is found there exits 2 with nothing done. The run is
/// journaled: after ctrl-C, kill -9 or a reboot `relwf resume` goes on where it stopped, and no effect is repeated
/// blindly.
///
/// `relwf run WORKFLOW --help` shows the workflow's own text and parameters.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = "Examples:\n  relwf run promote-staging --dry-run\n  relwf run promote-staging --param commit=1a2b3c4\n  \
                  relwf run promote-production --param soak=2d --json\n  relwf run promote-staging --help"
)]
pub struct RunArgs {
    /// The workflow: `relwf list` names them.
    #[arg(required_unless_present = "help")]
    pub workflow: Option<String>,
    /// A parameter; may be given several times.
    #[arg(short, long = "param", value_name = "K=V")]
    pub params: Vec<String>,
    /// Show the merge, the components and every effect with its place in the workflow, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask first. On a terminal a promotion or a rollback, and what else has `confirm: true`, shows what would land and asks
    /// once; without a terminal, with --json or --no-input, nothing is asked.
    #[arg(short, long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Work with what was fetched last.
    #[arg(long)]
    pub no_fetch: bool,
    /// By which relwf.toml, workflows and plugins: the published ones, or those of this folder where they differ.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub process: Option<ProcessArg>,
    #[command(flatten)]
    pub cross_check: CrossCheckArg,
    #[command(flatten)]
    pub json: JsonArg,
    /// Print help; with a workflow, its text and parameters.
    #[arg(short, long)]
    pub help: bool,
}

impl RunArgs {
    /// A verb that is a workflow of its own.
    pub fn of_verb(workflow: &str, params: &[(&str, &str)], process: Option<ProcessArg>, json: JsonArg) -> Self {
        Self {
            workflow: Some(workflow.to_owned()),
            params: params.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            dry_run: false,
            yes: false,
            no_fetch: false,
            process,
            cross_check: CrossCheckArg { no_cross_check: false },
            json,
            help: false,
        }
    }
}

/// `--process`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ProcessArg {
    /// As the remote's default branch, or `[process] branch`, has them.
    Published,
    /// The files of this folder; the change says so.
    Local,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: RunArgs) -> Result<Exit, VerbError> {
    let workflow = match (args.workflow, args.help) {
        (Some(workflow), true) => return help(context, &workflow),
        (Some(workflow), false) => workflow,
        (None, _) => return own_help(context),
    };
    context.listen_for_interrupts();
    let params = given(&args.params)?;
    let purpose = if args.dry_run { Purpose::Look } else { Purpose::Run };
    let choice = match args.process {
        None => ProcessChoice::Unsaid,
        Some(ProcessArg::Published) => ProcessChoice::Published,
        Some(ProcessArg::Local) => ProcessChoice::Local,
    };
    // A relwf.toml that is wrong here does not matter to a run that goes by the published one.
    let project = if choice == ProcessChoice::Published { context.journal()? } else { context.project()? };
    let chosen = {
        let working = ui::working::Working::new(&context.out);
        choose_process(project, choice, purpose, working.task(&context.invocation.cancel))
    };
    let chosen = match chosen {
        Ok(chosen) => chosen,
        // Where the remote does not answer either, what is wrong here is the nearer news.
        Err(failure) => {
            if failure.kind != FailureKind::Config {
                prepare(&context.project()?, &workflow, &params)?;
            }
            return Err(failure.into());
        }
    };
    context.go_by(&chosen);
    let prepared = prepare(&chosen.project, &workflow, &params)?;
    ui::run::process(&context.out, &chosen.origin, !chosen.texts.is_empty());
    if args.dry_run {
        return plan(context, chosen, &prepared);
    }
    if !args.yes
        && let GoOn::Stop(exit) = confirm(context, &chosen, &prepared)?
    {
        return Ok(exit);
    }
    let finished = begin(context, chosen, &prepared)?;
    Ok(ended(context, &finished))
}

/// Starts a run and drives it as far as it goes.
pub fn begin(context: &VerbContext, chosen: ChosenProcess, prepared: &Prepared) -> Result<FinishedRun, VerbError> {
    let listener = ui::run::listener(&context.out);
    Ok(start(chosen, prepared, &*listener, &ui::bug::working_on)?)
}

/// Tells how a run ended, and answers the exit code.
pub fn ended(context: &VerbContext, finished: &FinishedRun) -> Exit {
    ui::run::finished(&context.out, finished, &context.command_prefix, &|file| context.text(file));
    Exit::of_run(finished.outcome.status, finished.outcome.failure.as_ref().map(|failure| failure.kind))
}

fn plan(context: &VerbContext, chosen: ChosenProcess, prepared: &Prepared) -> Result<Exit, VerbError> {
    let listener = ui::run::planning(&context.out);
    let planned = dry_run(chosen, prepared, &*listener)?;
    if context.out.form == Form::Text {
        context.out.answer(&ui::plan::planned(&planned, &|file| context.text(file)))?;
    }
    Ok(Exit::of_run(planned.outcome.status, planned.outcome.failure.as_ref().map(|failure| failure.kind)))
}

/// `K=V` pairs; the last one of a name would silently win, so a name may stand only once.
fn given(params: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut given = BTreeMap::new();
    for param in params {
        let Some((name, value)) = param.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::new(FailureKind::Usage, format!("`{param}` is not a parameter"))
                .hint("write it as NAME=VALUE, e.g. --param to=staging"));
        };
        if given.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(
                Failure::new(FailureKind::Usage, format!("the parameter `{name}` is given twice")).hint("give it once")
            );
        }
    }
    Ok(given)
}

fn help(context: &VerbContext, workflow: &str) -> Result<Exit, VerbError> {
    let header = context.project()?.library()?.header(workflow)?;
    match context.out.form {
        Form::Json => context.out.answer_json(&header)?,
        Form::Text => context.out.answer(&ui::workflows::help(&header, &context.command_prefix))?,
    }
    Ok(Exit::Done)
}

fn own_help(context: &VerbContext) -> Result<Exit, VerbError> {
    let mut command = Cli::command();
    command.build();
    let text = command.find_subcommand_mut("run").map(|run| run.render_long_help().ansi().to_string());
    context.out.answer(&text.unwrap_or_default())?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_names_and_values() {
        let words = |params: &[&str]| given(&params.iter().map(|&param| param.to_owned()).collect::<Vec<_>>());
        assert_eq!(
            words(&["a=b=c", "d="]).unwrap().into_iter().collect::<Vec<_>>(),
            [("a".to_owned(), "b=c".to_owned()), ("d".to_owned(), String::new())]
        );
        assert_eq!(words(&["a"]).unwrap_err().kind, FailureKind::Usage);
        assert_eq!(words(&["=b"]).unwrap_err().kind, FailureKind::Usage);
        assert_eq!(words(&["a=1", "a=2"]).unwrap_err().message, "the parameter `a` is given twice");
    }
}
