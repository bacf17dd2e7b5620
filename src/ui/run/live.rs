//! A run on a terminal: a spinner for everything that runs, a line for everything that ended.

use super::approvals::Approvals;
use super::command_phrase::phrase;
use super::lines::{note, started};
use super::remarks::{StepRemarks, is_handler};
use crate::model::{Failure, Shown};
use crate::run::{Event, Key, Listener, Remark, RemarkKind, StepPath, StepStatus};
use crate::ui::out::{Out, Verbosity};
use crate::ui::style::{DIM, ERROR, GOOD, NAME, WARNING, paint};
use crate::ui::time::took;
use crate::ui::working::step_spinner;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Spinners at once, more than a terminal has lines for: each is drawn again and again. What has none gets one when it is
/// worked at and another has ended.
const SPINNERS: usize = 64;

/// A run on a terminal.
pub struct LiveDisplay {
    out: Arc<Out>,
    bars: MultiProgress,
    running: Mutex<RunningItems>,
    yielded: Mutex<Option<Yielded>>,
    approvals: Approvals,
    remarks: StepRemarks,
}

/// A program of this command has the terminal just now.
struct Yielded {
    /// The command that gives it back.
    key: Key,
    /// Lines to print then.
    lines: Vec<String>,
}

/// What has a spinner of its own.
#[derive(Clone, PartialEq, Eq, Hash)]
enum SpinnerId {
    Step(StepPath),
    /// A command outside of any step.
    Command(Key),
}

/// Everything that runs.
#[derive(Default)]
struct RunningItems {
    running: HashMap<SpinnerId, Running>,
    spinners: usize,
}

/// Something that runs.
struct Running {
    label: String,
    bar: Option<ProgressBar>,
    /// Of the command that failed inside, to be printed when the step has failed.
    failure: Option<String>,
}

