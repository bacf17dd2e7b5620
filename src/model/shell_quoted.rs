//! A word as a shell takes it, for the commands that hints have people type.

/// In quotes, so that a shell takes it for one word and changes nothing in it.
pub(crate) fn shell_quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
