//! Who commits and when: where git itself would look.
//!
//! Order, as in git's documentation of `git commit-tree`: the environment, `author.*` or `committer.*`, then `user.*`.

use super::git_config::{BorrowedEnv, Settings};
use super::{GitError, Ident};
use crate::model::FailureKind;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime, civil};
use std::path::Path;

/// Author and committer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name and e-mail address.
    pub author: (String, String),
    /// Name and e-mail address.
    pub committer: (String, String),
    /// `GIT_AUTHOR_DATE`: seconds since 1970 and minutes east of UTC.
    pub author_date: Option<(i64, i32)>,
    /// `GIT_COMMITTER_DATE`: seconds since 1970 and minutes east of UTC.
    pub committer_date: Option<(i64, i32)>,
}

impl Identity {
    /// Two people, with no date given.
    pub fn new(author: (String, String), committer: (String, String)) -> Self {
        Self { author, committer, author_date: None, committer_date: None }
    }

    /// `GIT_AUTHOR_*` and `GIT_COMMITTER_*`, then git's configuration (that of the repository around `project` included).
    ///
    /// # Errors
    ///
    /// Kind `config` when there is no name or address, when a configuration file cannot be read, or when a date is wrong.
    pub fn find(env: &dyn Fn(&str) -> Option<String>, project: Option<&Path>) -> Result<Self, GitError> {
        let config = Settings::find(env, project)?;
        Ok(Self {
            author: person(env, &config, "AUTHOR", "author")?,
            committer: person(env, &config, "COMMITTER", "committer")?,
            author_date: date(env, "GIT_AUTHOR_DATE")?,
            committer_date: date(env, "GIT_COMMITTER_DATE")?,
        })
    }

    /// The author, at `GIT_AUTHOR_DATE` or else at `now` in this machine's time zone.
    pub fn author_at(&self, now: Timestamp) -> Ident {
        ident(&self.author, self.author_date, now)
    }

    /// The committer, at `GIT_COMMITTER_DATE` or else at `now` in this machine's time zone.
    pub fn committer_at(&self, now: Timestamp) -> Ident {
        ident(&self.committer, self.committer_date, now)
    }
}

fn ident((name, email): &(String, String), date: Option<(i64, i32)>, now: Timestamp) -> Ident {
    let (time, offset_minutes) =
        date.unwrap_or_else(|| (now.as_second(), TimeZone::system().to_offset(now).seconds() / 60));
    Ident { name: name.clone(), email: email.clone(), time, offset_minutes }
}

fn person(env: BorrowedEnv<'_>, config: &Settings<'_>, who: &str, section: &str) -> Result<(String, String), GitError> {
    let find = |what: &str, key: &str| {
        env(&format!("GIT_{who}_{what}"))
            .into_iter()
            .chain(config.get(&format!("{section}.{key}")))
            .chain(config.get(&format!("user.{key}")))
            .chain((key == "email").then(|| env("EMAIL")).flatten())
            .map(|text| without_crud(&text))
            .find(|text| !text.is_empty())
    };
    match (find("NAME", "name"), find("EMAIL", "email")) {
        (Some(name), Some(email)) => Ok((name, email)),
        (name, _) => {
            let missing = if name.is_none() { "name" } else { "e-mail address" };
            Err(GitError::new(FailureKind::Config, format!("git does not know the {section}'s {missing}")).hint(
                "say who commits: `git config --global user.name \"Your Name\"` and \
                 `git config --global user.email you@example.com`",
            ))
        }
    }
}

/// What git strips from names (`ident.c` in its words: "crud" at both ends, and what would break the header inside).
fn without_crud(text: &str) -> String {
    let crud = |c: char| c <= ' ' || ".,:;<>\"\\'".contains(c);
    // A trailing dot belongs to names like "Jr."; git strips it all the same, and ids must agree.
    text.trim_matches(crud).chars().filter(|c| !"<>\n\0".contains(*c)).collect()
}

/// The forms that git documents under "DATE FORMATS": git's own, RFC 2822 and ISO 8601.
fn date(env: BorrowedEnv<'_>, variable: &str) -> Result<Option<(i64, i32)>, GitError> {
    let Some(text) = env(variable).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    parse_date(text.trim()).map(Some).ok_or_else(|| {
        GitError::new(FailureKind::Config, format!("{variable} is not a date: `{text}`"))
            .hint("write it like `2026-03-01T12:00:00+01:00` or `@1772362800 +0100`")
    })
}

