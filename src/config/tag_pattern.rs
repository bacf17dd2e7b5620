//! `[release].tag`: how the tags of releases are called, and which name comes next.

use crate::model::TagName;
use regex::Regex;

/// A pattern of tags that gives every release a name of its own: `release-{date}`, `v{n}`.
#[derive(Debug, Clone)]
pub struct TagPattern {
    parts: Vec<Part>,
    /// Finds the date and the number in a name.
    matcher: Regex,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `{date}`: the day, in UTC.
    Date,
    /// `{n}`: a number that grows.
    Number,
}

/// Why a text is no pattern, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PatternError {
    pub(super) message: String,
    pub(super) hint: &'static str,
}

const WRITE_ONE: &str = "write one like `release-{date}`, `release-{date}.{n}` or `v{n}`";

impl TagPattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let wrong = |message: String| PatternError { message, hint: WRITE_ONE };
        let parts = parts(text).map_err(wrong)?;
        let count = |part: &Part| parts.iter().filter(|other| *other == part).count();
        let (dates, numbers) = (count(&Part::Date), count(&Part::Number));
        if dates + numbers == 0 {
            return Err(wrong(format!("every release would be called `{text}`")));
        }
        if dates > 1 || numbers > 1 {
            return Err(wrong("a placeholder stands twice in `tag`".to_owned()));
        }
        let matcher =
            Regex::new(&expression(&parts)).map_err(|error| wrong(format!("`tag` cannot be used: {error}")))?;
        let pattern = Self { parts, matcher };
        // The date of a day, so that the name is tried as it will be.
        let name = pattern.text("2026-01-31", 1);
        name.parse::<TagName>().map_err(|error| wrong(format!("no release can be tagged so: {error}")))?;
        Ok(pattern)
    }

    /// Is the name one of these?
    pub fn fits(&self, tag: &TagName) -> bool {
        self.matcher.is_match(tag.as_str())
    }

    /// The name of the next release on a day (`2026-01-31`), after those that are there.
    pub fn next<'t>(&self, day: &str, there: impl Iterator<Item = &'t TagName>) -> Option<TagName> {
        let last = there.filter_map(|tag| self.number(tag.as_str(), day)).max().unwrap_or(0);
        self.text(day, last.checked_add(1)?).parse().ok()
    }

    /// The number in the name of a release of this day.
    fn number(&self, name: &str, day: &str) -> Option<u32> {
        let found = self.matcher.captures(name)?;
        if found.name("date").is_some_and(|date| date.as_str() != day) {
            return None;
        }
        found.name("n").map_or(Some(1), |number| number.as_str().parse().ok())
    }

    fn text(&self, day: &str, number: u32) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Date => day.to_owned(),
            Part::Number => number.to_string(),
        };
        let name: String = self.parts.iter().map(part).collect();
        // Two releases on one day, where the pattern does not tell them apart.
        if number > 1 && !self.parts.contains(&Part::Number) { format!("{name}-{number}") } else { name }
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or_else(|| "`tag` has a `{` without its `}`".to_owned())?;
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        parts.push(match name {
            "date" => Part::Date,
            "n" => Part::Number,
            other => return Err(format!("`tag` has the placeholder `{{{other}}}`, which is not known")),
        });
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn expression(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => regex::escape(text),
        Part::Date => r"(?<date>\d{4}-\d{2}-\d{2})".to_owned(),
        Part::Number => r"(?<n>[1-9]\d*)".to_owned(),
    };
    let name: String = parts.iter().map(part).collect();
    let further = if parts.contains(&Part::Number) { "" } else { r"(?:-(?<n>[1-9]\d*))?" };
    format!("^{name}{further}$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(pattern: &str, there: &[&str]) -> String {
        let there: Vec<TagName> = there.iter().map(|name| name.parse().unwrap()).collect();
        TagPattern::parse(pattern).unwrap().next("2026-12-01", there.iter()).unwrap().to_string()
    }

    #[test]
    fn no_two_releases_have_one_name() {
        assert_eq!(next("release-{date}", &[]), "release-2026-12-01");
        assert_eq!(next("release-{date}", &["release-2026-11-30-9", "v1"]), "release-2026-12-01");
        assert_eq!(next("release-{date}", &["release-2026-12-01"]), "release-2026-12-01-2");
        assert_eq!(next("release-{date}", &["release-2026-12-01", "release-2026-12-01-9"]), "release-2026-12-01-10");
        assert_eq!(next("{date}.{n}", &["2026-12-01.2", "2026-11-01.7", "2026-12-01.x"]), "2026-12-01.3");
        assert_eq!(next("v{n}", &["v9", "v10", "v011", "v12.1", "v99999999999"]), "v11");
        assert_eq!(next("a/b.c{n}", &["a/bxc7"]), "a/b.c1");
    }

    #[test]
    fn a_pattern_says_what_is_wrong_with_it() {
        for (text, message) in [
            ("release", "every release would be called `release`"),
            ("{n}-{n}", "a placeholder stands twice in `tag`"),
            ("v{n", "`tag` has a `{` without its `}`"),
            ("v{number}", "`tag` has the placeholder `{number}`, which is not known"),
            (
                "release {date}",
                "no release can be tagged so: `release 2026-01-31` is not a valid tag name: it holds a space, a control character \
                 or one of ~ ^ : ? * [ \\",
            ),
            ("-{n}", "no release can be tagged so: `-1` is not a valid tag name: it starts with a dash"),
            (
                "v{n}.lock",
                "no release can be tagged so: `v1.lock` is not a valid tag name: a part starts with a dot or ends with `.lock`",
            ),
        ] {
            assert_eq!(
                TagPattern::parse(text).unwrap_err(),
                PatternError { message: message.to_owned(), hint: WRITE_ONE }
            );
        }
    }
}
