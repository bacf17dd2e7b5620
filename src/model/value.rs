//! Plain data as it crosses between scripts, commands and the journal.
//!
//! Objects keep their keys sorted, so equal values have equal JSON: fingerprints rest on that.

pub use serde_json::Value;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const UNKNOWN: &str = "$unknown";

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
