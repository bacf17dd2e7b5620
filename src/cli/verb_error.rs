//! Errors that a verb can end with, and the exit code of each.

use super::exit::Exit;
use super::verb_context::VerbContext;
use crate::app::Unready;
use crate::model::{Failure, FailureKind};
use crate::script::Diagnostic;
use crate::ui::{self, BrokenPipe};
use serde_json::json;

/// Why a verb ends early.
#[derive(Debug)]
pub enum VerbError {
    /// It failed.
    Failure(Failure),
    /// Files of the project are wrong: what the static check found.
    Findings(Vec<Diagnostic>),
    /// The reader of stdout went away: `relwf runs | head -1`.
    BrokenPipe,
}

impl From<Failure> for VerbError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Diagnostic> for VerbError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Findings(vec![diagnostic])
    }
}

impl From<Unready> for VerbError {
    fn from(unready: Unready) -> Self {
        match unready {
            Unready::Failure(failure) => Self::Failure(failure),
            Unready::Findings(findings) => Self::Findings(findings),
        }
    }
}

impl From<BrokenPipe> for VerbError {
    fn from(_: BrokenPipe) -> Self {
        Self::BrokenPipe
    }
}

impl VerbError {
    /// Prints it as text or JSON, and answers the exit code.
    pub fn tell(self, context: &VerbContext) -> Exit {
        let out = &context.out;
        match self {
            Self::Failure(failure) => {
                ui::errors::failure(out, &failure, &|file| context.text(file));
                Exit::of_failure(failure.kind)
            }
            Self::Findings(findings) => {
                match (out.form, findings.as_slice()) {
                    (ui::Form::Json, [first, rest @ ..]) if !rest.is_empty() => {
                        let all: Vec<&Failure> = findings.iter().map(|finding| &finding.failure).collect();
                        let failure = Failure { detail: json!({ "findings": all }), ..first.failure.clone() };
                        ui::errors::failure(out, &failure, &ui::errors::no_texts);
                    }
                    _ => findings.iter().for_each(|finding| ui::errors::diagnostic(out, finding)),
                }
                findings.first().map_or(Exit::Usage, |first| match first.failure.kind {
                    FailureKind::Bug => Exit::Bug,
                    _ => Exit::Usage,
                })
            }
            Self::BrokenPipe => Exit::Done,
        }
    }
}
