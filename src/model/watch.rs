//! What long work is given: the cancel flag, and somebody who wants to hear how far it is.

use super::Cancel;
use serde::Serialize;

/// How far long work is.
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
    /// Is it gone with the next word, or worth keeping?
    #[serde(skip)]
    pub weight: Weight,
}

/// What becomes of a word of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// Shown while it is so.
    #[default]
    Passing,
    /// Something that people should know afterwards too.
    Lasting,
    /// Shown, and then nothing until the next word: a program may ask somebody on the terminal.
    Lending,
}

/// Borrowed by whatever may take long.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Raised by ctrl-C: stop at the next safe point.
    pub cancel: &'a Cancel,
    /// Hears of progress; shown, never journaled.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Watch<'_> {
    /// Says what is going on.
    pub fn say(&self, what: impl Into<String>) {
        (self.progress)(Progress { what: what.into(), ..Progress::default() });
    }

    /// Says what is going on, and leaves the terminal alone until the next word.
    pub fn lend(&self, what: impl Into<String>) {
        (self.progress)(Progress { what: what.into(), weight: Weight::Lending, ..Progress::default() });
    }

    /// Says something that people should know afterwards too.
    pub fn warn(&self, what: impl Into<String>) {
        (self.progress)(Progress { what: what.into(), weight: Weight::Lasting, ..Progress::default() });
    }
}
