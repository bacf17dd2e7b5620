//! One evaluation of a script: answers its calls from the history, collects those that have no answer yet.
//!
//! Keys, fingerprints and divergence are decided here and nowhere else. Knows nothing of drivers, stores or Rhai.

use super::{Advance, Call, Entry, Evaluation, Fingerprint, History, Key, Path, Settled};
use crate::model::{Cancel, Failure, FailureKind, Place, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
pub enum StepExit {
    /// It returned.
    Done,
    /// It threw.
    Failed,
    /// It unwound: [`Answer::Stop`].
    Stopped,
}

/// What one evaluation passed through, for listeners. The driver announces each only once.
///
/// `instance` counts from 0 how often the path was entered before; together they are the same in every evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// A step or branch was entered.
    Entered {
        /// The step's own path.
        path: Path,
        /// How often it was entered before.
        instance: u32,
        /// Where it is written.
        at: Place,
    },
    /// A step or branch was left, not by unwinding.
    Left {
        /// The step's own path.
        path: Path,
        /// As when it was entered.
        instance: u32,
        /// How.
        how: StepExit,
    },
    /// The script printed.
    Note {
        /// The step in which it did.
        path: Path,
        /// How many notes came before it on that path.
        ordinal: u32,
        /// What.
        text: String,
    },
}

/// One evaluation.
pub struct Session {
    cancel: Cancel,
    state: Mutex<State>,
}

/// Everything that changes while the script runs.
struct State {
    /// Let go when the evaluation is over, even where a script keeps its session: the driver goes on writing in it.
    history: Arc<History>,
    /// Where the script is; the first scope is the workflow itself and is never left.
    scopes: Vec<Scope>,
    /// The next ordinal of each path: every entry below it was consumed or asked for in this evaluation.
    ordinals: HashMap<Path, u32>,
    /// How often each path was entered.
    instances: HashMap<Path, u32>,
    /// How many notes each path has.
    notes: HashMap<Path, u32>,
    /// The names under which each path has begun a `flow::parallel`.
    parallels: HashSet<(Path, String)>,
    /// Branches that were told to stop, and the branches around them.
    stopped: HashSet<Path>,
    /// How many entries of the history the script has asked for.
    consumed: usize,
    /// The keys in the order in which the script asked for them.
    order: Vec<Key>,
    requests: Vec<Request>,
    diverged: Option<Failure>,
    /// A call was told to stop because the cancel flag is up.
    interrupted: bool,
    traces: Vec<Trace>,
}

/// The workflow, a step or a branch.
struct Scope {
    path: Path,
    instance: u32,
    /// The innermost branch around it (itself, when it is one): commands of one branch happen one after the other.
    branch: Path,
}

impl Session {
    /// Answers from `history`; `cancel` stops the script.
    pub fn new(history: Arc<History>, cancel: Cancel) -> Arc<Self> {
        let state = State {
            history,
            scopes: vec![Scope { path: Path::default(), instance: 0, branch: Path::default() }],
            ordinals: HashMap::new(),
            instances: HashMap::new(),
            notes: HashMap::new(),
            parallels: HashSet::new(),
            stopped: HashSet::new(),
            consumed: 0,
            order: Vec::new(),
            requests: Vec::new(),
            diverged: None,
            interrupted: false,
            traces: Vec::new(),
        };
        Arc::new(Self { cancel, state: Mutex::new(state) })
    }

    /// A host call. The caller unwinds on [`Answer::Stop`].
    pub fn call(&self, call: Call) -> Answer {
        let mut state = self.state();
        if state.diverged.is_some() || state.interrupted {
            return Answer::Stop;
        }
        if self.cancel.is_raised() {
            state.interrupted = true;
            return Answer::Stop;
        }
        let history = Arc::clone(&state.history);
        let (path, branch) = state.here();
        // A stop that the script swallowed: nothing after it can be trusted.
        if state.stopped.contains(&branch) {
            return Answer::Stop;
        }
        let fingerprint = call.fingerprint();
        let counter = state.ordinals.entry(path.clone()).or_default();
        let key = Key { path, ordinal: *counter };
        *counter += 1;

        state.order.push(key.clone());
        if let Some(entry) = history.entries.get(&key) {
            if entry.fingerprint != fingerprint {
                state.diverged = Some(other_command(&key, entry, &call));
                return Answer::Stop;
            }
            state.consumed += 1;
            match &entry.settled {
                Some(Settled::Value(value)) => return Answer::Value(value.clone()),
                Some(Settled::Failure(failure)) => return Answer::Failure(failure.clone()),
                None => {}
            }
        }
        // The script waits here, so its branch cannot have got further in the journal.
        if let Some((later, entry)) = state.unconsumed(&history, &branch) {
            state.diverged = Some(too_early(&key, &call, later, entry));
            return Answer::Stop;
        }
        state.stop(&branch);
        state.requests.push(Request { key, call, fingerprint });
        Answer::Stop
    }

    /// Enters a step; every way out must call [`Session::leave`].
    pub fn enter_step(&self, name: &str, at: Place) {
        let mut state = self.state();
        let (path, branch) = state.here();
        state.enter(path.step(name), Some(branch), at);
    }

    /// Begins a `flow::parallel`; answers the name its branches are entered with (made unique on this path).
    pub fn begin_parallel(&self, name: &str) -> String {
        let mut state = self.state();
        let (path, _) = state.here();
        let mut unique = name.to_owned();
        let mut count = 1_u32;
        while !state.parallels.insert((path.clone(), unique.clone())) {
            count += 1;
            unique = format!("{name}~{count}");
        }
        unique
    }

