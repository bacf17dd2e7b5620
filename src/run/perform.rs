//! Performs one command on a worker thread: intent before, outcome after, probe where nobody knows.
//!
//! Knows nothing of scripts or of what else is in flight; the driver does.

use super::{
    Command, Commands, Effect, EffectError, Event, Fingerprint, Intent, Key, Listener, Observation, OnUnknown,
    Performing, Probe, Read, Record, RecordError, Recorder, Request, RetryPolicy, Settled, Wait,
};
use crate::model::{Cancel, Failure, FailureKind, Progress, RunId, Shown, TaskContext, Value};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// One command on its way, from the first look at it to its outcome.
pub(super) struct Task {
    pub(super) request: Request,
    /// Made by the worker, kept between two looks of a wait.
    pub(super) command: Option<Command>,
    /// When this process started it.
    pub(super) started: Instant,
    /// What the journal knows of it.
    pub(super) begun: Option<Value>,
    pub(super) intent: Option<Intent>,
    pub(super) attempts: u32,
    pub(super) doubted: bool,
    /// An operator or the server said that it did not happen.
    pub(super) absent: bool,
    /// What it last said it waits for.
    pub(super) said: Option<String>,
}

/// How a worker's turn at a command ended.
pub(super) enum End {
    /// Its outcome is on disk.
    Settled(Settled),
    /// A wait is to be looked at again.
    NotYet { why: String, again: Duration },
    /// A wait may take long.
    Suspended { why: String, until: Option<Timestamp> },
    /// Nobody knows whether it happened.
    InDoubt(Failure),
    /// Told to stop before there was an outcome.
    Interrupted(Failure),
    /// The journal could not be written.
    Broken(RecordError),
    /// It panicked.
    Bug(Failure),
}

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
    pub(super) sender: Sender<(Box<Task>, End)>,
}

/// What looking for an effect's traces came to.
enum Found {
    Done(Value),
    Absent,
    Refused(Failure),
    Unknown(String),
    /// The remote could not be asked.
    Unasked(Failure),
    Interrupted,
}

/// What follows when nobody could tell at first.
enum Verdict {
    End(End),
    Again,
}

