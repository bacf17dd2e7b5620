//! How a request fails that may change something elsewhere: on a server, in a repository, by a program.
//!
//! What matters is whether anything may have happened: that decides whether it is tried again, looked up or reported.

use super::{Failure, FailureKind, HumanDuration};
use serde::{Deserialize, Serialize};

/// How a request fails. One that only looks never fails as [`WriteError::Unknown`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum WriteError {
    /// It did not happen, and trying again as it is would not help: an answer that says no, a request that makes no sense.
    #[error("{0}")]
    Refused(Failure),
    /// It did not happen for certain: nothing was sent, or it only looks.
    #[error("{0}")]
    NotSent(Failure),
    /// It did not happen for certain: the other side asks to come later.
    #[error("{failure}")]
    NotDone {
        /// Why.
        failure: Failure,
        /// How long it asked to wait, where it said so.
        after: Option<HumanDuration>,
    },
    /// It may or may not have happened.
    #[error("{0}")]
    Unknown(Failure),
}

impl WriteError {
    /// The same with another failure inside.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Failure) -> Failure) -> Self {
        match self {
            Self::Refused(failure) => Self::Refused(change(failure)),
            Self::NotSent(failure) => Self::NotSent(change(failure)),
            Self::NotDone { failure, after } => Self::NotDone { failure: change(failure), after },
            Self::Unknown(failure) => Self::Unknown(change(failure)),
        }
    }

    /// The same where something had been sent before: what could be looked at again may have happened.
    #[must_use]
    pub fn once_sent(self) -> Self {
        match self {
            Self::NotSent(failure) => Self::Unknown(failure.hint("check on the server whether it happened")),
            other => other,
        }
    }

    /// What was not sent can be tried again, unless trying again cannot help.
    #[must_use]
    pub fn or_hopeless(self) -> Self {
        match self {
            Self::NotSent(failure) => match failure.kind {
                FailureKind::Network | FailureKind::Timeout | FailureKind::Interrupted | FailureKind::Moved => {
                    Self::NotSent(failure)
                }
                _ => Self::Refused(failure),
            },
            other => other,
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(failure)
            | WriteError::NotSent(failure)
            | WriteError::NotDone { failure, .. }
            | WriteError::Unknown(failure) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: FailureKind) -> Failure {
        Failure::new(kind, "it failed")
    }

    #[test]
    fn what_was_sent_may_have_happened_and_what_cannot_help_is_not_tried_again() {
        let lost = WriteError::NotSent(failed(FailureKind::Network)).once_sent();
        assert!(matches!(&lost, WriteError::Unknown(failure) if failure.hint.is_some()), "{lost:?}");
        let refused = WriteError::Refused(failed(FailureKind::Refused));
        assert_eq!(refused.clone().once_sent(), refused);
        for (kind, again) in [(FailureKind::Network, true), (FailureKind::Timeout, true), (FailureKind::Auth, false)] {
            let found = WriteError::NotSent(failed(kind)).or_hopeless();
            assert_eq!(matches!(found, WriteError::NotSent(_)), again, "{kind:?}");
            assert_eq!(Failure::from(found), failed(kind));
        }
    }
}
