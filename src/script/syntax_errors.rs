//! Rhai's parse errors as diagnostics: a plain message, a hint, and the place to fix.

use super::diagnostic::Diagnostic;
use super::other_languages::{self, Around};
use crate::model::SourceLocation;
use rhai::{LexError, ParseError, ParseErrorType};

/// A syntax error. The parser stops at its first one.
pub(super) fn diagnostic(error: &ParseError, file: &str, text: &str) -> Diagnostic {
    let (line, column) = (error.1.line().unwrap_or(0), error.1.position().unwrap_or(0));
    let here = SourceLocation::new(file, line, column);
    let at = |place: SourceLocation, message: String| Diagnostic::script(message, place, text);
    let around = Around::read(text, line, column);
    if let Some(habit) = around.habit().filter(|_| is_about_what_stands_here(&error.0)) {
        let message = match habit.word {
            word @ (":" | "=" | "," | "{" | "=>" | "from") => format!("`{word}` cannot stand here"),
            word => format!("Rhai knows no `{word}`"),
        };
        return at(SourceLocation::new(file, line, habit.column), message).hint(Some(habit.instead));
    }
    match &*error.0 {
        // Noticed at the next token, which may be lines further down.
        ParseErrorType::MissingToken(token, _) if token == ";" => {
            let (line, column) = end_of_previous(text, line, column);
            at(SourceLocation::new(file, line, column), "a `;` is missing here".into())
                .hint(Some("every statement ends with `;`, only the last one of a block may leave it away"))
        }
        ParseErrorType::MissingToken(token, why) => {
            // Behind the last line there is nothing to show.
            let place = if line > text.lines().count() {
                let (line, column) = end_of_previous(text, line, column);
                SourceLocation::new(file, line, column)
            } else {
                here
            };
            let missing = at(place, format!("`{token}` was expected here {why}").trim_end().to_owned());
            missing.hint((token == ",").then_some("a `,` stands between two items; or is the closing bracket missing?"))
        }
        ParseErrorType::BadInput(LexError::ImproperSymbol(word, _)) if word == "eval" => {
            at(here, "there is no `eval`".into())
                .hint(Some("what a workflow does must be there to be checked and pinned"))
        }
        // As the key of a map such a word is a good name, only not a bare one.
        ParseErrorType::Reserved(word)
            if !is_key(text, line, column, word) && other_languages::reserved(word).is_some() =>
        {
            at(here, format!("Rhai knows no `{word}`{}", if word == "print" { " without brackets" } else { "" }))
                .hint(other_languages::reserved(word))
        }
        ParseErrorType::BadInput(LexError::MalformedChar(inside)) => {
            at(here, "single quotes hold one character".into())
                .hint(Some(format!("a text stands in double quotes: \"{inside}\"")))
        }
        ParseErrorType::BadInput(LexError::ImproperSymbol(word, _)) if word == "=" => {
            at(here, "`=` does not compare".into()).hint(Some("Rhai says `==`"))
        }
        ParseErrorType::VariableExpected if around.back(0) == "(" => {
            at(here, "a `for` loop goes through a list or a range".into())
                .hint(Some("Rhai says `for x in list { … }`, `for i in 0..3 { … }`"))
        }
        ParseErrorType::PropertyExpected if around.here.starts_with('"') => {
            at(here, "a text cannot be put behind a `.`".into()).hint(Some("texts are put together with `+`"))
        }
        ParseErrorType::Reserved(word) => at(here, format!("`{word}` is a reserved word"))
            .hint(Some(format!("choose another name; as the key of a map it must be quoted: \"{word}\": …"))),
        ParseErrorType::UnexpectedEOF => at(here, "the script ends too early".into())
            .hint(Some("look for a bracket that is opened and never closed")),
        ParseErrorType::BadInput(LexError::UnterminatedString) => at(here, "this string is never closed".into()),
        ParseErrorType::DuplicatedProperty(key) => at(here, format!("the key `{key}` is there twice")),
        ParseErrorType::FnDuplicatedDefinition(name, _) => {
            at(here, format!("there are two functions `{name}` with equally many parameters"))
        }
        ParseErrorType::WrongFnDefinition => at(here, "functions are defined at the top level only".into())
            .hint(Some("inside a function use a closure: let f = |x| …; and call it with f.call(x)")),
        ParseErrorType::AssignmentToConstant(name) => at(here, format!("`{name}` is a constant and cannot change")),
        other => at(here, lower_first(&other.to_string())),
    }
}

