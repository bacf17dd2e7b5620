//! What a long task is given: the cancel flag, and a callback for its progress.

use super::Cancel;
use serde::Serialize;

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// What is going on, e.g. "receiving objects" or a line that a program printed.
    pub what: String,
    /// Units done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// Units in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Bytes received or sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long the message stays on the screen.
    #[serde(skip)]
    pub shown: Shown,
}

/// How long a progress message stays on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Until the next message.
    #[default]
    Passing,
    /// It stays: people should still be able to read it afterwards.
    Lasting,
    /// Until the next message, and nothing else is drawn meanwhile: a program may prompt on the terminal.
    YieldTerminal,
}

/// Passed down to everything that may take long.
#[derive(Clone, Copy)]
pub struct TaskContext<'a> {
    /// Raised by ctrl-C: stop at the next safe point.
    pub cancel: &'a Cancel,
    /// Receives progress; shown, never journaled.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl TaskContext<'_> {
    /// Says what is going on.
    pub fn say(&self, what: impl Into<String>) {
        (self.progress)(Progress { what: what.into(), ..Progress::default() });
    }

    /// Says what is going on, and leaves the terminal to a program until the next message.
    pub fn yield_terminal(&self, what: impl Into<String>) {
        (self.progress)(Progress { what: what.into(), shown: Shown::YieldTerminal, ..Progress::default() });
    }

    /// Says something that stays on the screen.
    pub fn warn(&self, what: impl Into<String>) {
        (self.progress)(Progress { what: what.into(), shown: Shown::Lasting, ..Progress::default() });
    }
}
