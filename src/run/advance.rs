//! The one idea: `advance(script, params, journal) -> Pending | Done | Failed | Diverged`.

use super::{History, Key, Request, Session};
use crate::model::{Cancel, Failure, Value};
use std::sync::Arc;

/// A workflow that can be evaluated again and again.
pub trait Script: Send + Sync {
    /// Evaluates from the start. Every host call goes through `session`; when that answers [`super::Answer::Stop`] the
    /// script unwinds and this returns [`Evaluation::Stopped`].
    fn evaluate(&self, params: &Value, session: &Arc<Session>) -> Evaluation;
}

/// How one evaluation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluation {
    /// The workflow returned.
    Returned(Value),
    /// The workflow threw and nobody caught it.
    Threw(Failure),
    /// It unwound because the session said so.
    Stopped,
}

/// What a run needs next.
#[derive(Debug, Clone, PartialEq)]
pub enum Advance {
    /// These commands need outcomes; branches of `flow::parallel` give several at once.
    Pending(Vec<Request>),
    /// The workflow returned.
    Done(Value),
    /// The workflow failed.
    Failed(Failure),
    /// Script and journal tell different stories; nothing may be performed.
    Diverged(Failure),
    /// The cancel flag was raised while the script ran.
    Cancelled,
}

/// Evaluates once..
pub fn advance(
    script: &dyn Script,
    params: &Value,
    history: Arc<History>,
    cancel: &Cancel,
) -> (Advance, Vec<super::Trace>) {
    let (advance, traces, _) = advance_in_order(script, params, history, cancel);
    (advance, traces)
}

/// The same, with the keys in the order in which the script asked for them.
pub(super) fn advance_in_order(
    script: &dyn Script,
    params: &Value,
    history: Arc<History>,
    cancel: &Cancel,
) -> (Advance, Vec<super::Trace>, Vec<Key>) {
    let session = Session::new(history, cancel.clone());
    let evaluation = script.evaluate(params, &session);
    let (advance, traces) = session.finish(evaluation);
    (advance, traces, session.order())
}
