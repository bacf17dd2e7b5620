//! A path of a repository as it is shown: paths are bytes, and need not be text.

use super::steering::steers;
use std::borrow::Cow;
use std::fmt::Write;

/// The path as git prints it: in quotes, with escapes as in C, where it is not UTF-8 or has bytes that a terminal or a list
/// could take for something else; otherwise as it is (git's `core.quotePath=false`).
pub(crate) fn quoted_path(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) if !text.chars().any(|c| c.is_control() || steers(c) || matches!(c, '"' | '\\')) => text.to_owned(),
        _ => path.iter().fold("\"".to_owned(), escaped) + "\"",
    }
}

/// What stands in quotes at the beginning, with git's escapes, and what follows; `None` where it is not in sound quotes.
pub(crate) fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut out = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((out, rest)),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                out.push(match escaped {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'"' => *escaped,
                    b'0'..=b'3' => {
                        let (digits, after) = rest.split_at_checked(2)?;
                        rest = after;
                        let digit = |digit: u8| digit.checked_sub(b'0').filter(|digit| *digit < 8);
                        (escaped - b'0') << 6 | digit(digits[0])? << 3 | digit(digits[1])?
                    }
                    _ => return None,
                });
            }
            _ => out.push(*byte),
        }
    }
}

/// A path as text from which [`path_of_text`] makes it again: in quotes where it is not UTF-8, or begins with one.
pub(crate) fn text_of_path(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) if !text.starts_with('"') => text.to_owned(),
        _ => quoted_path(path),
    }
}

/// The path that a text stands for.
pub(crate) fn path_of_text(text: &str) -> Cow<'_, [u8]> {
    match unquoted(text.as_bytes()) {
        Some((path, b"")) => Cow::Owned(path),
        _ => Cow::Borrowed(text.as_bytes()),
    }
}

fn escaped(mut out: String, byte: &u8) -> String {
    match byte {
        7 => out.push_str("\\a"),
        8 => out.push_str("\\b"),
        b'\t' => out.push_str("\\t"),
        b'\n' => out.push_str("\\n"),
        11 => out.push_str("\\v"),
        12 => out.push_str("\\f"),
        b'\r' => out.push_str("\\r"),
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b' '..=b'~' => out.push(char::from(*byte)),
        // Writing to a string cannot fail.
        _ => drop(write!(out, "\\{byte:03o}")),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_not_plain_text_stand_in_quotes_as_git_writes_them() {
        for (path, shown) in [
            (&b"a/b c.txt"[..], "a/b c.txt"),
            ("gr\u{fc}n".as_bytes(), "gr\u{fc}n"),
            (b"gr\xfcn", r#""gr\374n""#),
            (b"a\"b\\c\td\ne\x01", r#""a\"b\\c\td\ne\001""#),
            ("\u{fc}\t".as_bytes(), r#""\303\274\t""#),
            ("a\u{202e}b".as_bytes(), r#""a\342\200\256b""#),
        ] {
            assert_eq!(quoted_path(path), shown);
            assert_eq!(path_of_text(&text_of_path(path)), path);
        }
    }
}
