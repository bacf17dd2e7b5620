//! Dotted keys such as `package.version`, `jobs.0.name`, `dependencies."left.pad"` or `images[name=acme/ppc].newTag`.

use super::{Node, NodeKind};
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

/// A path to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath(Vec<Part>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A key of a map, or a position in a list, from 0.
    Name(String),
    /// The items of a list that hold this value at this key: `[name=acme/ppc]`.
    Where { key: String, value: String },
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a key: write names with dots between them, like `package.version`, `a.\"b.c\".0` or `images[name=acme/ppc].newTag`"
)]
pub struct ParsePathError(pub String);

impl FromStr for KeyPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePathError(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, mut after) = match rest.chars().next() {
                Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote).ok_or_else(wrong)?,
                _ => rest.find(['.', '[']).map_or((rest, ""), |end| rest.split_at(end)),
            };
            if part.is_empty() {
                return Err(wrong());
            }
            parts.push(Part::Name(part.to_owned()));
            while let Some(selector) = after.strip_prefix('[') {
                let (key, value) = selector.split_once('=').filter(|(key, _)| !key.contains(']')).ok_or_else(wrong)?;
                let (value, more) = match value.chars().next() {
                    Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).ok_or_else(wrong)?,
                    _ => value.find(']').map(|end| value.split_at(end)).ok_or_else(wrong)?,
                };
                after = more.strip_prefix(']').ok_or_else(wrong)?;
                if key.is_empty() {
                    return Err(wrong());
                }
                parts.push(Part::Where { key: key.to_owned(), value: value.to_owned() });
            }
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => return Ok(Self(parts)),
                None => return Err(wrong()),
            }
        }
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.0.iter().enumerate() {
            match part {
                Part::Name(name) => {
                    f.write_str(if position > 0 { "." } else { "" })?;
                    quoted(f, name, &['.', '[', '\''])?;
                }
                Part::Where { key, value } => {
                    write!(f, "[{key}=")?;
                    quoted(f, value, &[']', '\''])?;
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

/// In the quotes that it needs.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str, needed_by: &[char]) -> fmt::Result {
    match (text.is_empty() || text.contains(needed_by), text.contains('"')) {
        (_, true) => write!(f, "'{text}'"),
        (true, false) => write!(f, "\"{text}\""),
        (false, false) => f.write_str(text),
    }
}

impl KeyPath {
    /// The first value there.
    pub fn find<'n>(&self, node: &'n Node) -> Option<&'n Node> {
        self.find_all(node).into_iter().next()
    }

    /// All values there: a selector may match several items.
    pub fn find_all<'n>(&self, node: &'n Node) -> Vec<&'n Node> {
        self.0.iter().fold(vec![node], |nodes, part| nodes.into_iter().flat_map(|node| part.of(node)).collect())
    }
}

impl Part {
    fn of<'n>(&self, node: &'n Node) -> Vec<&'n Node> {
        match (self, &node.kind) {
            (Self::Name(name), NodeKind::Map(_)) => node.get(name).map(|value| &**value).into_iter().collect(),
            (Self::Name(name), NodeKind::List(items)) => {
                let at = name.parse::<usize>().ok();
                at.and_then(|at| items.get(at)).map(|value| &**value).into_iter().collect()
            }
            (Self::Where { key, value }, NodeKind::List(items)) => {
                let wanted = |item: &&Rc<Node>| item.get(key).and_then(|found| found.spelling()) == Some(value);
                items.iter().filter(wanted).map(|item| &**item).collect()
            }
            _ => Vec::new(),
        }
    }
}
