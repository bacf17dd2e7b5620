//! What the answers of a run's commands tell a person who looks at it later: what landed and what that ships, which findings were
//! accepted, and where checks, builds and the environment are to be seen. Read from the journal alone.

use super::runs::StoryCommand;
use crate::components::ComponentDelta;
use crate::effects::CommitsMade;
use crate::hidden::{HiddenFinding, HiddenKind};
use crate::model::Value;
use crate::run::StepPath;
use serde::Deserialize;
use std::collections::HashSet;

/// What the answers tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFacts {
    /// What landed, in order.
    pub landings: Vec<ShippedCommit>,
    /// The last commit that was made, where nothing landed.
    pub proposed: Option<ShippedCommit>,
    /// What a merge hides and the run was told to go on with.
    pub accepted: Vec<HiddenFinding>,
    /// Where people see what was waited for.
    pub reports: Vec<Report>,
}

/// A commit for a branch, with what it ships.
#[derive(Debug, Clone, PartialEq)]
pub struct ShippedCommit {
    pub commit: String,
    pub branch: String,
    pub components: Vec<ComponentDelta>,
}

/// The word of a check, of a build or of a job, and where people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The step that waited for it.
    pub step: StepPath,
    /// The function that did.
    pub command: String,
    pub name: String,
    pub state: String,
    pub url: String,
}

/// Reads them.
pub(super) fn facts(commands: &[StoryCommand], params: &Value) -> RunFacts {
    let mut facts = RunFacts::default();
    let accepted = params.get("accept").cloned().unwrap_or_default();
    let accepted: Vec<HiddenKind> = Vec::deserialize(&known_kinds(&accepted)).unwrap_or_default();
    let mut made: Vec<CommitsMade> = Vec::new();
    for command in commands {
        facts.reports.extend(reports(command));
        let Some(value) = &command.value else { continue };
        if let Some(commits) = CommitsMade::read(&command.command, value) {
            let found = commits.findings().iter().filter(|finding| accepted.contains(&finding.kind));
            for finding in found {
                if !facts.accepted.contains(finding) {
                    facts.accepted.push(finding.clone());
                }
            }
            let target = text(&command.args, "target").unwrap_or_default();
            facts.proposed = shipped(commits.commit().map(|commit| commit.to_string()), target, &commits);
            made.push(commits);
        }
        if command.command == "forge::land" {
            let proposed = text(&command.args, "commit");
            let of = |commits: &&CommitsMade| commits.commit().map(|commit| commit.to_string()) == proposed;
            let commits = made.iter().rev().find(of);
            facts.landings.push(ShippedCommit {
                commit: text(value, "commit").unwrap_or_default(),
                branch: text(value, "branch").unwrap_or_default(),
                components: commits.map(|commits| commits.components().to_vec()).unwrap_or_default(),
            });
        }
    }
    facts.proposed = facts.proposed.filter(|_| facts.landings.is_empty());
    facts
}

/// Of the words that a workflow's `accept` has those that are kinds of findings: it has others, too.
fn known_kinds(accepted: &Value) -> Value {
    let words = accepted.as_array().into_iter().flatten();
    words.filter(|word| HiddenKind::deserialize(*word).is_ok()).cloned().collect()
}

fn shipped(commit: Option<String>, branch: String, commits: &CommitsMade) -> Option<ShippedCommit> {
    Some(ShippedCommit { commit: commit?, branch, components: commits.components().to_vec() })
}

/// What was said of what a command waited for, with addresses; of a red one also its jobs. Each address once.
fn reports(command: &StoryCommand) -> Vec<Report> {
    let args = &command.args;
    let report = |name: Option<String>, state: Option<String>, row: &Value| {
        let (step, url) = (command.step.clone(), text(row, "url")?);
        Some(Report { step, command: command.command.clone(), name: name?, state: state?, url })
    };
    let check = |row: &Value| report(text(row, "context"), text(row, "state"), row);
    let job = |row: &Value| report(text(row, "name"), Some("red".to_owned()), row);
    let build = |row: &Value| report(build_name(row, args), text(row, "state"), row);
    let health = |row: &Value| {
        let version = text(row, "version").unwrap_or_else(|| "answers".to_owned());
        report(Some("health".to_owned()), Some(version), row)
    };
    let mut found: Vec<Report> = match (command.command.as_str(), &command.value) {
        ("forge::wait_checks", Some(value)) => rows(value, "verdicts").filter_map(check).collect(),
        ("ci::wait", Some(value)) => build(value).into_iter().collect(),
        ("ci::healthy", Some(value)) => health(value).into_iter().collect(),
        _ => Vec::new(),
    };
    if let Some(detail) = command.error.as_ref().map(|failure| &failure.detail) {
        let checks = rows(detail, "red").chain(rows(detail, "undecided")).filter_map(check);
        found.extend(checks.chain(rows(detail, "jobs").filter_map(job)).chain(detail.get("build").and_then(build)));
    }
    let mut seen = HashSet::new();
    found.retain(|report| seen.insert(report.url.clone()));
    found
}

/// A build's id, or where that is only a path to its commit's log, why it ran.
fn build_name(row: &Value, args: &Value) -> Option<String> {
    let either = |key: &str| text(row, key).or_else(|| text(args, key));
    let (id, commit, event) = (text(row, "id")?, either("commit")?, either("event")?);
    Some(if id.starts_with(&commit) { format!("{event} build") } else { id })
}

fn rows<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}
