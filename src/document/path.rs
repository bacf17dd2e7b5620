//! Dotted keys such as `package.version`, `jobs.0.name` or `dependencies."left.pad"`.

use super::{Node, NodeKind};
use std::fmt;
use std::str::FromStr;

/// A path to a value: names of keys and positions in lists, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath(Vec<String>);

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key: write names with dots between them, like `package.version` or `a.\"b.c\".0`")]
pub struct ParsePathError(pub String);

impl FromStr for KeyPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePathError(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, after) = match rest.chars().next() {
                Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote).ok_or_else(wrong)?,
                _ => rest.find('.').map_or((rest, ""), |dot| rest.split_at(dot)),
            };
            if part.is_empty() {
                return Err(wrong());
            }
            parts.push(part.to_owned());
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
            f.write_str(if position > 0 { "." } else { "" })?;
            match (part.contains(['.', '\'']), part.contains('"')) {
                (_, true) => write!(f, "'{part}'")?,
                (true, false) => write!(f, "\"{part}\"")?,
                (false, false) => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

impl KeyPath {
    /// The value there.
    pub fn find<'n>(&self, node: &'n Node) -> Option<&'n Node> {
        self.0.iter().try_fold(node, |node, part| match &node.kind {
            NodeKind::Map(_) => node.get(part).map(|value| &**value),
            NodeKind::List(items) => items.get(part.parse::<usize>().ok()?).map(|value| &**value),
            _ => None,
        })
    }
}
