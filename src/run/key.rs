//! Where in a run a command stands.
//!
//! A path is kept escaped, as it stands in the journal and is typed back (`--settle KEY=done`); [`StepPath::label`] and
//! [`Key::label`] are the same with the names as the workflow has them, for people to read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The chain of steps and parallel branches around a command, e.g. `roll[acme]/update`. Empty at the top.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepPath(String);

impl StepPath {
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

    /// The path as it stands in the journal.
    pub(crate) fn of_journal(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it stands in the journal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it the workflow itself, outside of any step?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the steps and branches, outermost first, as the workflow has them.
    pub fn names(&self) -> Vec<String> {
        if self.is_empty() { Vec::new() } else { self.0.split('/').map(unescape).collect() }
    }

    /// For people: the names as the workflow has them. Two paths may look alike here.
    pub fn label(&self) -> String {
        self.names().join("/")
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

/// The name that was escaped. A control character stays escaped: it would be obeyed by a terminal.
fn unescape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.map(char::from).filter(|c| !c.is_control()) {
            Some(c) => {
                out.push(c);
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A command's place in a run: its path and how many commands came before it on that path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Steps and branches around it.
    pub path: StepPath,
    /// 0 for the first command on that path.
    pub ordinal: u32,
}

impl Key {
    /// For people: the step's name as the workflow has it.
    pub fn label(&self) -> String {
        format!("{}#{}", self.path.label(), self.ordinal)
    }
}

/// As it is typed, and as it stands in JSON.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.path.as_str(), self.ordinal)
    }
}

/// Not the key of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a command, which is like `land#0`")]
pub struct ParseKeyError;

impl std::str::FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, ordinal) = text.rsplit_once('#').ok_or(ParseKeyError)?;
        Ok(Self { path: StepPath(path.to_owned()), ordinal: ordinal.parse().map_err(|_| ParseKeyError)? })
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_the_names_that_the_workflow_has() {
        let path = StepPath::default().step("50% of a/b [x]").branch("roll", "acme#1").step("é%zz");
        assert_eq!(path.as_str(), "50%25 of a%2fb %5bx%5d/roll[acme%231]/é%25zz");
        assert_eq!(path.names(), ["50% of a/b [x]", "roll[acme#1]", "é%zz"]);
        assert_eq!(path.label(), "50% of a/b [x]/roll[acme#1]/é%zz");
        assert_eq!(StepPath::default().step("a\u{1b}[2J\u{85}").label(), "a%1b[2J%85");
        assert_eq!((StepPath::default().names(), StepPath::default().label()), (vec![], String::new()));
        // What cannot have been escaped is shown as it is.
        for odd in ["100%", "%é", "%2", "%%25"] {
            assert_eq!(StepPath(odd.to_owned()).label(), odd.replace("%25", "%"));
        }
    }

    #[test]
    fn a_key_is_a_text_in_json_and_reads_back() {
        let key = Key { path: StepPath::default().step("a#b/c"), ordinal: 7 };
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(text, r#""a%23b%2fc#7""#);
        assert_eq!(serde_json::from_str::<Key>(&text).unwrap(), key);
        assert_eq!(key.label(), "a#b/c#7");
        assert!("land".parse::<Key>().is_err() && "land#x".parse::<Key>().is_err());
    }
}
