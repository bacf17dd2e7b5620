//! Rate limits: answers that put a request off. Nothing was done, and the server tells when to try again.

use super::Response;
use crate::model::{Failure, HumanDuration, WriteError};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// How long to wait where a server that limits requests gives no time.
pub(super) const UNSTATED: HumanDuration = HumanDuration::new(Duration::from_secs(60));
/// No wait whose length was not stated is longer than this.
const LONGEST: Duration = Duration::from_secs(900);

/// How GitHub's messages name its limits, where its headers do not.
const LIMITS: [&str; 3] = ["secondary rate limit", "abuse detection", "api rate limit exceeded"];

fn says_limited(response: &Response) -> bool {
    let message = response.json().and_then(|body| body.get("message")?.as_str().map(str::to_lowercase));
    message.is_some_and(|message| LIMITS.iter().any(|limit| message.contains(limit)))
}

/// How long one kind of request must wait.
#[derive(Debug, Default)]
pub(super) struct Limit {
    until: Option<Instant>,
    /// How often in a row the server asked for a wait without giving its length.
    unstated: u32,
}

impl Limit {
    /// How much of it is left.
    pub(super) fn left(&self) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Keeps an answer's wait. Where the server gives no length, each wait is twice as long as the one before.
    pub(super) fn observe(&mut self, answer: Result<Response, WriteError>) -> Result<Response, WriteError> {
        let (failure, after) = match answer {
            Err(WriteError::NotDone { failure, after }) => (failure, after.unwrap_or(UNSTATED)),
            Ok(response) => {
                self.unstated = 0;
                return Ok(response);
            }
            other => return other,
        };
        let mut wait = after.duration();
        if after == UNSTATED {
            wait = wait.saturating_mul(1 << self.unstated.min(8)).min(LONGEST);
            self.unstated += 1;
        }
        self.until = Instant::now().checked_add(wait);
        let after = Some(HumanDuration::new(wait));
        Err(WriteError::NotDone { failure: hinted(failure, after), after })
    }
}

/// 429, 503 with `retry-after`, and GitHub's 403 with `retry-after`, an exhausted limit or a message about one
/// (<https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>); everything else is an answer.
pub(super) fn unless_limited(
    response: Response,
    failure: impl FnOnce(String) -> Failure,
) -> Result<Response, WriteError> {
    let limited = matches!(response.status, 403 | 429) && says_limited(&response);
    let after = delay(&response, Timestamp::now()).or(limited.then_some(UNSTATED));
    match (response.status, after) {
        (429, after) => {
            let failure = failure("the server's rate limit is exceeded (429)".to_owned());
            Err(WriteError::NotDone { failure: hinted(failure, after), after })
        }
        (status @ (403 | 503), Some(after)) => {
            let failure = failure(format!("the server puts requests off ({status}){}", used_up(&response)));
            Err(WriteError::NotDone { failure: hinted(failure, Some(after)), after: Some(after) })
        }
        _ => Ok(response),
    }
}

/// What GitHub allows in an hour, where nothing of it remains.
fn used_up(response: &Response) -> String {
    match (response.header("x-ratelimit-remaining"), response.header("x-ratelimit-limit")) {
        (Some("0"), Some(limit)) => format!(": {limit} requests an hour are used up"),
        _ => String::new(),
    }
}

fn hinted(failure: Failure, after: Option<HumanDuration>) -> Failure {
    let failure = failure.after(after);
    match after {
        Some(after) => failure.hint(format!("wait {after} and try again")),
        None => failure.hint("wait a while and try again"),
    }
}

