//! `relwf init`: writes relwf.toml, workflows and plugins into a repository.

use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{InitFile, Preset, init_files, write_init_file};
use crate::model::{Failure, FailureKind};
use crate::ui;
use clap::ValueEnum;

/// Write relwf.toml, workflows/ and plugins/ into this repository.
///
/// relwf.toml is made for what is found here: the branches, Gopkg.lock, .travis.yml. Nothing is overwritten without
/// asking; with --no-input files that exist are kept and listed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Presets:\n  full      relwf.toml, every bundled workflow and plugin (they are yours to edit)\n  \
                        workflows as full, without the plugins\n  minimal   relwf.toml alone; the workflows built into relwf are used\n\n\
                        Examples:\n  relwf init\n  relwf init --preset minimal --no-input"
)]
pub struct InitArgs {
    /// How much is written.
    #[arg(long, value_name = "NAME", value_enum, default_value = "full")]
    pub preset: PresetArg,
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PresetArg {
    /// relwf.toml, workflows and plugins.
    Full,
    /// relwf.toml and workflows.
    Workflows,
    /// relwf.toml alone.
    Minimal,
}

/// Runs the verb.
pub fn run(context: &VerbContext, args: &InitArgs) -> Result<Exit, VerbError> {
    let preset = match args.preset {
        PresetArg::Full => Preset::Full,
        PresetArg::Workflows => Preset::Workflows,
        PresetArg::Minimal => Preset::Minimal,
    };
    let files = init_files(&context.invocation, preset)?;
    let mut kept = Vec::new();
    for file in &files {
        if file.exists_differently() && !may_overwrite(context, file) {
            kept.push(file.name.clone());
            continue;
        }
        let written = write_init_file(file)?;
        ui::init::wrote(&context.out, &file.name, written);
    }
    if kept.is_empty() {
        ui::init::next(&context.out);
        return Ok(Exit::Done);
    }
    Err(Failure::new(
        FailureKind::Usage,
        format!("not overwritten, because they exist and differ: {}", kept.join(", ")),
    )
    .hint("move them away, or answer yes when asked (without --no-input, on a terminal)")
    .into())
}

fn may_overwrite(context: &VerbContext, file: &InitFile) -> bool {
    let question = format!("{} exists and is different. Overwrite it?", file.name);
    context.out.agrees(&question, &context.invocation.cancel)
}
