//! A dry run, for people: the merge, its components, then every effect with its place.

use super::components::components;
use super::conflicts::conflicts;
use super::errors::{TextLookup, failure_text};
use super::hidden::hidden;
use super::lists::counted;
use super::preview::{commits, files};
use super::run::short;
use super::style::{DIM, ERROR, GOOD, NAME, WARNING, paint};
use crate::app::{CommitOrigin, CommitOutcome, PlannedMerge, PlannedRun, Rollback};
use crate::model::{Failure, Value};
use crate::run::PlanItem;

/// The whole dry run.
pub fn planned(planned: &PlannedRun, texts: TextLookup<'_>) -> String {
    let mut out = String::new();
    for merge in &planned.merges {
        out.push_str(&merge_text(merge));
        out.push('\n');
    }
    if planned.plan.is_empty() {
        out.push_str("plan: nothing would be changed\n");
    } else {
        out.push_str(&format!(
            "{}\n",
            paint(NAME, format!("plan: {}", counted(planned.plan.len(), "effect", "effects")))
        ));
        for (index, item) in planned.plan.iter().enumerate() {
            out.push_str(&item_text(index + 1, item));
        }
    }
    match (&planned.outcome.failure, &planned.outcome.value) {
        (Some(failure), _) => out.push_str(&format!("\n{}", ends_here(failure, texts))),
        (None, Some(Value::String(text))) => out.push_str(&format!("\n{} {text}\n", paint(GOOD, "result:"))),
        (None, _) => {}
    }
    out
}

fn merge_text(merge: &PlannedMerge) -> String {
    let (source, target) = (short(&merge.source), short(&merge.target));
    let verb = match merge.made {
        CommitOrigin::Merge => "merge",
        CommitOrigin::Pick => "pick",
        CommitOrigin::Revert => "revert",
        CommitOrigin::Restore => "roll back to",
    };
    let mut out = format!("{} {} → {}: ", paint(NAME, verb), source, paint(NAME, &target));
    match merge.outcome {
        CommitOutcome::Clean => out.push_str(&format!("{}\n", paint(GOOD, "clean"))),
        CommitOutcome::UpToDate => {
            out.push_str(&format!("{}\n", paint(GOOD, "up to date")));
            let hidden = hidden(&merge.hidden);
            return if hidden.is_empty() { out } else { format!("{out}\n{hidden}") };
        }
        CommitOutcome::Conflicts => out.push_str(&format!("{}\n", paint(ERROR, "conflicts"))),
    }
    out.push_str(&conflicts(&merge.conflicts, &target, &source));
    for part in [
        merge.rollback.as_ref().map(rollback).unwrap_or_default(),
        commits(
            &merge.commits,
            usize::try_from(merge.commit_count).unwrap_or(usize::MAX),
            merge.made == CommitOrigin::Merge && merge.outcome == CommitOutcome::Clean,
        ),
        files(&merge.files),
        components(&merge.components),
        hidden(&merge.hidden),
    ] {
        if !part.is_empty() {
            out.push_str(&format!("\n{part}"));
        }
    }
    out
}

/// Why a plan does not go on.
pub(super) fn ends_here(failure: &Failure, texts: TextLookup<'_>) -> String {
    format!("{}\n{}", paint(ERROR, "the plan ends here:"), failure_text(failure, texts))
}

/// The release, its age, and what is withdrawn.
pub(super) fn rollback(rollback: &Rollback) -> String {
    let age = rollback.age.map(|age| format!(", {age} old")).unwrap_or_default();
    let withdrawn = &rollback.withdrawn;
    let head = format!(
        "release: \u{201c}{}\u{201d}{age}\n{} {}\n",
        rollback.summary,
        paint(NAME, "withdrawn:"),
        counted(withdrawn.len(), "landing", "landings")
    );
    let rows = withdrawn.iter().map(|row| format!("  {} {}\n", paint(DIM, row.commit.short()), row.summary));
    head + &rows.collect::<String>()
}

fn item_text(number: usize, item: &PlanItem) -> String {
    let step = if item.step.is_empty() {
        String::new()
    } else {
        format!("{} ", paint(NAME, format!("{}:", item.step.label())))
    };
    let args: Vec<String> = item
        .args
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name}: {}", short(value)))
        .collect();
    let mut out = format!("{number:3}. {step}{}  {}\n", item.command, paint(DIM, &item.at));
    if !args.is_empty() {
        out.push_str(&format!("     {}\n", args.join(", ")));
    }
    if let Some(note) = &item.note {
        out.push_str(&format!("     {}\n", paint(WARNING, note)));
    }
    out
}
