//! Merges many pairs with a few worker threads; answers come in the order of the questions.
//!
//! A caller that asks one at a time is answered at once by a single worker; where questions pile up, more of them take part. Knows
//! nothing of input lines or output formats.

use super::{CommitPlace, TreeAnswer, TreeMerger};
use crate::app::{Fetch, Invocation, Project};
use crate::merge::{Conflict, Merger};
use crate::model::{Failure, TaskContext};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most workers: what each has read stays in memory, and they read from the same disk.
const WORKERS: usize = 4;
/// A further worker takes part while more than this many questions wait for each that works already.
const PILE: usize = 16;
/// Not before the first has worked for this long: many merges take less time than opening the repository once more.
const PATIENCE: Duration = Duration::from_millis(4);
/// How many questions a worker takes at a time, at most: neighbours are likely to need the same objects, which each worker reads
/// for itself.
const HANDFUL: usize = 64;
/// The caller waits while this many answers are outstanding.
const AHEAD: usize = 1024;

/// No worker takes more questions while the answers that wait for an earlier one are larger than this: merges of branches that
/// grew far apart conflict in megabytes.
const HELD: usize = 8 << 20;

/// Two revisions to merge, or the failure to reply with instead.
pub type Question = Result<(String, String), Failure>;
/// The merge, or why there is none.
pub type Reply = Result<TreeAnswer, Failure>;

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<(u64, Question)>,
    done: BTreeMap<u64, Reply>,
    /// About how many bytes those are.
    held: usize,
    /// How many questions have come.
    received: u64,
    /// How many answers were handed over.
    answered: u64,
    /// The caller has no more questions, or has gone.
    closed: bool,
    /// A worker panicked: its answers will never come.
    broken: bool,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, QueueState>) -> MutexGuard<'s, QueueState> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, at most until then, for a change.
    fn wait_until<'s>(&self, state: MutexGuard<'s, QueueState>, then: Instant) -> MutexGuard<'s, QueueState> {
        let left = then.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }

    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn ask(&self, mut questions: impl FnMut() -> Option<Question>) {
        while let Some(question) = questions() {
            let mut state = self.state();
            while !state.closed && state.received - state.answered >= AHEAD as u64 {
                state = self.wait(state);
            }
            if state.closed {
                return;
            }
            let number = state.received;
            state.received += 1;
            state.waiting.push_back((number, question));
            drop(state);
            self.changed.notify_all();
        }
        self.close();
    }

    /// Waits until there is enough to do for one more worker; `None` when there will be no more for it.
    fn wanted(&self, worker: usize) -> Option<MutexGuard<'_, QueueState>> {
        let mut state = self.state();
        while state.waiting.len() <= worker * PILE || state.held > HELD {
            if state.closed && state.waiting.len() <= worker * PILE {
                return None;
            }
            state = self.wait(state);
        }
        Some(state)
    }

    /// Whether a further worker is still wanted when there has been something for it for a while.
    fn wanted_after(&self, worker: usize, patience: Duration) -> bool {
        drop(self.wanted(worker));
        let then = Instant::now() + patience;
        while let Some(state) = self.wanted(worker) {
            if Instant::now() >= then {
                return true;
            }
            drop(self.wait_until(state, then));
        }
        false
    }

    /// The next questions for a worker.
    fn take(&self, worker: usize) -> Option<Vec<(u64, Question)>> {
        let mut state = self.wanted(worker)?;
        // The last ones are shared out one by one.
        let handful = HANDFUL.min(state.waiting.len() / WORKERS).max(1);
        Some(state.waiting.drain(..handful).collect())
    }

    fn reply(&self, number: u64, reply: Reply) {
        let mut state = self.state();
        state.held += size(&reply);
        state.done.insert(number, reply);
        let awaited = state.answered == number;
        drop(state);
        if awaited {
            self.changed.notify_all();
        }
    }

    /// The next answer in order; `None` after the last.
    fn next(&self) -> Option<Reply> {
        let mut state = self.state();
        loop {
            let number = state.answered;
            if let Some(reply) = state.done.remove(&number) {
                let held_up = state.held > HELD || state.received - state.answered >= AHEAD as u64;
                state.answered += 1;
                state.held -= size(&reply);
                drop(state);
                if held_up {
                    self.changed.notify_all();
                }
                return Some(reply);
            }
            if state.broken || (state.closed && state.answered == state.received) {
                return None;
            }
            state = self.wait(state);
        }
    }
}

/// About how many bytes an answer takes: the lines of its conflicts are most of it.
fn size(reply: &Reply) -> usize {
    let lines = |lines: &[String]| lines.iter().map(|line| line.len() + 24).sum::<usize>();
    let conflicts = reply.iter().flat_map(|answer| &answer.conflicts);
    let hunks = |conflict: &Conflict| {
        conflict
            .hunks
            .iter()
            .map(|hunk| 80 + lines(&hunk.ours) + lines(&hunk.base) + lines(&hunk.theirs))
            .sum::<usize>()
    };
    conflicts.map(|conflict| 400 + 4 * conflict.path.len() + hunks(conflict)).sum()
}

/// A repository in which many merges are made.
pub struct MergePool {
    first: CommitPlace,
    /// What was fetched for the first worker is there for the others.
    project: Project,
}

