//! Which commits a script means: one, a range `A..B`, or a list of both.

use crate::git::{LogRange, Mirror};
use crate::model::{CommitId, Failure, FailureKind, Value};

/// A range of more commits than this is a mistake.
const MOST: usize = 1000;

/// In which order the commits of a range come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As picks need it.
    OldestFirst,
    /// As reverts need it.
    NewestFirst,
}

/// Commits as a script names them, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Revisions(Vec<NamedRevisions>);

#[derive(Debug, PartialEq, Eq)]
enum NamedRevisions {
    One(String),
    /// Everything that the second has and the first lacks.
    Range(String, String),
}

impl Revisions {
    /// Reads the argument `commits`.
    pub(super) fn read(argument: &Value) -> Result<Self, Failure> {
        let wrong = |what: String, hint: &str| Err(Failure::new(FailureKind::Arguments, what).hint(hint));
        let items = match argument {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        if items.is_empty() {
            return wrong("`commits` is an empty list".to_owned(), "name at least one commit");
        }
        let mut named = Vec::new();
        for item in items {
            let Some(text) = item.as_str().map(str::trim).filter(|text| !text.is_empty()) else {
                return wrong(
                    format!("`commits` holds {item}, which names no commit"),
                    "write an id, a branch or a range \"A..B\"; the id of a commit that you have as a map is in its `id`",
                );
            };
            named.push(match text.split_once("..") {
                None => NamedRevisions::One(text.to_owned()),
                Some((from, to)) if !from.is_empty() && !to.is_empty() && !to.starts_with('.') => {
                    NamedRevisions::Range(from.to_owned(), to.to_owned())
                }
                Some(_) => {
                    return wrong(
                        format!("`{text}` is no range of commits"),
                        "write \"A..B\": everything that B has and A lacks",
                    );
                }
            });
        }
        Ok(Self(named))
    }

    /// The commits themselves; each once.
    pub(super) fn resolve(&self, mirror: &Mirror, order: Order) -> Result<Vec<CommitId>, Failure> {
        let mut commits: Vec<CommitId> = Vec::new();
        for named in &self.0 {
            let found = match named {
                NamedRevisions::One(rev) => vec![mirror.resolve(rev)?],
                NamedRevisions::Range(from, to) => range(mirror, (from, to), order)?,
            };
            for commit in found {
                if !commits.contains(&commit) {
                    commits.push(commit);
                }
            }
        }
        Ok(commits)
    }
}

fn range(mirror: &Mirror, (from, to): (&str, &str), order: Order) -> Result<Vec<CommitId>, Failure> {
    let (start, end) = (mirror.resolve(from)?, mirror.resolve(to)?);
    let range = LogRange { from: end, not: vec![start], first_parent: false, limit: Some(MOST + 1) };
    let mut commits: Vec<CommitId> = mirror.chain(&range)?.into_iter().map(|commit| commit.id).collect();
    if order == Order::NewestFirst {
        commits.reverse();
    }
    match commits.len() {
        0 => Err(Failure::new(FailureKind::NotFound, format!("`{from}..{to}` holds no commit"))
            .hint(format!("{from} has everything that {to} has; is the range the wrong way round?"))),
        1..=MOST => Ok(commits),
        _ => Err(Failure::new(FailureKind::Arguments, format!("`{from}..{to}` holds more than {MOST} commits"))
            .hint("a promotion (`git::merge`) ships that many")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_a_range_and_a_list_are_read() {
        let one = |text: &str| NamedRevisions::One(text.to_owned());
        let range = |from: &str, to: &str| NamedRevisions::Range(from.to_owned(), to.to_owned());
        let read = |value: Value| Revisions::read(&value).map(|revisions| revisions.0);
        assert_eq!(read(json!("a")), Ok(vec![one("a")]));
        assert_eq!(read(json!("a..b")), Ok(vec![range("a", "b")]));
        assert_eq!(read(json!(["a", " b..v1.2 ", "c"])), Ok(vec![one("a"), range("b", "v1.2"), one("c")]));
        for (wrong, message) in [
            (json!([]), "`commits` is an empty list"),
            (json!(""), "`commits` holds \"\", which names no commit"),
            (json!({ "id": "a" }), "`commits` holds {\"id\":\"a\"}, which names no commit"),
            (json!("a...b"), "`a...b` is no range of commits"),
            (json!("..b"), "`..b` is no range of commits"),
            (json!("a.."), "`a..` is no range of commits"),
        ] {
            let failure = read(wrong).unwrap_err();
            assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Arguments, message));
        }
    }
}
