//! What is needed to show a problem in a script: the failure, the text around it, how much of it to mark.

use crate::model::{Failure, FailureKind, SourceLocation};
use serde::Serialize;

/// One finding of the static check, or a script's failure, with what is needed to show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    /// The failure; `at` is set, unless there is no file that it could be in.
    pub failure: Failure,
    /// The file's text, for the caret.
    #[serde(skip)]
    pub text: Option<String>,
    /// Length of the marked part, in characters.
    #[serde(skip)]
    pub length: usize,
    /// Callers, innermost first: function and place.
    pub calls: Vec<(String, SourceLocation)>,
}

impl Diagnostic {
    /// A failure that lies at `place` of a file with this text; what is marked is found from the text.
    pub(super) fn at(failure: Failure, place: SourceLocation, text: Option<&str>) -> Self {
        let length = text.map_or(1, |text| marked(text, place.line, place.column));
        Self { failure: failure.at(place), text: text.map(str::to_owned), length, calls: Vec::new() }
    }

    /// A failure of a file as a whole.
    pub(super) fn whole(failure: Failure, file: &str) -> Self {
        let place = failure.at.clone().unwrap_or_else(|| SourceLocation::new(file, 0, 0));
        Self { failure: failure.at(place), text: None, length: 0, calls: Vec::new() }
    }

    /// A file that does not exist: there is no place to look at.
    pub(crate) fn nowhere(failure: Failure) -> Self {
        Self { failure, text: None, length: 0, calls: Vec::new() }
    }

    /// Something wrong in a script.
    pub(super) fn script(message: impl Into<String>, place: SourceLocation, text: &str) -> Self {
        Self::at(Failure::new(FailureKind::Script, message), place, Some(text))
    }

    /// Says what to do next.
    pub(super) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        if let Some(hint) = hint {
            self.failure = self.failure.hint(hint);
        }
        self
    }

    /// Where it lies, for sorting.
    pub(super) fn place(&self) -> Option<&SourceLocation> {
        self.failure.at.as_ref()
    }
}

/// How many characters the thing that begins at this place has: a name with its namespaces, a text, a number; else one.
fn marked(text: &str, line: usize, column: usize) -> usize {
    let Some(line) = line.checked_sub(1).and_then(|line| text.lines().nth(line)) else { return 1 };
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let length = match rest.first() {
        Some(quote @ ('"' | '`' | '\'')) => {
            let mut escaped = false;
            let inside = rest.iter().skip(1).take_while(|&c| {
                let ends = c == quote && !escaped;
                escaped = *c == '\\' && !escaped;
                !ends
            });
            (inside.count() + 2).min(rest.len())
        }
        Some(c) if is_word(c) => {
            let mut length = 0;
            loop {
                length += rest.iter().skip(length).take_while(|c| is_word(c)).count();
                let next_is_word = rest.get(length + 2).is_some_and(is_word);
                if rest.get(length) == Some(&':') && rest.get(length + 1) == Some(&':') && next_is_word {
                    length += 2;
                } else {
                    break length;
                }
            }
        }
        _ => 1,
    };
    length.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_marked_whole() {
        let text = "let x = git::merge(\"a \\\" b\", 12);\n+";
        assert_eq!(marked(text, 1, 9), 10);
        assert_eq!(marked(text, 1, 14), 5);
        assert_eq!(marked(text, 1, 20), 8);
        assert_eq!(marked(text, 1, 30), 2);
        assert_eq!(marked(text, 2, 1), 1);
        assert_eq!(marked(text, 9, 9), 1);
        assert_eq!(marked("\"open", 1, 1), 5);
    }
}
