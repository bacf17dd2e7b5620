//! The text of a proposed change: what ships, which commits by whom, grouped as they were reviewed, and how to go on by hand.

use super::EffectContext;
use super::delta::detection;
use super::git::restored;
use super::landing_proof::made_on;
use crate::components::Changelog;
use crate::forge::{inert, literal};
use crate::git::{CommitInfo, LogRange, Mirror};
use crate::model::{BranchName, CommitId, Failure, TaskContext};
use crate::promotion::component_line;

/// How many lines of commits the text has at most.
const LISTED: usize = 100;

/// Commits that came together: a merged branch, or one commit.
struct CommitGroup {
    title: String,
    author: String,
    commits: Vec<CommitInfo>,
}

/// The text for a commit that is proposed for a branch.
pub(super) fn body(
    context: &EffectContext,
    commit: &CommitInfo,
    target: &BranchName,
    task: TaskContext<'_>,
) -> Result<String, Failure> {
    let mirror = &context.mirror;
    // It was made on the target's tip, with others below it where it ends a series; on something else where the target moved.
    let (parent, tip) = (commit.parents.first().copied(), mirror.branch(target)?);
    let tip = match tip {
        Some(tip) if made_on(context, commit.id, tip)? => Some(tip),
        tip => parent.filter(|_| commit.parents.len() > 1).or(tip).or(parent),
    };
    let Some(base) = tip else { return Ok(String::new()) };
    let mut lines = rollback(commit);
    lines.extend(revert(commit));
    if let Some(origin) = context.process.as_ref().filter(|origin| origin.is_local()) {
        lines.extend([format!("The process: {}.", origin.text()), String::new()]);
    }
    lines.extend(components(context, base, commit.id, task)?);
    let alone = commit.parents.get(1).filter(|_| parent == Some(base));
    lines.extend(commits(mirror, base, alone.copied().unwrap_or(commit.id), alone.is_some())?);
    lines.extend(by_hand(commit, target));
    Ok(lines.join("\n"))
}

/// What a rollback says of itself: the release, its age, and what is withdrawn.
fn rollback(commit: &CommitInfo) -> Vec<String> {
    if restored(&commit.message).is_none() {
        return Vec::new();
    }
    let text = commit.message.split("\n\n").skip(1);
    text.take_while(|part| restored(part).is_none()).map(|part| format!("{}\n", inert(part))).collect()
}

/// What a revert says of itself: what it takes back, and why.
fn revert(commit: &CommitInfo) -> Vec<String> {
    let text = commit.message.split_once("\n\n").map(|(_, text)| text.trim());
    let text = text.filter(|text| text.contains("This reverts commit "));
    text.map(|text| format!("{}\n", inert(text))).into_iter().collect()
}

fn components(
    context: &EffectContext,
    base: CommitId,
    head: CommitId,
    task: TaskContext<'_>,
) -> Result<Vec<String>, Failure> {
    let mut rows = detection(context).between(&context.mirror, base, head)?;
    context.repositories.add_changelogs(&context.config.components, &mut rows, task)?;
    let mut lines = Vec::new();
    for row in &rows {
        lines.extend(component_line(row).map(|line| format!("- {}", inert(&line))));
        lines.extend(row.changelog.iter().flat_map(Changelog::lines).map(|line| format!("  - {}", literal(&line))));
    }
    if !lines.is_empty() {
        lines.insert(0, "Components:".to_owned());
        lines.push(String::new());
    }
    Ok(lines)
}

/// The commits that are new; `merged`: by a merge that is one commit more.
fn commits(mirror: &Mirror, base: CommitId, from: CommitId, merged: bool) -> Result<Vec<String>, Failure> {
    let range = LogRange { from, not: vec![base], first_parent: false, limit: None };
    let count = mirror.count(&range)?;
    let line = LogRange { first_parent: true, limit: Some(LISTED), ..range };
    let and = if merged { ", and their merge" } else { "" };
    let mut lines = vec![format!("Commits ({count}){and}:")];
    let mut listed = 0;
    for commit in mirror.log(&line)? {
        if lines.len() > LISTED {
            break;
        }
        let group = group(mirror, base, commit)?;
        let one = |commit: &CommitInfo| {
            format!("{} {} ({})", commit.id.short(), literal(&commit.summary), literal(&commit.author.name))
        };
        match group.commits.as_slice() {
            [only] => lines.push(format!("- {}", one(only))),
            several => {
                lines.push(format!("- {} ({})", group.title, literal(&group.author)));
                lines.extend(several.iter().skip(1).map(|commit| format!("  - {}", one(commit))));
            }
        }
        listed += group.commits.len() as u64;
    }
    let more = count.saturating_sub(listed);
    if more > 0 {
        lines.push(format!("- and {more} more"));
    }
    Ok(lines)
}

/// What a commit of the first parents brought: a merge stands for the commits of the branch that it merged.
fn group(mirror: &Mirror, base: CommitId, commit: CommitInfo) -> Result<CommitGroup, Failure> {
    let mut commits = Vec::new();
    if let [ours, theirs] = commit.parents.as_slice() {
        let range = LogRange { from: *theirs, not: vec![*ours, base], first_parent: false, limit: Some(LISTED) };
        commits = mirror.log(&range)?;
    }
    let (title, author) = (title(&commit), commit.author.name.clone());
    commits.insert(0, commit);
    Ok(CommitGroup { title, author, commits })
}

/// `#12 Faster login` for GitHub's merge of a pull request, whose own title stands in the message's second paragraph.
fn title(merge: &CommitInfo) -> String {
    let number = merge.summary.strip_prefix("Merge pull request #").and_then(|rest| rest.split(' ').next());
    let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let named = merge.message.split("\n\n").nth(1).and_then(|text| text.lines().next()).map(str::trim);
    match (number, named.filter(|named| !named.is_empty())) {
        // The number of a change that landed before is a reference that people follow, and closes nothing.
        (Some(number), Some(named)) => format!("#{number} {}", literal(named)),
        _ => format!("{} {}", merge.id.short(), literal(&merge.summary)),
    }
}

/// What to type where relwf is not installed: the tested commit itself, never a new merge.
fn by_hand(commit: &CommitInfo, target: &BranchName) -> Vec<String> {
    let conflicts = if commit.parents.len() == 2 { "The merge has no conflicts. " } else { "" };
    vec![
        String::new(),
        format!("{conflicts}What is tested here is exactly what lands. To land it by hand, once everything is green:"),
        String::new(),
        format!("    git push origin {}:{target}", commit.id),
        String::new(),
        "or merge this change with a merge commit; never squash or rebase it.".to_owned(),
    ]
}
