//! Interprets one command's [`life`](super::life) on a worker thread: does what it asks for, and reports what happened.
//!
//! Decides nothing. Knows nothing of scripts or of what else is in flight; the driver does.

use super::life::{Action, Cancellation, CommandState, End, Happened, Moment, StepContext, step};
use super::{
    Command, CommandKind, CommandRequest, Commands, Event, Key, Listener, Performing, RecordError, Recorder,
    RetryPolicy,
};
use crate::model::{Cancel, Failure, FailureKind, Progress, RunId, Shown, TaskContext};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// One command on its way, from the first look at it to its outcome.
pub(super) struct Task {
    pub(super) request: CommandRequest,
    pub(super) state: CommandState,
    /// When this process took it up.
    pub(super) started: Instant,
    /// Made by the worker, kept between two looks of a wait.
    command: Option<Command>,
}

impl Task {
    /// A command as the journal leaves it.
    pub(super) fn new(request: CommandRequest, state: CommandState) -> Self {
        Self { request, state, started: Instant::now(), command: None }
    }
}

/// How a worker's turn at a command ended; an error is the journal's.
pub(super) type Ended = Result<End, RecordError>;

/// What every worker shares.
pub(super) struct Performer<'a> {
    pub(super) run: &'a RunId,
    pub(super) commands: &'a dyn Commands,
    pub(super) recorder: &'a dyn Recorder,
    pub(super) listener: &'a dyn Listener,
    pub(super) policy: &'a RetryPolicy,
    /// Raised by ctrl-C and by a journal that failed.
    pub(super) cancel: &'a Cancel,
    /// Hears how each turn ended.
    pub(super) sender: Sender<(Box<Task>, Ended)>,
}

