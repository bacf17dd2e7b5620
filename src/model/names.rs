//! Names: git references, branches and components, which have rules, and revisions, which git resolves.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What the names of a forge's own deployments begin with, among those of statuses and checks; the environment's follows.
pub const DEPLOYMENT: &str = "deployment/";

/// A name that breaks the rules of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a valid {what}: {why}")]
pub struct NameError {
    /// The text that was given.
    pub name: String,
    /// What it was meant to be, e.g. "branch name".
    pub what: &'static str,
    /// The rule that it breaks.
    pub why: &'static str,
}

/// The rules of `git check-ref-format` for one reference path (git's documentation of that command).
fn check_ref_format(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.starts_with('/') || name.ends_with('/') || name.contains("//") {
        return Err("a slash must stand between two parts");
    }
    if name.starts_with('-') {
        return Err("it starts with a dash");
    }
    if name.ends_with('.') || name.contains("..") || name.contains("@{") || name == "@" {
        return Err("it holds `..`, `@{` or ends with a dot");
    }
    if name.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")) {
        return Err("a part starts with a dot or ends with `.lock`");
    }
    if name.chars().any(|c| c.is_ascii_control() || " ~^:?*[\\".contains(c)) {
        return Err("it holds a space, a control character or one of ~ ^ : ? * [ \\");
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(why) => Err(NameError { name: text.to_owned(), what: $what, why }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// A full reference name, e.g. `refs/heads/staging`.
    RefName,
    "reference name",
    |text| match check_ref_format(text) {
        Ok(()) if !text.starts_with("refs/") => Err("it does not start with `refs/`"),
        other => other,
    }
);
name!(
    /// The short name of a branch, e.g. `staging`; never with `refs/heads/` before it.
    BranchName,
    "branch name",
    |text| match check_ref_format(text) {
        Ok(()) if text.starts_with("refs/") => Err("leave `refs/heads/` away"),
        other => other,
    }
);
name!(
    /// The short name of a tag, e.g. `release-2026-01-31`; never with `refs/tags/` before it.
    TagName,
    "tag name",
    |text| match check_ref_format(text) {
        Ok(()) if text.starts_with("refs/") => Err("leave `refs/tags/` away"),
        other => other,
    }
);
name!(
    /// What a release is made of, as `[[component]]` in relwf.toml names it.
    ComponentName,
    "component name",
    |text| if text.trim().is_empty() { Err("it is empty") } else { Ok(()) }
);

impl BranchName {
    /// `refs/heads/<branch>`.
    pub fn to_ref(&self) -> RefName {
        RefName(format!("refs/heads/{}", self.0))
    }
}

impl TagName {
    /// `refs/tags/<tag>`.
    pub fn to_ref(&self) -> RefName {
        RefName(format!("refs/tags/{}", self.0))
    }
}

impl RefName {
    /// The tag, when the reference is one.
    pub fn tag(&self) -> Option<TagName> {
        self.0.strip_prefix("refs/tags/").and_then(|short| short.parse().ok())
    }

    /// The branch, when the reference is one.
    pub fn branch(&self) -> Option<BranchName> {
        self.0.strip_prefix("refs/heads/").and_then(|short| short.parse().ok())
    }
}

/// Anything git resolves to a commit: a branch, a tag, a full or short id, `HEAD~3`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(String);

impl Revision {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_follow_git_check_ref_format() {
        for good in ["master", "release/1.2", "a-b", "relwf/promote/r1", "日本"] {
            assert_eq!(good.parse::<BranchName>().map(|b| b.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "-x",
            "a..b",
            "a b",
            "a~1",
            "x.lock",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "refs/heads/a",
            "@",
            "a@{1}",
            "a\u{7f}",
        ] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad:?} was accepted");
        }
    }
}
