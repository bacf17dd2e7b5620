//! The component table: what a merge would ship.

use super::style::{DIM, ERROR, NAME, WARNING, paint};
use super::table::table;
use crate::components::{ComponentDelta, Version, VersionChange};
use crate::model::short_id;

/// Name, from → to, commits; one row a component. Empty when there are no components.
pub fn components(rows: &[ComponentDelta]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(row).collect();
    if cells.is_empty() { String::new() } else { table(&["COMPONENT", "FROM", "", "TO", "CHANGE"], &cells) }
}

fn row(delta: &ComponentDelta) -> Vec<String> {
    let name = paint(NAME, &delta.name);
    if let Some(error) = &delta.error {
        let place = error.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
        return vec![name, paint(ERROR, "?"), String::new(), String::new(), format!("{}{place}", error.message)];
    }
    let (arrow, change) = match delta.change {
        Some(VersionChange::Changed) => ("→", commits(delta.commits).unwrap_or_else(|| "changed".to_owned())),
        Some(VersionChange::Added) => ("→", "added".to_owned()),
        Some(VersionChange::Removed) => ("→", paint(WARNING, "removed")),
        Some(VersionChange::Unchanged) | None => ("", paint(DIM, "unchanged")),
    };
    let to = match &delta.to {
        _ if delta.change == Some(VersionChange::Unchanged) => String::new(),
        // Of a commit that is not made yet no version is known.
        Some(unknown) if *unknown == Version::default() => "a new commit".to_owned(),
        to => version(to.as_ref()),
    };
    vec![name, version(delta.from.as_ref()), arrow.to_owned(), to, change]
}

fn commits(count: Option<u64>) -> Option<String> {
    count.map(|count| if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") })
}

/// A version in a few characters: the published one, else the revision, and what is odd about it.
pub fn version(version: Option<&Version>) -> String {
    let Some(version) = version else { return "-".to_owned() };
    let mut text = match (&version.version, &version.revision) {
        (Some(published), _) => published.clone(),
        (None, Some(revision)) => short_id(revision).to_owned(),
        (None, None) => String::new(),
    };
    if let Some(branch) = &version.branch {
        text.push_str(&format!(" ({branch})"));
    }
    if version.floating {
        text = if text.is_empty() { "floating".to_owned() } else { format!("{text} (floating)") };
    }
    if text.is_empty() { "-".to_owned() } else { text }
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