impl MergePool {
    /// As [`TreeMerger::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(project: &Project, task: TaskContext<'_>) -> Result<Self, Failure> {
        let invocation = Invocation { fetch: Fetch::Skip, ..project.invocation.clone() };
        let fetched = Project::with(invocation, project.config.clone());
        Ok(Self { first: TreeMerger::place(project, task)?, project: fetched })
    }

    /// Answers question after question until there are no more or `answer` fails.
    ///
    /// # Errors
    ///
    /// Those of `answer`.
    pub fn answer_all<E>(
        self,
        questions: impl FnMut() -> Option<Question> + Send + 'static,
        mut answer: impl FnMut(Reply) -> Result<(), E>,
    ) -> Result<(), E> {
        let queue = Arc::new(Queue::default());
        // It waits for its next question as long as it likes: no caller waits for it.
        let asking = Arc::clone(&queue);
        std::thread::spawn(move || asking.ask(questions));
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS);
        let (first, project, queue) = (self.first, &self.project, &*queue);
        let merger = Merger::default();
        std::thread::scope(|scope| {
            let listening = Listening(queue);
            for worker in 1..count {
                let merger = merger.beside();
                scope.spawn(move || further(queue, worker, project, merger));
            }
            scope.spawn(move || work(queue, 0, TreeMerger::over(first, merger)));
            while let Some(reply) = listening.0.next() {
                answer(reply)?;
            }
            Ok(())
        })
    }
}

/// The receiver of the answers. No worker goes on for one that has gone.
struct Listening<'q>(&'q Queue);

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.state().waiting.clear();
        self.0.close();
    }
}

/// A worker at work. One that panics takes its questions with it.
struct WorkerGuard<'q>(&'q Queue);

impl Drop for WorkerGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state().broken = true;
            self.0.close();
        }
    }
}

/// A further worker opens the repository for itself, once it is wanted. Where that fails the others do its work.
fn further(queue: &Queue, worker: usize, project: &Project, merger: Merger) {
    if !queue.wanted_after(worker, PATIENCE) {
        return;
    }
    let task = TaskContext { cancel: &project.invocation.cancel, progress: &|_| {} };
    if let Ok(place) = TreeMerger::place(project, task) {
        work(queue, worker, TreeMerger::over(place, merger));
    }
}

fn work(queue: &Queue, worker: usize, merger: TreeMerger) {
    let working = WorkerGuard(queue);
    while let Some(questions) = working.0.take(worker) {
        for (number, question) in questions {
            queue.reply(number, question.and_then(|(ours, theirs)| merger.merge(&ours, &theirs)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    fn question(number: usize) -> Question {
        Err(Failure::new(FailureKind::Usage, number.to_string()))
    }

    fn message(reply: Reply) -> String {
        reply.map_or_else(|failure| failure.message, |_| "a merge".to_owned())
    }

    #[test]
    fn answers_come_in_order_whichever_worker_gives_them() {
        let queue = Queue::default();
        let mut numbers = 0..5000;
        let answers: Vec<String> = std::thread::scope(|scope| {
            scope.spawn(|| queue.ask(|| numbers.next().map(question)));
            for worker in 0..WORKERS {
                let queue = &queue;
                scope.spawn(move || {
                    while let Some(questions) = queue.take(worker) {
                        // The later ones are answered first.
                        for (number, question) in questions.into_iter().rev() {
                            queue.reply(number, question.and_then(|_| Err(Failure::new(FailureKind::Bug, "none"))));
                        }
                    }
                });
            }
            std::iter::from_fn(|| queue.next()).map(message).collect()
        });
        assert_eq!(answers, (0..5000).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn a_further_worker_takes_part_only_where_questions_pile_up() {
        let queue = Queue::default();
        let mut numbers = 0..=PILE;
        queue.ask(|| numbers.next().map(question));
        assert!(queue.take(2).is_none());
        assert_eq!(queue.take(1).map(|questions| questions.len()), Some(PILE / WORKERS));
        assert!(queue.take(1).is_none(), "what is left is for the first");
        let left: usize = std::iter::from_fn(|| queue.take(0)).map(|questions| questions.len()).sum();
        assert_eq!(left, PILE + 1 - PILE / WORKERS);
    }

    #[test]
    fn a_further_worker_is_not_wanted_for_what_is_soon_done() {
        let queue = Queue::default();
        let mut numbers = 0..=PILE;
        queue.ask(|| numbers.next().map(question));
        assert!(queue.wanted_after(1, Duration::ZERO));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.wanted_after(1, Duration::from_secs(3600)));
            for _ in 0..=PILE {
                let _ = queue.take(0);
                queue.changed.notify_all();
            }
            assert!(!waiting.join().unwrap());
        });
    }

    #[test]
    fn a_panicked_worker_ends_the_wait_and_a_gone_caller_ends_the_work() {
        let queue = Queue::default();
        let mut numbers = 0..3;
        queue.ask(|| numbers.next().map(question));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _working = WorkerGuard(&queue);
            let _taken = queue.take(0);
            std::panic::resume_unwind(Box::new("as if by a bug"));
        }));
        assert!(panicked.is_err() && queue.next().is_none());
        drop(Listening(&queue));
        assert!(queue.take(0).is_none());
    }
}
