//! Times and durations as values of a script: their parts, zones, arithmetic and comparison. Knows no clock: a time comes out of
//! the journal. Host functions and the journal see texts, RFC 3339 and `1h30m`; what such a text says is the same value again.

use super::convert::to_dynamic;
use super::failure::thrown;
use crate::model::{Failure, FailureKind, HumanDuration, Value};
use crate::run::ValueType;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, Position};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A point in time, seen in a zone: UTC, unless the text or the script says otherwise.
#[derive(Debug, Clone)]
pub(super) struct Time {
    at: ZonedDateTime,
    /// What it was read from: handed on, it is the same text again.
    written: Option<ImmutableString>,
}

/// A length of time; the difference of two times may be negative.
#[derive(Debug, Clone)]
pub(super) struct Span {
    length: SignedDuration,
    /// What it was read from.
    written: Option<ImmutableString>,
}

/// The parts of a time and of a duration.
pub(super) const TIME_PARTS: &[&str] = &["year", "month", "day", "hour", "minute", "second", "weekday", "date"];
pub(super) const SPAN_PARTS: &[&str] = &["total_seconds"];

/// An operator, and the order for which it holds.
type Comparison = (&'static str, fn(Ordering) -> bool);

const COMPARISONS: [Comparison; 6] = [
    ("==", Ordering::is_eq),
    ("!=", Ordering::is_ne),
    ("<", Ordering::is_lt),
    ("<=", Ordering::is_le),
    (">", Ordering::is_gt),
    (">=", Ordering::is_ge),
];

/// What a calculation gives.
type Calculated<T> = Result<T, Box<EvalAltResult>>;

impl From<ZonedDateTime> for Time {
    fn from(at: ZonedDateTime) -> Self {
        Self { at, written: None }
    }
}

impl From<SignedDuration> for Span {
    fn from(length: SignedDuration) -> Self {
        Self { length, written: None }
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is not a time; write it like `2026-07-27T02:00:00Z`");
        let time: Timestamp = text.trim().parse().map_err(wrong)?;
        let offset = Pieces::parse(text.trim()).map_err(wrong)?.to_numeric_offset();
        let zone = offset.filter(|offset| !offset.is_zero()).map_or(TimeZone::UTC, TimeZone::fixed);
        Ok(Self { at: time.to_zoned_datetime(zone), written: Some(text.into()) })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, offset) = (self.at.timestamp(), self.at.offset());
        match &self.written {
            Some(written) => f.write_str(written),
            None if offset.is_zero() => write!(f, "{time}"),
            None => write!(f, "{}", time.display_with_offset(offset)),
        }
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (positive, is_negative) = text.trim().strip_prefix('-').map_or((text, false), |rest| (rest, true));
        let duration = positive.parse::<HumanDuration>().map_err(|error| error.to_string())?.duration();
        let length = SignedDuration::try_from(duration).map_err(|error| error.to_string())?;
        Ok(Self { length: if is_negative { -length } else { length }, written: Some(text.into()) })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.length.is_negative() { "-" } else { "" };
        match &self.written {
            Some(written) => f.write_str(written),
            None => write!(f, "{sign}{}", HumanDuration::new(self.length.unsigned_abs())),
        }
    }
}

