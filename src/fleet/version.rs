//! Reads the version that a target reports, and compares versions.

use crate::components::key_of_json;
use crate::config::FleetReport;
use regex::Regex;

/// Where the version is in what was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading<'a> {
    /// It is the whole text.
    Whole,
    /// At a dotted key of a JSON text.
    Key(&'a str),
    /// The first group of a pattern's first match, or the whole match of a pattern without groups.
    Pattern(&'a str),
}

/// Why no version could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadVersionError {
    /// There is nothing but space.
    #[error("the answer is empty")]
    Empty,
    /// It should be JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(String),
    /// The key is not there, or holds no text or number.
    #[error("the answer has no text or number at `{0}`")]
    NoKey(String),
    /// The pattern is wrong.
    #[error("`{0}` is no regular expression")]
    Pattern(String),
    /// The pattern does not match.
    #[error("the answer does not match `{0}`")]
    NoMatch(String),
    /// It holds a line break: not a version but a message.
    #[error("the answer has several lines")]
    Lines,
}

impl Reading<'_> {
    /// The version in the text, without space around it.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn read(self, text: &str) -> Result<String, ReadVersionError> {
        let found = match self {
            Self::Whole => text.to_owned(),
            Self::Key(key) => key_of_json(text, key)
                .map_err(ReadVersionError::NotJson)?
                .ok_or_else(|| ReadVersionError::NoKey(key.to_owned()))?,
            Self::Pattern(pattern) => {
                let regex = Regex::new(pattern).map_err(|_| ReadVersionError::Pattern(pattern.to_owned()))?;
                let captures = regex.captures(text).ok_or_else(|| ReadVersionError::NoMatch(pattern.to_owned()))?;
                let group = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0));
                group.map(|group| group.as_str().to_owned()).unwrap_or_default()
            }
        };
        match found.trim() {
            "" => Err(ReadVersionError::Empty),
            version if version.contains('\n') => Err(ReadVersionError::Lines),
            version => Ok(version.to_owned()),
        }
    }
}

/// What a target should run, and what its answer is compared with.
#[derive(Debug, Clone, Copy)]
pub struct WantedVersion<'a> {
    pub version: &'a str,
    /// The exact revision of that version, where it is known.
    pub revision: Option<&'a str>,
    /// What targets report, where that is configured.
    pub report: Option<FleetReport>,
}

impl WantedVersion<'_> {
    /// Does a target that reports this run it?
    pub fn is(&self, reported: &str) -> bool {
        let report = self.report.unwrap_or_else(|| {
            let revision = is_commit_id(reported) && !is_commit_id(self.version);
            if revision { FleetReport::Revision } else { FleetReport::Version }
        });
        match (report, self.revision) {
            (FleetReport::Revision, Some(revision)) => same_revision(reported, revision),
            (FleetReport::Revision, None) => same_revision(reported, self.version),
            (FleetReport::Version, _) => same_version(reported, self.version),
        }
    }
}

/// Seven hexadecimal digits are the shortest id that git prints.
fn is_commit_id(text: &str) -> bool {
    let text = text.trim();
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Do both name the same revision? Either may be shortened.
fn same_revision(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim().to_ascii_lowercase(), b.trim().to_ascii_lowercase());
    a == b || is_commit_id(&a) && is_commit_id(&b) && (a.starts_with(&b) || b.starts_with(&a))
}

/// Do both name the same version? A `v` before the number makes no difference.
pub fn same_version(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

fn plain(version: &str) -> &str {
    let version = version.trim();
    match version.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_read_where_they_are() {
        let read = |how: Reading<'_>, text: &str| how.read(text);
        assert_eq!(read(Reading::Whole, " v1.2.3\r\n"), Ok("v1.2.3".to_owned()));
        assert_eq!(read(Reading::Whole, " \n"), Err(ReadVersionError::Empty));
        assert_eq!(read(Reading::Whole, "error:\nno agent"), Err(ReadVersionError::Lines));
        let json = "{\"agents\": [{\"version\": \"1.2\"}, {\"version\": 1.10}]}";
        assert_eq!(read(Reading::Key("agents.0.version"), json), Ok("1.2".to_owned()));
        assert_eq!(read(Reading::Key("agents.1.version"), json), Ok("1.10".to_owned()));
        assert_eq!(read(Reading::Key("agents"), json), Err(ReadVersionError::NoKey("agents".to_owned())));
        assert!(matches!(read(Reading::Key("a"), "<html>"), Err(ReadVersionError::NotJson(_))));
        assert_eq!(read(Reading::Pattern(r"agent (\S+)"), "x agent 1.2 y"), Ok("1.2".to_owned()));
        assert_eq!(read(Reading::Pattern(r"\d\.\d"), "v1.2"), Ok("1.2".to_owned()));
        assert_eq!(read(Reading::Pattern("z"), "v1.2"), Err(ReadVersionError::NoMatch("z".to_owned())));
    }

    #[test]
    fn a_leading_v_makes_no_difference_elsewhere_it_does() {
        assert!(same_version("v1.2.3", "1.2.3") && same_version("1.2.3 ", "V1.2.3"));
        assert!(!same_version("1.2.3", "1.2.30") && !same_version("vista", "ista") && !same_version("vv1", "v1"));
    }

    #[test]
    fn a_report_is_compared_with_what_it_has_the_form_of() {
        let (old, new) = ("1".repeat(40), "2".repeat(40));
        let wanted = |report| WantedVersion { version: "v1.0.0", revision: Some(&new), report };
        let both = |report| {
            [&new[..], &new[..10], &old[..], &old[..10], "v1.0.0", "1.0.0", "v2.0.0"]
                .map(|text| wanted(report).is(text))
        };
        assert_eq!(both(None), [true, true, false, false, true, true, false]);
        assert_eq!(both(Some(FleetReport::Revision)), [true, true, false, false, false, false, false]);
        assert_eq!(both(Some(FleetReport::Version)), [false, false, false, false, true, true, false]);
        // A date looks like an id, and is none.
        let date = WantedVersion { version: "20260101", revision: Some(&new), report: None };
        assert!(date.is("20260101") && !date.is("20260102"));
        let only = WantedVersion { version: &new, revision: None, report: None };
        assert!(only.is(&new) && !only.is(&old));
    }

    proptest! {
        #[test]
        fn sameness_is_an_equivalence(a in "[vV]?[0-9.v]{0,4}", b in "[vV]?[0-9.v]{0,4}", c in "[vV]?[0-9.v]{0,4}") {
            prop_assert!(same_version(&a, &a));
            prop_assert_eq!(same_version(&a, &b), same_version(&b, &a));
            if same_version(&a, &b) && same_version(&b, &c) {
                prop_assert!(same_version(&a, &c));
            }
        }

        #[test]
        fn whatever_is_answered_is_read_or_refused(text in ".{0,80}", key in ".{0,10}", pattern in ".{0,10}") {
            for reading in [Reading::Whole, Reading::Key(&key), Reading::Pattern(&pattern)] {
                if let Ok(version) = reading.read(&text) {
                    prop_assert_eq!(version.trim(), &version);
                    prop_assert!(!version.is_empty() && !version.contains('\n'));
                }
            }
        }
    }
}
