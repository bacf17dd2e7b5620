//! What a command's answer says beside "done": that there was nothing to do, that nothing watched what was done, that it came out
//! otherwise than wanted. A tick stands for a fact; where there is none, the remark takes its place.

use serde::{Deserialize, Serialize};

/// What stands in a tick's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkKind {
    /// There was nothing to do.
    Nothing,
    /// It is done, and nothing has watched it.
    Unwatched,
    /// It came to an answer that stops most workflows, such as conflicts.
    Adverse,
}

/// A remark on an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What stands in the tick's place.
    pub kind: RemarkKind,
    /// Why, in a few words: `no checks are required`.
    pub why: String,
}

impl Remark {
    /// There was nothing to do.
    pub fn nothing(why: impl Into<String>) -> Self {
        Self { kind: RemarkKind::Nothing, why: why.into() }
    }

    /// It is done, and nothing has watched it.
    pub fn unwatched(why: impl Into<String>) -> Self {
        Self { kind: RemarkKind::Unwatched, why: why.into() }
    }

    /// It came to an answer that stops most workflows.
    pub fn adverse(why: impl Into<String>) -> Self {
        Self { kind: RemarkKind::Adverse, why: why.into() }
    }
}