/// Did the parser stop because of the word at the place that it names?
fn is_about_what_stands_here(error: &ParseErrorType) -> bool {
    match error {
        ParseErrorType::BadInput(error) => matches!(error, LexError::UnexpectedInput(_) | LexError::ImproperSymbol(..)),
        ParseErrorType::MissingToken(..)
        | ParseErrorType::UnknownOperator(_)
        | ParseErrorType::MissingSymbol(_)
        | ParseErrorType::ExprExpected(_)
        | ParseErrorType::VariableExpected => true,
        _ => false,
    }
}

/// Does a `:` follow the word, as in a map?
fn is_key(text: &str, line: usize, column: usize, word: &str) -> bool {
    let line = line.checked_sub(1).and_then(|line| text.lines().nth(line)).unwrap_or_default();
    let after: String = line.chars().skip(column.saturating_sub(1) + word.chars().count()).collect();
    after.trim_start().starts_with(':') && !after.trim_start().starts_with("::")
}

/// Rhai begins its messages with a capital; ours go on after `error:`.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let rest = |chars: std::str::Chars<'_>| chars.as_str().trim_end_matches('.').to_owned();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(rest(chars).chars()).collect(),
        None => String::new(),
    }
}

/// The place right after the last thing that is written before `line`:`column`, comments left out.
fn end_of_previous(text: &str, line: usize, column: usize) -> (usize, usize) {
    let lines: Vec<&str> = text.lines().collect();
    // A parser that ran out of text points behind the last line or nowhere.
    let (line, column) = if line == 0 || line > lines.len() { (lines.len(), usize::MAX) } else { (line, column) };
    let mut in_block_comment = false;
    for number in (1..=line).rev() {
        let Some(content) = lines.get(number - 1) else { continue };
        let before: String = if number == line {
            content.chars().take(column.saturating_sub(1)).collect()
        } else {
            (*content).to_owned()
        };
        let mut code = without_line_comment(&before).trim_end();
        if in_block_comment {
            let Some((outside, _)) = code.split_once("/*") else { continue };
            in_block_comment = false;
            code = outside.trim_end();
        }
        while code.ends_with("*/") {
            let Some((outside, _)) = code.rsplit_once("/*") else {
                in_block_comment = true;
                break;
            };
            code = outside.trim_end();
        }
        if !in_block_comment && !code.is_empty() {
            return (number, code.chars().count() + 1);
        }
    }
    (line, column)
}

/// A line up to its `//`, if that is not inside a string.
fn without_line_comment(line: &str) -> &str {
    let mut quote = None;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open && previous != '\\' => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '`' | '\'') => quote = Some(c),
            None if c == '/' && previous == '/' => return &line[..at - 1],
            None => {}
        }
        previous = if c == '\\' && previous == '\\' { ' ' } else { c };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_semicolon_belongs_to_the_line_before() {
        assert_eq!(end_of_previous("let a = 1\nlet b = 2;", 2, 1), (1, 10));
        assert_eq!(end_of_previous("let a = 1 // one\n\n  // two\nlet b = 2;", 4, 1), (1, 10));
        assert_eq!(end_of_previous("let a = \"//\" /* x\n y */\nlet b", 3, 1), (1, 13));
        assert_eq!(end_of_previous("let a = 1 let b = 2;", 1, 11), (1, 10));
        assert_eq!(end_of_previous("let ä = 1", 0, 0), (1, 10));
    }
}