/// The answer of a host function as a script's value: the texts that are declared as times and durations become such.
pub(super) fn typed(value: Value, shape: &ValueType) -> Dynamic {
    match (shape, value) {
        (ValueType::Optional(shape), value) => typed(value, shape),
        (ValueType::Time, Value::String(text)) => text.parse::<Time>().map_or_else(|_| text.into(), Dynamic::from),
        (ValueType::Duration, Value::String(text)) => text.parse::<Span>().map_or_else(|_| text.into(), Dynamic::from),
        (ValueType::List(shape), Value::Array(items)) => {
            Dynamic::from_array(items.into_iter().map(|item| typed(item, shape)).collect::<Array>())
        }
        (ValueType::Dict(shape), Value::Object(map)) if is_plain(&map) => {
            Dynamic::from_map(map.into_iter().map(|(key, value)| (key.into(), typed(value, shape))).collect::<Map>())
        }
        (ValueType::Map(fields), Value::Object(map)) if is_plain(&map) => {
            let value = |key: &str, value| match fields.iter().find(|field| field.name == key) {
                Some(field) => typed(value, &field.shape),
                None => to_dynamic(value),
            };
            let entries = map.into_iter().map(|(key, held)| (key.as_str().into(), value(&key, held)));
            Dynamic::from_map(entries.collect::<Map>())
        }
        (_, value) => to_dynamic(value),
    }
}

/// Is it a map, not something that stands in the place of a value?
fn is_plain(map: &serde_json::Map<String, Value>) -> bool {
    !map.keys().any(|key| key.starts_with('$'))
}

/// Registers both types.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Time>("time");
    engine.register_type_with_name::<Span>("duration");
    register_parts(engine);
    register_arithmetic(engine);
    register_comparisons(engine, |a: &Time, b: &Time| a.at.timestamp().cmp(&b.at.timestamp()));
    register_comparisons(engine, |a: &Span, b: &Span| a.length.cmp(&b.length));
}

fn register_parts(engine: &mut Engine) {
    let part = |engine: &mut Engine, name: &str, part: fn(&ZonedDateTime) -> i64| {
        engine.register_get(name, move |time: &mut Time| part(&time.at));
    };
    part(engine, "year", |time| time.year().into());
    part(engine, "month", |time| time.month().into());
    part(engine, "day", |time| time.day().into());
    part(engine, "hour", |time| time.hour().into());
    part(engine, "minute", |time| time.minute().into());
    part(engine, "second", |time| time.second().into());
    engine.register_get("weekday", |time: &mut Time| time.at.strftime("%A").to_string().to_lowercase());
    engine.register_get("date", |time: &mut Time| time.at.date().to_string());
    engine.register_fn("in_zone", |time: &mut Time, name: ImmutableString| in_zone(time, &name));
    engine.register_get("total_seconds", |span: &mut Span| span.length.as_secs());
}

fn in_zone(time: &Time, name: &str) -> Calculated<Time> {
    time.at.in_tz(name).map(Time::from).map_err(|_| {
        let hint = "zones are called like \"Europe/Berlin\" or \"UTC\"";
        refused(format!("there is no time zone `{name}`"), hint)
    })
}

fn register_arithmetic(engine: &mut Engine) {
    engine.register_fn("+", |time: Time, span: Span| later(&time, span.length));
    engine.register_fn("+", |span: Span, time: Time| later(&time, span.length));
    engine.register_fn("+", |time: Time, text: ImmutableString| later(&time, length(&text)?));
    engine.register_fn("-", |time: Time, span: Span| later(&time, -span.length));
    engine.register_fn("-", |time: Time, text: ImmutableString| later(&time, -length(&text)?));
    engine.register_fn("-", |a: Time, b: Time| Span::from(a.at.timestamp().duration_since(b.at.timestamp())));
    engine.register_fn("+", |a: Span, b: Span| sum(&a, b.length));
    engine.register_fn("+", |span: Span, text: ImmutableString| sum(&span, length(&text)?));
    engine.register_fn("-", |a: Span, b: Span| sum(&a, -b.length));
    engine.register_fn("-", |span: Span, text: ImmutableString| sum(&span, -length(&text)?));
    engine.register_fn("*", |span: Span, times: i64| product(&span, times));
    engine.register_fn("*", |times: i64, span: Span| product(&span, times));
    // Behind a text they are printed.
    register_printing::<Time>(engine);
    register_printing::<Span>(engine);
}

