//! What is hidden, in sentences: what a person should decide, and what to type for either answer.

use super::{Hidden, Presence, Reverted, Squashed, TargetOnly};
use crate::git::ListedCommit;
use crate::merge::UnrunDriver;
use crate::model::CommitId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many commits are named; the rest is counted.
const NAMED: usize = 3;

/// What git names the remote in the clone that an operator types in, unless they named it otherwise: relwf knows its address only.
/// Hints fetch first and merge its branch: a fresh clone has none of its own, an old one has it as it was.
const REMOTE: &str = "origin";

/// The names of the two sides of a merge.
#[derive(Debug, Clone, Copy)]
pub struct BranchNames<'a> {
    /// The branch that is merged, where it is known.
    pub source: Option<&'a str>,
    /// The branch that it is merged into.
    pub target: &'a str,
}

/// What kind of thing is hidden: the word that scripts branch on and people accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HiddenKind {
    /// The result lacks commits of the source.
    Reverted,
    /// The source lacks commits of the target.
    Missing,
    /// A promotion was squashed.
    Squashed,
    /// A merge driver of the user's own was to merge files, and was not run.
    Driver,
}

/// Something that a person should decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HiddenFinding {
    pub kind: HiddenKind,
    /// What it is, one sentence without a full stop.
    pub message: String,
    /// What to type, for either answer.
    pub hint: String,
}

/// What a person should decide.
pub(super) fn of(hidden: &Hidden, names: &BranchNames<'_>) -> Vec<HiddenFinding> {
    [reverted(&hidden.reverted, names), missing(hidden, names), squashed(&hidden.squashed, names)]
        .into_iter()
        .flatten()
        .collect()
}

/// Files that were merged as text where the attributes name a program for it.
pub(crate) fn of_drivers(drivers: &[UnrunDriver]) -> Option<HiddenFinding> {
    let first = drivers.first()?;
    let mut names: Vec<&str> = drivers.iter().map(|unrun| unrun.driver.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let paths: Vec<String> = drivers.iter().take(NAMED).map(|unrun| format!("`{}`", unrun.path)).collect();
    let more = if drivers.len() > NAMED { format!(" and {} more", drivers.len() - NAMED) } else { String::new() };
    let message = format!(
        "{}{more}, which both sides changed, would be merged by the {} `{}` of .gitattributes; relwf and forges run none, and merge \
         them as text",
        paths.join(", "),
        if names.len() == 1 { "merge driver" } else { "merge drivers" },
        names.join("`, `"),
    );
    let hint = format!(
        "to merge with it: merge in a clone that has `merge.{}.driver`, and push; to promote what text gives: `--param accept=driver`",
        first.driver
    );
    Some(HiddenFinding { kind: HiddenKind::Driver, message, hint })
}

fn reverted(rows: &[Reverted], names: &BranchNames<'_>) -> Option<HiddenFinding> {
    let first = rows.first()?;
    let mut by: Vec<CommitId> = rows.iter().map(|row| row.reverted_by.commit).collect();
    by.dedup();
    let target = names.target;
    let commands: Vec<String> =
        by.iter().map(|by| format!("`relwf run revert-release --param commit={by} --param branch={target}`")).collect();
    let others = if by.len() > 1 { " and others" } else { "" };
    let message = format!(
        "{} of {} will be missing from the result: {} reverted on {target}: {} (by {}{others})",
        commits(rows.len()),
        source(names),
        if rows.len() == 1 { "it was" } else { "they were" },
        listed(rows.iter().map(|row| &row.row)),
        quoted(first.reverted_by.commit, &first.reverted_by.summary),
    );
    let hint = format!(
        "to ship it all the same, revert the revert: {}, then promote; to promote without it: `--param accept=reverted`",
        commands.join(", then "),
    );
    Some(HiddenFinding { kind: HiddenKind::Reverted, message, hint })
}

fn missing(hidden: &Hidden, names: &BranchNames<'_>) -> Option<HiddenFinding> {
    let (source, target) = (source(names), names.target);
    if let Some(why) = &hidden.unknown {
        return Some(HiddenFinding {
            kind: HiddenKind::Missing,
            message: format!("it is unknown whether {target} has commits that {source} lacks: {why}"),
            hint: "look at both branches yourself; to promote all the same: `--param accept=missing`".to_owned(),
        });
    }
    let rows: Vec<&TargetOnly> = hidden.target_only.iter().filter(|row| row.state == Presence::Missing).collect();
    if rows.is_empty() {
        return None;
    }
    let branch = names.source.unwrap_or("BRANCH");
    let ids: Vec<String> = rows.iter().rev().map(|row| row.row.commit.short()).collect();
    // More than a few are brought by a merge.
    let picks = match ids.len() {
        ..=NAMED => format!(" (or `git cherry-pick -x {}`)", ids.join(" ")),
        _ => String::new(),
    };
    Some(HiddenFinding {
        kind: HiddenKind::Missing,
        message: format!(
            "{target} has {} that {source} lacks: {}",
            commits(rows.len()),
            listed(rows.iter().map(|row| &row.row))
        ),
        hint: format!(
            "to bring {} to {source}: `git fetch && git switch {branch} && git merge {REMOTE}/{target}`{picks}, push, then promote; \
             to promote without that: `--param accept=missing`",
            if rows.len() == 1 { "it" } else { "them" },
        ),
    })
}

fn squashed(rows: &[Squashed], names: &BranchNames<'_>) -> Option<HiddenFinding> {
    let first = rows.first()?;
    let (source, target) = (source(names), names.target);
    Some(HiddenFinding {
        kind: HiddenKind::Squashed,
        message: format!(
            "the last promotion to {target} was squashed: {} has the files of {} but not its history, so {} of {source} that \
             {target} has already count as new and can conflict with themselves",
            quoted(first.row.commit, &first.row.summary),
            first.of.short(),
            commits(usize::try_from(first.count).unwrap_or(usize::MAX)),
        ),
        hint: format!(
            "to join the histories without changing a file: `git fetch && git switch {target} && git merge -s ours {}`, landed as a merge \
             commit; to promote as it is: `--param accept=squashed`",
            first.of,
        ),
    })
}

fn source<'a>(names: &BranchNames<'a>) -> &'a str {
    names.source.unwrap_or("the source")
}

fn commits(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}

fn quoted(commit: CommitId, summary: &str) -> String {
    format!("{} \u{201c}{summary}\u{201d}", commit.short())
}

/// The first few, and how many more.
fn listed<'r>(rows: impl ExactSizeIterator<Item = &'r ListedCommit>) -> String {
    let more = rows.len().saturating_sub(NAMED);
    let named: Vec<String> = rows.take(NAMED).map(|row| quoted(row.commit, &row.summary)).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &rest
}
