//! Exit codes: the contract, decided in one place.

use crate::model::FailureKind;
use crate::run::RunStatus;
use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `preview` and `merge-tree`: clean.
    Done,
    /// A verdict against: conflict, red check, refusal, held target, failed step.
    Against,
    /// Usage, configuration or script error; nothing was done.
    Usage,
    /// Waits for people, CI or time; resumable.
    Suspended,
    /// An effect may or may not have happened; an operator decides.
    InDoubt,
    /// A bug in relwf.
    Bug,
    /// ctrl-C; resumable.
    Interrupted,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Against, Self::Usage, Self::Suspended, Self::InDoubt, Self::Bug, Self::Interrupted];

    /// What it means, for the reference.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "Done; for `preview` and `merge-tree`: clean",
            Self::Against => "A verdict against: conflict, red check, refused approval, held target, failed step",
            Self::Usage => "Usage, configuration or script error; nothing was done",
            Self::Suspended => "Suspended: waiting for people, CI or time; `relwf resume RUN` goes on",
            Self::InDoubt => "In doubt: an effect may or may not have happened and the remote cannot tell; you decide",
            Self::Bug => "A bug in relwf",
            Self::Interrupted => "Interrupted; `relwf resume RUN` goes on",
        }
    }

    /// The code itself.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Against => 1,
            Self::Usage => 2,
            Self::Suspended => 3,
            Self::InDoubt => 4,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }

    /// For a verb that failed before or without a run.
    pub const fn of_failure(kind: FailureKind) -> Self {
        use FailureKind as K;
        match kind {
            K::Usage | K::Config | K::Script | K::Arguments | K::NotFound => Self::Usage,
            K::Conflict
            | K::Reverted
            | K::Removed
            | K::Missing
            | K::Squashed
            | K::Driver
            | K::Foreign
            | K::Red
            | K::Denied
            | K::Held
            | K::NoCandidate
            | K::Refused
            | K::Moved
            | K::Auth
            | K::Network
            | K::Timeout
            | K::Git
            | K::Manifest
            | K::Command
            | K::Parallel
            | K::Thrown
            | K::Diverged
            | K::Unknown
            | K::Waiting
            | K::Io => Self::Against,
            K::InDoubt => Self::InDoubt,
            K::Interrupted => Self::Interrupted,
            K::Bug => Self::Bug,
        }
    }

    /// For a run that ended, or stopped, in this process. What fails while running is a verdict against, whatever it is.
    pub fn of_run(status: RunStatus, failure: Option<FailureKind>) -> Self {
        match status {
            RunStatus::Done | RunStatus::Planned => Self::Done,
            RunStatus::Failed if failure == Some(FailureKind::Bug) => Self::Bug,
            RunStatus::Failed | RunStatus::Abandoned => Self::Against,
            RunStatus::Suspended => Self::Suspended,
            RunStatus::InDoubt => Self::InDoubt,
            RunStatus::Interrupted => Self::Interrupted,
            // A driver that returns while its run is running has lost it.
            RunStatus::Running => Self::Bug,
        }
    }

    /// The worse of two, when several runs were continued.
    pub fn worse(self, other: Self) -> Self {
        const fn rank(exit: Exit) -> u8 {
            match exit {
                Exit::Done => 0,
                Exit::Suspended => 1,
                Exit::Against => 2,
                Exit::Usage => 3,
                Exit::InDoubt => 4,
                Exit::Interrupted => 5,
                Exit::Bug => 6,
            }
        }
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let run = |status| Exit::of_run(status, None).code();
        assert_eq!(run(RunStatus::Done), 0);
        assert_eq!(run(RunStatus::Planned), 0);
        assert_eq!(run(RunStatus::Failed), 1);
        assert_eq!(run(RunStatus::Suspended), 3);
        assert_eq!(run(RunStatus::InDoubt), 4);
        assert_eq!(run(RunStatus::Interrupted), 130);
        assert_eq!(Exit::of_run(RunStatus::Failed, Some(FailureKind::Script)), Exit::Against);
        assert_eq!(Exit::of_failure(FailureKind::Script), Exit::Usage);
        assert_eq!(Exit::of_failure(FailureKind::Bug).code(), 70);
    }
}