/// How long the server asks to wait: `retry-after` in seconds or as a date, else GitHub's reset when nothing remains, else the
/// share of one request in what Travis takes (`max_requests` in `per_seconds`, in the body of its 429).
fn delay(response: &Response, now: Timestamp) -> Option<HumanDuration> {
    let until = |then: Timestamp| Duration::try_from(then.duration_since(now)).unwrap_or_default();
    let stated = response.header("retry-after").and_then(|value| match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
            Some(until(date))
        }
    });
    let reset = || {
        let exhausted = response.header("x-ratelimit-remaining")?.trim() == "0";
        let second = response.header("x-ratelimit-reset")?.trim().parse().ok()?;
        exhausted.then_some(until(Timestamp::from_second(second).ok()?))
    };
    let share = || {
        let body = response.json().filter(|_| response.status == 429)?;
        let number = |key: &str| body.get(key)?.as_u64().filter(|number| *number > 0);
        Some(Duration::from_secs(number("per_seconds")?.div_ceil(number("max_requests")?)))
    };
    stated.or_else(reset).or_else(share).map(HumanDuration::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Result<u16, Option<u64>> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        of(Response { status, headers, body: Vec::new() })
    }

    fn of(response: Response) -> Result<u16, Option<u64>> {
        match unless_limited(response, |message| Failure::new(FailureKind::Network, message)) {
            Ok(response) => Ok(response.status),
            Err(WriteError::NotDone { after, .. }) => Err(after.map(|after| after.duration().as_secs())),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn with_message(status: u16, message: &str) -> Result<u16, Option<u64>> {
        let body = serde_json::json!({ "message": message }).to_string().into_bytes();
        of(Response { status, headers: Vec::new(), body })
    }

    #[test]
    fn limits_are_known_by_their_message_where_headers_lack_them() {
        assert_eq!(
            with_message(403, "You have exceeded a secondary rate limit. Please wait a few minutes."),
            Err(Some(60))
        );
        assert_eq!(with_message(403, "You have triggered an abuse detection mechanism."), Err(Some(60)));
        assert_eq!(with_message(429, "API rate limit exceeded for user ID 1."), Err(Some(60)));
        assert_eq!(with_message(403, "Resource not accessible by personal access token"), Ok(403));
        assert_eq!(with_message(422, "secondary rate limit"), Ok(422));
    }

    #[test]
    fn a_wait_of_unstated_length_doubles_until_something_is_answered() {
        let mut limit = Limit::default();
        let later = |after| Err(WriteError::NotDone { failure: Failure::new(FailureKind::Network, "later"), after });
        let mut waits = |answer| match limit.observe(answer) {
            Err(WriteError::NotDone { after, failure }) => {
                assert!(limit.left().is_some());
                assert_eq!(after, failure.after);
                after.map(|after| after.duration().as_secs())
            }
            _ => None,
        };
        assert_eq!([waits(later(None)), waits(later(None)), waits(later(Some(UNSTATED)))], [60, 120, 240].map(Some));
        assert_eq!(waits(later(Some(HumanDuration::new(Duration::from_secs(7))))), Some(7));
        assert_eq!(waits(Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })), None);
        assert_eq!(waits(later(None)), Some(60));
    }

    #[test]
    fn servers_limit_requests_in_several_ways() {
        assert_eq!(answer(429, &[]), Err(None));
        assert_eq!(answer(429, &[("retry-after", "7")]), Err(Some(7)));
        assert_eq!(answer(503, &[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")]), Err(Some(0)));
        assert_eq!(answer(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")]), Err(Some(0)));
        assert_eq!(answer(403, &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "1")]), Ok(403));
        assert_eq!(answer(503, &[]), Ok(503));
        assert_eq!(answer(200, &[("retry-after", "7")]), Ok(200));
        let limit = br#"{ "@type": "error", "max_requests": 10, "per_seconds": 3600 }"#.to_vec();
        assert_eq!(of(Response { status: 429, headers: Vec::new(), body: limit }), Err(Some(360)));
        let later = (Timestamp::now().as_second() + 100).to_string();
        let wait = answer(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &later)]);
        assert!(matches!(wait, Err(Some(98..=100))), "{wait:?}");
    }
}
