//! The releases of a branch that stand: landings that no later landing took back.

use super::Error;
use super::history::LANDED;
use super::queries::Queries;
use super::reverted::named;
use crate::git::pick_messages::run_of;
use crate::git::{CommitInfo, LogRange, Mirror};
use crate::merge::Merger;
use crate::model::{CommitId, Failure};
use std::collections::HashSet;

/// How many of the newest landings are compared with earlier ones, line by line.
const COMPARED: usize = 100;

/// The newest earlier landing that no later one took back, and that has other files than the branch has now; `None` where there
/// is none.
///
/// # Errors
///
/// The history cannot be read.
pub fn release_before(mirror: &Mirror, tip: CommitId) -> Result<Option<CommitInfo>, Failure> {
    let aside = mirror.aside()?;
    let merger = Merger::default();
    let queries = Queries::new(aside.as_ref().unwrap_or(mirror), &merger);
    let line = queries.log(&LogRange { from: tip, not: Vec::new(), first_parent: true, limit: Some(LANDED) })?;
    // Of commits that landed together only the last was the branch's tip.
    let line: Vec<CommitInfo> = landings(line).into_iter().filter_map(|landing| landing.into_iter().next()).collect();
    let withdrawn = withdrawn(&queries, &line)?;
    let now = line.first().map(|now| now.tree);
    let stands = |(at, landing): &(usize, CommitInfo)| !withdrawn.contains(at) && Some(landing.tree) != now;
    Ok(line.into_iter().enumerate().find(stands).map(|(_, landing)| landing))
}

/// The commits of a branch's own line that came with its newest landing, newest first: several where one run landed them together.
///
/// # Errors
///
/// The history cannot be read.
pub fn newest_landing(mirror: &Mirror, tip: CommitId) -> Result<Vec<CommitInfo>, Failure> {
    let range = LogRange { from: tip, not: Vec::new(), first_parent: true, limit: Some(LANDED) };
    Ok(landings(mirror.log(&range)?).into_iter().next().unwrap_or_default())
}

/// The commits of a branch's own line by landing: those that one run made land together. Newest first, in each too.
fn landings(line: Vec<CommitInfo>) -> Vec<Vec<CommitInfo>> {
    let mut landings: Vec<Vec<CommitInfo>> = Vec::new();
    for commit in line {
        let run = run_of(&commit.message);
        let with = landings
            .last_mut()
            .filter(|landing| run.is_some() && landing.last().is_some_and(|later| run_of(&later.message) == run));
        match with {
            Some(landing) => landing.push(commit),
            None => landings.push(vec![commit]),
        }
    }
    landings
}

/// The landings, newest first, while which the branch had what a later landing took back.
fn withdrawn(queries: &Queries<'_>, line: &[CommitInfo]) -> Result<HashSet<usize>, Error> {
    let (mut withdrawn, mut takers) = (HashSet::new(), HashSet::new());
    // The oldest first: a revert of a revert brings back, and withdraws no release.
    for (at, landing) in line.iter().enumerate().rev() {
        let earlier = line.iter().enumerate().skip(at + 1);
        let last = match earlier.clone().find(|(_, release)| release.tree == landing.tree) {
            // The files of an earlier release: all since are gone.
            Some((release, _)) => release.checked_sub(1).filter(|last| *last > at),
            None => undone(queries, line, at)?,
        };
        let Some(last) = last else { continue };
        takers.insert(at);
        if !takers.contains(&last) {
            withdrawn.extend(at + 1..=last);
        }
    }
    Ok(withdrawn)
}

/// The earlier landing that this one undoes, whole or in a commit that came with it.
fn undone(queries: &Queries<'_>, line: &[CommitInfo], at: usize) -> Result<Option<usize>, Error> {
    let Some(landing) = line.get(at) else { return Ok(None) };
    let mut messages = vec![landing.message.clone()];
    if let [_, second] = landing.parents[..] {
        messages.push(queries.mirror.commit(second)?.message);
    }
    for (reverted, back_to) in messages.iter().flat_map(|message| named(message)) {
        // It may be a commit of another repository.
        let Ok(commit) = queries.mirror.commit(reverted) else { continue };
        if !queries.has(landing.tree, commit.tree, queries.tree_before_revert(&commit, back_to)?)? {
            continue;
        }
        // It came with the oldest landing that has it.
        let mut found = None;
        for (earlier, release) in line.iter().enumerate().skip(at + 1) {
            if !queries.mirror.is_ancestor(reverted, release.id)? {
                break;
            }
            found = Some(earlier);
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    if at >= COMPARED {
        return Ok(None);
    }
    let before = queries.tree_before(landing)?;
    let paths = queries.changed(before, landing.tree)?;
    for (earlier, release) in line.iter().enumerate().skip(at + 1).take(COMPARED) {
        let started = queries.tree_before(release)?;
        if queries.changed(started, release.tree)? == paths
            && queries.same_change((landing.tree, before), (started, release.tree))?
        {
            return Ok(Some(earlier));
        }
    }
    Ok(None)
}
