//! The driver's main loop: advances the script, hands pending commands to workers, collects outcomes.
//!
//! Workers (`perform.rs`) only perform; nothing else decides what starts, or hands outcomes to the script.

use super::announce_once::{Announcer, millis};
use super::life::{CommandState, End, interrupted};
use super::perform::{Ended, Performer, Task};
use super::wait_log::WaitLog;
use super::{
    Advance, CommandRequest, Event, History, HistoryEntry, Key, LiveEvaluation, LocalDriver, Position, RecordError,
    RunOutcome, RunStatus, Settled,
};
use crate::model::{Failure, FailureKind};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::Scope;
use std::time::{Duration, Instant};

/// A wait between two looks.
struct Resting {
    task: Box<Task>,
    due: Instant,
    /// Why, when it may take so long that the process need not stay for it.
    suspended: Option<String>,
}

/// Why nothing new is started any more.
enum DriveStop {
    Cancelled,
    InDoubt,
    Bug(Failure),
    Broken(RecordError),
}

/// One drive, as the deciding thread sees it.
pub(super) struct Drive<'d, 'scope, 'env> {
    driver: &'scope LocalDriver<'scope>,
    performer: &'scope Performer<'scope>,
    scope: &'scope Scope<'scope, 'env>,
    receiver: &'d Receiver<(Box<Task>, Ended)>,
    /// What the run's processes before this one have written.
    journal: Arc<History>,
    announcer: Announcer,
    /// Asked for, not started, in the script's order: a branch that has begun goes on before another begins.
    queue: BTreeMap<Position, CommandRequest>,
    /// Outcomes that the script has not seen.
    settled: Vec<(CommandRequest, Settled)>,
    in_flight: HashSet<Key>,
    resting: HashMap<Key, Resting>,
    /// What listeners have heard of what is not over.
    log: WaitLog,
    /// Effects that a dead process left without an outcome: nothing else starts before they are settled.
    recovering: HashSet<Key>,
    doubts: Vec<Failure>,
    stop: Option<DriveStop>,
}

impl<'d, 'scope, 'env> Drive<'d, 'scope, 'env> {
    pub(super) fn new(
        driver: &'scope LocalDriver<'scope>,
        performer: &'scope Performer<'scope>,
        scope: &'scope Scope<'scope, 'env>,
        receiver: &'d Receiver<(Box<Task>, Ended)>,
        journal: History,
    ) -> Self {
        let open = |entry: &HistoryEntry| entry.intent.is_some() && entry.settled.is_none();
        Self {
            driver,
            performer,
            scope,
            receiver,
            recovering: journal.entries.iter().filter(|(_, e)| open(e)).map(|(key, _)| key.clone()).collect(),
            journal: Arc::new(journal),
            announcer: Announcer::default(),
            queue: BTreeMap::new(),
            settled: Vec::new(),
            in_flight: HashSet::new(),
            resting: HashMap::new(),
            log: WaitLog::new(performer.policy.said_again),
            doubts: Vec::new(),
            stop: None,
        }
    }

    /// Goes on until nothing can go on.
    pub(super) fn run(mut self) -> Result<RunOutcome, RecordError> {
        let LocalDriver { script, params, cancel, listener, .. } = *self.driver;
        let mut live = match LiveEvaluation::start(self.scope, script, params, Arc::clone(&self.journal), cancel) {
            Ok(live) => live,
            Err(failure) => return Ok(RunOutcome::with(RunStatus::Failed, failure)),
        };
        loop {
            let advanced = match live.advance(std::mem::take(&mut self.settled)) {
                Ok((advanced, traces)) => {
                    self.announcer.tell(traces, listener);
                    advanced
                }
                Err(bug) => return self.drain(DriveStop::Bug(bug)),
            };
            match advanced {
                Advance::Pending(requests) => {
                    self.queue.extend(requests.into_iter().map(|request| (request.position.clone(), request)));
                }
                Advance::Diverged(failure) => {
                    self.drain(DriveStop::Cancelled)?;
                    return Ok(RunOutcome::with(RunStatus::Failed, failure));
                }
                Advance::Cancelled => return self.drain(DriveStop::Cancelled),
                Advance::Done(value) => return Ok(RunOutcome::done(value)),
                Advance::Failed(failure) if failure.kind == FailureKind::Interrupted && cancel.is_raised() => {
                    return Ok(RunOutcome::with(RunStatus::Interrupted, failure));
                }
                Advance::Failed(failure) => return Ok(RunOutcome::with(RunStatus::Failed, failure)),
            }
            if let Some(outcome) = self.until_settled()? {
                return Ok(outcome);
            }
        }
    }