impl Performer<'_> {
    /// One turn at a command.
    pub(super) fn turn(&self, mut task: Box<Task>) {
        let ended = catch_unwind(AssertUnwindSafe(|| self.live(&mut task)))
            .unwrap_or_else(|panic| Ok(End::Bug(panicked(&task.request, panic.as_ref()))));
        if ended.is_err() {
            // Nothing is performed any more once the journal has failed.
            self.cancel.raise();
        }
        // The driver listens until every worker is back, so this cannot fail while it matters.
        let _ = self.sender.send((task, ended));
    }

    fn live(&self, task: &mut Task) -> Ended {
        let mut action = Action::Start;
        loop {
            let happened = match action {
                Action::End(end) => return Ok(end),
                Action::Record(record) => {
                    self.recorder.record(&record)?;
                    Happened::Recorded
                }
                Action::Sleep { pause, why } => {
                    if let Some(text) = why {
                        let (key, shown) = (task.request.key.clone(), Shown::Passing);
                        self.listener.event(&Event::CommandProgress { key, text, shown });
                    }
                    self.sleep(pause);
                    Happened::Slept
                }
                Action::Start => self.start(task),
                Action::Prepare | Action::Perform(_) | Action::Probe(_) => {
                    self.recorder.still_mine()?;
                    self.act(task, &action)
                }
                Action::Read | Action::Begin | Action::Observe(_) => self.act(task, &action),
            };
            let state = std::mem::take(&mut task.state);
            (task.state, action) = step(state, happened, &self.context(task));
        }
    }

    fn context<'t>(&'t self, task: &'t Task) -> StepContext<'t> {
        // A fresh hasher is seeded by the operating system: chance enough for jitter, without a dependency.
        let chance = u32::try_from(RandomState::new().hash_one(0) % 1024).unwrap_or(0);
        let cancellation = if self.cancel.is_raised() { Cancellation::Requested } else { Cancellation::None };
        let moment = Moment { elapsed: task.started.elapsed(), now: (self.policy.now)(), chance, cancellation };
        StepContext {
            run: self.run,
            request: &task.request,
            policy: self.policy,
            on_outage: self.commands.on_outage(&task.request.call.name),
            moment,
        }
    }

    /// Finds the command of the call.
    fn start(&self, task: &mut Task) -> Happened {
        let command = match task.command.take() {
            Some(command) => command,
            None => match caught(&task.request, || self.commands.command(&task.request.call)) {
                Ok(Ok(command)) => command,
                Ok(Err(failure)) => return Happened::Unfit(failure),
                Err(panic) => return Happened::Panicked(panic),
            },
        };
        let kind = CommandKind::of(&command);
        task.command = Some(command);
        Happened::Started(kind)
    }

    /// Has the command do its part.
    fn act(&self, task: &Task, action: &Action) -> Happened {
        let last = Mutex::new(Instant::now());
        let progress = |progress: Progress| self.progress(&task.request.key, progress, &last);
        let cx = Performing {
            run: self.run,
            key: &task.request.key,
            task: TaskContext { cancel: self.cancel, progress: &progress },
            now: (self.policy.now)(),
        };
        let acted = caught(&task.request, || match (action, &task.command) {
            (Action::Read, Some(Command::Read(read))) => Some(Happened::Answered(read.perform(&cx))),
            (Action::Begin, Some(Command::Wait(wait))) => Some(Happened::Begun(wait.begin(&cx))),
            (Action::Observe(facts), Some(Command::Wait(wait))) => Some(Happened::Observed(wait.observe(&cx, facts))),
            (Action::Prepare, Some(Command::Effect(effect))) => Some(Happened::Prepared(effect.prepare(&cx))),
            (Action::Perform(intent), Some(Command::Effect(effect))) => {
                Some(Happened::Performed(effect.perform(&cx, intent)))
            }
            (Action::Probe(intent), Some(Command::Effect(effect))) => {
                let (found, on_unknown) = (effect.probe(&cx, intent), effect.on_unknown());
                Some(Happened::Probed { found, on_unknown })
            }
            _ => None,
        });
        match acted {
            Ok(Some(happened)) => happened,
            Ok(None) => Happened::Panicked(misfit(&task.request)),
            Err(panic) => Happened::Panicked(panic),
        }
    }

    /// Sleeps; ctrl-C ends it early.
    fn sleep(&self, how_long: Duration) {
        let until = Instant::now() + how_long;
        while !self.cancel.is_raised() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(self.policy.tick));
        }
    }

    /// Passes progress on. Counters may come thousands of times a second, which no terminal needs; lines all matter.
    fn progress(&self, key: &Key, progress: Progress, last: &Mutex<Instant>) {
        if progress.shown == Shown::Lasting {
            return self.listener.event(&Event::Note { text: progress.what });
        }
        const EVERY: Duration = Duration::from_millis(100);
        if let (Some(done), Ok(mut last)) = (progress.done.or(progress.bytes), last.lock()) {
            if last.elapsed() < EVERY && progress.total != Some(done) {
                return;
            }
            *last = Instant::now();
        }
        let text = match (progress.done, progress.total) {
            (Some(done), Some(total)) => format!("{} {done}/{total}", progress.what),
            (Some(done), None) => format!("{} {done}", progress.what),
            _ => progress.what,
        };
        self.listener.event(&Event::CommandProgress { key: key.clone(), text, shown: progress.shown });
    }
}

/// Does it; a panic comes back as data.
fn caught<T>(request: &CommandRequest, act: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| panicked(request, panic.as_ref()))
}

/// A panic as data.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned())
}

fn panicked(request: &CommandRequest, panic: &(dyn std::any::Any + Send)) -> Failure {
    bug(request, &format!("panicked: {}", panic_text(panic)))
}

/// A command was asked for what its kind does not do.
pub(super) fn misfit(request: &CommandRequest) -> Failure {
    bug(request, "was asked for what it cannot do")
}

fn bug(request: &CommandRequest, what: &str) -> Failure {
    Failure::new(FailureKind::Bug, format!("`{}` at {} {what}", request.call.name, request.key.label()))
        .hint("this is a bug in relwf; please report it")
        .at(request.call.at.clone())
}
