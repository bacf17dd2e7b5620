//! What a run landed or proposed, what it ships, what was accepted, and where CI is seen: a part of `relwf show`.

use super::components::components;
use super::lists::{ROWS, rest};
use super::run::short;
use super::runs::one_line;
use super::style::{DIM, GOOD, NAME, WARNING, paint};
use super::table::table;
use crate::app::{Report, RunFacts, ShippedCommit};
use crate::run::RunStatus;

/// Paragraphs, each after an empty line; nothing where there is nothing to tell.
pub fn run_facts(facts: &RunFacts, status: RunStatus) -> String {
    let RunFacts { landings, proposed, accepted, reports: seen } = facts;
    let landed = landings.iter().map(|commit| shipped(&paint(GOOD, "landed:"), commit));
    let not_yet = if status.is_open() { "would land:" } else { "not landed:" };
    let proposed = proposed.iter().map(|commit| shipped(&paint(WARNING, not_yet), commit));
    let accepted =
        accepted.iter().map(|finding| format!("{} {}\n", paint(WARNING, "accepted:"), one_line(&finding.message)));
    let parts = landed.chain(proposed).chain([accepted.collect(), reports(seen)]).filter(|part| !part.is_empty());
    parts.map(|part| format!("\n{part}")).collect()
}

/// `landed: 9f6a55b974 on staging`, and its components.
fn shipped(word: &str, shipped: &ShippedCommit) -> String {
    let ShippedCommit { commit, branch, components: rows } = shipped;
    let on = if branch.is_empty() { String::new() } else { format!(" on {}", paint(NAME, branch)) };
    format!("{word} {}{on}\n{}", short(&commit.as_str().into()), components(rows))
}

/// A line for each check, build and job: the step, its name, its word, its address.
fn reports(reports: &[Report]) -> String {
    let row = |report: &Report| {
        let step = if report.step.is_empty() { report.command.clone() } else { report.step.label() };
        vec![paint(DIM, step), short(&report.name.as_str().into()), report.state.clone(), report.url.clone()]
    };
    let rows: Vec<Vec<String>> = reports.iter().take(ROWS).map(row).collect();
    if rows.is_empty() { String::new() } else { table(&[], &rows) + &rest(reports.len()) }
}
