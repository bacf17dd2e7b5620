//! A component's version, as a detector reads it from a manifest: everything that decides what runs.

use super::version_text::text;
use crate::model::hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A component's version; absent parts are omitted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The exact revision, e.g. a commit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The version as it is published, without decoration that the detector was told to drop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The branch that is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where it comes from, when that is not its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The digest of what is installed, as the manifest has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Nothing pins it: whatever is newest when it is installed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub floating: bool,
    /// What installs it, where nothing pins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Each of several that differ in more than their version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<String>,
}

impl Version {
    /// A published version and nothing else.
    pub fn published(version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..Self::default() }
    }

    /// The digests of all files that may be installed, as one: another set is another digest.
    pub fn digests<'d>(digests: impl IntoIterator<Item = &'d str>) -> Option<String> {
        let digests: BTreeSet<&str> = digests.into_iter().filter(|digest| !digest.is_empty()).collect();
        (!digests.is_empty()).then(|| digests.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// What it is asked for by: the published version, else the revision, else the branch.
    pub fn into_name(self) -> Option<String> {
        self.version.or(self.revision).or(self.branch)
    }

    /// Several occurrences of one component as one: every version that is there, in order. `None` where there is none.
    pub fn all(found: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut distinct: Vec<Self> = Vec::new();
        for version in found {
            if !distinct.contains(&version) {
                distinct.push(version);
            }
        }
        if distinct.len() < 2 {
            return distinct.pop();
        }
        let joined = |part: fn(&Self) -> Option<&String>, separator: &str| {
            let mut parts: Vec<&str> = Vec::new();
            for value in distinct.iter().filter_map(part) {
                if !parts.contains(&value.as_str()) {
                    parts.push(value);
                }
            }
            (!parts.is_empty()).then(|| parts.join(separator))
        };
        let more_than_version = distinct
            .iter()
            .any(|one| one.revision.is_some() || one.branch.is_some() || one.source.is_some() || one.digest.is_some());
        let whole = |version: &Self| match &version.digest {
            Some(digest) => format!("{} {digest}", described(version)),
            None => described(version),
        };
        Some(Self {
            revision: joined(|one| one.revision.as_ref(), ", "),
            version: joined(|one| one.version.as_ref(), ", "),
            branch: joined(|one| one.branch.as_ref(), ", "),
            source: joined(|one| one.source.as_ref(), ", "),
            digest: None,
            floating: distinct.iter().any(|one| one.floating),
            definition: joined(|one| one.definition.as_ref(), "; ").map(bounded),
            occurrences: if more_than_version { distinct.iter().map(whole).collect() } else { Vec::new() },
        })
    }

    /// Does the same run? A digest that only one of them has, or that another algorithm made, says nothing.
    pub fn runs_the_same(&self, other: &Self) -> bool {
        let comparable = |one: &Option<String>, two: &Option<String>| match (one, two) {
            (Some(one), Some(two)) => algorithm(one) == algorithm(two),
            _ => false,
        };
        let without = |version: &Self| Self { digest: None, ..version.clone() };
        match comparable(&self.digest, &other.digest) {
            true => self == other,
            false => without(self) == without(other),
        }
    }
}

/// How long a definition may be, in characters.
const LONGEST: usize = 500;

/// A long definition is cut, with a digest of the whole.
fn bounded(definition: String) -> String {
    match definition.char_indices().nth(LONGEST) {
        None => definition,
        Some((end, _)) => {
            let digest = hex(&Sha256::digest(definition.as_bytes()));
            format!("{} … sha256:{digest}", &definition[..end])
        }
    }
}

/// `sha512` of `sha512-…` and of `sha512:…`; `10c0` of yarn's `10c0/…`.
fn algorithm(digest: &str) -> &str {
    digest.split_once(['-', ':', '/']).map_or("", |(algorithm, _)| algorithm)
}

/// A version with all that tells it from others.
fn described(version: &Version) -> String {
    let mut words = text(version);
    let revision = version.revision.as_ref().filter(|_| version.version.is_some());
    for (what, part) in [("", revision), ("from ", version.source.as_ref())] {
        if let Some(part) = part {
            words.push_str(&format!(" {what}{part}"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_one_with_every_version() {
        let one = |version: &str| Version::published(version);
        assert_eq!(Version::all([]), None);
        assert_eq!(Version::all([one("1"), one("1")]), Some(one("1")));
        assert_eq!(Version::all([one("1"), one("2"), one("1")]), Some(one("1, 2")));
        // Which of two comes from a fork decides what runs.
        let fork = |version: &str| Version { source: Some("fork".to_owned()), ..one(version) };
        let (a, b) = (Version::all([fork("1"), one("2")]).unwrap(), Version::all([one("1"), fork("2")]).unwrap());
        assert_eq!((&a.version, &a.source), (&b.version, &b.source));
        assert!(!a.runs_the_same(&b));
        assert_eq!(a.occurrences, ["1 from fork", "2"]);
    }

    #[test]
    fn a_long_definition_is_cut_and_still_differs() {
        let floating = |definition: &str| Version {
            floating: true,
            definition: Some(definition.to_owned()),
            ..Version::default()
        };
        let long = |end: &str| Version::all([floating(&"ä".repeat(900)), floating(end)]).unwrap();
        assert!(long("a").definition.unwrap().chars().count() < 600);
        assert!(!long("a").runs_the_same(&long("b")));
    }

    #[test]
    fn a_digest_counts_where_both_have_one_of_the_same_kind() {
        let with = |digest: &str| Version {
            digest: Some(digest.to_owned()).filter(|digest| !digest.is_empty()),
            ..Version::published("1")
        };
        assert!(!with("sha512-a").runs_the_same(&with("sha512-b")));
        assert!(with("sha512-a").runs_the_same(&with("sha1-b")) && with("sha512-a").runs_the_same(&with("")));
        assert!(with("8/a").runs_the_same(&with("10c0/b")) && !with("10c0/a").runs_the_same(&with("10c0/b")));
        assert!(!with("ab").runs_the_same(&with("cd")));
    }
}
