//! Evaluates a script against its journal: `advance(script, params, journal) -> Pending | Done | Failed | Diverged`.

use super::session::{PendingMode, Session, Trace};
use super::{CommandRequest, History};
use crate::model::{Cancel, Failure, Value};
use std::sync::Arc;

/// A workflow that can be evaluated again and again.
pub trait Script: Send + Sync {
    /// Evaluates from the start. Every host call goes through `session`; when that answers [`super::CallAnswer::Stop`] the
    /// script unwinds and this returns [`Evaluation::Stopped`].
    fn evaluate(&self, params: &Value, session: &Arc<Session>) -> Evaluation;
}

/// How one evaluation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluation {
    /// The workflow returned.
    Returned(Value),
    /// The workflow threw, and nothing caught it.
    Threw(Failure),
    /// It unwound because the session said so.
    Stopped,
}

/// What a run needs next.
#[derive(Debug, Clone, PartialEq)]
pub enum Advance {
    /// These commands need outcomes; branches of `flow::parallel` give several at once.
    Pending(Vec<CommandRequest>),
    /// The workflow returned.
    Done(Value),
    /// The workflow failed.
    Failed(Failure),
    /// Script and journal tell different stories; nothing may be performed.
    Diverged(Failure),
    /// The cancel flag was raised while the script ran.
    Cancelled,
}

/// Evaluates once, from the start: what a run is. Within a process [`super::LiveEvaluation`] gives the same for less work.
pub fn advance(script: &dyn Script, params: &Value, journal: Arc<History>, cancel: &Cancel) -> (Advance, Vec<Trace>) {
    let session = Session::new(journal, cancel.clone(), PendingMode::Unwinds);
    let evaluation = script.evaluate(params, &session);
    session.finish(evaluation)
}
