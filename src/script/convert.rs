//! Plain data ↔ script values.

use super::opaque::{SecretHandle, Unknown};
use super::times::{Span, Time};
use crate::model::{DEEPEST, SECRET, Value, escaped_key, plain_key, unknown, unknown_what};
use rhai::{Array, Dynamic, FnPtr, Map};
use serde_json::json;

/// A value that is not plain data: where it is inside what was to be converted, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotData {
    /// E.g. `.env.TOKEN[0]`; empty for the value itself.
    pub(super) path: String,
    /// E.g. `a closure`.
    pub(super) what: String,
}

impl NotData {
    fn new(what: impl Into<String>) -> Self {
        Self { path: String::new(), what: what.into() }
    }

    fn inside(mut self, part: &str) -> Self {
        // Of a place that is very deep the beginning would fill the screen.
        if self.path.len() < 200 {
            self.path.insert_str(0, part);
        }
        self
    }
}

/// A script's value as plain data.
///
/// # Errors
///
/// Closures and other things that exist only while the script runs; what is nested deeper than [`DEEPEST`].
pub(super) fn to_value(value: &Dynamic) -> Result<Value, NotData> {
    plain(value, DEEPEST)
}

fn plain(value: &Dynamic, levels: usize) -> Result<Value, NotData> {
    if value.is_shared() {
        return plain(&value.flatten_clone(), levels);
    }
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(value) = value.as_bool() {
        return Ok(value.into());
    }
    if let Ok(value) = value.as_int() {
        return Ok(value.into());
    }
    if let Ok(value) = value.as_float() {
        return serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| NotData::new("a number that is not finite"));
    }
    if let Ok(value) = value.as_immutable_string_ref() {
        return Ok(value.as_str().into());
    }
    if let Ok(value) = value.as_char() {
        return Ok(value.to_string().into());
    }
    let below = || levels.checked_sub(1).ok_or_else(|| NotData::new(format!("nested more than {DEEPEST} deep")));
    if let Ok(items) = value.as_array_ref() {
        let below = below()?;
        let item = |(index, item)| plain(item, below).map_err(|error| error.inside(&format!("[{index}]")));
        return items.iter().enumerate().map(item).collect();
    }
    if let Ok(map) = value.as_map_ref() {
        let below = below()?;
        let entry = |(key, value): (&rhai::Identifier, &Dynamic)| {
            let value = plain(value, below).map_err(|error| error.inside(&format!(".{key}")))?;
            Ok((escaped_key(key).into_owned(), value))
        };
        return map.iter().map(entry).collect::<Result<_, _>>().map(Value::Object);
    }
    if let Some(time) = value.read_lock::<Time>() {
        return Ok(time.to_string().into());
    }
    if let Some(span) = value.read_lock::<Span>() {
        return Ok(span.to_string().into());
    }
    if let Some(value) = value.read_lock::<Unknown>() {
        return Ok(unknown(&value.what));
    }
    if let Some(secret) = value.read_lock::<SecretHandle>() {
        let mut data = json!({ SECRET: secret.name.as_str() });
        for (key, text) in [("before", &secret.before), ("after", &secret.after)] {
            if !text.is_empty() {
                data[key] = text.as_str().into();
            }
        }
        return Ok(data);
    }
    Err(NotData::new(match value.read_lock::<FnPtr>() {
        Some(_) => "a closure".to_owned(),
        None => format!("a value of type {}", value.type_name().rsplit("::").next().unwrap_or_default()),
    }))
}

/// Plain data as a script's value; a secret is none, whatever the data says: `config::secret` alone makes one. Whole numbers that Rhai cannot hold become texts: a rounded one would be a lie.
pub(super) fn to_dynamic(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => whole.into(),
            (None, Some(large), _) => large.to_string().into(),
            (None, None, Some(fraction)) => fraction.into(),
            (None, None, None) => number.to_string().into(),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => Dynamic::from_array(items.into_iter().map(to_dynamic).collect::<Array>()),
        Value::Object(_) if unknown_what(&value).is_some() => {
            Dynamic::from(Unknown { what: unknown_what(&value).unwrap_or_default().into() })
        }
        Value::Object(map) => Dynamic::from_map(
            map.into_iter().map(|(key, value)| (plain_key(&key).into(), to_dynamic(value))).collect::<Map>(),
        ),
    }
}

/// A copy that shares nothing with the original: variables that closures have captured are copied too.
pub(super) fn deep_copy(value: &Dynamic) -> Dynamic {
    // A closure can capture itself; nothing honest is nested deeper.
    copy(value, 64)
}

fn copy(value: &Dynamic, depth: usize) -> Dynamic {
    let value = value.flatten_clone();
    let Some(depth) = depth.checked_sub(1) else { return value };
    if let Ok(items) = value.as_array_ref() {
        return Dynamic::from_array(items.iter().map(|item| copy(item, depth)).collect());
    }
    if let Ok(map) = value.as_map_ref() {
        return Dynamic::from_map(map.iter().map(|(key, value)| (key.clone(), copy(value, depth))).collect());
    }
    if let Some(closure) = value.read_lock::<FnPtr>() {
        let mut closure = closure.clone();
        closure.iter_curry_mut().for_each(|captured| *captured = copy(captured, depth));
        return closure.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_survives_the_way_through_a_script() {
        let data = json!({
            "text": "ä", "whole": -3, "fraction": 1.5, "yes": true, "none": null, "list": [1, [2]], "map": {"a": {}},
            "number": {"$unknown": "number of the change"}, "like": {"$$secret": "t", "$$$unknown": 1},
        });
        assert_eq!(to_value(&to_dynamic(data.clone())), Ok(data));
    }

    #[test]
    fn what_only_looks_like_a_secret_never_becomes_one() {
        let secret = SecretHandle { name: "s".into(), before: "Bearer ".to_owned(), after: String::new() };
        assert_eq!(to_value(&Dynamic::from(secret)), Ok(json!({ "$secret": "s", "before": "Bearer " })));
        let like = json!({ "$secret": "s", "before": "Bearer " });
        assert_eq!(to_value(&to_dynamic(like)), Ok(json!({ "$$secret": "s", "before": "Bearer " })));
        let written = Dynamic::from_map(Map::from([("$unknown".into(), "id".into())]));
        assert_eq!(to_value(&written), Ok(json!({ "$$unknown": "id" })));
    }

    #[test]
    fn numbers_that_do_not_fit_are_never_rounded() {
        assert_eq!(to_dynamic(json!(u64::MAX)).into_string(), Ok("18446744073709551615".to_owned()));
        assert_eq!(to_value(&f64::NAN.into()), Err(NotData::new("a number that is not finite")));
    }

    #[test]
    fn closures_are_no_data() {
        let closure = Dynamic::from(FnPtr::new("f").unwrap());
        let value = Dynamic::from_map(Map::from([("env".into(), Dynamic::from_array(vec![1_i64.into(), closure]))]));
        assert_eq!(to_value(&value), Err(NotData { path: ".env[1]".into(), what: "a closure".into() }));
    }

    #[test]
    fn copies_share_nothing() {
        let shared = Dynamic::from(1_i64).into_shared();
        let mut closure = FnPtr::new("f").unwrap();
        closure.add_curry(shared.clone());
        let copied = deep_copy(&Dynamic::from_array(vec![closure.into()]));
        *shared.clone().write_lock::<i64>().unwrap() = 2;
        let items = copied.into_array().unwrap();
        let captured = items[0].read_lock::<FnPtr>().unwrap().curry()[0].clone();
        assert!(!captured.is_shared());
        assert_eq!(captured.as_int(), Ok(1));
    }
}
