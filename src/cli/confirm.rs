//! The question before a run whose workflow asks first: what would land, shown in short, and one yes or no. Only on a terminal.

use super::exit::Exit;
use super::verb_context::VerbContext;
use super::verb_error::VerbError;
use crate::app::{ChosenProcess, PlannedRun, Prepared, look_ahead};
use crate::model::{Failure, FailureKind};
use crate::run::RunStatus;
use crate::ui::{self, Form, Questions};

/// How it goes on.
pub enum GoOn {
    /// The run may begin.
    Run,
    /// No run begins.
    Stop(Exit),
}

/// Asks, where there is a terminal and the workflow wants it.
pub fn confirm(context: &VerbContext, chosen: &ChosenProcess, prepared: &Prepared) -> Result<GoOn, VerbError> {
    let out = &context.out;
    if !prepared.asks_first() || out.form == Form::Json || out.questions == Questions::Refused {
        return Ok(GoOn::Run);
    }
    let (planned, notes) = look(context, chosen, prepared)?;
    if planned.changes_nothing() {
        ui::confirm::nothing_to_do(out, &planned);
        return Ok(GoOn::Stop(Exit::Done));
    }
    let shown = ui::confirm::in_short(&prepared.workflow, &planned, &notes, &|file| context.text(file));
    out.error_line(&shown);
    if out.input_has_ended() {
        // A program that made the terminal, and not a person at it: the same as where there is none.
        out.error_line("nothing can be answered here, for the input has ended: going on as without a terminal");
        return Ok(GoOn::Run);
    }
    if !out.agrees(ui::confirm::QUESTION, &context.invocation.cancel) {
        return Err(refused(prepared).into());
    }
    // While it was read, another commit may have become the one to land.
    let (now, _) = look(context, chosen, prepared)?;
    if planned.lands_the_same(&now) { Ok(GoOn::Run) } else { Err(changed(prepared).into()) }
}

/// What the run would do, and what the workflow wants to be read.
fn look(
    context: &VerbContext,
    chosen: &ChosenProcess,
    prepared: &Prepared,
) -> Result<(PlannedRun, Vec<String>), VerbError> {
    let listener = ui::confirm::Looking::new(&context.out);
    let planned = look_ahead(chosen, prepared, &listener, listener.task(&context.invocation.cancel))?;
    match planned.outcome.failure {
        Some(stopped) if planned.outcome.status == RunStatus::Interrupted => Err(stopped.into()),
        _ => Ok((planned, listener.notes())),
    }
}

fn refused(prepared: &Prepared) -> Failure {
    let message = format!("{} was not confirmed: no run was begun, and nothing was changed", prepared.workflow);
    Failure::new(FailureKind::Denied, message)
        .hint("answer `y` to go on; `--dry-run` shows every effect, and `--yes` goes on without asking")
}

fn changed(prepared: &Prepared) -> Failure {
    let message = format!(
        "what {} would land has changed since it was shown: no run was begun, and nothing was changed",
        prepared.workflow
    );
    Failure::new(FailureKind::Moved, message).hint("run it again: it shows what would land now")
}
