//! Removes repetitions from the traces of repeated evaluations, so that listeners hear each step begin and end once.

use super::{Event, Listener, StepExit, StepPath, StepStatus, Trace};
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// Remembers what listeners have heard in this process.
#[derive(Default)]
pub(super) struct Announcer {
    entered: HashMap<(StepPath, u32), Instant>,
    left: HashSet<(StepPath, u32)>,
    notes: HashSet<(StepPath, u32)>,
}

impl Announcer {
    /// Tells what is new in these traces.
    pub(super) fn tell(&mut self, traces: Vec<Trace>, listener: &dyn Listener) {
        for trace in traces {
            match trace {
                Trace::Entered { path, instance, at } => {
                    let step = path.clone();
                    if let std::collections::hash_map::Entry::Vacant(slot) = self.entered.entry((path, instance)) {
                        slot.insert(Instant::now());
                        listener.event(&Event::StepStarted { step, at });
                    }
                }
                Trace::Left { path, instance, how } => {
                    let status = match how {
                        StepExit::Done => StepStatus::Done,
                        StepExit::Failed => StepStatus::Failed,
                        StepExit::Stopped => continue,
                    };
                    let step = path.clone();
                    let id = (path, instance);
                    let took_ms = self.entered.get(&id).map_or(0, |since| millis(*since));
                    if self.left.insert(id) {
                        listener.event(&Event::StepFinished { step, status, took_ms });
                    }
                }
                Trace::Note { path, ordinal, text } => {
                    if self.notes.insert((path, ordinal)) {
                        listener.event(&Event::Note { text });
                    }
                }
            }
        }
    }
}

/// Milliseconds since then.
pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
