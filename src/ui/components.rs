//! The component table: what a merge would ship.

use super::style::{DIM, ERROR, NAME, WARNING, paint};
use super::table::table;
use crate::components::{Changelog, ComponentDelta, Version, VersionChange, told_apart, version_text};

/// Name, from → to, commits; one row a component. Empty when there are no components.
pub fn components(rows: &[ComponentDelta]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(row).collect();
    if cells.is_empty() {
        return String::new();
    }
    let below: String = rows.iter().map(below).collect();
    table(&["COMPONENT", "FROM", "", "TO", "CHANGE"], &cells) + &below
}

/// The link to what lies between both versions, and the commits.
fn below(row: &ComponentDelta) -> String {
    let link = row.compare.as_deref().map(|link| format!("{}: {link}\n", row.name)).unwrap_or_default();
    let lines = row.changelog.as_ref().map(Changelog::lines).unwrap_or_default();
    let head = if link.is_empty() && !lines.is_empty() { format!("{}:\n", row.name) } else { link };
    head + &lines.iter().map(|line| format!("  {line}\n")).collect::<String>()
}

fn row(delta: &ComponentDelta) -> Vec<String> {
    let name = paint(NAME, &delta.name);
    if let Some(error) = &delta.error {
        let place = error.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
        let to = delta.to.as_ref().map(version_text).unwrap_or_default();
        let arrow = if to.is_empty() { "" } else { "→" };
        return vec![name, paint(ERROR, "?"), arrow.to_owned(), to, format!("{}{place}", error.message)];
    }
    if delta.absent {
        let warning = delta.warning.as_deref().unwrap_or_default();
        return vec![name, paint(WARNING, "not found"), String::new(), String::new(), warning.to_owned()];
    }
    let version = |version: Option<&Version>| version.map_or_else(|| "-".to_owned(), version_text);
    let (from, to) = match (&delta.from, &delta.to) {
        (from, _) if delta.change == Some(VersionChange::Unchanged) => (version(from.as_ref()), String::new()),
        // Of a commit that is not made yet no version is known.
        (from, Some(unknown)) if *unknown == Version::default() => (version(from.as_ref()), "a new commit".to_owned()),
        (Some(from), Some(to)) => told_apart(from, to),
        (from, to) => (version(from.as_ref()), version(to.as_ref())),
    };
    let (arrow, change) = match delta.change {
        Some(VersionChange::Changed) => ("→", commits(delta.commits).unwrap_or_else(|| "changed".to_owned())),
        Some(VersionChange::Added) => ("→", "added".to_owned()),
        Some(VersionChange::Removed) => ("→", paint(WARNING, "removed")),
        Some(VersionChange::Unchanged) | None => ("", paint(DIM, "unchanged")),
    };
    vec![name, from, arrow.to_owned(), to, change]
}

fn commits(count: Option<u64>) -> Option<String> {
    count.map(|count| if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_what_moves() {
        let rows: Vec<ComponentDelta> = serde_json::from_value(serde_json::json!([
            {"name": "service", "detect": "commits", "change": "changed", "commits": 3,
             "from": {"revision": "1111111111111111111111111111111111111111"},
             "to": {"revision": "2222222222222222222222222222222222222222"}},
            {"name": "hotfix", "detect": "commits", "change": "changed", "commits": 1,
             "from": {"revision": "1111111111111111111111111111111111111111"}, "to": {}},
            {"name": "sdk", "detect": "travis", "change": "changed", "from": {"version": "0.16.5"}, "to": {"floating": true}},
            {"name": "ppc", "detect": "gopkg", "change": "unchanged", "from": {"version": "v1"}, "to": {"version": "v1"}},
        ]))
        .unwrap();
        assert_eq!(
            anstream::adapter::strip_str(&components(&rows)).to_string(),
            "COMPONENT  FROM           TO            CHANGE\n\
             service    1111111111  →  2222222222    3 commits\n\
             hotfix     1111111111  →  a new commit  1 commit\n\
             sdk        0.16.5      →  floating      changed\n\
             ppc        v1                           unchanged\n"
        );
    }
}