impl LiveDisplay {
    /// For these streams.
    pub fn new(out: Arc<Out>) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self {
            bars,
            running: Mutex::default(),
            yielded: Mutex::default(),
            approvals: Approvals::default(),
            remarks: StepRemarks::default(),
            out,
        }
    }

    /// A line that stays, above the spinners.
    fn line(&self, text: &str) {
        let text = self.painted(text);
        if let Some(yielded) = self.yielded().as_mut() {
            return yielded.lines.push(text);
        }
        // Fails when the terminal is gone.
        let _ = self.bars.println(text);
    }

    /// Draws nothing more until this command reports something.
    fn yield_terminal(&self, key: &Key) {
        let mut yielded = self.yielded();
        if yielded.is_none() {
            let _ = self.bars.clear();
            self.bars.set_draw_target(ProgressDrawTarget::hidden());
            *yielded = Some(Yielded { key: key.clone(), lines: Vec::new() });
        }
    }

    /// Draws again, beginning with the lines that were held back.
    fn take_back(&self) {
        if let Some(yielded) = self.yielded().take() {
            self.bars.set_draw_target(ProgressDrawTarget::stderr());
            for line in yielded.lines {
                let _ = self.bars.println(line);
            }
        }
    }

    fn yielded(&self) -> std::sync::MutexGuard<'_, Option<Yielded>> {
        self.yielded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, id: SpinnerId, label: &str) {
        let mut running = Running { label: self.painted(&paint(NAME, label)), bar: None, failure: None };
        let mut held = self.held();
        self.show(&mut running, &mut held.spinners);
        if let Some(before) = held.running.insert(id, running) {
            self.hide(&before, &mut held.spinners);
        }
    }

    /// Gives it a spinner, where there is one to be had.
    fn show(&self, running: &mut Running, spinners: &mut usize) {
        if running.bar.is_none() && *spinners < SPINNERS {
            let bar = self.bars.add(ProgressBar::new_spinner().with_style(step_spinner(self.out.charset)));
            bar.set_prefix(running.label.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            running.bar = Some(bar);
            *spinners += 1;
        }
    }

    fn hide(&self, running: &Running, spinners: &mut usize) {
        if let Some(bar) = &running.bar {
            bar.finish_and_clear();
            self.bars.remove(bar);
            *spinners -= 1;
        }
    }

    fn painted(&self, text: &str) -> String {
        let text = self.out.shown(text);
        if self.out.coloured { text.into_owned() } else { anstream::adapter::strip_str(&text).to_string() }
    }

    /// Says what a running step does now.
    fn doing(&self, key: &Key, what: &str) {
        let RunningItems { running, spinners } = &mut *self.held();
        let command = SpinnerId::Command(key.clone());
        let id = if running.contains_key(&command) { command } else { SpinnerId::Step(key.path.clone()) };
        let Some(running) = running.get_mut(&id) else { return };
        self.show(running, spinners);
        if let Some(bar) = &running.bar {
            bar.set_message(self.painted(&paint(DIM, what)));
        }
    }

    fn end(&self, id: &SpinnerId) -> Option<Running> {
        let mut held = self.held();
        let running = held.running.remove(id)?;
        self.hide(&running, &mut held.spinners);
        Some(running)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, RunningItems> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step_finished(&self, step: &StepPath, status: StepStatus, took_ms: u64) {
        let failure = self.end(&SpinnerId::Step(step.clone())).and_then(|running| running.failure);
        let remark = self.remarks.take(step);
        if status == StepStatus::Done && is_handler(step) && self.out.verbosity != Verbosity::Verbose {
            return;
        }
        self.line(&step_line(step, status, took_ms, failure.as_deref(), remark.as_ref()));
    }

    fn command_finished(&self, key: &Key, command: &str, error: Option<&Failure>, took_ms: u64) {
        if key.path.is_empty() {
            self.end(&SpinnerId::Command(key.clone()));
            if let Some(error) = error {
                let time = paint(DIM, format!("({})", took(took_ms)));
                self.line(&format!("{} {command} {time}: {}", paint(ERROR, "✗"), error.message));
                return;
            }
        } else if let Some(running) = self.held().running.get_mut(&SpinnerId::Step(key.path.clone())) {
            running.failure = error.map(|error| error.message.clone());
        }
        if self.out.verbosity == Verbosity::Verbose {
            self.line(&format!("  {} {}", paint(DIM, command), paint(DIM, format!("({})", took(took_ms)))));
        }
    }
}

/// `✓ merge (0.4s)`, `– checks (0.0s): no checks are required`, `✗ agents[a] › roll (0.0s): there is no change 77`. Inner steps end
/// before those around them, so each names all.
fn step_line(
    step: &StepPath,
    status: StepStatus,
    took_ms: u64,
    failure: Option<&str>,
    remark: Option<&Remark>,
) -> String {
    let name = step.names().join(" › ");
    let (sign, why) = match (status, remark) {
        (StepStatus::Failed, _) => (paint(ERROR, "✗"), failure),
        (StepStatus::Done, None) => (paint(GOOD, "✓"), None),
        (StepStatus::Done, Some(remark)) => (remark_sign(remark.kind), Some(remark.why.as_str())),
    };
    let time = paint(DIM, format!("({})", took(took_ms)));
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    format!("{sign} {name} {time}{why}")
}

/// What stands in a tick's place.
pub(super) fn remark_sign(kind: RemarkKind) -> String {
    match kind {
        RemarkKind::Nothing => paint(DIM, "–"),
        RemarkKind::Unwatched => paint(WARNING, "!"),
        RemarkKind::Adverse => paint(ERROR, "✗"),
    }
}

impl Listener for LiveDisplay {
    fn event(&self, event: &Event) {
        self.approvals.observe(event);
        self.remarks.observe(event);
        let back = match event {
            Event::CommandProgress { key, .. } | Event::CommandFinished { key, .. } => {
                self.yielded().as_ref().is_some_and(|yielded| yielded.key == *key)
            }
            Event::RunFinished { .. } => true,
            _ => false,
        };
        if back {
            self.take_back();
        }
        if let Some(text) = note(event) {
            self.line(&format!("{} {text}", paint(NAME, "•")));
            return;
        }
        match event {
            Event::RunStarted { .. } => self.line(&started(event)),
            Event::StepStarted { step, .. } => self.begin(SpinnerId::Step(step.clone()), &step.names().join(" › ")),
            Event::StepFinished { step, status, took_ms } => self.step_finished(step, *status, *took_ms),
            Event::CommandStarted { key, command, args, at, .. } => {
                if self.out.verbosity == Verbosity::Verbose {
                    self.line(&format!("  {} {}", phrase(command, args), paint(DIM, at)));
                }
                if key.path.is_empty() {
                    self.begin(SpinnerId::Command(key.clone()), command);
                } else {
                    self.doing(key, &phrase(command, args));
                }
            }
            Event::CommandProgress { key, text, shown } => {
                self.doing(key, text);
                if *shown == Shown::YieldTerminal {
                    self.yield_terminal(key);
                }
            }
            Event::Waiting { key, why } => {
                self.doing(key, &paint(WARNING, format!("waiting: {}", self.approvals.waiting(key, why))));
            }
            Event::CommandFinished { key, command, error, took_ms, .. } => {
                self.command_finished(key, command, error.as_ref(), *took_ms);
            }
            // A spinner shows how long it has been.
            Event::Note { .. } | Event::StillWaiting { .. } => {}
            Event::RunFinished { .. } => {
                let ids: Vec<SpinnerId> = self.held().running.keys().cloned().collect();
                ids.iter().for_each(|id| drop(self.end(id)));
                let _ = self.bars.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_ended_shows_its_time_and_then_its_failure() {
        let step = StepPath::default().step("close");
        let line =
            |status, failure| anstream::adapter::strip_str(&step_line(&step, status, 40, failure, None)).to_string();
        assert_eq!(line(StepStatus::Done, None), "✓ close (0.0s)");
        let failure = Some("there is no change 77");
        assert_eq!(line(StepStatus::Failed, failure), "✗ close (0.0s): there is no change 77");
        // A failure that the workflow caught is none of the step's.
        assert_eq!(line(StepStatus::Done, failure), "✓ close (0.0s)");
        let inner = step_line(&step.step("delete"), StepStatus::Done, 40, None, None);
        assert_eq!(anstream::adapter::strip_str(&inner).to_string(), "✓ close › delete (0.0s)");
    }

    #[test]
    fn a_tick_stands_for_a_fact() {
        let step = StepPath::default().step("checks");
        let line = |remark: Remark| {
            let line = step_line(&step, StepStatus::Done, 40, None, Some(&remark));
            anstream::adapter::strip_str(&line).to_string()
        };
        assert_eq!(line(Remark::nothing("no checks are required")), "– checks (0.0s): no checks are required");
        assert_eq!(line(Remark::unwatched("nothing reports")), "! checks (0.0s): nothing reports");
        assert_eq!(line(Remark::adverse("2 conflicts")), "✗ checks (0.0s): 2 conflicts");
    }
}
