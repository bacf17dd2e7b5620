//! The dry driver: reads are real, effects and waits are assumed and listed.

use super::announce_once::{Announcer, millis};
use super::life::{Action, Cancellation, CommandState, End, Happened, Moment, StepContext, step};
use super::perform::{misfit, panic_text};
use super::{
    Advance, Assumed, Command, CommandKind, CommandRequest, Commands, Event, Listener, LiveEvaluation, OnOutage,
    Performing, PlanItem, Position, RetryPolicy, RunOutcome, RunStatus, Script, Settled,
};
use crate::model::{Cancel, Failure, FailureKind, Progress, RunId, TaskContext, Value, unknown_inside};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything a dry run needs.
pub struct DryDriver<'a> {
    /// A name for the run that never was.
    pub run: &'a RunId,
    /// The workflow's name, for events.
    pub workflow: &'a str,
    /// The workflow.
    pub script: &'a dyn Script,
    /// Its parameters.
    pub params: &'a Value,
    /// Turns calls into commands.
    pub commands: &'a dyn Commands,
    /// Hears events.
    pub listener: &'a dyn Listener,
    /// ctrl-C.
    pub cancel: &'a Cancel,
}

impl DryDriver<'_> {
    /// Walks the workflow to its end; the plan comes even when it fails half-way.
    pub fn drive(&self) -> (RunOutcome, Vec<PlanItem>) {
        self.listener.event(&Event::RunStarted {
            run: self.run.clone(),
            workflow: self.workflow.to_owned(),
            params: self.params.clone(),
            dry_run: true,
            resumed: false,
        });
        let mut walk = Walk { driver: self, items: BTreeMap::new() };
        let outcome = catch_unwind(AssertUnwindSafe(|| walk.walk())).unwrap_or_else(|panic| {
            let what = panic_text(panic.as_ref());
            let bug = Failure::new(FailureKind::Bug, format!("the dry run panicked: {what}"))
                .hint("this is a bug in relwf; please report it");
            RunOutcome::with(RunStatus::Failed, bug)
        });
        let plan: Vec<PlanItem> = walk.items.into_values().collect();
        self.listener.event(&Event::RunFinished {
            run: self.run.clone(),
            workflow: self.workflow.to_owned(),
            status: outcome.status,
            value: outcome.value.clone(),
            error: outcome.failure.clone(),
            plan: Some(plan.clone()),
        });
        (outcome, plan)
    }
}

/// Answers instead of performing; nothing is written down.
struct Walk<'d> {
    driver: &'d DryDriver<'d>,
    /// The plan, as people read the script: branch after branch.
    items: BTreeMap<Position, PlanItem>,
}