fn parse_date(text: &str) -> Option<(i64, i32)> {
    let of = |zoned: &ZonedDateTime| (zoned.timestamp().as_second(), zoned.offset().seconds() / 60);
    let (first, zone) = text.split_once(' ').map_or((text, None), |(first, zone)| (first, Some(zone.trim())));
    let digits = first.strip_prefix('@').unwrap_or(first);
    if (first.starts_with('@') || digits.len() >= 9) && digits.bytes().all(|b| b.is_ascii_digit()) {
        let offset = zone.map_or(Some(0), parse_zone)?;
        return Some((digits.parse().ok()?, offset));
    }
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(of(&zoned));
    }
    // `2005-04-07 22:13:13 +0200` and `2005-04-07T22:13:13Z`: a civil time, then perhaps a zone.
    let at = text.char_indices().skip(10).find(|(_, c)| "+-Z".contains(*c)).map_or(text.len(), |(at, _)| at);
    let (civil, zone) = text.split_at(at);
    let civil: civil::DateTime = civil.trim().replace(' ', "T").parse().ok()?;
    let tz = match zone.trim() {
        "" => TimeZone::system(),
        zone => TimeZone::fixed(jiff::tz::Offset::from_seconds(parse_zone(zone)? * 60).ok()?),
    };
    Some(of(&civil.to_zoned_datetime(tz).ok()?))
}

/// `+0130`, `-08:00`, `Z` as minutes east of UTC.
fn parse_zone(text: &str) -> Option<i32> {
    if matches!(text, "Z" | "UTC" | "GMT") {
        return Some(0);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = text[1..].replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::Repository;
    use std::collections::BTreeMap;

    fn find(vars: &[(&str, &str)], project: Option<&Path>) -> Result<Identity, GitError> {
        let vars: BTreeMap<String, String> = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Identity::find(&|key| vars.get(key).cloned(), project)
    }

    #[test]
    fn the_environment_wins_over_the_sections_and_those_over_user() {
        let home = tempfile::tempdir().unwrap();
        let global = home.path().join(".gitconfig");
        std::fs::write(&global, "[user]\nname = U\nemail = u@x\n[committer]\nname = C\n").unwrap();
        let home = home.path().to_str().unwrap();
        let found = find(&[("HOME", home), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_AUTHOR_NAME", "A")], None).unwrap();
        assert_eq!(found.author, ("A".to_owned(), "u@x".to_owned()));
        assert_eq!(found.committer, ("C".to_owned(), "u@x".to_owned()));
    }

    #[test]
    fn the_project_wins_over_the_person_and_a_named_global_file_replaces_the_usual_one() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init(dir.path().join("p")).unwrap();
        repository.config().unwrap().set_str("user.name", "Project").unwrap();
        let global = dir.path().join("g");
        std::fs::write(&global, "[user]\nname = Global\nemail = g@x\n").unwrap();
        let vars = [("GIT_CONFIG_GLOBAL", global.to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "true"), ("HOME", "/no")];
        let found = find(&vars, Some(&dir.path().join("p"))).unwrap();
        assert_eq!(found.author, ("Project".to_owned(), "g@x".to_owned()));
    }

    #[test]
    fn without_a_name_the_error_says_which_commands_help() {
        let vars = [("HOME", "/no/such"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_AUTHOR_EMAIL", "a@x")];
        let failure = find(&vars, None).unwrap_err().failure().clone();
        assert_eq!(failure.kind, FailureKind::Config);
        assert_eq!(failure.message, "git does not know the author's name");
        assert!(failure.hint.unwrap().contains("git config --global user.email"));
    }

    #[test]
    fn dates_are_read_in_gits_forms() {
        for (text, expected) in [
            ("@1112911993 +0200", (1_112_911_993, 120)),
            ("1112911993 -0730", (1_112_911_993, -450)),
            ("@0", (0, 0)),
            ("Thu, 07 Apr 2005 22:13:13 +0200", (1_112_904_793, 120)),
            ("2005-04-07T22:13:13+02:00", (1_112_904_793, 120)),
            ("2005-04-07 22:13:13 +0200", (1_112_904_793, 120)),
            ("2005-04-07T20:13:13Z", (1_112_904_793, 0)),
        ] {
            assert_eq!(parse_date(text), Some(expected), "{text}");
        }
        for bad in ["yesterday", "@x", "1112911993 +99", "2005-13-01T00:00:00Z", "+", "@5 é+000"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        let who = ("n".to_owned(), "e".to_owned());
        let mut identity = Identity::new(who.clone(), who);
        identity.author_date = Some((5, 60));
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!((identity.author_at(now).time, identity.author_at(now).offset_minutes), (5, 60));
        assert_eq!(identity.committer_at(now).time, 1_700_000_000);
    }

    #[test]
    fn names_lose_what_would_break_a_commit_header() {
        assert_eq!(without_crud("  \"A <b>\nC.\", "), "A bC");
    }
}
