//! One evaluation of a script: answers its calls from the journal, and says what becomes of those without an outcome.
//!
//! Keys, fingerprints, positions and divergence are decided here and nowhere else. Knows nothing of drivers, stores or
//! Rhai.

use super::divergence::{never_asked, other_command, too_early};
use super::{Advance, Call, Evaluation, Fingerprint, History, HistoryEntry, Key, Position, Settled, StepPath};
use crate::model::{Cancel, Failure, FailureKind, SourceLocation, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Commands of one run. Each is a row of the journal that is on disk before the next one begins; honest workflows need
/// some hundreds.
pub const MAX_COMMANDS: usize = 100_000;
/// What the handlers of a run may ask for beyond that: they put right what the run has left half done.
const HANDLERS_COMMANDS: usize = 1_000;

/// What a call gets.
#[derive(Debug, Clone, PartialEq)]
pub enum CallAnswer {
    Value(Value),
    /// Its failure; the script may catch it.
    Failure(Failure),
    /// No answer here: unwind. The session knows why.
    Stop,
}

/// A call that has no outcome yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandRequest {
    /// Its place in the run.
    pub key: Key,
    /// When it comes among the others.
    pub position: Position,
    /// What was asked.
    pub call: Call,
    pub fingerprint: Fingerprint,
}

/// How a step or a branch was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepExit {
    /// It returned.
    Done,
    /// It threw.
    Failed,
    /// It unwound: [`CallAnswer::Stop`].
    Stopped,
}

/// What an evaluation passed through, for listeners. The driver announces each only once.
///
/// `instance` counts from 0 how often the path was entered before; together they are the same in every evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// A step or branch was entered.
    Entered {
        /// The step's own path.
        path: StepPath,
        /// How often it was entered before.
        instance: u32,
        /// Where it is written.
        at: SourceLocation,
    },
    /// A step or branch was left, not by unwinding.
    Left {
        /// The step's own path.
        path: StepPath,
        /// As when it was entered.
        instance: u32,
        how: StepExit,
    },
    /// The script printed.
    Note {
        /// The step in which it did.
        path: StepPath,
        /// How many notes came before it on that path.
        ordinal: u32,
        /// What.
        text: String,
    },
}

/// A `flow::parallel` that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parallel {
    /// The step around it.
    path: StepPath,
    /// The name that its branches are entered with, made unique on that path.
    pub(super) name: String,
}

/// What an evaluation does where a call has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingMode {
    /// It unwinds to its end.
    Unwinds,
    /// It stands where it is until the outcome is handed in; branches unwind to the outermost parallel, which waits.
    Blocks,
}

/// One evaluation.
pub struct Session {
    cancel: Cancel,
    waiting: PendingMode,
    state: Mutex<SessionState>,
    /// The turn has changed.
    changed: Condvar,
    /// The driver is gone: nothing is answered any more.
    abandoned: AtomicBool,
}

/// Who goes on while the other waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Script,
    Driver,
}

/// Everything that changes while the script runs.
struct SessionState {
    journal: Arc<History>,
    /// How far each path of the journal was asked for: every entry below was.
    asked: HashMap<StepPath, u32>,
    /// How many entries of the journal were asked for.
    consumed: usize,
    /// How many commands the run has had, those of the journal among them.
    commands: usize,
    most_commands: usize,
    /// What is counted in the workflow itself.
    main: BranchFrame,
    /// The branches around the place where the script is, the outermost first.
    branches: Vec<BranchFrame>,
    /// Outcomes handed in for branches that are not over: a branch is entered again with all that it had.
    outcomes: HashMap<Key, HistoryEntry>,
    /// Where the outcomes came that were handed in last.
    news: Vec<Position>,
    /// Asked for and not taken over by the driver.
    requests: Vec<CommandRequest>,
    traces: Vec<Trace>,
    diverged: Option<Failure>,
    /// A call was told to stop because the cancel flag is up.
    interrupted: bool,
    turn: Turn,
    /// How the script ended, where it did on a thread of its own; an error is a panic.
    ended: Option<Result<Evaluation, Failure>>,
}

