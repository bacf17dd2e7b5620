//! What an evaluation remembers of the branches of `flow::parallel`: one that is over is not evaluated again.

use super::end_handler::Handler;
use crate::model::Failure;
use crate::run::Parallel;
use rhai::Dynamic;
use std::collections::HashMap;
use std::rc::Rc;

/// What the workflow, or a branch, has left so far beside its result.
#[derive(Default)]
pub(super) struct BranchMemory {
    /// What it has registered to be done at the end.
    pub(super) handlers: Vec<Rc<Handler>>,
    /// The branches of its own parallels.
    pub(super) parallels: HashMap<Parallel, Vec<ParallelBranch>>,
}

pub(super) enum ParallelBranch {
    /// It is to be entered, or entered again. Until then the parallels inside it answer from memory.
    Open(HashMap<Parallel, Vec<ParallelBranch>>),
    Over {
        /// What it returned or threw.
        result: Result<Dynamic, Failure>,
        /// What it has registered to be done at the end.
        handlers: Vec<Rc<Handler>>,
    },
}

impl ParallelBranch {
    /// A branch that was never entered.
    pub(super) fn new() -> Self {
        Self::Open(HashMap::new())
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// What the parallels inside it have come to, for an evaluation that begins.
    pub(super) fn take_parallels(&mut self) -> HashMap<Parallel, Vec<Self>> {
        match self {
            Self::Open(parallels) => std::mem::take(parallels),
            Self::Over { .. } => HashMap::new(),
        }
    }
}
