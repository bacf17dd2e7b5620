//! Answers that say "come later": nothing was done, and the server knows best when to ask again.

use super::{HttpError, Response};
use crate::model::{Failure, Span};
use jiff::Timestamp;
use std::time::Duration;

/// 429, 503 with `retry-after`, and GitHub's 403 with `retry-after` or an exhausted limit
/// (<https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>); everything else is an answer.
pub(super) fn asked_to_wait(
    response: Response,
    failure: impl FnOnce(String) -> Failure,
) -> Result<Response, HttpError> {
    let after = delay(&response, Timestamp::now());
    match (response.status, after) {
        (429, after) => {
            let failure = failure("the server limits how often it may be asked (429)".to_owned());
            Err(HttpError::NotDone { failure: hinted(failure, after), after })
        }
        (status @ (403 | 503), Some(after)) => {
            let failure = failure(format!("the server asks to come back later ({status})"));
            Err(HttpError::NotDone { failure: hinted(failure, Some(after)), after: Some(after) })
        }
        _ => Ok(response),
    }
}

fn hinted(failure: Failure, after: Option<Span>) -> Failure {
    let failure = failure.after(after);
    match after {
        Some(after) => failure.hint(format!("wait {after} and try again")),
        None => failure.hint("wait a while and try again"),
    }
}

/// How long the server asks to wait: `retry-after` in seconds or as a date, else GitHub's reset when nothing remains, else the
/// share of one request in what Travis takes (`max_requests` in `per_seconds`, in the body of its 429).
fn delay(response: &Response, now: Timestamp) -> Option<Span> {
    let until = |then: Timestamp| Duration::try_from(then.duration_since(now)).unwrap_or_default();
    let asked = response.header("retry-after").and_then(|value| match value.trim().parse() {
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
    asked.or_else(reset).or_else(share).map(Span::new)
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
        match asked_to_wait(response, |words| Failure::new(FailureKind::Network, words)) {
            Ok(response) => Ok(response.status),
            Err(HttpError::NotDone { after, .. }) => Err(after.map(|after| after.duration().as_secs())),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn servers_say_come_later_in_several_ways() {
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
