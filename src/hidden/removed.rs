//! The other direction: what the target has and the result drops.
//!
//! What a commit of the source changes or takes back shows in its diff, and is meant for the target too. Two things are not:
//! what a merge on the source left out, which no diff shows, and what an environment's branch took back for itself.

use super::dropped::left_out;
use super::history::{HistoryStep, LANDED, TargetHistory};
use super::promotions::{PastPromotion, Promotions};
use super::queries::Queries;
use super::reverted::View;
use super::{Error, Merging, RevertedBy, SourceRole};
use crate::git::{CommitInfo, ListedCommit, LogRange};
use crate::model::CommitId;
use std::collections::HashSet;

/// How many merges of a branch of development are made again to see what they left out, the newest first.
const MERGES: usize = 100;
/// How many of the commits that a merge brought are looked at.
const BROUGHT: usize = 200;

/// The commits of the target that the result lacks, each with what took it away, newest first.
pub(super) fn find(queries: &Queries<'_>, merging: &Merging<'_>) -> Result<Vec<(ListedCommit, RevertedBy)>, Error> {
    let target = queries.tree(merging.ours)?;
    let result = match merging.tree {
        Some(tree) => tree,
        None => queries.tree(merging.theirs)?,
    };
    if target == result {
        return Ok(Vec::new());
    }
    let other_way = Merging { ours: merging.theirs, theirs: merging.ours, ..*merging };
    let history = TargetHistory::read(queries, &other_way)?;
    let environment = match merging.place.role {
        SourceRole::Environment | SourceRole::Later => true,
        SourceRole::Development => false,
        // A branch that had promotions of the target's commits comes after it.
        SourceRole::Unknown => history.line.iter().any(|step| step.promotes.is_some()),
    };
    // What goes on to the target has what was taken back where work is done, too; a back-merge has nothing of that.
    let all = merging.place.role != SourceRole::Environment;
    let landed = landed(&history.line);
    let is_landing = |commit: &CommitInfo| {
        all || landed.contains(&commit.id) || commit.parents.first().is_some_and(|parent| landed.contains(parent))
    };
    let of_environments = landed_elsewhere(queries, &merging.place.environments)?;
    let promotions = Promotions::new(PastPromotion::between(queries, target, result)?);
    let promoted = merging.place.role != SourceRole::Unknown;
    let (mut found, mut met, mut merges) = (Vec::new(), HashSet::new(), 0);
    let view = View { queries, history: &history, promotions: &promotions, kept: target, result, promoted };
    for step in &history.line {
        let brought = if environment { HashSet::new() } else { brought_back(queries, &history, step)? };
        for commit in step.all() {
            let is_merge = commit.parents.len() > 1;
            merges += usize::from(is_merge && !environment);
            let elsewhere = of_environments.contains(&commit.id);
            let looked_at = match is_merge {
                true => merges <= MERGES,
                false => elsewhere || !brought.is_empty() || environment && is_landing(commit),
            };
            if queries.is_spent() || !looked_at {
                continue;
            }
            let Some(change) = promotions.change(queries, step, commit)?.filter(|change| change.in_force) else {
                continue;
            };
            for taken in view.taken_back(commit, &change)?.lost {
                if (is_merge || environment || elsewhere || brought.contains(&taken.id)) && met.insert(taken.id) {
                    found.push((ListedCommit::from(&taken), RevertedBy::from(commit)));
                }
            }
        }
    }
    if environment {
        // A merge leaves out what was taken back before it; where that is known to both sides, the merge alone tells.
        let lost: HashSet<String> = queries.changed(target, result)?.iter().cloned().collect();
        let merged = history.line.iter().map(|step| &step.commit).filter(|commit| commit.parents.len() == 2);
        for commit in merged.take(MERGES).take_while(|_| !queries.is_spent()) {
            for taken in view.of_those(left_out(queries, commit, &lost)?)?.lost {
                if met.insert(taken.id) && !view.is_undone_visibly(&taken)? {
                    found.push((ListedCommit::from(&taken), RevertedBy::from(commit)));
                }
            }
        }
    }
    Ok(found)
}

/// What a merge brought to a branch of development together with the target's own commits: what was taken back among them was never
/// there, and so was taken back for another branch. Nothing where the merge brought none of the target's.
fn brought_back(
    queries: &Queries<'_>,
    history: &TargetHistory,
    step: &HistoryStep,
) -> Result<HashSet<CommitId>, Error> {
    let [first, second] = step.commit.parents[..] else { return Ok(HashSet::new()) };
    let range = LogRange { from: second, not: vec![first], first_parent: false, limit: Some(BROUGHT) };
    let brought: HashSet<CommitId> = queries.log(&range)?.iter().map(|commit| commit.id).collect();
    for commit in &brought {
        if !history.is_own(queries, *commit)? {
            return Ok(brought);
        }
    }
    Ok(HashSet::new())
}

/// What landed on these branches.
fn landed_elsewhere(queries: &Queries<'_>, tips: &[CommitId]) -> Result<HashSet<CommitId>, Error> {
    let mut landed = HashSet::new();
    for tip in tips {
        let line = LogRange { from: *tip, not: Vec::new(), first_parent: true, limit: Some(LANDED) };
        landed.extend(queries.log(&line)?.iter().map(|commit| commit.id));
    }
    Ok(landed)
}

/// The commits of the branch itself, and where they begin.
fn landed(line: &[HistoryStep]) -> HashSet<CommitId> {
    line.iter().flat_map(|step| std::iter::once(step.commit.id).chain(step.commit.parents.first().copied())).collect()
}
