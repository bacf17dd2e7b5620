//! Texts that must not be shown: tokens, passwords, webhook addresses.

use super::percent_encoded;
use std::fmt;

/// What stands for a secret wherever one would be shown.
pub(super) const HIDDEN: &str = "<secret>";

/// A secret. It cannot be printed, logged or serialised by accident.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the one call that needs it, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Is there nothing to hide?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// The text with every secret in it replaced, as it is and as URLs write it.
pub fn scrub(text: &str, secrets: &[Secret]) -> String {
    let mut words: Vec<String> = secrets
        .iter()
        .flat_map(|secret| [secret.expose().to_owned(), percent_encoded(secret.expose())])
        .filter(|word| !word.is_empty())
        .collect();
    // The longest first: a secret may hold another one.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words.iter().fold(text.to_owned(), |text, word| text.replace(word, HIDDEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "<secret> <secret> Some(<secret>)");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn scrubbing_finds_secrets_in_every_dress() {
        let secrets = [Secret::new("a/b"), Secret::new("a/b/c"), Secret::new("")];
        assert_eq!(scrub("x a/b/c y a/b z a%2Fb", &secrets), "x <secret> y <secret> z <secret>");
    }
}
