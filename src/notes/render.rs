//! The notes as text: plain for terminals and messages of tags, or Markdown for forges.
//!
//! Titles, subjects and names are the words of others. In Markdown they are text and nothing else: they notify no one, close
//! nothing, hide nothing.

use super::{NotedAuthor, NotedChange, NotedCommit, Notes};
use crate::components::Changelog;
use crate::forge::{inert, literal};
use crate::git::ListedCommit;
use crate::hidden::RevertedBy;
use crate::model::CommitId;
use crate::promotion::component_line;
use std::collections::HashSet;

/// How many changes, and how many other commits, are listed; JSON has them all.
const LISTED: usize = 300;
/// How many commits of one change are listed.
const LISTED_OF_CHANGE: usize = 30;

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    Markdown,
}

/// The notes in this form.
pub fn render(notes: &Notes, form: Form) -> String {
    let sorted = Sorted::of(notes);
    let mut text = head(notes, form);
    text += &section(form, "Changes", &capped(sorted.changes.iter().map(|change| change_lines(form, change))));
    let others = if notes.changes.is_empty() { "Commits" } else { "Other commits" };
    text += &section(form, others, &capped(sorted.commits.iter().map(|commit| vec![commit_line(form, &commit.row)])));
    text += &section(
        form,
        "Landed and taken back again",
        &capped(sorted.taken_back(form).into_iter().map(|line| vec![line])),
    );
    text += &section(form, "Components", &components(notes, form));
    text + &section(form, "Authors", &authors(notes, form))
}

/// A line of a list, and how deep it is.
type Line = (usize, String);

/// What stands, and what was taken back.
struct Sorted<'n> {
    changes: Vec<&'n NotedChange>,
    commits: Vec<&'n NotedCommit>,
    gone_changes: Vec<&'n NotedChange>,
    gone_commits: Vec<&'n NotedCommit>,
}

impl<'n> Sorted<'n> {
    fn of(notes: &'n Notes) -> Self {
        let (gone_changes, changes) = notes.changes.iter().partition(|change| change.reverted_by.is_some());
        let (gone_commits, commits) = notes.commits.iter().partition(|commit| commit.reverted_by.is_some());
        let mut sorted = Self { changes, commits, gone_changes, gone_commits };
        // What only took back what is gone is said with it.
        let (gone, there) = (sorted.gone(), sorted.there());
        let only_reverts = |reverts: &[CommitId]| {
            reverts.iter().any(|id| gone.contains(id)) && reverts.iter().all(|id| !there.contains(id))
        };
        sorted.changes.retain(|change| !only_reverts(&change.reverts));
        sorted.commits.retain(|commit| !only_reverts(&commit.reverts));
        sorted
    }

    fn gone(&self) -> HashSet<CommitId> {
        ids(&self.gone_changes, &self.gone_commits)
    }

    fn there(&self) -> HashSet<CommitId> {
        ids(&self.changes, &self.commits)
    }

    fn taken_back(&self, form: Form) -> Vec<Line> {
        let line = |what: String, by: &Option<RevertedBy>| {
            let by = by.as_ref().map(|by| format!("{} {}", by.commit.short(), words(form, &by.summary)));
            (0, format!("{what}: taken back by {}", by.unwrap_or_default()))
        };
        let changes = self.gone_changes.iter().map(|change| line(named(form, change), &change.reverted_by));
        let commits = self.gone_commits.iter().map(|commit| line(commit_text(form, &commit.row), &commit.reverted_by));
        changes.chain(commits).collect()
    }
}

/// The commits of these.
fn ids(changes: &[&NotedChange], commits: &[&NotedCommit]) -> HashSet<CommitId> {
    let of_change = |change: &&NotedChange| -> Vec<CommitId> {
        change.commits.iter().map(|row| row.commit).chain([change.commit]).collect()
    };
    changes.iter().flat_map(of_change).chain(commits.iter().map(|commit| commit.row.commit)).collect()
}

