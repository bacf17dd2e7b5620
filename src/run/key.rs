//! Where in a run a command stands.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The chain of steps and parallel branches around a command, e.g. `roll[acme]/update`. Empty at the top.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path(String);

impl Path {
    /// The path of a step inside this one.
    #[must_use]
    pub fn step(&self, name: &str) -> Self {
        self.push(&escape(name))
    }

    /// The path of the branch for `item` of the `flow::parallel` called `name`.
    #[must_use]
    pub fn branch(&self, name: &str, item: &str) -> Self {
        self.push(&format!("{}[{}]", escape(name), escape(item)))
    }

    fn push(&self, part: &str) -> Self {
        if self.0.is_empty() { Self(part.to_owned()) } else { Self(format!("{}/{part}", self.0)) }
    }

    /// As it stands in the journal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keeps names from being taken for structure.
fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '/' | '[' | ']' | '#' | '%') || c.is_control() {
            out.push_str(&format!("%{:02x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// A command's place in a run: its path and how many commands came before it on that path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Steps and branches around it.
    pub path: Path,
    /// 0 for the first command on that path.
    pub ordinal: u32,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.path, self.ordinal)
    }
}

impl std::str::FromStr for Key {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, ordinal) = text.rsplit_once('#').ok_or(())?;
        Ok(Self { path: Path(path.to_owned()), ordinal: ordinal.parse().map_err(|_| ())? })
    }
}
