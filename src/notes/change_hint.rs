//! Which pull request or merge request a commit landed, as its message says: the messages that GitHub, GitLab and Forgejo write by
//! default. A project may configure others, and people may write what they like: each is a hint.

use crate::git::CommitInfo;

/// A change that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChangeHint {
    pub(super) number: u64,
    /// What its forge writes before the number.
    pub(super) sign: char,
    pub(super) title: String,
    /// The branch that it came from, where the message says so.
    pub(super) head: Option<HeadBranch>,
}

/// The branch that a change came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeadBranch {
    /// Whose repository it is in, where the message says so.
    pub(super) owner: Option<String>,
    pub(super) branch: String,
}

/// The change that a commit landed.
pub(super) fn change_of(commit: &CommitInfo) -> Option<ChangeHint> {
    let summary = commit.summary.as_str();
    github(summary, &commit.message)
        .or_else(|| forgejo(summary))
        .or_else(|| gitlab(summary, &commit.message))
        .or_else(|| squashed(summary))
}

/// `Merge pull request #12 from acme/faster-login`, with the title as the next paragraph.
fn github(summary: &str, message: &str) -> Option<ChangeHint> {
    let (number, rest) = numbered(summary.strip_prefix("Merge pull request #")?)?;
    let from = rest.strip_prefix(" from ")?;
    let (owner, branch) = from.split_once('/')?;
    let head = HeadBranch { owner: Some(owner.to_owned()), branch: branch.to_owned() };
    Some(ChangeHint { number, sign: '#', title: paragraph(message, 1).unwrap_or(from).to_owned(), head: Some(head) })
}

/// `Merge pull request 'Faster login' (#12) from ada:faster-login into master`.
fn forgejo(summary: &str) -> Option<ChangeHint> {
    let rest = summary.strip_prefix("Merge pull request '")?;
    let (title, rest) = rest.rsplit_once("' (#")?;
    let (number, rest) = numbered(rest)?;
    let from = rest.strip_prefix(") from ")?;
    let from = from.rsplit_once(" into ").map_or(from, |(from, _)| from);
    let (owner, branch) = match from.split_once(':') {
        Some((place, branch)) => (Some(place.split('/').next().unwrap_or(place).to_owned()), branch),
        None => (None, from),
    };
    Some(ChangeHint {
        number,
        sign: '#',
        title: title.to_owned(),
        head: Some(HeadBranch { owner, branch: branch.to_owned() }),
    })
}

/// `Merge branch 'faster-login' into 'master'`, the title, and at the end `See merge request acme/service!12`.
fn gitlab(summary: &str, message: &str) -> Option<ChangeHint> {
    const SEE: &str = "See merge request ";
    let seen = message.lines().rev().find_map(|line| line.strip_prefix(SEE))?;
    let (number, _) = numbered(seen.rsplit_once('!')?.1)?;
    let merged = summary.strip_prefix("Merge branch '").and_then(|rest| rest.split_once('\''));
    let title = match merged {
        Some((branch, _)) => paragraph(message, 1).filter(|title| !title.starts_with(SEE)).unwrap_or(branch),
        None => summary,
    };
    let head = merged.map(|(branch, _)| HeadBranch { owner: None, branch: branch.to_owned() });
    Some(ChangeHint { number, sign: '!', title: title.to_owned(), head })
}

/// `Faster login (#12)`.
fn squashed(summary: &str) -> Option<ChangeHint> {
    let (title, rest) = summary.trim_end().strip_suffix(')')?.rsplit_once(" (#")?;
    let (number, rest) = numbered(rest)?;
    (rest.is_empty() && !title.trim().is_empty()).then(|| ChangeHint {
        number,
        sign: '#',
        title: title.trim().to_owned(),
        head: None,
    })
}

/// A number, and what stands behind it.
fn numbered(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// The first line of the paragraph at this place.
fn paragraph(message: &str, at: usize) -> Option<&str> {
    let found = message.trim_start().split("\n\n").nth(at)?.trim().lines().next()?.trim();
    (!found.is_empty()).then_some(found)
}

/// The people whom a message names as further authors.
pub(super) fn co_authors(message: &str) -> impl Iterator<Item = &str> {
    const TRAILER: &str = "co-authored-by:";
    message.lines().filter_map(|line| {
        let name = line.get(..TRAILER.len()).filter(|start| start.eq_ignore_ascii_case(TRAILER))?;
        let name = line[name.len()..].split('<').next().unwrap_or_default().trim();
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(message: &str) -> Option<(u64, String, Option<String>)> {
        let summary = message.lines().next().unwrap_or_default();
        let found = github(summary, message).or_else(|| forgejo(summary)).or_else(|| gitlab(summary, message));
        let place = |head: HeadBranch| format!("{}:{}", head.owner.unwrap_or_default(), head.branch);
        found.or_else(|| squashed(summary)).map(|hint| (hint.number, hint.title, hint.head.map(place)))
    }

    #[test]
    fn what_forges_write_is_read() {
        for (message, number, title, head) in [
            ("Merge pull request #12 from acme/a/b\n\nFaster login\n\nmore", 12, "Faster login", Some("acme:a/b")),
            ("Merge pull request #12 from acme/login\n", 12, "acme/login", Some("acme:login")),
            (
                "Merge pull request 'It's (#3) faster' (#12) from login into main\n",
                12,
                "It's (#3) faster",
                Some(":login"),
            ),
            ("Merge pull request 'Fast' (#12) from ada/service:login into main", 12, "Fast", Some("ada:login")),
            (
                "Merge branch 'login' into 'main'\n\nFaster login\n\nCloses #3\n\nSee merge request acme/x/service!12",
                12,
                "Faster login",
                Some(":login"),
            ),
            ("Merge branch 'login' into 'main'\n\nSee merge request acme/service!12\n", 12, "login", Some(":login")),
            ("Faster login\n\nSee merge request !12", 12, "Faster login", None),
            ("Faster (really) login (#12)\n\n* one", 12, "Faster (really) login", None),
            ("Revert \"Faster login (#12)\" (#13)", 13, "Revert \"Faster login (#12)\"", None),
        ] {
            assert_eq!(hint(message), Some((number, title.to_owned(), head.map(str::to_owned))), "{message}");
        }
        for message in [
            "Faster login",
            "Faster login (12)",
            "(#12)",
            "Login (#12) faster",
            "Login (#12a)",
            "Login (#99999999999999999999)",
            "Merge pull request #x from acme/login",
            "Merge branch 'master' into login",
            "Mention\n\nSee merge request acme/service",
        ] {
            assert_eq!(hint(message), None, "{message}");
        }
    }

    #[test]
    fn further_authors_are_named_in_trailers() {
        let message =
            "x\n\nCo-authored-by: Grace Hopper <g@h.example>\nco-authored-by: Ünal <u@x>\nCo-authored-by: <a@b>\n";
        assert_eq!(co_authors(message).collect::<Vec<_>>(), ["Grace Hopper", "Ünal"]);
    }
}
