//! `flow::…` as far as it touches the world: people's decisions, time, notes. Steps and branches belong to the script.

use super::World;
use super::declare::{Declared, args, facts, positional, read, value};
use crate::model::{Failure, FailureKind, Span, Value, unknown};
use crate::run::{Assumed, Command, Kind, Observation, ParamType, Performing, Wait, optional, required};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

pub(super) const COMMANDS: &[Declared] = &[
    positional(
        Kind::Wait,
        "flow::approve",
        &[
            required("message", ParamType::String, "what is asked"),
            optional("show", ParamType::Any, "what the decision rests on; a decision holds for exactly this"),
        ],
        "#{ actor, reason, at }",
        "Waits until a person approves; a refusal throws kind \"denied\".",
        |world, call| Ok(Command::Wait(Box::new(Approve { world: Arc::clone(world), wanted: args(call)? }))),
    ),
    positional(
        Kind::Wait,
        "flow::sleep",
        &[required("duration", ParamType::Duration, "how long")],
        "()",
        "Waits. Long sleeps suspend the run; `relwf resume` goes on.",
        |world, call| {
            let SleepArgs { duration } = args(call)?;
            Ok(Command::Wait(Box::new(Timer { world: Arc::clone(world), until: Until::After(duration) })))
        },
    ),
    positional(
        Kind::Wait,
        "flow::wait_until",
        &[required("time", ParamType::Time, "RFC 3339")],
        "()",
        "Waits until a time.",
        |world, call| {
            let UntilArgs { time } = args(call)?;
            Ok(Command::Wait(Box::new(Timer { world: Arc::clone(world), until: Until::At(time) })))
        },
    ),
    positional(
        Kind::Read,
        "flow::note",
        &[required("text", ParamType::Any, "what to say")],
        "()",
        "Says something; it stays in the run's journal.",
        |_, call| {
            let NoteArgs { text } = args(call)?;
            Ok(read(move |cx| {
                cx.task.say(text.as_str().map_or_else(|| text.to_string(), str::to_owned));
                Ok(Value::Null)
            }))
        },
    ),
    positional(
        Kind::Read,
        "flow::now",
        &[],
        "the time as RFC 3339",
        "The time, the same again when the run is resumed.",
        |_, call| {
            let Nothing {} = args(call)?;
            Ok(read(|cx| Ok(cx.now.to_string().into())))
        },
    ),
    positional(
        Kind::Read,
        "flow::uuid",
        &[],
        "a random id",
        "A random id (UUID version 4), the same again when the run is resumed.",
        |_, call| {
            let Nothing {} = args(call)?;
            Ok(read(|cx| Ok(uuid(cx).into())))
        },
    ),
];

/// Shorter waits stay in this process.
const SHORT: Span = Span::new(Duration::from_secs(60));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SleepArgs {
    duration: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UntilArgs {
    time: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteArgs {
    text: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApproveArgs {
    message: String,
    #[serde(default)]
    show: Value,
}

struct Approve {
    world: Arc<World>,
    wanted: ApproveArgs,
}

/// What is shown to whoever decides, and its digest.
#[derive(Serialize, Deserialize)]
struct Asked {
    digest: String,
    message: String,
    show: Value,
}

impl Approve {
    /// A decision counts only for what was shown: the digest covers all of it.
    fn digest(&self) -> String {
        let hash = Sha256::new()
            .chain_update(&self.wanted.message)
            .chain_update([0])
            .chain_update(self.wanted.show.to_string());
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Wait for Approve {
    fn begin(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        value(Asked { digest: self.digest(), message: self.wanted.message.clone(), show: self.wanted.show.clone() })
    }

    fn observe(&self, cx: &Performing<'_>, begun: &Value) -> Result<Observation, Failure> {
        let asked: Asked = facts(begun)?;
        let Some(decision) = self.world.signals.decision(cx.run, cx.key, &asked.digest)? else {
            let why = format!(
                "approval: {} (`relwf approve {run}`, or `relwf approve {run} --deny --reason …`)",
                asked.message,
                run = cx.run
            );
            return Ok(Observation::Suspend { why, until: None });
        };
        let said = json!({ "actor": decision.actor, "reason": decision.reason, "at": decision.at });
        if decision.approved {
            return Ok(Observation::Ready(said));
        }
        let because = decision.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        Err(Failure::new(FailureKind::Denied, format!("{} refused{because}", decision.actor)).detail(said))
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        let value = json!({
            "actor": unknown("name of whoever approves"),
            "reason": null,
            "at": unknown("time of the approval"),
        });
        Ok(Assumed { value, note: Some(format!("assuming it is approved: {}", self.wanted.message)) })
    }
}

enum Until {
    After(Span),
    At(Timestamp),
}

struct Timer {
    world: Arc<World>,
    until: Until,
}

/// Journaled when the wait begins: a resumed run does not sleep again from the start.
#[derive(Serialize, Deserialize)]
struct Set {
    until: Timestamp,
}

impl Timer {
    fn until(&self, now: Timestamp) -> Timestamp {
        match self.until {
            Until::After(duration) => super::checks::later(now, duration),
            Until::At(time) => time,
        }
    }
}

impl Wait for Timer {
    fn begin(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        value(Set { until: self.until(cx.now) })
    }

    fn observe(&self, _cx: &Performing<'_>, begun: &Value) -> Result<Observation, Failure> {
        let Set { until } = facts(begun)?;
        let now = self.world.clock.now();
        let rest = Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO);
        if rest.is_zero() {
            return Ok(Observation::Ready(Value::Null));
        }
        let why = format!("sleeping until {until:.0}");
        let rest = Span::new(rest);
        Ok(if rest <= SHORT {
            Observation::NotYet { why, again: rest }
        } else {
            Observation::Suspend { why, until: Some(until) }
        })
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        Ok(Assumed { value: Value::Null, note: Some(format!("sleeps until {}", self.until(cx.now))) })
    }
}

/// A version 4 UUID out of the system's randomness (which seeds every `RandomState`) and the command's own place.
fn uuid(cx: &Performing<'_>) -> String {
    let mut hash = Sha256::new().chain_update(cx.run.as_str()).chain_update(cx.key.to_string());
    for _ in 0..2 {
        hash.update(RandomState::new().hash_one(cx.now.as_nanosecond()).to_le_bytes());
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, random)| *byte = random);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}
