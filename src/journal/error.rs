//! What can go wrong with the store, and what to do about it.

use crate::model::{Failure, FailureKind};
use rusqlite::ErrorCode;
use std::path::Path;

/// What can go wrong inside a transaction.
#[derive(Debug)]
pub(super) enum JournalError {
    /// SQLite failed.
    Sql(rusqlite::Error),
    /// A failure that is complete.
    Failure(Failure),
    /// Another process holds this epoch.
    TakenOver(i64),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for JournalError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl JournalError {
    /// The failure, for callers that hold no epoch.
    pub(super) fn failure(self, file: &Path) -> Failure {
        match self {
            Self::Sql(error) => sql(&error, file),
            Self::Failure(failure) => failure,
            Self::TakenOver(_) => Failure::new(FailureKind::Held, "another process took the run over")
                .hint("`relwf runs` shows how it stands"),
        }
    }
}

/// SQLite's error as a failure that says what to do.
pub(super) fn sql(error: &rusqlite::Error, file: &Path) -> Failure {
    let shown = file.display();
    let (what, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            (format!("no space is left for the journal {shown}"), "free some space, then `relwf resume RUN`".to_owned())
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            format!("the journal {shown} cannot be written"),
            "check who owns it and its folder, or set RELWF_STATE_DIR to a folder of your own".to_owned(),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            format!("the journal {shown} is damaged"),
            "move it away together with its -wal and -shm files (a new one is made), and look at the remotes before you \
             start runs again that were in it"
                .to_owned(),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (format!("the journal {shown} stays locked by another process"), "try again when that is done".to_owned())
        }
        Some(ErrorCode::SystemIoFailure) => {
            (format!("reading or writing the journal {shown} failed"), "check the disk, then `relwf resume RUN`".to_owned())
        }
        _ => (format!("the journal {shown} failed"), "`relwf doctor` looks at it".to_owned()),
    };
    Failure::new(FailureKind::Io, what).hint(hint).cause(error)
}

/// A file that cannot be made or opened.
pub(super) fn io(what: impl Into<String>, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::Io, what)
        .hint("check who owns it and its folder, or set RELWF_STATE_DIR to a folder of your own")
        .cause(error)
}

/// The journal holds something this program cannot have written.
pub(super) fn unreadable(what: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Io, format!("the journal holds something unreadable: {what}"))
        .hint("was it edited? `relwf show RUN` checks the journal")
}