    /// Starts, listens and wakes until at least one more command has its outcome (`None`) or nothing can go on.
    fn until_settled(&mut self) -> Result<Option<RunOutcome>, RecordError> {
        loop {
            if self.driver.cancel.is_raised() && self.stop.is_none() {
                self.stop = Some(DriveStop::Cancelled);
            }
            if let Some(stop) = self.stop.take() {
                return self.drain(stop).map(Some);
            }
            if !self.settled.is_empty() {
                return Ok(None);
            }
            self.say_what_lasts();
            self.wake();
            self.start();
            if self.in_flight.is_empty() && self.resting.values().all(|resting| resting.suspended.is_some()) {
                return Ok(Some(self.suspended()));
            }
            self.listen();
        }
    }

    /// Waits for messages.
    fn listen(&mut self) {
        let nearest = self.resting.values().map(|resting| resting.due.saturating_duration_since(Instant::now())).min();
        let patience = nearest.map_or(self.performer.policy.tick, |due| due.min(self.performer.policy.tick));
        let mut next = self.receiver.recv_timeout(patience).ok();
        while let Some((task, ended)) = next {
            self.hear(task, ended);
            next = self.receiver.try_recv().ok();
        }
    }

    fn hear(&mut self, task: Box<Task>, ended: Ended) {
        let key = task.request.key.clone();
        self.in_flight.remove(&key);
        self.recovering.remove(&key);
        if !matches!(ended, Ok(End::NotYet { .. } | End::Suspended { .. })) {
            self.log.end(&key);
        }
        let end = match ended {
            Ok(end) => end,
            Err(error) => {
                self.stop = Some(DriveStop::Broken(error));
                return;
            }
        };
        match end {
            End::Settled(settled) => {
                self.finished(&task, settled.clone());
                self.settled.push((task.request, settled));
            }
            End::NotYet { why, again } => {
                self.waiting(&key, &why);
                self.resting.insert(key, Resting { task, due: Instant::now() + again.duration(), suspended: None });
            }
            End::Suspended { why, until } => {
                self.waiting(&key, &why);
                let most = self.performer.policy.suspended;
                let left = until.map(|until| until.duration_since((self.performer.policy.now)()));
                let rest = left.map_or(most, |left| Duration::try_from(left).unwrap_or(Duration::ZERO).min(most));
                self.resting.insert(key, Resting { task, due: Instant::now() + rest, suspended: Some(why) });
            }
            End::InDoubt(failure) => {
                self.finished(&task, Settled::Failure(failure.clone()));
                self.doubts.push(failure);
                self.stop.get_or_insert(DriveStop::InDoubt);
            }
            End::Interrupted(failure) => self.finished(&task, Settled::Failure(failure)),
            End::Bug(failure) => {
                self.finished(&task, Settled::Failure(failure.clone()));
                if !matches!(self.stop, Some(DriveStop::Broken(_))) {
                    self.stop = Some(DriveStop::Bug(failure));
                }
            }
        }
    }

    /// Puts waits whose time has come before everything else that is to be started.
    fn wake(&mut self) {
        let now = Instant::now();
        let slots = self.slots();
        let due: Vec<Key> =
            self.resting.iter().filter(|(_, r)| r.due <= now).map(|(key, _)| key.clone()).take(slots).collect();
        for key in due {
            // A suspended wait is looked at again only while something else keeps the process here.
            let alone = self.in_flight.is_empty() && self.resting.values().all(|resting| resting.suspended.is_some());
            if alone && self.queue.is_empty() {
                return;
            }
            if let Some(resting) = self.resting.remove(&key) {
                self.spawn(resting.task);
            }
        }
    }