fn register_printing<T: fmt::Display + Clone + Send + Sync + 'static>(engine: &mut Engine) {
    engine.register_fn("+", |text: ImmutableString, value: T| format!("{text}{value}"));
    engine.register_fn("+=", |text: &mut ImmutableString, value: T| *text += value.to_string());
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |value: &mut T| value.to_string());
    }
}

fn length(text: &str) -> Calculated<SignedDuration> {
    Ok(read::<Span>(text)?.length)
}

fn later(time: &Time, length: SignedDuration) -> Calculated<Time> {
    let outside = |_| refused(format!("{time} and {} make no time", Span::from(length)), "use a shorter duration");
    time.at.checked_add(length).map(Time::from).map_err(outside)
}

fn sum(span: &Span, length: SignedDuration) -> Calculated<Span> {
    span.length.checked_add(length).map(Span::from).ok_or_else(|| too_long(span))
}

fn product(span: &Span, times: i64) -> Calculated<Span> {
    let product = i32::try_from(times).ok().and_then(|times| span.length.checked_mul(times));
    product.map(Span::from).ok_or_else(|| too_long(span))
}

fn too_long(span: &Span) -> Box<EvalAltResult> {
    refused(format!("this makes too long a duration of {span}"), "use a shorter one")
}

/// `==`, `<` and the others, with the type itself and with a text that says such a value. A text that says none is an error, never
/// a silent `false`.
fn register_comparisons<T>(engine: &mut Engine, order: fn(&T, &T) -> Ordering)
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    for (operator, holds) in COMPARISONS {
        engine.register_fn(operator, move |a: T, b: T| holds(order(&a, &b)));
        engine.register_fn(operator, move |a: T, b: ImmutableString| Calculated::Ok(holds(order(&a, &read(&b)?))));
        engine.register_fn(operator, move |a: ImmutableString, b: T| Calculated::Ok(holds(order(&read(&a)?, &b))));
    }
}

/// What a text says.
pub(super) fn read<T: FromStr<Err = String>>(text: &str) -> Calculated<T> {
    text.parse().map_err(|wrong: String| refused(wrong, "what is printed goes into a text with backticks: `… ${x} …`"))
}

