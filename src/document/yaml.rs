//! YAML → [`Node`]: anchors, aliases and `<<` merges are resolved, aliased values are shared rather than copied.

use super::{At, DEPTH, MapEntry, Node, NodeKind, SyntaxError, yaml_quotes};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};
use std::collections::HashMap;
use std::rc::Rc;

/// How many keys all `<<` of a text may bring in: a small text can ask for billions.
const MERGED_KEYS: usize = 100_000;

/// The first document.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    as_psych_reads(text, |text| {
        let first = read(text, 1)?.into_iter().next();
        Ok(first.map_or(Node { at: At { line: 1, column: 1 }, kind: NodeKind::Null }, Rc::unwrap_or_clone))
    })
}

/// All documents, as a list.
pub(super) fn parse_all(text: &str) -> Result<Node, SyntaxError> {
    let kind = as_psych_reads(text, |text| Ok(NodeKind::List(read(text, usize::MAX)?)))?;
    Ok(Node { at: At { line: 1, column: 1 }, kind })
}

fn as_psych_reads<T>(text: &str, read: impl Fn(&str) -> Result<T, SyntaxError>) -> Result<T, SyntaxError> {
    read(text).or_else(|error| {
        let indented = yaml_quotes::indented(text).and_then(|text| read(&text).ok());
        indented.ok_or(error)
    })
}

fn read(text: &str, most: usize) -> Result<Vec<Rc<Node>>, SyntaxError> {
    let mut composer = Composer::default();
    let mut parser = Parser::new_from_str(text);
    let mut documents = Vec::new();
    while let Some(event) = parser.next_event() {
        let (event, span) = event
            .map_err(|error: ScanError| SyntaxError { message: error.info().to_owned(), at: at(error.marker()) })?;
        if event == Event::DocumentEnd && documents.len() >= most {
            break;
        }
        documents.extend(composer.take(event, at(&span.start))?);
    }
    Ok(documents)
}

fn at(marker: &Marker) -> At {
    At { line: marker.line().max(1), column: marker.col() + 1 }
}

/// Keys are unique: the last of several wins, at the first one's position. So do the YAML reader of Travis and most JSON readers.
pub(super) fn last_wins(entries: Vec<MapEntry>) -> Vec<MapEntry> {
    let mut positions: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    let mut unique: Vec<MapEntry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match positions.get(&entry.key).and_then(|&position| unique.get_mut(position)) {
            Some(earlier) => *earlier = entry,
            None => {
                positions.insert(entry.key.clone(), unique.len());
                unique.push(entry);
            }
        }
    }
    unique
}

#[derive(Default)]
struct Composer {
    open: Vec<OpenNode>,
    /// Each with its depth: aliases nest values deeper than the text itself is.
    anchors: HashMap<usize, (Rc<Node>, usize)>,
    merged: usize,
}

/// A list or map whose end has not been read yet.
struct OpenNode {
    anchor: usize,
    at: At,
    inside: OpenContents,
    /// The depth of the deepest value inside so far.
    deepest: usize,
}

impl OpenNode {
    /// Does the next value belong to `<<`? Then it is no entry, and a key is wanted after it.
    fn takes_merge(&mut self) -> bool {
        match &mut self.inside {
            OpenContents::Map { key: key @ PendingKey::Merge, .. } => {
                *key = PendingKey::Wanted;
                true
            }
            _ => false,
        }
    }
}

enum OpenContents {
    List(Vec<Rc<Node>>),
    Map { entries: Vec<MapEntry>, key: PendingKey },
}

/// What the next value of a map belongs to.
enum PendingKey {
    /// The next node is a key.
    Wanted,
    Named(String, At),
    /// `<<`.
    Merge,
    /// A list or map as a key: it cannot be asked for by name.
    Complex,
}

