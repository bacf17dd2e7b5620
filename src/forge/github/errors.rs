//! GitHub's refusals as failures with what to do about them.

use crate::http::ApiAnswer;
use crate::model::{Failure, FailureKind, WriteError};

/// A refusal; or a success of a write whose body is not GitHub's, which leaves it unknown.
pub(super) fn refused(answer: &ApiAnswer) -> WriteError {
    if answer.is_success() {
        return WriteError::Unknown(answer.garbled());
    }
    let failure = answer.failure();
    let hint = match answer.status {
        401 => "the token is wrong or has expired; `relwf doctor` shows where it comes from",
        403 => {
            "the token lacks a right: contents, pull requests and commit statuses must be writable (a fine-grained token), or \
                the scope `repo` (a classic one)"
        }
        301 | 302 | 307 | 308 => {
            "was the repository renamed? `relwf doctor --live` shows its name: write it into [repo].url"
        }
        404 => {
            "GitHub also answers 404 where the token may not see it; `relwf doctor` shows where the token comes from"
        }
        _ => return WriteError::Refused(failure),
    };
    WriteError::Refused(failure.hint(hint))
}

pub(super) fn unreadable(what: &str, error: &serde_json::Error) -> Failure {
    Failure::new(FailureKind::Network, format!("GitHub's answer about {what} cannot be read: {error}"))
        .hint("is [forge].api the address of GitHub's API?")
}

pub(super) fn no_repository(slug: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("GitHub shows no repository {slug}"))
        .hint("it does not exist, or the token may not see it; `relwf doctor` shows where the token comes from")
}

/// The repository answers under another name than the remote's address has.
pub(super) fn renamed(slug: &str, name: &str) -> Failure {
    Failure::new(FailureKind::Config, format!("{slug} is called {name} now"))
        .hint(format!("change [repo].url to {name}'s address, or `git remote set-url origin` where there is none"))
}

/// Reading deployments is a right of its own.
pub(super) fn of_deployments(error: WriteError) -> WriteError {
    match error {
        WriteError::Refused(failure) if failure.kind == FailureKind::Refused => {
            WriteError::Refused(failure.hint(
                "a fine-grained token must be able to read deployments, a classic one has it with the scope `repo`",
            ))
        }
        other => other,
    }
}

pub(super) fn no_change(number: u64) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no pull request {number}"))
        .hint("GitHub also answers 404 where the token may not see it; `relwf doctor` shows where the token comes from")
}

pub(super) fn no_branch() -> Failure {
    Failure::new(FailureKind::Bug, "a pull request was to be opened without a branch")
}
