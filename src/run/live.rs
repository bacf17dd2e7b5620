//! An evaluation that goes on: the same commands as [`advance`](super::advance()) gives, without evaluating again what has
//! been evaluated in this process.
//!
//! The script has a thread of its own, on which it stands still wherever it waits. It and the driver take turns: one of
//! them runs, the other waits.

use super::advance::{Advance, Script};
use super::session::{PendingMode, Session, Trace};
use super::{CommandRequest, History, Settled};
use crate::model::{Cancel, Failure, FailureKind, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// A script that stands where it waits. Dropped, it unwinds.
pub struct LiveEvaluation<'scope> {
    session: Arc<Session>,
    thread: Option<ScopedJoinHandle<'scope, ()>>,
}

impl<'scope> LiveEvaluation<'scope> {
    /// Evaluates `script` in `scope`, from the start, over what is in `journal`; nothing happens before the first
    /// [`LiveEvaluation::advance`].
    ///
    /// # Errors
    ///
    /// There is no thread to be had.
    pub fn start(
        scope: &'scope Scope<'scope, '_>,
        script: &'scope dyn Script,
        params: &'scope Value,
        journal: Arc<History>,
        cancel: &Cancel,
    ) -> Result<Self, Failure> {
        let session = Session::new(journal, cancel.clone(), PendingMode::Blocks);
        let own = Arc::clone(&session);
        let evaluate = move || {
            own.begin();
            let evaluation = catch_unwind(AssertUnwindSafe(|| script.evaluate(params, &own)));
            own.end(evaluation.map_err(|panic| {
                let what = super::perform::panic_text(panic.as_ref());
                Failure::new(FailureKind::Bug, format!("evaluating the workflow panicked: {what}"))
                    .hint("this is a bug in relwf; please report it")
            }));
        };
        let thread = Builder::new().name("workflow".into()).spawn_scoped(scope, evaluate);
        let thread = thread.map_err(|error| {
            Failure::new(FailureKind::Io, "no thread could be started for the workflow").cause(error)
        })?;
        Ok(Self { session, thread: Some(thread) })
    }

    /// Goes on with these outcomes until the script lacks others, or has ended. What is pending are the commands that are
    /// asked for since the last time; those before that have no outcome yet stay pending.
    ///
    /// # Errors
    ///
    /// The script's evaluation panicked.
    pub fn advance(&mut self, outcomes: Vec<(CommandRequest, Settled)>) -> Result<(Advance, Vec<Trace>), Failure> {
        self.session.go_on(outcomes)
    }
}

impl Drop for LiveEvaluation<'_> {
    fn drop(&mut self) {
        self.session.abandon();
        if let Some(thread) = self.thread.take() {
            // Its panics are caught inside, and told when it is asked to go on.
            let _ = thread.join();
        }
    }
}
