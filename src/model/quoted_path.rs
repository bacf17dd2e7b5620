//! A path of a repository as it is shown: paths are bytes, and need not be text.

use std::fmt::Write;

/// The path as git prints it: in quotes, with escapes as in C, where it is not UTF-8 or has bytes that a terminal or a list
/// could take for something else; otherwise as it is (git's `core.quotePath=false`).
pub(crate) fn quoted_path(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) if !text.chars().any(|char| char.is_control() || matches!(char, '"' | '\\')) => text.to_owned(),
        _ => path.iter().fold("\"".to_owned(), escaped) + "\"",
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
        ] {
            assert_eq!(quoted_path(path), shown);
        }
    }
}