    /// Starts as much of the queue as may be in flight.
    fn start(&mut self) {
        if !self.recovering.is_empty() {
            let (first, later) = std::mem::take(&mut self.queue)
                .into_iter()
                .partition::<BTreeMap<_, _>, _>(|(_, request)| self.recovering.contains(&request.key));
            let waits = !first.is_empty() || self.recovering.iter().any(|key| self.in_flight.contains(key));
            self.queue = first;
            self.fill();
            self.queue.extend(later);
            if waits {
                return;
            }
        }
        self.fill();
    }

    fn fill(&mut self) {
        while self.slots() > 0
            && let Some((_, request)) = self.queue.pop_first()
        {
            self.driver.listener.event(&Event::command_started(&request));
            self.log.begin(request.key.clone(), request.call.name.clone(), (self.performer.policy.now)());
            let entry = self.journal.entries.get(&request.key);
            let state = entry.map(CommandState::of).unwrap_or_default();
            self.spawn(Box::new(Task::new(request, state)));
        }
    }

    fn slots(&self) -> usize {
        self.driver.parallel.max(1).saturating_sub(self.in_flight.len())
    }

    fn spawn(&mut self, task: Box<Task>) {
        self.in_flight.insert(task.request.key.clone());
        let performer = self.performer;
        self.scope.spawn(move || performer.turn(task));
    }

    /// Lets what is in flight come to its end, starting nothing new.
    fn drain(&mut self, stop: DriveStop) -> Result<RunOutcome, RecordError> {
        if !matches!(stop, DriveStop::InDoubt) {
            self.performer.cancel.raise();
        }
        self.stop = Some(stop);
        while !self.in_flight.is_empty() {
            if self.driver.cancel.is_raised() {
                self.performer.cancel.raise();
            }
            self.listen();
        }
        match self.stop.take() {
            Some(DriveStop::Broken(error)) => Err(error),
            Some(DriveStop::Bug(failure)) => Ok(RunOutcome::with(RunStatus::Failed, failure)),
            Some(DriveStop::Cancelled) if self.doubts.is_empty() => {
                Ok(RunOutcome::with(RunStatus::Interrupted, interrupted(self.driver.run)))
            }
            Some(DriveStop::InDoubt | DriveStop::Cancelled) | None => {
                let mut doubts = std::mem::take(&mut self.doubts).into_iter();
                let first = doubts.next().unwrap_or_else(|| interrupted(self.driver.run));
                Ok(RunOutcome::with(RunStatus::InDoubt, doubts.fold(first, |failure, other| failure.cause(other))))
            }
        }
    }

    /// Everything that is left waits for an approval, CI or time.
    fn suspended(&mut self) -> RunOutcome {
        let mut waits: Vec<(Key, Resting)> = self.resting.drain().collect();
        waits.sort_by(|a, b| a.0.cmp(&b.0));
        let mut waits =
            waits.into_iter().map(|(key, resting)| (key, resting.suspended.unwrap_or_default(), resting.task));
        let Some((key, why, task)) = waits.next() else {
            return RunOutcome::with(
                RunStatus::Failed,
                Failure::new(FailureKind::Bug, "the workflow waits for commands that are not being performed"),
            );
        };
        let failure = Failure::new(FailureKind::Waiting, why)
            .at(task.request.call.at.clone())
            .detail(serde_json::json!({ "key": key.to_string(), "command": task.request.call.name }));
        RunOutcome::with(RunStatus::Suspended, waits.fold(failure, |failure, (_, why, _)| failure.cause(why)))
    }

    fn finished(&self, task: &Task, ended: Settled) {
        self.driver.listener.event(&Event::command_finished(
            &task.request,
            ended,
            self.driver.commands,
            millis(task.started),
        ));
    }

    /// Says what a wait lacks, when that is news.
    fn waiting(&mut self, key: &Key, why: &str) {
        if let Some(event) = self.log.lacks(key, why, (self.performer.policy.now)()) {
            self.driver.listener.event(&event);
        }
    }

    /// Says what is not over and was not spoken of for long.
    fn say_what_lasts(&mut self) {
        let overdue = self.log.overdue((self.performer.policy.now)());
        overdue.iter().for_each(|event| self.driver.listener.event(event));
    }
}
