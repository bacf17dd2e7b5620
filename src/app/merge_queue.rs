//! Many merges at once, answered in the order in which they were asked for.
//!
//! Whoever asks one at a time is answered at once by a single worker; where questions pile up, more of them take part. Knows
//! nothing of lines or words.

use super::project::Project;
use super::setting::{Fetch, Setting};
use super::treemerge::{TreeAnswer, TreeMerger};
use crate::git::Mirror;
use crate::model::{Failure, FailureKind, Watch};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many workers at most: what each has read stays in memory, and they read from the same disk.
const WORKERS: usize = 4;
/// A further worker takes part while more than so many questions wait for each that works already.
const PILE: usize = 16;
/// A worker takes so many questions at a time: neighbours are likely to need the same objects.
const HANDFUL: usize = 8;
/// Whoever asks waits while so many answers are not given yet.
const AHEAD: usize = 1024;

/// What is asked: two revisions, or words that are no question.
pub type Question = Result<(String, String), Failure>;
/// The merge, or why there is none.
pub type Reply = Result<TreeAnswer, Failure>;

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Question)>,
    done: BTreeMap<u64, Reply>,
    asked: u64,
    told: u64,
    /// Nobody asks any more, or nobody listens.
    closed: bool,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn ask(&self, questions: &mut dyn FnMut() -> Option<Question>) {
        while let Some(question) = questions() {
            let mut state = self.state();
            while !state.closed && state.asked - state.told >= AHEAD as u64 {
                state = self.wait(state);
            }
            if state.closed {
                return;
            }
            let number = state.asked;
            state.asked += 1;
            state.waiting.push_back((number, question));
            drop(state);
            self.changed.notify_all();
        }
        self.close();
    }

    /// The next questions for a worker; none when there will be no more.
    fn take(&self, worker: usize) -> Vec<(u64, Question)> {
        let mut state = self.state();
        loop {
            if state.waiting.len() > worker * PILE {
                // The last ones are shared out one by one.
                let handful = HANDFUL.min(state.waiting.len() / WORKERS).max(1);
                return state.waiting.drain(..handful).collect();
            }
            if state.closed {
                return Vec::new();
            }
            state = self.wait(state);
        }
    }

    fn reply(&self, number: u64, reply: Reply) {
        self.state().done.insert(number, reply);
        self.changed.notify_all();
    }

    /// The next answer in order; `None` after the last.
    fn next(&self) -> Option<Reply> {
        let mut state = self.state();
        loop {
            let number = state.told;
            if let Some(reply) = state.done.remove(&number) {
                state.told += 1;
                drop(state);
                self.changed.notify_all();
                return Some(reply);
            }
            if state.closed && state.told == state.asked {
                return None;
            }
            state = self.wait(state);
        }
    }
}

/// A repository in which many merges are asked for.
pub struct MergeQueue {
    first: Mirror,
    /// What was fetched for the first worker is there for the others.
    project: Project,
}

impl MergeQueue {
    /// As [`TreeMerger::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(project: &Project, watch: Watch<'_>) -> Result<Self, Failure> {
        let setting = Setting { fetch: Fetch::Skip, ..project.setting.clone() };
        let fetched = Project { setting, config: project.config.clone() };
        Ok(Self { first: TreeMerger::place(project, watch)?, project: fetched })
    }

    /// Answers question after question until there are no more or `tell` fails.
    ///
    /// # Errors
    ///
    /// Those of `tell`.
    pub fn answer_all<E>(
        self,
        questions: impl FnMut() -> Option<Question> + Send,
        tell: impl FnMut(Reply) -> Result<(), E>,
    ) -> Result<(), E> {
        let project = self.project;
        let further = || TreeMerger::place(&project, Watch { cancel: &project.setting.cancel, progress: &|_| {} });
        answer_all(self.first, further, questions, tell)
    }
}

/// `first` is the repository for the first worker, `further` opens it again for each of the others.
fn answer_all<E>(
    first: Mirror,
    further: impl Fn() -> Result<Mirror, Failure> + Sync,
    mut questions: impl FnMut() -> Option<Question> + Send,
    mut tell: impl FnMut(Reply) -> Result<(), E>,
) -> Result<(), E> {
    let queue = Queue::default();
    let count = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS);
    std::thread::scope(|scope| {
        let (queue, further) = (&queue, &further);
        scope.spawn(move || queue.ask(&mut questions));
        let mut first = Some(first);
        for worker in 0..count {
            let mirror = first.take();
            scope.spawn(move || work(queue, worker, mirror, further));
        }
        let told = loop {
            match queue.next() {
                None => break Ok(()),
                Some(reply) => {
                    if let Err(error) = tell(reply) {
                        break Err(error);
                    }
                }
            }
        };
        queue.close();
        told
    })
}

fn work(queue: &Queue, worker: usize, mirror: Option<Mirror>, further: &(dyn Fn() -> Result<Mirror, Failure> + Sync)) {
    let mut merger = mirror.map(TreeMerger::over);
    loop {
        let questions = queue.take(worker);
        if questions.is_empty() {
            return;
        }
        for (number, question) in questions {
            let reply = question.and_then(|(ours, theirs)| {
                if merger.is_none() {
                    merger = Some(TreeMerger::over(further()?));
                }
                match &merger {
                    Some(merger) => merger.merge(&ours, &theirs),
                    None => Err(Failure::new(FailureKind::Bug, "a worker has no repository")),
                }
            });
            queue.reply(number, reply);
        }
    }
}
