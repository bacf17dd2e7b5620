//! How far a transfer is, reported at most ten times a second, and the other side's messages meanwhile.

use crate::model::{Progress, TaskContext};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(100);

/// Counters of the other side's own work; not words for people.
const COUNTERS: [&str; 7] = [
    "Unpacking objects:",
    "Receiving objects:",
    "Resolving deltas:",
    "Counting objects:",
    "Compressing objects:",
    "Enumerating objects:",
    "Checking connectivity:",
];

/// One transfer's progress.
pub(super) struct Meter<'a> {
    task: TaskContext<'a>,
    shown_at: Cell<Option<Instant>>,
    ended: Cell<bool>,
    line: RefCell<Vec<u8>>,
    lines: RefCell<Vec<String>>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(task: TaskContext<'a>) -> Self {
        Self {
            task,
            shown_at: Cell::new(None),
            ended: Cell::new(false),
            line: RefCell::default(),
            lines: RefCell::default(),
        }
    }

    /// Objects are coming in. `false` stops the transfer.
    pub(super) fn receiving(&self, stats: &git2::Progress<'_>) -> bool {
        let (what, done) = match stats.received_objects() < stats.total_objects() {
            true => ("receiving objects", stats.received_objects()),
            false if stats.indexed_deltas() < stats.total_deltas() => {
                return self.tell(
                    "resolving deltas",
                    stats.indexed_deltas(),
                    stats.total_deltas(),
                    stats.received_bytes(),
                );
            }
            false => ("receiving objects", stats.received_objects()),
        };
        self.tell(what, done, stats.total_objects(), stats.received_bytes())
    }

    /// Objects are going out.
    pub(super) fn sending(&self, done: usize, total: usize, bytes: usize) {
        self.tell("sending objects", done, total, bytes);
    }

    fn tell(&self, what: &str, done: usize, total: usize, bytes: usize) -> bool {
        let last = done == total;
        let due = match last {
            // Callbacks repeat the end; it is reported once.
            true => !self.ended.replace(true),
            false => {
                self.ended.set(false);
                self.shown_at.get().is_none_or(|shown_at| shown_at.elapsed() >= PAUSE)
            }
        };
        if due {
            self.shown_at.set(Some(Instant::now()));
            (self.task.progress)(Progress {
                what: what.to_owned(),
                done: Some(done as u64),
                total: Some(total as u64),
                bytes: Some(bytes as u64),
                ..Progress::default()
            });
        }
        !self.task.cancel.is_raised()
    }

    /// Words of the other side (hooks, rules). `false` stops the transfer.
    pub(super) fn remote_says(&self, bytes: &[u8]) -> bool {
        let mut line = self.line.borrow_mut();
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' => self.finish(&mut line),
                _ => line.push(byte),
            }
        }
        !self.task.cancel.is_raised()
    }

    fn finish(&self, line: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        line.clear();
        if !text.is_empty() && !COUNTERS.iter().any(|counter| text.starts_with(counter)) {
            self.task.say(format!("remote: {text}"));
            self.lines.borrow_mut().push(text);
        }
    }

    /// What the other side said, line by line.
    pub(super) fn lines(&self) -> Vec<String> {
        self.finish(&mut self.line.borrow_mut());
        self.lines.borrow().clone()
    }
}
