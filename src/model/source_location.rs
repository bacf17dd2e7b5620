//! Where in a file something was said.

use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A position in a workflow, plugin or configuration file. Lines and columns count from 1; 0 means "unknown".
///
/// Written as `file:line:column`, in JSON too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceLocation {
    /// The file as people know it, e.g. `workflows/promote-staging.rhai`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl SourceLocation {
    /// A position in `file`.
    pub fn new(file: impl Into<String>, line: usize, column: usize) -> Self {
        Self { file: file.into(), line, column }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

impl FromStr for SourceLocation {
    type Err = Infallible;

    /// Reads what `Display` writes; whatever does not end in numbers is a file without a position.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| part.parse::<usize>().ok().filter(|&n| n > 0);
        let Some((rest, last)) = text.rsplit_once(':').and_then(|(rest, last)| Some((rest, number(last)?))) else {
            return Ok(Self::new(text, 0, 0));
        };
        Ok(match rest.rsplit_once(':').and_then(|(file, line)| Some((file, number(line)?))) {
            Some((file, line)) => Self::new(file, line, last),
            None => Self::new(rest, last, 0),
        })
    }
}

impl Serialize for SourceLocation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceLocation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Ok(place) = String::deserialize(deserializer)?.parse();
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_being_written_and_read() {
        for place in [
            SourceLocation::new("a b:c.rhai", 3, 4),
            SourceLocation::new("x", 7, 0),
            SourceLocation::new("relwf.toml", 0, 0),
        ] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
    }
}
