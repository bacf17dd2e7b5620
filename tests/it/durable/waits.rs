//! What listeners hear of a wait that lasts, by a clock that the test turns.

use super::world::{Heard, Memory, Play, call, quick, step};
use jiff::Timestamp;
use relwf::model::{Cancel, Failure, HumanDuration, RunId, Value};
use relwf::run::{
    Assumed, Call, Command, Commands, Event, LocalDriver, Observation, OnOutage, Performing, Remark, RetryPolicy, Wait,
};
use serde_json::json;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Waits that take half a minute of a clock of their own for each look.
struct SlowLooks;

/// Seconds; turned by the looks alone.
static CLOCK: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::from_second(CLOCK.load(Ordering::SeqCst)).unwrap()
}

impl Wait for SlowLooks {
    fn begin(&self, _: &Performing<'_>) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn observe(&self, _: &Performing<'_>, _: &Value) -> Result<Observation, Failure> {
        let now = CLOCK.fetch_add(30, Ordering::SeqCst);
        let why = if now < 150 { "ci/pr is pending" } else { "ci/pr is running" };
        let again = HumanDuration::new(Duration::ZERO);
        Ok(if now < 300 { Observation::NotYet { why: why.to_owned(), again } } else { Observation::Ready(json!(now)) })
    }

    fn again(&self, _: &Performing<'_>, begun: &Value) -> Result<Value, Failure> {
        Ok(begun.clone())
    }

    fn assume(&self, _: &Performing<'_>) -> Result<Assumed, Failure> {
        unreachable!("it is no dry run")
    }
}

impl Commands for SlowLooks {
    fn command(&self, _: &Call) -> Result<Command, Failure> {
        Ok(Command::Wait(Box::new(Self)))
    }

    fn on_outage(&self, _: &str) -> OnOutage {
        OnOutage::Throw
    }

    fn remark(&self, _: &str, _: &Value) -> Option<Remark> {
        None
    }
}

#[test]
fn a_wait_that_lasts_is_said_once_a_minute_by_the_clock_that_it_is_given() {
    let heard = Heard::default();
    let driver = LocalDriver {
        run: &RunId::new("r1"),
        workflow: "play",
        script: &Play(vec![step("checks", vec![call("wait::slow", "a")])]),
        params: &Value::Null,
        commands: &SlowLooks,
        recorder: &Memory::default(),
        listener: &heard,
        cancel: &Cancel::new(),
        parallel: 1,
    };
    let outcome = driver.drive_with(&RetryPolicy { now: clock, ..quick() }).unwrap();
    assert_eq!(outcome.value, Some(json!(300)));
    let said = |event: &Event| match event {
        Event::Waiting { key, why } => Some(format!("{key} {why}")),
        Event::StillWaiting { key, why, waited_ms, .. } => {
            Some(format!("{key} still {} {}", waited_ms / 1000, why.clone().unwrap_or_default()))
        }
        _ => None,
    };
    let said: Vec<String> = heard.0.lock().unwrap().iter().filter_map(said).collect();
    assert_eq!(
        said,
        [
            "checks#0 ci/pr is pending",
            "checks#0 still 90 ci/pr is pending",
            "checks#0 still 150 ci/pr is pending",
            "checks#0 ci/pr is running",
            "checks#0 still 240 ci/pr is running",
            "checks#0 still 300 ci/pr is running",
        ]
    );
}
