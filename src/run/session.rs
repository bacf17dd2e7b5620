//! One evaluation of a script: answers its calls from the history, collects those that have no answer yet.
//!
//! Keys, fingerprints and divergence are decided here and nowhere else.

use super::{Call, Fingerprint, History, Key, Path};
use crate::model::{Cancel, Failure, Place, Value};

/// What a call gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The journal has its value.
    Value(Value),
    /// The journal has its failure; the script may catch it.
    Failure(Failure),
    /// No answer in this evaluation: unwind. The session knows why.
    Stop,
}

/// A call that has no outcome yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its place in the run.
    pub key: Key,
    /// What was asked.
    pub call: Call,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
}

/// How a step or a branch was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It returned.
    Done,
    /// It threw.
    Failed,
    /// It unwound: [`Answer::Stop`].
    Stopped,
}

/// What one evaluation passed through, for listeners. The driver announces each only once.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// A step or branch was entered.
    Entered { path: Path, instance: u32, at: Place },
    /// A step or branch was left, not by unwinding.
    Left { path: Path, instance: u32, how: Left },
    /// The script printed.
    Note { path: Path, ordinal: u32, text: String },
}

/// One evaluation.
pub struct Session;

#[allow(unused_variables)]
impl Session {
    /// Answers from `history`; `cancel` stops the script.
    pub fn new(history: std::sync::Arc<History>, cancel: Cancel) -> std::sync::Arc<Self> {
        unimplemented!()
    }
    /// A host call. The caller unwinds on [`Answer::Stop`].
    pub fn call(&self, call: Call) -> Answer {
        unimplemented!()
    }
    /// Enters a step; every way out must call [`Session::leave`].
    pub fn enter_step(&self, name: &str, at: Place) {
        unimplemented!()
    }
    /// Begins a `flow::parallel`; answers the name its branches are entered with (made unique on this path).
    pub fn begin_parallel(&self, name: &str) -> String {
        unimplemented!()
    }
    /// Enters the branch of one item; every way out must call [`Session::leave`].
    pub fn enter_branch(&self, parallel: &str, item: &str, at: Place) {
        unimplemented!()
    }
    /// Leaves the innermost step or branch.
    pub fn leave(&self, how: Left) {
        unimplemented!()
    }
    /// After a branch answered Stop: must its siblings be left alone too (divergence, ctrl-C)?
    pub fn must_unwind(&self) -> bool {
        unimplemented!()
    }
    /// Has ctrl-C been pressed? Asked from the engine's progress callback.
    pub fn cancelled(&self) -> bool {
        unimplemented!()
    }
    /// The script printed.
    pub fn note(&self, text: &str) {
        unimplemented!()
    }
}
