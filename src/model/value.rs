//! Plain data as it crosses between scripts, commands and the journal.
//!
//! Objects keep their keys sorted, so equal values have equal JSON: fingerprints rest on that.

pub use serde_json::Value;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

const UNKNOWN: &str = "$unknown";
/// The key by which a command's arguments name a secret: `{"$secret": name}`.
pub const SECRET: &str = "$secret";

/// A value that only the remote can invent, e.g. "number of the change". Exists in dry runs alone.
pub fn unknown(what: &str) -> Value {
    serde_json::json!({ UNKNOWN: what })
}

/// What an unknown value stands for; `None` for ordinary values.
pub fn unknown_what(value: &Value) -> Option<&str> {
    match value {
        Value::Object(map) if map.len() == 1 => map.get(UNKNOWN).and_then(Value::as_str),
        _ => None,
    }
}

/// Is the value itself unknown?
pub fn is_unknown(value: &Value) -> bool {
    unknown_what(value).is_some()
}

/// A key of data as it is written where [`SECRET`] and [`unknown`] mean something: what only looks like them gets one more `$`.
pub fn escaped_key(key: &str) -> Cow<'_, str> {
    if looks_reserved(key) { format!("${key}").into() } else { key.into() }
}

/// The key behind [`escaped_key`].
pub fn plain_key(key: &str) -> &str {
    key.strip_prefix('$').filter(|plain| looks_reserved(plain)).unwrap_or(key)
}

fn looks_reserved(key: &str) -> bool {
    let name = key.trim_start_matches('$');
    key.len() > name.len() && [SECRET, UNKNOWN].iter().any(|reserved| reserved[1..] == *name)
}

/// Lists and maps are nested at most this deep: the journal's JSON is read with a limit of 128, and puts some around each value.
pub const DEEPEST: usize = 100;

/// Is data nested deeper than [`DEEPEST`]?
pub fn is_too_deep(value: &Value) -> bool {
    fn deeper_than(value: &Value, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(1) else { return value.is_array() || value.is_object() };
        match value {
            Value::Array(items) => items.iter().any(|item| deeper_than(item, below)),
            Value::Object(map) => map.values().any(|value| deeper_than(value, below)),
            _ => false,
        }
    }
    deeper_than(value, DEEPEST)
}

/// Data from outside, in which nothing means anything.
pub fn outside_data(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(outside_data).collect(),
        Value::Object(map) => {
            let map: serde_json::Map<String, Value> =
                map.into_iter().map(|(key, value)| (escaped_key(&key).into_owned(), outside_data(value))).collect();
            map.into()
        }
        other => other,
    }
}

/// The first unknown anywhere inside the value.
pub fn unknown_inside(value: &Value) -> Option<&str> {
    unknown_what(value).or_else(|| match value {
        Value::Array(items) => items.iter().find_map(unknown_inside),
        Value::Object(map) => map.values().find_map(unknown_inside),
        _ => None,
    })
}

/// A part of an answer that only the remote can invent: a dry run does not know it. Written as the value itself, or as
/// [`unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrUnknown<T> {
    /// What the remote said.
    Known(T),
    /// What it will say, in words: "number of the change".
    Unknown(String),
}

impl<T> OrUnknown<T> {
    /// A value that only a real run knows.
    pub fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown(what.into())
    }

    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for OrUnknown<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Serialize> Serialize for OrUnknown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown(what) => unknown(what).serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OrUnknown<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match unknown_what(&value) {
            Some(what) => Ok(Self::Unknown(what.to_owned())),
            None => T::deserialize(value).map(Self::Known).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn data_may_be_nested_only_so_deep() {
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(!is_too_deep(&nested(DEEPEST)) && is_too_deep(&nested(DEEPEST + 1)));
    }

    #[test]
    fn data_from_outside_means_nothing_and_comes_back_as_it_was() {
        let data = json!([{ "$secret": "s", "$unknown": [{ "$$unknown": 1 }], "$ref": "#", "secret": 2, "$": 3 }]);
        let escaped = outside_data(data);
        assert_eq!(
            escaped,
            json!([{ "$$secret": "s", "$$unknown": [{ "$$$unknown": 1 }], "$ref": "#", "secret": 2, "$": 3 }])
        );
        assert_eq!(unknown_inside(&escaped), None);
        for key in ["$secret", "$$secret", "$unknown", "$other", "", "$", "secret"] {
            assert_eq!(plain_key(&escaped_key(key)), key);
        }
        assert_eq!(plain_key("$secret"), "$secret");
    }
}
