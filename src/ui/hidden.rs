//! What a merge hides, for people: every commit with its state, then what to decide.

use super::lists::{ROWS, counted, rest};
use super::style::{DIM, HINT, NAME, WARNING, paint};
use super::table::table;
use crate::app::ListedCommit;
use crate::hidden::{Hidden, Presence};

/// Nothing where nothing is hidden.
pub fn hidden(hidden: &Hidden) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for lost in &hidden.reverted {
        let by = format!("reverted by {}", lost.reverted_by.commit.short());
        rows.push(row(paint(WARNING, "reverted"), &lost.row, by));
    }
    for lost in &hidden.removed {
        let by = format!("removed by {}", lost.removed_by.commit.short());
        rows.push(row(paint(WARNING, "removed"), &lost.row, by));
    }
    for squash in &hidden.squashed {
        let of = format!("{} up to {}", counted(count(squash.count), "commit", "commits"), squash.of.short());
        rows.push(row(paint(WARNING, "squashed"), &squash.row, of));
    }
    for own in &hidden.target_only {
        let state = match own.state {
            Presence::Missing => paint(WARNING, "missing"),
            Presence::Present => paint(DIM, "present"),
            Presence::Superseded => paint(DIM, "superseded"),
        };
        rows.push(row(state, &own.row, own.same.map(|same| format!("as {}", same.short())).unwrap_or_default()));
    }
    let mut out = String::new();
    if !rows.is_empty() {
        let total = rows.len();
        rows.truncate(ROWS);
        out.push_str(&format!("{}\n{}{}", paint(NAME, "hidden"), table(&[], &rows), rest(total)));
    }
    if hidden.truncated > 0 {
        let left = counted(count(hidden.truncated), "older commit", "older commits");
        out.push_str(&format!("{}\n", paint(DIM, format!("{left} of the target not examined"))));
    }
    for found in &hidden.findings {
        out.push_str(&format!(
            "{} {}\n{} {}\n",
            paint(WARNING, "warning:"),
            found.message,
            paint(HINT, "hint:"),
            found.hint
        ));
    }
    out
}

fn row(state: String, commit: &ListedCommit, note: String) -> Vec<String> {
    let day = commit.time.get(..10).unwrap_or(&commit.time).to_owned();
    let note = paint(DIM, note);
    vec![state, paint(DIM, commit.commit.short()), day, commit.author.clone(), commit.summary.clone(), note]
}

fn count(many: u64) -> usize {
    usize::try_from(many).unwrap_or(usize::MAX)
}
