//! What an evaluation carries along: its session, the handlers that a workflow has registered, its finished branches.
//!
//! A script runs on one thread from beginning to end, so the evaluation is that thread's. Engines and programs are
//! shared between threads and keep nothing of an evaluation.

use super::branches::{BranchMemory, ParallelBranch};
use super::end_handler::Handler;
use super::limits::STACK_BYTES;
use super::program_index::Index;
use crate::model::{Failure, FailureKind};
use crate::run::{Parallel, Session};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// One evaluation.
pub(super) struct Evaluating {
    /// Answers the script's calls.
    pub(super) session: Arc<Session>,
    /// Knows the program's files.
    pub(super) index: Arc<Index>,
    /// Of the workflow, or of the branch in which the script is.
    memory: RefCell<BranchMemory>,
}

impl Evaluating {
    pub(super) fn new(session: Arc<Session>, index: Arc<Index>) -> Self {
        Self { session, index, memory: RefCell::default() }
    }

    /// The script enters a branch, in which these parallels answer from memory: what was remembered around it.
    pub(super) fn enter_branch(&self, parallels: HashMap<Parallel, Vec<ParallelBranch>>) -> BranchMemory {
        self.memory.replace(BranchMemory { parallels, ..BranchMemory::default() })
    }

    /// The script leaves a branch: what that has left behind.
    pub(super) fn leave_branch(&self, around: BranchMemory) -> BranchMemory {
        self.memory.replace(around)
    }

    /// The branches of a parallel that was begun before, in the branch in which the script is.
    pub(super) fn recall(&self, parallel: &Parallel) -> Option<Vec<ParallelBranch>> {
        self.memory.borrow_mut().parallels.remove(parallel)
    }

    /// The script may come back to this parallel when the branch around it is entered again.
    pub(super) fn remember(&self, parallel: Parallel, branches: Vec<ParallelBranch>) {
        self.memory.borrow_mut().parallels.insert(parallel, branches);
    }

    /// Registers what is to be done at the end.
    pub(super) fn register(&self, handlers: impl IntoIterator<Item = Rc<Handler>>) {
        self.memory.borrow_mut().handlers.extend(handlers);
    }

    /// What is to be done at the end.
    pub(super) fn handlers(&self) -> Vec<Rc<Handler>> {
        self.memory.borrow().handlers.clone()
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<Evaluating>>> = const { RefCell::new(None) };
}

/// The evaluation of this thread.
pub(super) fn current() -> Option<Rc<Evaluating>> {
    CURRENT.with(|current| current.borrow().clone())
}

/// Has ctrl-C been pressed?
pub(super) fn cancelled() -> bool {
    CURRENT.with(|current| current.borrow().as_ref().is_some_and(|current| current.session.cancelled()))
}

/// Makes an evaluation this thread's until the guard is dropped.
pub(super) fn enter(evaluating: Evaluating) -> Guard {
    let evaluating = Rc::new(evaluating);
    let before = CURRENT.with(|current| current.replace(Some(Rc::clone(&evaluating))));
    Guard { evaluating, before }
}

/// Ends an evaluation when dropped.
pub(super) struct Guard {
    pub(super) evaluating: Rc<Evaluating>,
    before: Option<Rc<Evaluating>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        CURRENT.with(|current| *current.borrow_mut() = self.before.take());
    }
}

/// Runs something on a thread whose stack is large enough for scripts.
///
/// # Errors
///
/// There is no thread to be had, or a bug made it panic.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("script".into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| Failure::new(FailureKind::Io, "no thread could be started for the script").cause(error))?
            .join()
            .map_err(|_| Failure::new(FailureKind::Bug, "the script's evaluation panicked"))
    })
}