/// Between which commits, and how many there are.
fn head(notes: &Notes, form: Form) -> String {
    let range = format!("{}..{}", notes.from.commit.short(), notes.to.commit.short());
    let range = match (form, &notes.compare) {
        (Form::Plain, Some(page)) => format!("{range} ({page})"),
        (Form::Plain, None) => range,
        (Form::Markdown, Some(page)) => format!("[{range}]({page})"),
        (Form::Markdown, None) => format!("`{range}`"),
    };
    let mut head = match notes.commit_count {
        0 => format!("No new commits in {range}\n"),
        1 => format!("1 commit in {range}\n"),
        count => format!("{count} commits in {range}\n"),
    };
    match notes.removed_count {
        0 => {}
        1 => head += &format!("1 commit of {} is not in it\n", notes.from.commit.short()),
        count => head += &format!("{count} commits of {} are not in it\n", notes.from.commit.short()),
    }
    head
}

fn section(form: Form, title: &str, lines: &[Line]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = match form {
        Form::Plain => format!("\n{title}\n"),
        Form::Markdown => format!("\n## {title}\n\n"),
    };
    for (depth, line) in lines {
        let indent = "  ".repeat(*depth);
        text += &match form {
            Form::Plain => format!("  {indent}{line}\n"),
            Form::Markdown => format!("{indent}- {line}\n"),
        };
    }
    text
}

/// The first of these, and how many more there are.
fn capped(items: impl ExactSizeIterator<Item = Vec<Line>>) -> Vec<Line> {
    let more = items.len().saturating_sub(LISTED);
    let rest = (more > 0).then(|| (0, format!("and {more} more")));
    items.take(LISTED).flatten().chain(rest).collect()
}

fn change_lines(form: Form, change: &NotedChange) -> Vec<Line> {
    let people = words(form, &change.authors.join(", "));
    let page = change.url.as_ref().filter(|_| form == Form::Plain).map(|page| format!(" {page}"));
    let mut lines = vec![(0, format!("{} ({people}){}", named(form, change), page.unwrap_or_default()))];
    // One commit says what its change says.
    if change.commits.len() > 1 {
        let rows = change.commits.iter().take(LISTED_OF_CHANGE);
        lines.extend(rows.map(|row| (1, commit_text(form, row))));
        let more = change.commits.len().saturating_sub(LISTED_OF_CHANGE);
        lines.extend((more > 0).then(|| (1, format!("and {more} more"))));
    }
    lines
}

/// `#12 Faster login`.
fn named(form: Form, change: &NotedChange) -> String {
    let number = match (&change.url, form) {
        (Some(page), Form::Markdown) => format!("[{}]({page})", change.shown),
        // The number of a change that landed before is a reference that people follow, and closes nothing.
        _ => change.shown.clone(),
    };
    format!("{number} {}", words(form, &change.title))
}

fn commit_line(form: Form, row: &ListedCommit) -> Line {
    (0, commit_text(form, row))
}

/// `1a2b3c4d5e Faster login (Ada)`.
fn commit_text(form: Form, row: &ListedCommit) -> String {
    format!("{} {} ({})", row.commit.short(), words(form, &row.summary), words(form, &row.author))
}

fn components(notes: &Notes, form: Form) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &notes.components {
        lines.extend(component_line(row).map(|line| match form {
            Form::Plain => (0, line),
            Form::Markdown => (0, inert(&line)),
        }));
        lines.extend(row.changelog.iter().flat_map(Changelog::lines).map(|line| (1, words(form, &line))));
    }
    lines
}

fn authors(notes: &Notes, form: Form) -> Vec<Line> {
    let line = |author: &NotedAuthor| {
        let commits = if author.commits == 1 { "commit" } else { "commits" };
        vec![(0, format!("{}: {} {commits}", words(form, &author.name), author.commits))]
    };
    capped(notes.authors.iter().map(line))
}

/// The words of others, on one line.
fn words(form: Form, text: &str) -> String {
    match form {
        Form::Plain => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Form::Markdown => literal(text),
    }
}
