//! The text of a promotion's commit, and the line that tells how a component changes.

use crate::components::{ComponentDelta, VersionChange, told_apart, version_text};
use crate::hidden::BranchNames;
use crate::model::{CommitId, RunId};

/// Title, what ships, and the run.
pub(super) fn message(theirs: CommitId, names: BranchNames<'_>, components: &[ComponentDelta], run: &RunId) -> String {
    let (short, target) = (theirs.short(), names.target);
    let title = match names.source {
        Some(name) => format!("Promote {name} ({short}) to {target}"),
        None => format!("Promote {short} to {target}"),
    };
    let lines: String = components.iter().filter_map(component_line).map(|line| line + "\n").collect();
    let gap = if lines.is_empty() { "" } else { "\n" };
    format!("{title}\n\n{lines}{gap}Relwf-Run: {run}\n")
}

/// `ppc: 1.2.0 -> 1.3.0`, for components that change, are not found, or cannot be read.
pub fn component_line(row: &ComponentDelta) -> Option<String> {
    let name = &row.name;
    if let Some(error) = &row.error {
        let why = error.message.lines().next().unwrap_or_default();
        return Some(match &row.to {
            Some(to) => format!("{name}: {} (before it could not be read: {why})", version_text(to)),
            None => format!("{name}: could not be read: {why}"),
        });
    }
    if row.absent {
        return Some(format!("{name}: not found"));
    }
    match (row.change, row.commits, &row.from, &row.to) {
        (Some(VersionChange::Unchanged) | None, ..) => None,
        (_, Some(1), ..) => Some(format!("{name}: 1 commit")),
        (_, Some(commits), ..) => Some(format!("{name}: {commits} commits")),
        (_, None, Some(from), Some(to)) => {
            let (from, to) = told_apart(from, to);
            let link = row.compare.as_ref().map(|link| format!(" ({link})")).unwrap_or_default();
            Some(format!("{name}: {from} -> {to}{link}"))
        }
        (_, None, None, Some(to)) => Some(format!("{name}: added at {}", version_text(to))),
        (_, None, Some(from), None) => Some(format!("{name}: removed (was {})", version_text(from))),
        (_, None, None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::Version;
    use crate::model::ObjectId;

    #[test]
    fn the_message_names_both_sides_what_ships_and_the_run() {
        let version = |version: &str| Some(Version { version: Some(version.to_owned()), ..Version::default() });
        let row = |name: &str, change, from, to, commits| ComponentDelta {
            name: name.parse().unwrap(),
            detect: "toml".to_owned(),
            change: Some(change),
            from,
            to,
            commits,
            compare: None,
            changelog: None,
            absent: false,
            warning: None,
            error: None,
        };
        let rows = [
            row("service", VersionChange::Changed, version("a"), version("b"), Some(12)),
            row("ppc", VersionChange::Changed, version("1.2.0"), version("1.3.0"), None),
            row("old", VersionChange::Removed, version("1"), None, None),
            row("same", VersionChange::Unchanged, version("1"), version("1"), None),
        ];
        let theirs = ObjectId::ZERO.into();
        let run = RunId::new("r1");
        let names = BranchNames { source: Some("master"), target: "staging" };
        assert_eq!(
            message(theirs, names, &rows, &run),
            "Promote master (0000000000) to staging\n\nservice: 12 commits\nppc: 1.2.0 -> 1.3.0\nold: removed (was 1)\n\n\
             Relwf-Run: r1\n"
        );
        let names = BranchNames { source: None, target: "staging" };
        assert_eq!(message(theirs, names, &[], &run), "Promote 0000000000 to staging\n\nRelwf-Run: r1\n");
    }
}
