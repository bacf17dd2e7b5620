//! What goes wrong on the way: which request a fault waits for, and what it does to it.

use crate::support::wire::{Answer, Request};
use serde_json::json;

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This is answered; the server never hears of the request.
    Answer(Answer),
    /// The server does what it is asked; then this is answered.
    DoneThenAnswer(Answer),
    /// The connection is reset; the server never hears of the request.
    Reset,
    /// The server does what it is asked; then the connection is reset.
    DoneThenReset,
    /// No answer, and the connection stays; the server never hears of the request.
    Hang,
    /// The answer ends in the middle of its body.
    Truncate,
    /// The answer carries this header.
    Header(&'static str, String),
}

impl Fault {
    /// An answer in GitHub's form for errors.
    pub fn says(status: u16, message: &str) -> Self {
        Self::Answer(super::answers::refused(status, message))
    }

    /// 429 that asks for patience.
    pub fn too_many(seconds: u64) -> Self {
        let answer = super::answers::refused(429, "API rate limit exceeded");
        Self::Answer(answer.with("retry-after", &seconds.to_string()))
    }

    /// GitHub's secondary limit: 403.
    pub fn secondary_limit(seconds: u64) -> Self {
        let words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        Self::Answer(super::answers::refused(403, words).with("retry-after", &seconds.to_string()))
    }

    /// The primary limit is used up: 403, until a second of the clock.
    pub fn exhausted(reset: i64) -> Self {
        let answer = super::answers::refused(403, "API rate limit exceeded for user ID 1.");
        Self::Answer(
            answer
                .with("x-ratelimit-limit", "5000")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", &reset.to_string()),
        )
    }

    /// The base moved while the button was pressed: 405.
    pub fn base_race() -> Self {
        Self::says(405, "Base branch was modified. Review and try the merge again.")
    }

    /// The server is broken.
    pub fn broken(status: u16) -> Self {
        Self::Answer(Answer::json(status, &json!({ "message": "Server Error" })))
    }
}

/// A fault that waits for its requests.
#[derive(Debug, Clone)]
pub struct Trap {
    pub method: String,
    /// Part of the path.
    pub path: String,
    pub fault: Fault,
    /// Matching requests that pass first.
    pub skip: u32,
    /// How many requests it meets.
    pub times: u32,
}

/// The fault that meets this request, if any.
pub fn spring(traps: &mut Vec<Trap>, request: &Request) -> Option<Fault> {
    let fits =
        |trap: &Trap| (trap.method == "*" || trap.method == request.method) && request.path().contains(&trap.path);
    let at = traps.iter().position(fits)?;
    let trap = &mut traps[at];
    if trap.skip > 0 {
        trap.skip -= 1;
        return None;
    }
    let fault = trap.fault.clone();
    trap.times -= 1;
    if trap.times == 0 {
        traps.remove(at);
    }
    Some(fault)
}
