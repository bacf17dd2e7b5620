//! What a forge's rules hold against every landing on a branch, or against a commit: known before anything is proposed.
//!
//! The forge's rules as they are; whether a commit of relwf's meets them is judged by who lands.

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something in the way of a landing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LandingObstacle {
    /// The repository is archived: nothing changes in it.
    Archived,
    /// The branch is read-only.
    Locked,
    /// No merge commit may land.
    LinearHistory,
    /// Commits need signatures that the forge can verify.
    Signatures,
    /// A commit's text needs a form.
    Pattern {
        of: PatternOf,
        #[serde(flatten)]
        wanted: TextPattern,
    },
    /// A commit must have been deployed to these environments before it lands.
    Deployments(Vec<String>),
    /// There are rules that this login may not read.
    Unreadable,
}

/// Which text of a commit a pattern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternOf {
    Message,
    AuthorEmail,
    CommitterEmail,
}

/// A form that a text must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPattern {
    /// `starts_with`, `ends_with`, `contains` or `regex`.
    pub operator: String,
    pub pattern: String,
    /// Must it not have that form?
    #[serde(default)]
    pub negate: bool,
}

impl TextPattern {
    /// Has the text this form? One that cannot be judged here is the forge's to judge.
    pub fn fits(&self, text: &str) -> bool {
        let pattern = self.pattern.as_str();
        let found = match self.operator.as_str() {
            "starts_with" => text.starts_with(pattern),
            "ends_with" => text.trim_end().ends_with(pattern),
            "contains" => text.contains(pattern),
            _ => match Regex::new(pattern) {
                Ok(regex) => regex.is_match(text),
                Err(_) => return true,
            },
        };
        found != self.negate
    }
}

impl fmt::Display for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let must = if self.negate { "must not" } else { "must" };
        let what = match self.operator.as_str() {
            "starts_with" => "start with",
            "ends_with" => "end with",
            "contains" => "contain",
            _ => "match",
        };
        write!(f, "{must} {what} `{}`", self.pattern)
    }
}

impl fmt::Display for PatternOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "messages of commits",
            Self::AuthorEmail => "authors' addresses",
            Self::CommitterEmail => "committers' addresses",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_judged_as_the_forge_words_them() {
        let pattern = |operator: &str, pattern: &str, negate| TextPattern {
            operator: operator.to_owned(),
            pattern: pattern.to_owned(),
            negate,
        };
        let table = [
            (pattern("starts_with", "OPS-", false), "OPS-1 x\n", true),
            (pattern("starts_with", "OPS-", false), "Promote\n", false),
            (pattern("starts_with", "OPS-", true), "Promote\n", true),
            (pattern("ends_with", "Signed-off-by: a", false), "x\n\nSigned-off-by: a\n", true),
            (pattern("contains", "wip", true), "a wip b", false),
            (pattern("regex", r"^\w+: ", false), "fix: x", true),
            (pattern("regex", r"^\w+: ", false), "Promote x", false),
            // Not ours to read: the forge decides.
            (pattern("regex", "(?<!a)b", false), "x", true),
        ];
        for (pattern, text, fits) in table {
            assert_eq!(pattern.fits(text), fits, "{pattern}: {text}");
        }
        assert_eq!(pattern("regex", "^x", true).to_string(), "must not match `^x`");
    }
}
