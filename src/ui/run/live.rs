//! A run on a terminal: a spinner for everything that runs, a line for everything that ended.

use super::lines::{note, started};
use super::phrase::phrase;
use crate::model::{Failure, Shown};
use crate::run::{Event, Key, Listener, StepPath, StepStatus};
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
        Self { bars, running: Mutex::default(), yielded: Mutex::default(), out }
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
        let mut names = step.names();
        let name = names.pop().unwrap_or_default();
        let indent = "  ".repeat(names.len());
        let time = paint(DIM, took(took_ms));
        match status {
            StepStatus::Done => self.line(&format!("{indent}{} {} {time}", paint(GOOD, "✓"), name)),
            StepStatus::Failed => {
                let why = failure.map(|why| format!(": {why}")).unwrap_or_default();
                self.line(&format!("{indent}{} {}{why} {time}", paint(ERROR, "✗"), name));
            }
        }
    }

    fn command_finished(&self, key: &Key, command: &str, error: Option<&Failure>, took_ms: u64) {
        if key.path.is_empty() {
            self.end(&SpinnerId::Command(key.clone()));
            if let Some(error) = error {
                self.line(&format!("{} {command}: {}", paint(ERROR, "✗"), error.message));
                return;
            }
        } else if let Some(running) = self.held().running.get_mut(&SpinnerId::Step(key.path.clone())) {
            running.failure = error.map(|error| error.message.clone());
        }
        if self.out.verbosity == Verbosity::Verbose {
            self.line(&format!("  {} {}", paint(DIM, command), paint(DIM, took(took_ms))));
        }
    }
}

impl Listener for LiveDisplay {
    fn event(&self, event: &Event) {
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
            Event::Waiting { key, why } => self.doing(key, &paint(WARNING, format!("waiting: {why}"))),
            Event::CommandFinished { key, command, error, took_ms, .. } => {
                self.command_finished(key, command, error.as_ref(), *took_ms);
            }
            Event::Note { .. } => {}
            Event::RunFinished { .. } => {
                let ids: Vec<SpinnerId> = self.held().running.keys().cloned().collect();
                ids.iter().for_each(|id| drop(self.end(id)));
                let _ = self.bars.clear();
            }
        }
    }
}