    /// Enters the branch of one item; every way out must call [`Session::leave`].
    pub fn enter_branch(&self, parallel: &str, item: &str, at: Place) {
        let mut state = self.state();
        let (path, _) = state.here();
        state.enter(path.branch(parallel, item), None, at);
    }

    /// Leaves the innermost step or branch.
    pub fn leave(&self, how: StepExit) {
        let mut state = self.state();
        if state.scopes.len() < 2 {
            return;
        }
        if let Some(Scope { path, instance, .. }) = state.scopes.pop()
            && how != StepExit::Stopped
        {
            state.traces.push(Trace::Left { path, instance, how });
        }
    }

    /// After a branch answered Stop: must its siblings be left alone too (divergence, ctrl-C)?
    pub fn must_unwind(&self) -> bool {
        self.cancel.is_raised() || self.state().diverged.is_some()
    }

    /// Has ctrl-C been pressed? Asked from the engine's progress callback.
    pub fn cancelled(&self) -> bool {
        self.cancel.is_raised()
    }

    /// The script printed.
    pub fn note(&self, text: &str) {
        let mut state = self.state();
        let (path, _) = state.here();
        let counter = state.notes.entry(path.clone()).or_default();
        let ordinal = *counter;
        *counter += 1;
        state.traces.push(Trace::Note { path, ordinal, text: text.to_owned() });
    }

    /// What the evaluation came to. A script that returns or throws although it was told to stop has still stopped.
    pub(super) fn finish(&self, evaluation: Evaluation) -> (Advance, Vec<Trace>) {
        let mut state = self.state();
        let history = std::mem::take(&mut state.history);
        let traces = std::mem::take(&mut state.traces);
        let requests = std::mem::take(&mut state.requests);
        if let Some(failure) = state.diverged.take() {
            return (Advance::Diverged(failure), traces);
        }
        if state.interrupted || (evaluation == Evaluation::Stopped && self.cancel.is_raised()) {
            return (Advance::Cancelled, traces);
        }
        // More outcomes carry a script at least as far as fewer did: whatever the journal has, it must ask for again.
        if let Some((key, entry)) = state.unconsumed(&history, &Path::default()) {
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

    /// The keys in the order in which the script asked for them: the order in which people read its plan.
    pub(super) fn order(&self) -> Vec<Key> {
        std::mem::take(&mut self.state().order)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The path of the innermost scope, and its branch.
    fn here(&self) -> (Path, Path) {
        self.scopes.last().map(|scope| (scope.path.clone(), scope.branch.clone())).unwrap_or_default()
    }

    /// Enters `path`; without a `branch` it is one itself.
    fn enter(&mut self, path: Path, branch: Option<Path>, at: Place) {
        let counter = self.instances.entry(path.clone()).or_default();
        let instance = *counter;
        *counter += 1;
        self.traces.push(Trace::Entered { path: path.clone(), instance, at });
        let branch = branch.unwrap_or_else(|| path.clone());
        self.scopes.push(Scope { path, instance, branch });
    }

    /// Marks a branch, and those around it, as stopped; its siblings go on.
    fn stop(&mut self, branch: &Path) {
        self.stopped.insert(branch.clone());
        let around: Vec<Path> = self.scopes.iter().map(|scope| scope.branch.clone()).collect();
        self.stopped.extend(around);
    }

    /// The first entry inside `branch` that the script has not asked for.
    fn unconsumed<'h>(&self, history: &'h History, branch: &Path) -> Option<(&'h Key, &'h Entry)> {
        if self.consumed == history.entries.len() {
            return None;
        }
        let first = Key { path: branch.clone(), ordinal: 0 };
        history
            .entries
            .range(first..)
            .take_while(|(key, _)| key.path.as_str().starts_with(branch.as_str()))
            .find(|(key, _)| key.ordinal >= self.ordinals.get(&key.path).copied().unwrap_or(0))
    }
}

/// The same place, another command.
fn other_command(key: &Key, entry: &Entry, call: &Call) -> Failure {
    let at = key.label();
    let what = if entry.name == call.name {
        format!("at {at} the journal has `{}` with other arguments than the script asks for", entry.name)
    } else {
        format!("at {at} the journal has `{}`, the script asks for `{}`", entry.name, call.name)
    };
    diverged(what)
        .at(call.at.clone())
        .detail(serde_json::json!({ "key": key.to_string(), "journal": story(entry), "script": asked(call) }))
}

/// A command without an outcome, where the journal goes on.
fn too_early(key: &Key, call: &Call, later: &Key, entry: &Entry) -> Failure {
    diverged(format!(
        "the script asks for `{}` at {}, which the journal does not have, before `{}` at {}, which it has",
        call.name,
        key.label(),
        entry.name,
        later.label()
    ))
    .at(call.at.clone())
    .detail(serde_json::json!({ "key": later.to_string(), "journal": story(entry), "script": asked(call) }))
}

/// The script got past an entry without asking for it.
fn never_asked(key: &Key, entry: &Entry) -> Failure {
    diverged(format!("the journal has `{}` at {}, the script never asks for it", entry.name, key.label()))
        .detail(serde_json::json!({ "key": key.to_string(), "journal": story(entry), "script": null }))
}

fn diverged(message: String) -> Failure {
    Failure::new(FailureKind::Diverged, message)
        .hint("nothing was done; resume with the sources that the run has pinned, or abandon it and start a new run")
}

fn story(entry: &Entry) -> Value {
    serde_json::json!({ "command": entry.name, "args": entry.args })
}

fn asked(call: &Call) -> Value {
    serde_json::json!({ "command": call.name, "args": call.args })
}