/// The workflow or one branch, from its first statement on. A branch that is entered again gets a new one, so that it
/// counts as in an evaluation from the start.
#[derive(Default)]
struct BranchFrame {
    path: StepPath,
    position: Position,
    /// The steps around the place where the script is, the outermost first.
    steps: Vec<OpenStep>,
    /// How many commands and parallels there were.
    begun: u32,
    /// The parallel that has begun last.
    parallel: Position,
    /// The next ordinal of each path.
    ordinals: HashMap<StepPath, u32>,
    /// How often each path was entered.
    instances: HashMap<StepPath, u32>,
    /// How many notes each path has.
    notes: HashMap<StepPath, u32>,
    parallels: HashSet<Parallel>,
    /// It was told to stop: nothing that it does afterwards can be trusted.
    stopped: bool,
}

struct OpenStep {
    path: StepPath,
    instance: u32,
}

impl Session {
    /// Answers from `journal`; `cancel` stops the script.
    pub(super) fn new(journal: Arc<History>, cancel: Cancel, waiting: PendingMode) -> Arc<Self> {
        let state = SessionState {
            asked: HashMap::new(),
            consumed: 0,
            commands: journal.entries.len(),
            most_commands: MAX_COMMANDS,
            journal,
            main: BranchFrame::default(),
            branches: Vec::new(),
            outcomes: HashMap::new(),
            news: Vec::new(),
            requests: Vec::new(),
            traces: Vec::new(),
            diverged: None,
            interrupted: false,
            turn: Turn::Driver,
            ended: None,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Arc::new(Self { cancel, waiting, state, changed, abandoned: AtomicBool::new(false) })
    }

    /// A host call. The caller unwinds on [`CallAnswer::Stop`].
    pub fn call(&self, call: Call) -> CallAnswer {
        let mut state = self.state();
        if self.must_stop(&mut state) {
            return CallAnswer::Stop;
        }
        let fingerprint = call.fingerprint();
        let (key, position) = state.frame().next_command();
        match state.settled(&key, &fingerprint, &call) {
            Ok(Some(settled)) => return settled.into(),
            Ok(None) => {}
            Err(diverged) => {
                state.diverged = Some(diverged);
                return CallAnswer::Stop;
            }
        }
        if !state.journal.entries.contains_key(&key) {
            if state.commands >= state.most_commands {
                return CallAnswer::Failure(too_many(&call));
            }
            state.commands += 1;
        }
        state.requests.push(CommandRequest { key: key.clone(), position, call, fingerprint });
        if self.unwinds(&mut state) {
            return CallAnswer::Stop;
        }
        let mut state = self.wait(state);
        state.outcomes.remove(&key).and_then(|entry| entry.settled).map_or(CallAnswer::Stop, CallAnswer::from)
    }

    /// Enters a step; every way out must call [`Session::leave`].
    pub fn enter_step(&self, name: &str, at: SourceLocation) {
        let mut state = self.state();
        let frame = state.frame();
        let path = frame.here().step(name);
        let instance = count(&mut frame.instances, &path);
        frame.steps.push(OpenStep { path: path.clone(), instance });
        state.trace(Trace::Entered { path, instance, at });
    }

    /// Begins a `flow::parallel`. `None`: unwind.
    pub fn begin_parallel(&self, name: &str) -> Option<Parallel> {
        let mut state = self.state();
        if self.must_stop(&mut state) { None } else { Some(state.frame().begin_parallel(name)) }
    }

    /// Enters the branch of an item, which has this number among the items; every way out must call [`Session::leave`].
    pub fn enter_branch(&self, parallel: &Parallel, number: usize, item: &str, at: SourceLocation) {
        let mut state = self.state();
        let path = parallel.path.branch(&parallel.name, item);
        let position = state.frame().parallel.inside(u32::try_from(number).unwrap_or(u32::MAX));
        state.branches.push(BranchFrame { path: path.clone(), position, ..BranchFrame::default() });
        state.trace(Trace::Entered { path, instance: 0, at });
    }

    /// Leaves the innermost step or branch, and says how: what swallowed a stop has still stopped.
    pub fn leave(&self, how: StepExit) -> StepExit {
        let mut state = self.state();
        let how = if state.frame().stopped { StepExit::Stopped } else { how };
        let (path, instance) = match state.frame().steps.pop() {
            Some(step) => (step.path, step.instance),
            None => match state.branches.pop() {
                Some(branch) => (branch.path, 0),
                None => return how,
            },
        };
        if how != StepExit::Stopped {
            state.trace(Trace::Left { path, instance, how });
        }
        how
    }

    /// Some branches of the parallel that has begun last wait, the others are over: the numbers of those whose outcomes
    /// have come meanwhile, to be entered again. `None`: unwind.
    pub fn await_branches(&self) -> Option<Vec<usize>> {
        let mut state = self.state();
        if self.must_stop(&mut state) || self.unwinds(&mut state) {
            return None;
        }
        // More outcomes carry a script at least as far as fewer did: whatever the journal has, it must have asked for.
        if let Some((key, entry)) = state.unconsumed(&StepPath::default()) {
            state.diverged = Some(never_asked(key, entry));
            return None;
        }
        let mut state = self.wait(state);
        if self.must_stop(&mut state) { None } else { Some(state.branches_with_news()) }
    }

    /// All branches of the workflow's own parallel are over: what they were given is not asked for again.
    pub fn end_parallel(&self) {
        let mut state = self.state();
        if state.branches.is_empty() {
            state.outcomes.clear();
        }
    }

    /// The numbers of the branches, of the parallel that has begun last, whose outcomes were handed in last.
    pub fn branches_with_news(&self) -> Vec<usize> {
        self.state().branches_with_news()
    }

    /// Is the script in a branch of a `flow::parallel`?
    pub fn in_branch(&self) -> bool {
        !self.state().branches.is_empty()
    }

    /// After a branch answered Stop: must its siblings be left alone too (divergence, ctrl-C)?
    pub fn must_unwind(&self) -> bool {
        self.cancelled() || self.state().diverged.is_some()
    }

    /// Has ctrl-C been pressed, or has the driver gone? Asked from the engine's progress callback.
    pub fn cancelled(&self) -> bool {
        self.cancel.is_raised() || self.abandoned.load(Ordering::Relaxed)
    }

    /// The workflow has ended, its handlers begin: they may still do something when it was stopped by the limit.
    pub fn begin_handlers(&self) {
        self.state().most_commands = MAX_COMMANDS + HANDLERS_COMMANDS;
    }

    /// The script printed.
    pub fn note(&self, text: &str) {
        let mut state = self.state();
        let frame = state.frame();
        let path = frame.here().clone();
        let ordinal = count(&mut frame.notes, &path);
        state.trace(Trace::Note { path, ordinal, text: text.to_owned() });
    }

    /// What the evaluation came to. A script that returns or throws although it was told to stop has still stopped.
    pub(super) fn finish(&self, evaluation: Evaluation) -> (Advance, Vec<Trace>) {
        let mut state = self.state();
        let traces = std::mem::take(&mut state.traces);
        let requests = std::mem::take(&mut state.requests);
        if let Some(failure) = state.diverged.clone() {
            return (Advance::Diverged(failure), traces);
        }
        if state.interrupted || (evaluation == Evaluation::Stopped && self.cancel.is_raised()) {
            return (Advance::Cancelled, traces);
        }
        // More outcomes carry a script at least as far as fewer did: whatever the journal has, it must ask for again.
        if let Some((key, entry)) = state.unconsumed(&StepPath::default()) {
            return (Advance::Diverged(never_asked(key, entry)), traces);
        }
        let advance = match evaluation {
            _ if !requests.is_empty() => Advance::Pending(requests),
            Evaluation::Returned(value) => Advance::Done(value),
            Evaluation::Threw(failure) => Advance::Failed(failure),
            Evaluation::Stopped => {
                Advance::Failed(Failure::new(FailureKind::Bug, "the workflow stopped although nothing told it to"))
            }
        };
        (advance, traces)
    }

    /// Lets the script, which runs on a thread of its own, go on with these outcomes until it lacks others or has ended.
    ///
    /// # Errors
    ///
    /// The script's thread panicked.
    pub(super) fn go_on(&self, outcomes: Vec<(CommandRequest, Settled)>) -> Result<(Advance, Vec<Trace>), Failure> {
        let mut state = self.state();
        state.news.clear();
        for (CommandRequest { key, position, call, fingerprint }, settled) in outcomes {
            state.news.push(position);
            let entry = HistoryEntry { settled: Some(settled), ..HistoryEntry::new(fingerprint, call.name, call.args) };
            state.outcomes.insert(key, entry);
        }
        state.turn = Turn::Script;
        self.changed.notify_all();
        let mut state = self
            .changed
            .wait_while(state, |state| state.turn == Turn::Script && state.ended.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match state.ended.clone() {
            Some(evaluation) => {
                drop(state);
                evaluation.map(|evaluation| self.finish(evaluation))
            }
            None => {
                let traces = std::mem::take(&mut state.traces);
                Ok((Advance::Pending(std::mem::take(&mut state.requests)), traces))
            }
        }
    }

    /// Waits for the driver's first [`Session::go_on`].
    pub(super) fn begin(&self) {
        drop(self.until_the_scripts_turn(self.state()));
    }

    /// The script has ended on its own thread.
    pub(super) fn end(&self, evaluation: Result<Evaluation, Failure>) {
        self.state().ended = Some(evaluation);
        self.changed.notify_all();
    }

    /// The driver has gone: the script unwinds.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
        // The script's thread looks at the flag under this lock: it cannot fall asleep in between.
        drop(self.state());
        self.changed.notify_all();
    }

    /// The driver's turn, until it hands in outcomes or is gone.
    fn wait<'s>(&'s self, mut state: MutexGuard<'s, SessionState>) -> MutexGuard<'s, SessionState> {
        if self.cancel.is_raised() {
            state.interrupted = true;
            return state;
        }
        state.turn = Turn::Driver;
        self.changed.notify_all();
        self.until_the_scripts_turn(state)
    }

    fn until_the_scripts_turn<'s>(&self, state: MutexGuard<'s, SessionState>) -> MutexGuard<'s, SessionState> {
        let waits = |state: &mut SessionState| state.turn == Turn::Driver && !self.abandoned.load(Ordering::Relaxed);
        self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner)
    }

    /// Is nothing answered any more, here or anywhere? A script that swallows a stop comes here again.
    fn must_stop(&self, state: &mut SessionState) -> bool {
        state.interrupted |= self.cancel.is_raised();
        let over = state.interrupted || state.diverged.is_some() || self.abandoned.load(Ordering::Relaxed);
        over || state.frame().stopped
    }

    /// Where an outcome is missing: does the script unwind? If so, what it does meanwhile counts for nothing.
    fn unwinds(&self, state: &mut SessionState) -> bool {
        let unwinds = self.waiting == PendingMode::Unwinds || !state.branches.is_empty();
        state.frame().stopped |= unwinds;
        unwinds
    }

    fn state(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Settled> for CallAnswer {
    fn from(settled: Settled) -> Self {
        match settled {
            Settled::Value(value) => Self::Value(value),
            Settled::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl SessionState {
    fn frame(&mut self) -> &mut BranchFrame {
        self.branches.last_mut().unwrap_or(&mut self.main)
    }

    fn trace(&mut self, trace: Trace) {
        if !self.frame().stopped {
            self.traces.push(trace);
        }
    }

    /// The outcome of a command, where there is one.
    ///
    /// # Errors
    ///
    /// The journal has something else.
    fn settled(&mut self, key: &Key, fingerprint: &Fingerprint, call: &Call) -> Result<Option<Settled>, Failure> {
        let journal = Arc::clone(&self.journal);
        let recorded = journal.entries.get(key);
        for entry in recorded.into_iter().chain(self.outcomes.get(key)) {
            if entry.fingerprint != *fingerprint {
                return Err(other_command(key, entry, call));
            }
        }
        if let Some(entry) = recorded {
            let asked = self.asked.entry(key.path.clone()).or_default();
            if *asked <= key.ordinal {
                *asked = key.ordinal + 1;
                self.consumed += 1;
            }
            if let Some(settled) = &entry.settled {
                return Ok(Some(settled.clone()));
            }
        }
        if let Some(entry) = self.outcomes.get(key) {
            return Ok(entry.settled.clone());
        }
        if let Some(settled) = journal.set_aside(key, fingerprint) {
            return Ok(Some(settled.clone()));
        }
        // The script waits here, so its branch cannot have got further in the journal.
        let branch = self.frame().path.clone();
        match self.unconsumed(&branch) {
            Some((later, entry)) => Err(too_early(key, call, later, entry)),
            None => Ok(None),
        }
    }

    /// The first entry of the journal inside `branch` that the script has not asked for.
    fn unconsumed(&self, branch: &StepPath) -> Option<(&Key, &HistoryEntry)> {
        if self.consumed == self.journal.entries.len() {
            return None;
        }
        let first = Key { path: branch.clone(), ordinal: 0 };
        self.journal
            .entries
            .range(first..)
            .take_while(|(key, _)| key.path.as_str().starts_with(branch.as_str()))
            .find(|(key, _)| key.ordinal >= self.asked.get(&key.path).copied().unwrap_or(0))
    }

    fn branches_with_news(&mut self) -> Vec<usize> {
        let parallel = self.frame().parallel.clone();
        let numbers = self.news.iter().filter_map(|position| position.after(&parallel));
        let numbers: BTreeSet<usize> = numbers.filter_map(|number| usize::try_from(number).ok()).collect();
        numbers.into_iter().collect()
    }
}

impl BranchFrame {
    /// The path of the innermost step.
    fn here(&self) -> &StepPath {
        self.steps.last().map_or(&self.path, |step| &step.path)
    }

    fn next_position(&mut self) -> Position {
        let position = self.position.inside(self.begun);
        self.begun += 1;
        position
    }

    fn next_command(&mut self) -> (Key, Position) {
        let path = self.here().clone();
        let ordinal = count(&mut self.ordinals, &path);
        (Key { path, ordinal }, self.next_position())
    }

    fn begin_parallel(&mut self, name: &str) -> Parallel {
        self.parallel = self.next_position();
        let mut parallel = Parallel { path: self.here().clone(), name: name.to_owned() };
        let mut times = 1_u32;
        while !self.parallels.insert(parallel.clone()) {
            times += 1;
            parallel.name = format!("{name}~{times}");
        }
        parallel
    }
}

/// How often before.
fn count(counters: &mut HashMap<StepPath, u32>, path: &StepPath) -> u32 {
    let counter = counters.entry(path.clone()).or_default();
    *counter += 1;
    *counter - 1
}

fn too_many(call: &Call) -> Failure {
    Failure::new(FailureKind::Script, format!("stopped after {MAX_COMMANDS} commands"))
        .hint("an endless loop? A run has at most that many; split larger work into several runs")
        .at(call.at.clone())
}
