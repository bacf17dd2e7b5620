//! JSON → [`Node`].
//!
//! Each value is first taken raw, as a slice of the text: that gives its place and the spelling of its numbers.

use super::{At, DEPTH, LineIndex, MapEntry, Node, NodeKind, SyntaxError};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::rc::Rc;

pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    node(raw, text, &LineIndex::new(text), DEPTH)
}

fn syntax(error: &serde_json::Error) -> SyntaxError {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words).to_owned();
    // At the very end the parser says column 0 of the next line.
    SyntaxError { message, at: At { line: error.line().max(1), column: error.column().max(1) } }
}

fn node(raw: &RawValue, text: &str, lines: &LineIndex<'_>, depth: usize) -> Result<Node, SyntaxError> {
    let part = raw.get();
    let at = lines.at((part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize));
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(SyntaxError { message: format!("it is nested more than {DEPTH} levels deep"), at });
    };
    let inside = |error: serde_json::Error| SyntaxError { at, ..syntax(&error) };
    let bare = |what| NodeKind::Bare { text: part.to_owned(), what };
    let kind = match part.bytes().next() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(part).map_err(inside)?;
            let mut entries: Vec<MapEntry> = Vec::with_capacity(members.len());
            for (key, value) in members {
                let value = Rc::new(node(value, text, lines, deeper)?);
                entries.push(MapEntry { key, key_at: value.at, value });
            }
            NodeKind::Map(super::yaml::last_wins(entries))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(part).map_err(inside)?;
            let items = items.into_iter().map(|item| node(item, text, lines, deeper).map(Rc::new));
            NodeKind::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => NodeKind::Text(serde_json::from_str(part).map_err(inside)?),
        Some(b't' | b'f') => bare("a boolean"),
        Some(b'n') => NodeKind::Null,
        _ => bare("a number"),
    };
    Ok(Node { at, kind })
}

/// The members of an object, in order.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
