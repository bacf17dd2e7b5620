//! TOML → [`Node`].

use super::{LineIndex, MapEntry, Node, NodeKind, SyntaxError};
use std::rc::Rc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn parse(text: &str) -> Result<Node, Vec<SyntaxError>> {
    let lines = LineIndex::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { at: lines.at(0), kind: map(table.get_ref(), &lines) });
    }
    let mut errors: Vec<_> = errors
        .iter()
        .map(|error| SyntaxError {
            message: error.message().replace('\n', "; "),
            at: lines.at(error.span().map_or(0, |span| span.start)),
        })
        .collect();
    errors.sort_by_key(|error| error.at);
    Err(errors)
}

fn map(table: &DeTable<'_>, lines: &LineIndex<'_>) -> NodeKind {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| MapEntry {
            key: key.get_ref().to_string(),
            key_at: lines.at(key.span().start),
            value: Rc::new(node(value, lines)),
        })
        .collect();
    // The parser keeps tables sorted by name; people think in the file's order.
    entries.sort_by_key(|entry| entry.key_at);
    NodeKind::Map(entries)
}

fn node(value: &Spanned<DeValue<'_>>, lines: &LineIndex<'_>) -> Node {
    let kind = match value.get_ref() {
        DeValue::String(text) => NodeKind::Text(text.to_string()),
        DeValue::Integer(integer) => NodeKind::Bare { text: integer.to_string(), what: "a number" },
        DeValue::Float(float) => NodeKind::Bare { text: float.as_str().to_owned(), what: "a number" },
        DeValue::Boolean(boolean) => NodeKind::Bare { text: boolean.to_string(), what: "a boolean" },
        DeValue::Datetime(datetime) => NodeKind::Bare { text: datetime.to_string(), what: "a date" },
        DeValue::Array(items) => NodeKind::List(items.iter().map(|item| Rc::new(node(item, lines))).collect()),
        DeValue::Table(table) => map(table, lines),
    };
    Node { at: lines.at(value.span().start), kind }
}
