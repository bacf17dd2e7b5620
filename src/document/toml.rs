//! TOML → [`Node`].

use super::{Entry, Kind, Lines, Node, SyntaxError};
use std::rc::Rc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn parse(text: &str) -> Result<Node, Vec<SyntaxError>> {
    let lines = Lines::new(text);
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

fn map(table: &DeTable<'_>, lines: &Lines<'_>) -> Kind {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_at: lines.at(key.span().start),
            value: Rc::new(node(value, lines)),
        })
        .collect();
    // The parser keeps tables sorted by name; people think in the file's order.
    entries.sort_by_key(|entry| entry.key_at);
    Kind::Map(entries)
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Node {
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(integer) => Kind::Bare { text: integer.to_string(), what: "a number" },
        DeValue::Float(float) => Kind::Bare { text: float.as_str().to_owned(), what: "a number" },
        DeValue::Boolean(boolean) => Kind::Bare { text: boolean.to_string(), what: "a boolean" },
        DeValue::Datetime(datetime) => Kind::Bare { text: datetime.to_string(), what: "a date" },
        DeValue::Array(items) => Kind::List(items.iter().map(|item| Rc::new(node(item, lines))).collect()),
        DeValue::Table(table) => map(table, lines),
    };
    Node { at: lines.at(value.span().start), kind }
}
