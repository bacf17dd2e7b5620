//! CI events: push, pull request, API, cron.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The four kinds of Travis jobs; other CIs map theirs onto them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CiEvent {
    /// A branch moved.
    Push,
    /// A change is proposed.
    PullRequest,
    /// Asked for through the API.
    Api,
    /// By the clock.
    Cron,
}

impl CiEvent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Push, Self::PullRequest, Self::Api, Self::Cron];

    /// `push`, `pull_request`, `api` or `cron`, as in `TRAVIS_EVENT_TYPE`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::PullRequest => "pull_request",
            Self::Api => "api",
            Self::Cron => "cron",
        }
    }

    /// The check that relwf itself reports for such a build: the command of `[ci]` has run.
    pub const fn own_check(self) -> &'static str {
        match self {
            Self::Push => "relwf/push",
            Self::PullRequest => "relwf/pull_request",
            Self::Api => "relwf/api",
            Self::Cron => "relwf/cron",
        }
    }

    /// The event whose check that is.
    pub fn of_own_check(context: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.own_check() == context)
    }
}
