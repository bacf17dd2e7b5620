//! Plain data as it crosses between scripts, commands and the journal.
//!
//! Objects keep their keys sorted, so equal values have equal JSON: fingerprints rest on that.

pub use serde_json::Value;

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
