//! The dry driver: reads are real, effects and waits are assumed and listed.

use super::announce::{Announcer, millis};
use super::perform::{interrupted, panic_text};
use super::{
    Advance, Assumed, Command, Commands, Event, Listener, Live, Outcome, Performing, PlanItem, Position, Request,
    RunStatus, Script, Settled,
};
use crate::model::{Cancel, Failure, FailureKind, Progress, RunId, TaskContext, Value, unknown_inside};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

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
    pub fn drive(&self) -> (Outcome, Vec<PlanItem>) {
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
            Outcome::with(RunStatus::Failed, bug)
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
    fn walk(&mut self) -> Outcome {
        let DryDriver { script, params, cancel, .. } = *self.driver;
        let outcome = std::thread::scope(|scope| {
            let mut live = Live::start(scope, script, params, Arc::default(), cancel)?;
            self.answer_all(&mut live)
        });
        outcome.unwrap_or_else(|failure| Outcome::with(RunStatus::Failed, failure))
    }

    fn answer_all(&mut self, live: &mut Live<'_>) -> Result<Outcome, Failure> {
        let mut announcer = Announcer::default();
        let mut outcomes = Vec::new();
        loop {
            let (advanced, traces) = live.advance(std::mem::take(&mut outcomes))?;
            announcer.tell(traces, self.driver.listener);
            let requests = match advanced {
                Advance::Pending(requests) => requests,
                Advance::Done(value) => {
                    return Ok(Outcome { status: RunStatus::Planned, value: Some(value), failure: None });
                }
                Advance::Failed(failure) | Advance::Diverged(failure) => return Err(failure),
                Advance::Cancelled => return Ok(Outcome::with(RunStatus::Interrupted, interrupted())),
            };
            for request in requests {
                if self.driver.cancel.is_raised() {
                    return Ok(Outcome::with(RunStatus::Interrupted, interrupted()));
                }
                let settled = self.answer(&request)?;
                outcomes.push((request, settled));
            }
        }
    }

    /// The outcome of one command; an error ends the preview.
    fn answer(&mut self, request: &Request) -> Result<Settled, Failure> {
        let command = match self.driver.commands.command(&request.call) {
            Ok(command) => command,
            Err(failure) => return Ok(Settled::Failure(failure)),
        };
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
        let assumed = match &command {
            Command::Read(read) => {
                if let Some(what) = unknown_inside(&request.call.args) {
                    return Err(undecidable(request, what));
                }
                let started = self.started(request);
                let settled = Settled::from(read.perform(&cx));
                self.finished(request, &settled, started);
                return Ok(settled);
            }
            Command::Wait(wait) => wait.assume(&cx),
            Command::Effect(effect) => effect.assume(&cx),
        };
        Ok(match assumed {
            Ok(Assumed { value, note }) => {
                self.items.insert(request.position.clone(), PlanItem::new(request, value.clone(), note));
                Settled::Value(value)
            }
            Err(failure) => Settled::Failure(failure),
        })
    }

    fn started(&self, request: &Request) -> Instant {
        self.driver.listener.event(&Event::command_started(request));
        Instant::now()
    }

    fn finished(&self, request: &Request, settled: &Settled, started: Instant) {
        self.driver.listener.event(&Event::command_finished(request, settled.clone(), millis(started)));
    }
}

fn undecidable(request: &Request, what: &str) -> Failure {
    let Request { key, call, .. } = request;
    Failure::new(
        FailureKind::Unknown,
        format!("`{}` at {} needs the {what}, which is known only once the run has made it", call.name, key.label()),
    )
    .hint("the plan ends here; a real run goes on")
    .at(call.at.clone())
}