fn refused(message: String, hint: &str) -> Box<EvalAltResult> {
    thrown(&Failure::new(FailureKind::Script, message).hint(hint), Position::NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the journal sees it.
    fn to_text(value: &Dynamic) -> String {
        let value = super::super::convert::to_value(value).unwrap();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    fn eval(script: &str) -> Result<String, String> {
        let mut engine = Engine::new();
        register(&mut engine);
        engine.register_fn("time", |text: &str| text.parse::<Time>().unwrap());
        engine.register_fn("duration", |text: &str| text.parse::<Span>().unwrap());
        let value = engine.eval::<Dynamic>(&format!("let t = time(\"2026-07-31T22:30:15Z\"); {script}"));
        value.map(|value| to_text(&value)).map_err(|error| match error.unwrap_inner() {
            EvalAltResult::ErrorRuntime(value, _) => value.as_map_ref().unwrap()["message"].to_string(),
            other => other.to_string(),
        })
    }

    #[test]
    fn a_time_has_parts_in_its_zone() {
        for (script, value) in [
            ("t.weekday", "friday"),
            ("t.in_zone(\"Europe/Berlin\").weekday", "saturday"),
            (
                "let b = t.in_zone(\"Europe/Berlin\"); `${b.year}-${b.month}-${b.day} ${b.hour}:${b.minute}:${b.second}`",
                "2026-8-1 0:30:15",
            ),
            ("t.in_zone(\"Europe/Berlin\")", "2026-08-01T00:30:15+02:00"),
            ("t.in_zone(\"Europe/Berlin\").in_zone(\"UTC\")", "2026-07-31T22:30:15Z"),
            ("t.in_zone(\"Europe/Berlin\").date", "2026-08-01"),
            // A text that has come back from the journal stands in the zone that it names.
            ("time(\"2026-08-01T00:30:15+02:00\").hour", "0"),
            ("t.in_zone(\"Europe/Berlin\") == t", "true"),
        ] {
            assert_eq!(eval(script).as_deref(), Ok(value), "{script}");
        }
        assert_eq!(eval("t.in_zone(\"Berlin\")"), Err("there is no time zone `Berlin`".to_owned()));
    }

    #[test]
    fn times_and_durations_are_calculated_with() {
        for (script, value) in [
            ("t + duration(\"2h 30m\")", "2026-08-01T01:00:15Z"),
            ("t - \"30m\"", "2026-07-31T22:00:15Z"),
            ("(t + \"2h 30m\") - t", "2h30m"),
            ("t - (t + \"90s\")", "-1m30s"),
            ("(t - \"2d\" < t) && t > t - duration(\"1ms\") && t >= t && t != t + \"1s\"", "true"),
            ("t < \"2026-08-01T00:00:00+02:00\"", "false"),
            (
                "duration(\"90m\") == duration(\"1h30m\") && duration(\"90m\") > \"1h\" && \"2h\" >= duration(\"90m\")",
                "true",
            ),
            ("duration(\"90m\") + \"30m\" - duration(\"1h\")", "1h"),
            ("duration(\"90m\") * 2", "3h"),
            ("let d = duration(\"1h\"); d += \"5m\"; d", "1h5m"),
            ("duration(\"90m\").total_seconds", "5400"),
            // As it was written, unless it is a result.
            ("`for ${duration(\"90m\")}, at ` + t", "for 90m, at 2026-07-31T22:30:15Z"),
            ("t in [t]", "true"),
            ("t == ()", "false"),
        ] {
            assert_eq!(eval(script).as_deref(), Ok(value), "{script}");
        }
        // A summer's day has an hour less: what is added is time, not days of a calendar.
        assert_eq!(
            eval("(time(\"2026-03-28T12:00:00Z\").in_zone(\"Europe/Berlin\") + \"1d\").hour").as_deref(),
            Ok("14")
        );
    }

    #[test]
    fn a_text_that_says_none_is_an_error_and_never_false() {
        for (script, message) in [
            ("t == \"monday\"", "`monday` is not a time; write it like `2026-07-27T02:00:00Z`"),
            ("t < \"2h\"", "`2h` is not a time; write it like `2026-07-27T02:00:00Z`"),
            ("t + \" is late\"", "` is late` is not a duration; write it like `90s`, `10m`, `1h30m` or `2d`"),
            ("duration(\"1h\") > \"soon\"", "`soon` is not a duration; write it like `90s`, `10m`, `1h30m` or `2d`"),
            ("duration(\"1h\") * 9999999999", "this makes too long a duration of 1h"),
        ] {
            assert_eq!(eval(script), Err(message.to_owned()), "{script}");
        }
    }

    #[test]
    fn what_is_declared_as_a_time_or_a_duration_becomes_one_and_goes_back_as_it_was() {
        let value = serde_json::json!({
            "time": "2026-07-31T22:30:15.123456789Z", "soak": "0m", "text": "1h", "list": ["60m", null], "new": "1h",
        });
        let field =
            |name: &str, shape| crate::run::Field { name: name.into(), shape, optional: false, doc: String::new() };
        let maybe = ValueType::Optional(Box::new(ValueType::Duration));
        let shape = ValueType::Map(vec![
            field("time", ValueType::Time),
            field("soak", ValueType::Duration),
            field("text", ValueType::Text),
            field("list", ValueType::List(Box::new(maybe))),
        ]);
        let typed = typed(value.clone(), &shape);
        let kinds = |map: &Map| {
            ["time", "soak", "text", "new"].map(|key| map[key].type_name().rsplit("::").next().unwrap().to_owned())
        };
        assert_eq!(kinds(&typed.as_map_ref().unwrap()), ["Time", "Span", "string", "string"]);
        assert_eq!(super::super::convert::to_value(&typed), Ok(value));
    }
}