impl Performer<'_> {
    /// One turn at a command.
    pub(super) fn turn(&self, mut task: Box<Task>) {
        let end = match catch_unwind(AssertUnwindSafe(|| self.perform(&mut task))) {
            Ok(Ok(end)) => end,
            Ok(Err(error)) => {
                // Nobody performs anything any more once the journal has failed.
                self.cancel.raise();
                End::Broken(error)
            }
            Err(panic) => End::Bug(panicked(&task.request, panic.as_ref())),
        };
        // The driver listens until every worker is back; there is nobody else to tell.
        let _ = self.sender.send((task, end));
    }

    fn perform(&self, task: &mut Task) -> Result<End, RecordError> {
        let command = match task.command.take() {
            Some(command) => command,
            None => match self.commands.command(&task.request.call) {
                Ok(command) => command,
                Err(failure) => return self.settle(task, Settled::Failure(failure), None),
            },
        };
        let last = Mutex::new(Instant::now());
        let progress = |progress: Progress| self.progress(&task.request.key, progress, &last);
        let cx = Performing {
            run: self.run,
            key: &task.request.key,
            task: TaskContext { cancel: self.cancel, progress: &progress },
            now: (self.policy.now)(),
        };
        let (end, begun) = match &command {
            Command::Read(read) => (self.read(task, read.as_ref(), &cx)?, None),
            Command::Wait(wait) => self.wait(task, wait.as_ref(), &cx)?,
            Command::Effect(effect) => (self.effect(task, effect.as_ref(), &cx)?, None),
        };
        if begun.is_some() {
            task.begun = begun;
        }
        task.command = Some(command);
        Ok(end)
    }

    fn read(&self, task: &Task, read: &dyn Read, cx: &Performing<'_>) -> Result<End, RecordError> {
        match read.perform(cx) {
            Ok(value) => self.settle(task, Settled::Value(value), None),
            Err(failure) if self.must_rest(&failure) => Ok(self.suspend(failure)),
            Err(failure) => self.failed(task, failure),
        }
    }

    /// Does a server ask for more patience than a process has?
    fn must_rest(&self, failure: &Failure) -> bool {
        failure.after.is_some_and(|after| after.duration() > self.policy.budget)
    }

    fn wait(&self, task: &Task, wait: &dyn Wait, cx: &Performing<'_>) -> Result<(End, Option<Value>), RecordError> {
        let facts = match &task.begun {
            Some(facts) => facts.clone(),
            None => match wait.begin(cx) {
                Ok(facts) => {
                    let Request { key, call, fingerprint, .. } = task.request.clone();
                    let (name, args) = (call.name, call.args);
                    self.record(Record::Begun { key, fingerprint, name, args, facts: facts.clone() })?;
                    facts
                }
                Err(failure) if self.must_rest(&failure) => return Ok((self.suspend(failure), None)),
                Err(failure) => return Ok((self.failed(task, failure)?, None)),
            },
        };
        let end = match wait.observe(cx, &facts) {
            Ok(Observation::Ready(value)) => self.settle(task, Settled::Value(value), None)?,
            Ok(Observation::NotYet { why, again }) => End::NotYet { why, again: again.duration() },
            Ok(Observation::Suspend { why, until }) => End::Suspended { why, until },
            Err(failure) => self.failed(task, failure)?,
        };
        Ok((end, Some(facts)))
    }

    fn effect(&self, task: &Task, effect: &dyn Effect, cx: &Performing<'_>) -> Result<End, RecordError> {
        self.recorder.still_mine()?;
        let intent = match &task.intent {
            // The remote could not tell, or need not be asked.
            Some(intent) if task.absent => intent.clone(),
            Some(intent) => {
                match self.look(task, effect, cx, intent) {
                    Found::Absent => {}
                    found => {
                        if let Verdict::End(end) = self.judge(task, effect, found, None)? {
                            return Ok(end);
                        }
                    }
                }
                intent.clone()
            }
            None => match self.prepare(effect, cx) {
                Ok(pre) => Intent { idempotency_key: self.idempotency_key(&task.request), pre },
                Err(failure) if self.must_rest(&failure) => return Ok(self.suspend(failure)),
                Err(failure) => return self.failed(task, failure),
            },
        };

        let started = Instant::now();
        let mut tries = 0;
        loop {
            if self.cancel.is_raised() {
                return Ok(End::Interrupted(interrupted()));
            }
            tries += 1;
            self.intend(task, &intent, task.attempts + tries)?;
            self.recorder.still_mine()?;
            if self.cancel.is_raised() {
                return Ok(End::Interrupted(interrupted()));
            }
            let (failure, after) = match catch_unwind(AssertUnwindSafe(|| effect.perform(cx, &intent))) {
                Ok(Ok(value)) => return self.settle(task, Settled::Value(value), None),
                Ok(Err(EffectError::Refused(failure))) => return self.failed(task, failure),
                Ok(Err(EffectError::NotDone { failure, after })) => (failure, after),
                Ok(Err(EffectError::Unknown(failure))) => match self.look(task, effect, cx, &intent) {
                    Found::Absent => (failure.hint("it was looked for afterwards, and it has not happened"), None),
                    found => {
                        if let Verdict::End(end) = self.judge(task, effect, found, Some(&failure))? {
                            return Ok(end);
                        }
                        if tries >= self.policy.tries {
                            return self.doubt(task, failure.message);
                        }
                        (failure, None)
                    }
                },
                Err(panic) => {
                    let bug = panicked(&task.request, panic.as_ref());
                    return match self.look(task, effect, cx, &intent) {
                        Found::Done(value) => self.settle(task, Settled::Value(value), Some("probe")),
                        _ => self.doubt(task, bug.message),
                    };
                }
            };
            let pause = after.map_or(Duration::ZERO, |span| span.duration()).max(self.policy.pause(tries));
            // A server that asks for more patience than a process has: nothing was done, and the run goes on later.
            if after.is_some_and(|after| started.elapsed() + after.duration() > self.policy.budget) {
                let key = task.request.key.clone();
                self.record(Record::Absent { key, actor: "server".to_owned() })?;
                return Ok(self.suspend(failure.after(after)));
            }
            if tries >= self.policy.tries || started.elapsed() + pause > self.policy.budget {
                return self.failed(task, failure);
            }
            cx.task.say(format!("{}; trying again", failure.message));
            if !self.sleep(pause) {
                return Ok(End::Interrupted(failure));
            }
        }
    }

    /// Looks up what the effect needs. That only looks, and a network that is down for a moment passes.
    fn prepare(&self, effect: &dyn Effect, cx: &Performing<'_>) -> Result<Value, Failure> {
        let mut tries = 1;
        loop {
            let failure = match effect.prepare(cx) {
                Err(failure) if matches!(failure.kind, FailureKind::Network | FailureKind::Timeout) => failure,
                prepared => return prepared,
            };
            let pause = failure.after.map_or(Duration::ZERO, |after| after.duration()).max(self.policy.pause(tries));
            tries += 1;
            if tries > self.policy.tries || pause > self.policy.budget || !self.sleep(pause) {
                return Err(failure);
            }
        }
    }

    /// The run goes on when the server lets it.
    fn suspend(&self, failure: Failure) -> End {
        let after = failure.after.and_then(|after| SignedDuration::try_from(after.duration()).ok());
        let until = after.and_then(|after| (self.policy.now)().checked_add(after).ok());
        End::Suspended { why: failure.message, until }
    }

    /// Looks for traces of the effect, again and again while there are none.
    fn look(&self, task: &Task, effect: &dyn Effect, cx: &Performing<'_>, intent: &Intent) -> Found {
        let mut found = Found::Absent;
        for pause in std::iter::once(&Duration::ZERO).chain(&self.policy.looks) {
            if !self.sleep(*pause) {
                return Found::Interrupted;
            }
            found = match catch_unwind(AssertUnwindSafe(|| effect.probe(cx, intent))) {
                Ok(Ok(Probe::Done(value))) => return Found::Done(value),
                Ok(Ok(Probe::Refused(failure))) => return Found::Refused(failure),
                Ok(Ok(Probe::Unknown(why))) => return Found::Unknown(why),
                Ok(Ok(Probe::Absent)) => Found::Absent,
                Ok(Err(failure)) => Found::Unasked(failure),
                Err(panic) => return Found::Unasked(panicked(&task.request, panic.as_ref())),
            };
        }
        found
    }

    /// What follows from what was found, other than that there is nothing.
    fn judge(
        &self,
        task: &Task,
        effect: &dyn Effect,
        found: Found,
        failure: Option<&Failure>,
    ) -> Result<Verdict, RecordError> {
        let end = match found {
            Found::Absent => return Ok(Verdict::Again),
            Found::Done(value) => self.settle(task, Settled::Value(value), Some("probe"))?,
            Found::Refused(failure) => self.failed(task, failure)?,
            Found::Interrupted => End::Interrupted(failure.cloned().unwrap_or_else(interrupted)),
            Found::Unasked(failure) => self.doubt(task, format!("the remote could not be asked: {failure}"))?,
            Found::Unknown(why) => match effect.on_unknown() {
                OnUnknown::Ask => self.doubt(task, why)?,
                OnUnknown::Skip => self.settle(task, Settled::Value(Value::Null), Some("skip"))?,
                OnUnknown::Retry => return Ok(Verdict::Again),
            },
        };
        Ok(Verdict::End(end))
    }

    /// Writes a failure down for the script, unless the command was told to stop: then the failure may come from that,
    /// and the command is performed again on resume (it did nothing, or its probe will tell).
    fn failed(&self, task: &Task, failure: Failure) -> Result<End, RecordError> {
        if self.cancel.is_raised() {
            return Ok(End::Interrupted(failure));
        }
        self.settle(task, Settled::Failure(failure), None)
    }

    fn settle(&self, task: &Task, settled: Settled, actor: Option<&str>) -> Result<End, RecordError> {
        let Request { key, call, fingerprint, .. } = task.request.clone();
        let (name, args) = (call.name, call.args);
        let actor = actor.map(str::to_owned);
        self.record(Record::Settled { key, fingerprint, name, args, settled: settled.clone(), actor })?;
        Ok(End::Settled(settled))
    }

    fn intend(&self, task: &Task, intent: &Intent, attempt: u32) -> Result<(), RecordError> {
        let Request { key, call, fingerprint, .. } = task.request.clone();
        let (name, args) = (call.name, call.args);
        self.record(Record::Intent { key, fingerprint, name, args, intent: intent.clone(), attempt })
    }

    fn doubt(&self, task: &Task, why: String) -> Result<End, RecordError> {
        let Request { key, call, .. } = &task.request;
        let failure = Failure::new(
            FailureKind::InDoubt,
            format!("nobody knows whether `{}` at {} happened: {why}", call.name, key.label()),
        )
        .hint("look whether it did, then settle it or abandon the run; `relwf resume` asks the remote again")
        .at(call.at.clone())
        .detail(serde_json::json!({ "key": key.to_string(), "command": call.name, "args": call.args }));
        if !task.doubted {
            self.record(Record::Unknown { key: key.clone(), failure: failure.clone() })?;
        }
        Ok(End::InDoubt(failure))
    }

    fn record(&self, record: Record) -> Result<(), RecordError> {
        self.recorder.record(&record)
    }

    /// Sleeps unless told to stop; says whether it slept to the end.
    fn sleep(&self, how_long: Duration) -> bool {
        let until = Instant::now() + how_long;
        loop {
            if self.cancel.is_raised() {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
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

    fn idempotency_key(&self, request: &Request) -> String {
        idempotency_key(self.run, &request.key, &request.fingerprint)
    }
}

/// The same for every attempt of a command in a run, different for every other command.
fn idempotency_key(run: &RunId, key: &Key, fingerprint: &Fingerprint) -> String {
    let digest = Sha256::new().chain_update(key.to_string()).chain_update([0]).chain_update(&fingerprint.0).finalize();
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("relwf-{run}-{hash}")
}

pub(super) fn interrupted() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted").hint("`relwf resume` goes on where it stopped")
}

/// A panic as data.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned())
}

fn panicked(request: &Request, panic: &(dyn std::any::Any + Send)) -> Failure {
    Failure::new(
        FailureKind::Bug,
        format!("`{}` at {} panicked: {}", request.call.name, request.key.label(), panic_text(panic)),
    )
    .hint("this is a bug in relwf; please report it")
    .at(request.call.at.clone())
}
