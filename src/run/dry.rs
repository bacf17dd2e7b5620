//! The dry driver: reads are real, effects and waits are assumed and listed.

use super::advance::advance_in_order;
use super::announce::{Announcer, millis};
use super::perform::{interrupted, panic_text};
use super::{
    Advance, Assumed, Command, Commands, Event, History, Key, Listener, Outcome, Performing, PlanItem, Request,
    RunStatus, Script, Settled,
};
use crate::model::{Cancel, Failure, FailureKind, Progress, RunId, TaskContext, Value, unknown_inside};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
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
        let mut walk = Walk { driver: self, history: Arc::default(), items: BTreeMap::new(), order: Vec::new() };
        let outcome = catch_unwind(AssertUnwindSafe(|| walk.walk())).unwrap_or_else(|panic| {
            let what = panic_text(panic.as_ref());
            let bug = Failure::new(FailureKind::Bug, format!("the dry run panicked: {what}"))
                .hint("this is a bug in relwf; please report it");
            Outcome::with(RunStatus::Failed, bug)
        });
        let plan = walk.plan();
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

/// A journal that is only in memory, and the plan that comes of it.
struct Walk<'d> {
    driver: &'d DryDriver<'d>,
    history: Arc<History>,
    items: BTreeMap<Key, PlanItem>,
    /// The keys as the script asks for them: branch after branch, as people read.
    order: Vec<Key>,
}

impl Walk<'_> {
    fn walk(&mut self) -> Outcome {
        let mut announcer = Announcer::default();
        loop {
            let (script, params, cancel) = (self.driver.script, self.driver.params, self.driver.cancel);
            let (advanced, traces, order) = advance_in_order(script, params, Arc::clone(&self.history), cancel);
            self.order = order;
            announcer.tell(traces, self.driver.listener);
            let requests = match advanced {
                Advance::Pending(requests) => requests,
                Advance::Done(value) => {
                    return Outcome { status: RunStatus::Planned, value: Some(value), failure: None };
                }
                Advance::Failed(failure) | Advance::Diverged(failure) => {
                    return Outcome::with(RunStatus::Failed, failure);
                }
                Advance::Cancelled => return Outcome::with(RunStatus::Interrupted, interrupted()),
            };
            for request in requests {
                if cancel.is_raised() {
                    return Outcome::with(RunStatus::Interrupted, interrupted());
                }
                match self.answer(&request) {
                    Ok(settled) => Arc::make_mut(&mut self.history).settle(&request, settled),
                    Err(failure) => return Outcome::with(RunStatus::Failed, failure),
                }
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
                let item = PlanItem::new(request, value.clone(), note);
                self.items.insert(request.key.clone(), item);
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

    fn plan(&mut self) -> Vec<PlanItem> {
        let position: HashMap<&Key, usize> = self.order.iter().enumerate().map(|(index, key)| (key, index)).collect();
        let mut items: Vec<(Key, PlanItem)> = std::mem::take(&mut self.items).into_iter().collect();
        items.sort_by_key(|(key, _)| position.get(key).copied().unwrap_or(usize::MAX));
        items.into_iter().map(|(_, item)| item).collect()
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
