//! One thing that `doctor` looked at, and its health.

use crate::model::{Failure, SourceLocation};
use serde::Serialize;

/// Does a run work with it?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Worth a look, but no run stops at it.
    Odd,
    /// Would stop a run.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What, in a word: `config`, `remote`, …
    pub name: &'static str,
    /// Does a run work with it?
    pub health: Health,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<SourceLocation>,
}

impl Finding {
    pub(super) fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, health: Health::Good, message: message.into(), hint: None, at: None }
    }

    pub(super) fn warning(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, health: Health::Odd, message: message.into(), hint: Some(hint.into()), at: None }
    }

    pub(super) fn odd(name: &'static str, failure: Failure) -> Self {
        Self { health: Health::Odd, ..Self::bad(name, failure) }
    }

    pub(super) fn bad(name: &'static str, failure: Failure) -> Self {
        let cause = failure.causes.first().map(|cause| format!(": {cause}")).unwrap_or_default();
        let message = format!("{}{cause}", failure.message);
        Self { name, health: Health::Bad, message, hint: failure.hint, at: failure.at }
    }

    pub(super) fn of(name: &'static str, found: Result<String, Failure>) -> Self {
        match found {
            Ok(message) => Self::good(name, message),
            Err(failure) => Self::bad(name, failure),
        }
    }
}