impl Composer {
    /// Takes one event; gives the root when it is whole.
    fn take(&mut self, event: Event<'_>, at: At) -> Result<Option<Rc<Node>>, SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                if plain && text == "<<" && self.expect_merge() {
                    return Ok(None);
                }
                let tagged = tag.is_some_and(|tag| tag.suffix == "str");
                let kind = if plain && !tagged { plain_scalar(&text) } else { NodeKind::Text(text.into_owned()) };
                self.add(anchor, Rc::new(Node { at, kind }), 0)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, at, OpenContents::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.begin(anchor, at, OpenContents::Map { entries: Vec::new(), key: PendingKey::Wanted })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, depth)) => {
                    let (node, depth) = (Rc::clone(node), *depth);
                    self.add(0, node, depth)
                }
                None => Err(SyntaxError { message: "an alias stands inside its own anchor".to_owned(), at }),
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(None)
            }
        }
    }

    /// Is a key wanted here? Then it is `<<`.
    fn expect_merge(&mut self) -> bool {
        match self.open.last_mut() {
            Some(OpenNode { inside: OpenContents::Map { key: key @ PendingKey::Wanted, .. }, .. }) => {
                *key = PendingKey::Merge;
                true
            }
            _ => false,
        }
    }

    fn begin(&mut self, anchor: usize, at: At, inside: OpenContents) -> Result<Option<Rc<Node>>, SyntaxError> {
        if self.open.len() >= DEPTH {
            return Err(too_deep(at));
        }
        self.open.push(OpenNode { anchor, at, inside, deepest: 0 });
        Ok(None)
    }

    fn end(&mut self) -> Result<Option<Rc<Node>>, SyntaxError> {
        let Some(OpenNode { anchor, at, inside, deepest }) = self.open.pop() else { return Ok(None) };
        let kind = match inside {
            OpenContents::List(items) => NodeKind::List(items),
            OpenContents::Map { entries, .. } => NodeKind::Map(last_wins(entries)),
        };
        self.add(anchor, Rc::new(Node { at, kind }), deepest + 1)
    }

    /// What `<<: *a` and `<<: [*a, *b]` bring in where they stand, the earlier maps of a list after the later ones
    /// (<https://yaml.org/type/merge.html>). As in Ruby's Psych, which reads .travis.yml, they replace the keys above them and give
    /// way to those below.
    fn merged(&mut self, merge: &Node) -> Result<Vec<MapEntry>, SyntaxError> {
        let maps: Vec<&Node> = match merge.kind {
            NodeKind::List(_) => merge.items().iter().rev().map(Rc::as_ref).collect(),
            _ => vec![merge],
        };
        let entries: Vec<MapEntry> = maps.iter().flat_map(|map| map.entries()).cloned().collect();
        self.merged += entries.len();
        if self.merged > MERGED_KEYS {
            let message = format!("`<<` brings in more than {MERGED_KEYS} keys");
            return Err(SyntaxError { message, at: merge.at });
        }
        Ok(entries)
    }

    /// Puts a whole node where it belongs; gives it back when it is the root.
    fn add(&mut self, anchor: usize, node: Rc<Node>, depth: usize) -> Result<Option<Rc<Node>>, SyntaxError> {
        if depth > DEPTH {
            return Err(too_deep(node.at));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (Rc::clone(&node), depth));
        }
        if let Some(open) = self.open.last_mut() {
            open.deepest = open.deepest.max(depth);
        }
        if self.open.last_mut().is_some_and(OpenNode::takes_merge) {
            let brought = self.merged(&node)?;
            if let Some(OpenNode { inside: OpenContents::Map { entries, .. }, .. }) = self.open.last_mut() {
                entries.extend(brought);
            }
            return Ok(None);
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => return Ok(Some(node)),
            Some(OpenContents::List(items)) => items.push(node),
            Some(OpenContents::Map { entries, key }) => {
                *key = match std::mem::replace(key, PendingKey::Wanted) {
                    PendingKey::Wanted => match &node.kind {
                        NodeKind::Null => PendingKey::Named("null".to_owned(), node.at),
                        _ => node
                            .spelling()
                            .map_or(PendingKey::Complex, |name| PendingKey::Named(name.to_owned(), node.at)),
                    },
                    PendingKey::Named(key, key_at) => {
                        entries.push(MapEntry { key, key_at, value: node });
                        PendingKey::Wanted
                    }
                    PendingKey::Merge | PendingKey::Complex => PendingKey::Wanted,
                };
            }
        }
        Ok(None)
    }
}

fn too_deep(at: At) -> SyntaxError {
    SyntaxError { message: format!("it is nested more than {DEPTH} levels deep"), at }
}

/// A scalar without quotes, by YAML 1.2's core schema; its spelling is kept.
fn plain_scalar(text: &str) -> NodeKind {
    let bare = |what| NodeKind::Bare { text: text.to_owned(), what };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => bare("a boolean"),
        _ if text.parse::<f64>().is_ok() && text.ends_with(|c: char| c.is_ascii_digit() || c == '.') => {
            bare("a number")
        }
        _ => NodeKind::Text(text.to_owned()),
    }
}
