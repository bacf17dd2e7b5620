//! The merge that a promotion would make, for people.

use super::components::components;
use super::conflicts::conflicts;
use super::hidden::hidden;
use super::lists::{ROWS, counted, rest};
use super::style::{DIM, ERROR, GOOD, NAME, WARNING, paint};
use super::table::table;
use crate::app::{ChangedFile, ListedCommit, Preview, PreviewOutcome};
use crate::model::{quoted_path, steers};
use std::borrow::Cow;

/// The whole preview.
pub fn preview(preview: &Preview) -> String {
    let (source, target) = (&preview.source, &preview.target);
    let mut out = format!(
        "{} ({}) → {} ({})\n",
        paint(NAME, &source.name),
        source.commit.short(),
        paint(NAME, &target.name),
        target.commit.short()
    );
    match preview.outcome {
        PreviewOutcome::UpToDate => {
            out.push_str(&format!("{} {} already has everything\n", paint(GOOD, "up to date:"), target.name));
            out.push_str(&section(&hidden(&preview.hidden)));
            return out;
        }
        PreviewOutcome::Clean => {
            let tree = preview.tree.map(|tree| format!(", tree {}", tree.short())).unwrap_or_default();
            out.push_str(&format!("{}{tree}\n", paint(GOOD, "merges cleanly")));
        }
        PreviewOutcome::Conflicts => {
            out.push_str(&format!("{}\n\n", paint(ERROR, counted(preview.conflicts.len(), "conflict", "conflicts"))));
            out.push_str(&conflicts(&preview.conflicts, &target.name, &source.name));
        }
    }
    if preview.fast {
        out.push_str(&format!("{} nothing on {} that {} lacks\n", paint(DIM, "fast:"), target.name, source.name));
    }
    if let Some(text) = disagreement(preview) {
        out.push_str(&format!("{} {text}\n", paint(ERROR, "do not trust this merge:")));
    }
    if let Some((by, why)) = preview.cross_check.unanswered() {
        out.push_str(&format!(
            "{} {by} has no answer: {why}; a run would stop here\n",
            paint(ERROR, "not cross-checked:")
        ));
    }
    if let Some(why) = preview.cross_check.unasked() {
        out.push_str(&format!("{} {why}\n", paint(WARNING, "not cross-checked:")));
    }
    if preview.bases.len() > 1 {
        out.push_str(&format!("{}\n", paint(DIM, format!("{} merge bases", preview.bases.len()))));
    }
    out.push_str(&section(&commits(&preview.commits, preview.commits.len(), preview.outcome == PreviewOutcome::Clean)));
    out.push_str(&section(&files(&preview.files)));
    out.push_str(&section(&components(&preview.components)));
    out.push_str(&section(&hidden(&preview.hidden)));
    out
}

/// git's answer, where it differs.
fn disagreement(preview: &Preview) -> Option<String> {
    let cross_check = &preview.cross_check;
    let by = cross_check.by.as_deref().filter(|_| cross_check.agrees == Some(false))?;
    let found = cross_check.tree.map_or_else(|| "conflicts".to_owned(), |tree| format!("tree {tree}"));
    let whose = match &cross_check.lost {
        Some(path) => format!("git is wrong, it loses `{path}`, which both sides have"),
        None => "please report both commits as a bug in relwf".to_owned(),
    };
    Some(format!("{by} merges differently: {found}. A run would stop here; {whose}"))
}

/// The commits, newest first: those that are listed, of `count`. `merged`: they come with a merge, which a component counts too.
pub fn commits(listed: &[ListedCommit], count: usize, merged: bool) -> String {
    if listed.is_empty() {
        return String::new();
    }
    let row = |commit: &ListedCommit| {
        let day = commit.time.get(..10).unwrap_or(&commit.time).to_owned();
        vec![paint(DIM, commit.commit.short()), day, commit.author.clone(), commit.summary.clone()]
    };
    let rows: Vec<_> = listed.iter().take(ROWS).map(row).collect();
    let and = match count {
        _ if !merged => "",
        1 => ", and its merge",
        _ => ", and their merge",
    };
    format!("{}{and}\n{}{}", paint(NAME, counted(count, "commit", "commits")), table(&[], &rows), rest(count))
}

/// The files, with git's letters.
pub fn files(all: &[ChangedFile]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n", paint(NAME, counted(all.len(), "file", "files")));
    for file in all.iter().take(ROWS) {
        out.push_str(&format!("{} {}\n", file.change, on_one_line(&file.path)));
    }
    out + &rest(all.len())
}

/// A path as git shows it: one that would break the line is quoted.
fn on_one_line(path: &str) -> Cow<'_, str> {
    if path.contains(|c| matches!(c, '\n' | '\t') || steers(c)) {
        quoted_path(path.as_bytes()).into()
    } else {
        path.into()
    }
}

fn section(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\n{text}") }
}
