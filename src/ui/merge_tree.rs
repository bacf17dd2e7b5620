//! Output of `relwf merge-tree`, for programs: one line per answer, no colours.

use super::out::escaped_json;
use crate::app::TreeAnswer;
use crate::merge::ConflictKind;
use crate::model::{Failure, Value, steers};

/// `TREE-OID`, or `CONFLICT kind:path …`.
pub fn answer(answer: &TreeAnswer) -> String {
    if let Some(tree) = answer.tree {
        return tree.to_string();
    }
    let mut line = "CONFLICT".to_owned();
    for conflict in &answer.conflicts {
        let path = conflict.quoted.clone().unwrap_or_else(|| quoted(&conflict.path));
        line.push_str(&format!(" {}:{path}", kind(conflict.kind)));
    }
    line
}

/// `ERROR message`, on one line whatever the message holds.
pub fn error(failure: &Failure) -> String {
    format!("ERROR {}", failure.message.replace(['\n', '\r'], " "))
}

fn kind(kind: ConflictKind) -> String {
    match serde_json::to_value(kind) {
        Ok(Value::String(word)) => word,
        _ => format!("{kind:?}"),
    }
}

/// A path that would break the line, or look quoted, is written as JSON.
fn quoted(path: &str) -> String {
    let breaks = |c: char| c.is_whitespace() || steers(c) || matches!(c, '"' | '\\');
    if path.is_empty() || path.contains(breaks) {
        return escaped_json(&Value::String(path.to_owned()).to_string()).into_owned();
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    #[test]
    fn paths_that_need_it_are_quoted() {
        assert_eq!(quoted("a/b.go"), "a/b.go");
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\"\n"), "\"a\\\"\\n\"");
        assert_eq!(quoted("ä"), "ä");
        assert_eq!(error(&Failure::new(FailureKind::Git, "two\nlines")), "ERROR two lines");
    }
}