impl Walk<'_> {
    fn walk(&mut self) -> RunOutcome {
        let DryDriver { script, params, cancel, .. } = *self.driver;
        let outcome = std::thread::scope(|scope| {
            let mut live = LiveEvaluation::start(scope, script, params, Arc::default(), cancel)?;
            self.answer_all(&mut live)
        });
        outcome.unwrap_or_else(|failure| match failure.kind {
            FailureKind::Interrupted => RunOutcome::with(RunStatus::Interrupted, failure),
            _ => RunOutcome::with(RunStatus::Failed, failure),
        })
    }

    fn answer_all(&mut self, live: &mut LiveEvaluation<'_>) -> Result<RunOutcome, Failure> {
        let mut announcer = Announcer::default();
        let mut outcomes = Vec::new();
        loop {
            let (advanced, traces) = live.advance(std::mem::take(&mut outcomes))?;
            announcer.tell(traces, self.driver.listener);
            let requests = match advanced {
                Advance::Pending(requests) => requests,
                Advance::Done(value) => {
                    return Ok(RunOutcome { status: RunStatus::Planned, value: Some(value), failure: None });
                }
                Advance::Failed(failure) | Advance::Diverged(failure) => return Err(failure),
                Advance::Cancelled => return Ok(RunOutcome::with(RunStatus::Interrupted, stopped())),
            };
            for request in requests {
                if self.driver.cancel.is_raised() {
                    return Ok(RunOutcome::with(RunStatus::Interrupted, stopped()));
                }
                let settled = self.answer(&request)?;
                outcomes.push((request, settled));
            }
        }
    }

    /// The outcome of one command; an error ends the preview. The command lives its life, but nothing is written down,
    /// and what would be begun or prepared is assumed.
    fn answer(&mut self, request: &CommandRequest) -> Result<Settled, Failure> {
        let DryDriver { run, commands, cancel, .. } = *self.driver;
        let command = commands.command(&request.call);
        // A preview ends before any rest that a server may ask for.
        let policy = RetryPolicy { budget: Duration::MAX, ..RetryPolicy::default() };
        let (mut state, mut action) = (CommandState::default(), Action::Start);
        loop {
            let happened = match action {
                Action::Start => match &command {
                    Ok(command) => Happened::Started(CommandKind::of(command)),
                    Err(failure) => Happened::Unfit(failure.clone()),
                },
                Action::Record(_) => Happened::Recorded,
                Action::End(End::Settled(settled)) => return Ok(settled),
                Action::End(End::Interrupted(failure) | End::InDoubt(failure) | End::Bug(failure)) => {
                    return Err(failure);
                }
                Action::End(End::NotYet { why, .. } | End::Suspended { why, .. }) => {
                    return Err(Failure::new(FailureKind::Waiting, why).at(request.call.at.clone()));
                }
                ref action => match &command {
                    Ok(command) => self.act(request, command, action)?,
                    Err(failure) => Happened::Unfit(failure.clone()),
                },
            };
            let cancellation = if cancel.is_raised() { Cancellation::Requested } else { Cancellation::None };
            let moment = Moment { elapsed: Duration::ZERO, now: Timestamp::now(), chance: 0, cancellation };
            (state, action) = step(
                state,
                happened,
                &StepContext { run, request, policy: &policy, on_outage: OnOutage::Throw, moment },
            );
        }
    }

    /// Looks for real, and takes everything else for granted.
    fn act(&mut self, request: &CommandRequest, command: &Command, action: &Action) -> Result<Happened, Failure> {
        let progress = |progress: Progress| {
            let (key, text, shown) = (request.key.clone(), progress.what, progress.shown);
            self.driver.listener.event(&Event::CommandProgress { key, text, shown });
        };
        let cx = Performing {
            run: self.driver.run,
            key: &request.key,
            task: TaskContext { cancel: self.driver.cancel, progress: &progress },
            now: Timestamp::now(),
        };
        let assumed = match (action, command) {
            (Action::Read, Command::Read(read)) => {
                if let Some(what) = unknown_inside(&request.call.args) {
                    return Err(undecidable(request, what));
                }
                let started = self.started(request);
                let answer = read.perform(&cx);
                self.finished(request, &Settled::from(answer.clone()), started);
                return Ok(Happened::Answered(answer));
            }
            (Action::Begin, Command::Wait(wait)) => wait.assume(&cx),
            (Action::Prepare, Command::Effect(effect)) => effect.assume(&cx),
            _ => return Ok(Happened::Panicked(misfit(request))),
        };
        Ok(Happened::Assumed(assumed.map(|Assumed { value, note }| {
            self.items.insert(request.position.clone(), PlanItem::new(request, value.clone(), note));
            value
        })))
    }

    fn started(&self, request: &CommandRequest) -> Instant {
        self.driver.listener.event(&Event::command_started(request));
        Instant::now()
    }

    fn finished(&self, request: &CommandRequest, settled: &Settled, started: Instant) {
        self.driver.listener.event(&Event::command_finished(
            request,
            settled.clone(),
            self.driver.commands,
            millis(started),
        ));
    }
}

/// ctrl-C. There is nothing to go on with.
fn stopped() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted")
}

fn undecidable(request: &CommandRequest, what: &str) -> Failure {
    let CommandRequest { key, call, .. } = request;
    Failure::new(
        FailureKind::Unknown,
        format!("`{}` at {} needs the {what}, which is known only once the run has made it", call.name, key.label()),
    )
    .hint("the plan ends here; a real run goes on")
    .at(call.at.clone())
}
