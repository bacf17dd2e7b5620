//! The whole command line: global options, the list of verbs, options that several verbs share.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Release workflows from a checkout.
///
/// relwf builds the promotion merge itself, says which components it ships, tests exactly that merge, lands it, and goes
/// on from there: through approvals, CI and your customers' agents. The process is a Rhai file that you edit.
#[derive(Debug, Parser)]
#[command(
    name = "relwf",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Start here:\n  relwf demo                          try it on a sample service\n  \
                  relwf init                          set up the repository that you are in\n  \
                  relwf preview master staging        what would a promotion ship?\n  \
                  relwf run promote-staging --dry-run\n\n\
                  Exit codes: 0 done or clean, 1 a verdict against (conflict, red check, refusal, failed step), \
                  2 usage, configuration or script error, 3 suspended, 4 in doubt, 70 a bug in relwf, 130 interrupted."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work as if started in DIR.
    // Its own id: `demo --dir` is something else.
    #[arg(id = "directory", short = 'C', value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,
    /// Use this relwf.toml instead of looking for one.
    #[arg(long, value_name = "FILE", global = true, env = "RELWF_CONFIG")]
    pub config: Option<PathBuf>,
    /// When to use colours; NO_COLOR is honoured.
    #[arg(long, value_name = "WHEN", global = true, value_enum, default_value = "auto")]
    pub color: ColorArg,
    /// Print more: every command and where the workflow asks for it; twice: every HTTP request too, without secrets.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Print answers only, and of a run or a failure the one line that matters, with the one thing to type next.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Never ask a question; assume the safe default.
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `--json`.
#[derive(Debug, Clone, Copy, Args)]
pub struct JsonArg {
    /// Answer with JSON on stdout, errors included.
    #[arg(long)]
    pub json: bool,
}

/// `--repo` and `--no-fetch`.
#[derive(Debug, Clone, Args)]
pub struct RepoArgs {
    /// This repository instead of that of relwf.toml: a URL or a path.
    #[arg(long, value_name = "URL-OR-PATH")]
    pub repo: Option<String>,
    /// Answer from what was fetched last.
    #[arg(long)]
    pub no_fetch: bool,
}

/// `--no-cross-check`.
#[derive(Debug, Clone, Copy, Args)]
pub struct CrossCheckArg {
    /// Do not cross-check merges with git; the run's journal records it.
    #[arg(long, alias = "no-certify")]
    pub no_cross_check: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Demo(super::demo::DemoArgs),
    Init(super::init::InitArgs),
    List(super::list::ListArgs),
    Check(super::check::CheckArgs),
    Run(super::run::RunArgs),
    Resume(super::resume::ResumeArgs),
    Runs(super::runs::RunsArgs),
    Show(super::show::ShowArgs),
    Approve(super::approve::ApproveArgs),
    SignOff(super::sign_off::SignOffArgs),
    Changes(super::changes::ChangesArgs),
    Close(super::close::CloseArgs),
    Land(super::land::LandArgs),
    Abandon(super::abandon::AbandonArgs),
    Preview(super::preview::PreviewArgs),
    Delta(super::delta::DeltaArgs),
    Notes(super::notes::NotesArgs),
    MergeTree(super::merge_tree::MergeTreeArgs),
    Candidates(super::candidates::CandidatesArgs),
    Doctor(super::doctor::DoctorArgs),
    Help(super::help::HelpArgs),
    Completions(super::completions::CompletionsArgs),
    /// Print the manual page (roff) to stdout.
    #[command(after_help = "Examples:\n  relwf man | man -l -\n  relwf man > /usr/local/share/man/man1/relwf.1")]
    Man,
    Reference(super::reference::ReferenceArgs),
}

impl Verb {
    /// Is stdout for JSON alone?
    pub fn json(&self) -> bool {
        match self {
            Self::Demo(args) => args.json.json,
            Self::List(args) => args.json.json,
            Self::Check(args) => args.json.json,
            Self::Run(args) => args.json.json,
            Self::Resume(args) => args.json.json,
            Self::Runs(args) => args.json.json,
            Self::Show(args) => args.json.json,
            Self::Approve(args) => args.json.json,
            Self::SignOff(args) => args.json.json,
            Self::Changes(args) => args.json.json,
            Self::Close(args) => args.json.json,
            Self::Land(args) => args.json.json,
            Self::Abandon(args) => args.json.json,
            Self::Preview(args) => args.json.json,
            Self::Delta(args) => args.json.json,
            Self::Notes(args) => args.json.json,
            Self::MergeTree(args) => args.json.json,
            Self::Candidates(args) => args.json.json,
            Self::Doctor(args) => args.json.json,
            Self::Help(args) => args.json.json,
            Self::Init(_) | Self::Completions(_) | Self::Man | Self::Reference(_) => false,
        }
    }

    /// `--repo` and `--no-fetch`, for the verbs that have them.
    pub fn repo(&self) -> Option<&RepoArgs> {
        match self {
            Self::Preview(args) => Some(&args.repo),
            Self::Delta(args) => Some(&args.repo),
            Self::Notes(args) => Some(&args.repo),
            Self::MergeTree(args) => Some(&args.repo),
            Self::Candidates(args) => Some(&args.repo),
            _ => None,
        }
    }

    /// `--no-cross-check`, for the verbs that have it.
    pub fn no_cross_check(&self) -> bool {
        match self {
            Self::Run(args) => args.cross_check.no_cross_check,
            Self::Resume(args) => args.cross_check.no_cross_check,
            Self::Preview(args) => args.cross_check.no_cross_check,
            _ => false,
        }
    }

    /// `--no-fetch` of any verb.
    pub fn no_fetch(&self) -> bool {
        match self {
            Self::Run(args) => args.no_fetch,
            other => other.repo().is_some_and(|repo| repo.no_fetch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_verb() {
        for line in ["relwf -C x -q list", "relwf list -C x -q"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((cli.global.dir, cli.global.quiet), (Some(PathBuf::from("x")), true));
        }
    }
}
