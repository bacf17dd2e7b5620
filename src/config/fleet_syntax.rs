//! The fleet's own file: TOML, YAML, JSON or CSV → one shape.
//!
//! CSV has a line of names first: `id`, `ring`, `observe`, `update` and `label.<name>`, in any order. `observe` and
//! `update` hold a program with its arguments, split at spaces; quotes (`'…'`, `"…"`) keep spaces together, nothing else is
//! special, for no shell reads it. Empty fields count as absent.

use crate::document::{self, At, DocumentFile, Language, LineIndex, MapEntry, Node, NodeKind};
use std::path::Path;
use std::rc::Rc;

/// Reads the file by its name's ending.
pub(super) fn parse(bytes: &[u8], source: &DocumentFile<'_>) -> Option<Node> {
    let ending = Path::new(&source.file).extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    let (name, language) = match ending.as_deref() {
        Some("toml") => ("TOML", Some(Language::Toml)),
        Some("yaml" | "yml") => ("YAML", Some(Language::Yaml)),
        Some("json") => ("JSON", Some(Language::Json)),
        Some("csv") => ("CSV", None),
        _ => {
            let hint = "call it `.toml`, `.yaml`, `.json` or `.csv`".to_owned();
            source.wrong(At { line: 0, column: 0 }, format!("what language is `{}`?", source.file), hint);
            return None;
        }
    };
    let node = document::text(bytes).map_err(|error| vec![error]).and_then(|text| match language {
        Some(language) => document::parse(text, language),
        None => Ok(csv(text)),
    });
    node.map_err(|errors| source.syntax(name, errors)).ok()
}

fn csv(text: &str) -> Node {
    let lines = LineIndex::new(text);
    let top = lines.at(0);
    let mut records = records(text, &lines).into_iter();
    let names = records.next().unwrap_or_default();
    let targets = records.map(|record| Rc::new(target(&names, record))).collect();
    let target = MapEntry {
        key: "target".to_owned(),
        key_at: top,
        value: Rc::new(Node { at: top, kind: NodeKind::List(targets) }),
    };
    Node { at: top, kind: NodeKind::Map(vec![target]) }
}

/// A record → the table that `[[target]]` would be.
fn target(names: &[(At, String)], record: Vec<(At, String)>) -> Node {
    let at = record.first().map_or(At { line: 1, column: 1 }, |(at, _)| *at);
    let node = |at, kind| Rc::new(Node { at, kind });
    let mut entries = Vec::new();
    let mut labels = Vec::new();
    for ((name_at, name), (at, field)) in names.iter().zip(record) {
        let (name, field) = (name.trim(), field.trim());
        if field.is_empty() {
            continue;
        }
        let text = |text: &str| node(at, NodeKind::Text(text.to_owned()));
        let entry = |key: &str, value| MapEntry { key: key.to_owned(), key_at: *name_at, value };
        match (name.strip_prefix("label."), name) {
            (Some(label), _) => labels.push(entry(label, text(field))),
            (None, "observe" | "update") => {
                let argv = NodeKind::List(split(field).iter().map(|word| text(word)).collect());
                entries.push(entry(name, node(at, NodeKind::Map(vec![entry("command", node(at, argv))]))));
            }
            (None, name) => entries.push(entry(name, text(field))),
        }
    }
    if !labels.is_empty() {
        entries.push(MapEntry { key: "labels".to_owned(), key_at: at, value: node(at, NodeKind::Map(labels)) });
    }
    Node { at, kind: NodeKind::Map(entries) }
}

/// Records and fields as in RFC 4180; empty lines are skipped.
fn records(text: &str, lines: &LineIndex<'_>) -> Vec<Vec<(At, String)>> {
    let mut records = Vec::new();
    let mut record: Vec<(At, String)> = Vec::new();
    let (mut field, mut start, mut quoted) = (String::new(), 0, false);
    let mut chars = text.char_indices().peekable();
    while let Some((offset, char)) = chars.next() {
        match (quoted, char) {
            (true, '"') if chars.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
            (true, '"') => quoted = false,
            (true, _) => field.push(char),
            (false, '"') if field.trim().is_empty() => quoted = true,
            (false, ',' | '\n') => {
                record.push((lines.at(start), std::mem::take(&mut field)));
                start = offset + 1;
                if char == '\n' {
                    records.push(std::mem::take(&mut record));
                }
            }
            (false, _) => field.push(char),
        }
    }
    record.push((lines.at(start), field));
    records.push(record);
    records.retain(|record| record.iter().any(|(_, field)| !field.trim().is_empty()));
    records
}

/// Words between spaces; quotes keep spaces.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, _) if char.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}
