//! What a merge hides, clean or not: changes of the source that were taken back on the target, changes of the target that the
//! source's side drops, commits that only the target has, promotions that were squashed.
//!
//! Told by content: a message is a hint where to look first, never a proof. The question is always what the result differs in
//! from either side. Knows nothing of references, the network or workflows; what it writes on the way goes to memory.
//!
//! Inside: `history` sorts one side's own commits, `promotions` says which of them still matter, `squashed`, `reverted`,
//! `removed` and `target_only` tell them, each once; `releases` says which landings stand, `range_reverts` what was taken back
//! within a range; `dropped` is what merges leave out.
//! `ways` builds what could be done and looks at it, `findings` says it all in sentences; `queries` puts questions to the
//! repository.

mod dropped;
mod findings;
mod history;
mod promotions;
mod queries;
mod range_reverts;
mod releases;
mod remerged;
mod removed;
mod reverted;
mod squashed;
mod target_only;
mod ways;

pub use findings::{BranchNames, HiddenFinding, HiddenKind};
pub(crate) use findings::{MergedAs, of_drivers};
pub use range_reverts::taken_back;
pub use releases::{newest_landing, release_before};

use crate::git::{CommitInfo, GitError, ListedCommit, Mirror, Remerge};
use crate::merge::{MergeError, Merger};
use crate::model::{CommitId, Failure, TreeId};
use history::TargetHistory;
use promotions::{PastPromotion, Promotions};
use queries::{ApplyResult, Queries};
use reverted::TakenBack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use ways::Ways;

/// A commit of the source that the result lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reverted {
    /// The commit.
    #[serde(flatten)]
    pub row: ListedCommit,
    /// What took it back on the target.
    pub reverted_by: RevertedBy,
}

/// A commit of the target that the result lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Removed {
    /// The commit.
    #[serde(flatten)]
    pub row: ListedCommit,
    /// What took it back, or dropped it, on the source.
    pub removed_by: RevertedBy,
}

/// A commit that takes others back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevertedBy {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message.
    pub summary: String,
}

impl From<&CommitInfo> for RevertedBy {
    fn from(commit: &CommitInfo) -> Self {
        Self { commit: commit.id, summary: commit.summary.clone() }
    }
}

/// How a commit that only the target has stands to the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// The source has its change, in this or another form.
    Present,
    /// It does not count any more: undone or replaced on the target, or its files are gone from the source.
    Superseded,
    /// The source lacks it.
    Missing,
}

/// A commit that only the target has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetOnly {
    /// The commit.
    #[serde(flatten)]
    pub row: ListedCommit,
    /// How it stands to the source.
    pub state: Presence,
    /// The commit of the source that makes the same change, where there is one.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub same: Option<CommitId>,
}

/// A promotion without its second parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Squashed {
    /// The commit on the target.
    #[serde(flatten)]
    pub row: ListedCommit,
    /// The commit of the source that it promoted.
    pub of: CommitId,
    /// The commits that came with it and still count as new; of very many only the newest.
    pub commits: Vec<CommitId>,
    /// How many they are.
    pub count: u64,
    /// What took the squash back on the target since; a promotion brings it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted_by: Option<RevertedBy>,
}

/// What a merge hides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hidden {
    /// Commits of the source that the result lacks because they were reverted on the target; of very many only the newest.
    pub reverted: Vec<Reverted>,
    /// Commits of the target that the result lacks: the source's side dropped them in a merge, or took them back for an
    /// environment alone; of very many only the newest.
    pub removed: Vec<Removed>,
    /// Commits that only the target has and that no earlier promotion settled, newest first.
    pub target_only: Vec<TargetOnly>,
    /// Promotions that were squashed, newest first.
    pub squashed: Vec<Squashed>,
    /// How many of the target's own commits were not looked at.
    pub truncated: u64,
    /// Why it is unknown what is hidden; `()` where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// What a person should decide, in sentences.
    pub findings: Vec<HiddenFinding>,
}

/// What the source is to the target: whether what is taken back there is meant for the target too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceRole {
    /// Work is done here, and goes on to the target.
    Development,
    /// An environment's branch that goes on to the target. What was taken back there is meant for it alone.
    Environment,
    /// An environment's branch that comes after the target: this is a back-merge.
    Later,
    /// The history has to tell.
    #[default]
    Unknown,
}

/// Where the source stands in the line of branches.
#[derive(Debug, Clone, Default)]
pub struct SourcePlace {
    /// What it is to the target.
    pub role: SourceRole,
    /// The branch that the source itself is promoted from, and its tip.
    pub before: Option<(String, CommitId)>,
    /// The tips of environments' branches, beside source and target: what was taken back on one of them was meant for it alone.
    pub environments: Vec<CommitId>,
}

/// The merge that is looked into.
#[derive(Debug, Clone, Copy)]
pub struct Merging<'a> {
    /// The target's tip.
    pub ours: CommitId,
    /// What is merged into it.
    pub theirs: CommitId,
    /// The best common ancestors.
    pub bases: &'a [CommitId],
    /// The result, when it is clean.
    pub tree: Option<TreeId>,
    /// Where the source stands in the line of branches.
    pub place: &'a SourcePlace,
    /// What people call the two.
    pub names: BranchNames<'a>,
}

/// Looks into a merge. Histories that are cut off or damaged are no error: then it says that it cannot tell.
pub fn look(mirror: &Mirror, merger: &Merger, merging: &Merging<'_>) -> Hidden {
    let answer = look_knowing(mirror, merger, merging, mirror.remerges()).map(|(hidden, found)| {
        mirror.keep_remerges(&found);
        hidden
    });
    answer.unwrap_or_else(|failure| {
        let findings = findings::unknown(&failure.message, &merging.names);
        Hidden { unknown: Some(failure.message), findings, ..Hidden::default() }
    })
}

/// The same without the cache: the merges that are known come in, and those that had to be made go out.
pub(crate) fn look_knowing(
    mirror: &Mirror,
    merger: &Merger,
    merging: &Merging<'_>,
    known: Vec<Remerge>,
) -> Result<(Hidden, Vec<Remerge>), Failure> {
    let aside = mirror.aside()?;
    let queries = Queries::new(aside.as_ref().unwrap_or(mirror), merger).knowing(known);
    let mut hidden = tell(&queries, merging)?;
    hidden.findings = findings::of(&hidden, &Ways { queries: &queries, merging, hidden: &hidden })?;
    let found = queries.found_remerges()?;
    Ok((hidden, found))
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Merge(#[from] MergeError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Git(error) => error.into(),
            Error::Merge(error) => error.into(),
        }
    }
}

fn tell(queries: &Queries<'_>, merging: &Merging<'_>) -> Result<Hidden, Error> {
    let mut hidden = Hidden::default();
    // Without commits of its own the target hides nothing, and the source drops nothing.
    if merging.bases != [merging.ours] {
        hidden = kept_by_target(queries, merging)?;
    }
    if merging.bases == [merging.theirs] {
        // There is nothing to merge: what counts is whether the target really has what it seems to have.
        return Ok(Hidden { reverted: hidden.reverted, truncated: hidden.truncated, ..Hidden::default() });
    }
    let removed = removed::find(queries, merging)?;
    hidden.removed = removed.into_iter().map(|(row, removed_by)| Removed { row, removed_by }).collect();
    Ok(hidden)
}

/// What the target keeps to itself, or withholds.
fn kept_by_target(queries: &Queries<'_>, merging: &Merging<'_>) -> Result<Hidden, Error> {
    let history = TargetHistory::read(queries, merging)?;
    let (source, target) = (queries.tree(merging.theirs)?, queries.tree(merging.ours)?);
    let result = merging.tree.unwrap_or(target);
    let mut promotions = Promotions::new(PastPromotion::between(queries, source, result)?);
    let mut hidden = Hidden::default();
    let mut unread = history.beyond;
    // What comes before an environment is ahead of it, and nothing of that was promoted from there.
    let ahead = merging.place.role == SourceRole::Later;
    let squashes = if ahead { Vec::new() } else { squashed::find(queries, &history, merging)? };
    let promoted = merging.place.role != SourceRole::Unknown;
    let mut suspects = Vec::new();
    for step in &history.line {
        if let Some(promoted) = step.promotes {
            promotions.add(queries, &history, &step.commit, promoted)?;
            if promotions.all_settled() {
                unread = 0;
                break;
            }
        }
        for commit in step.all() {
            if let Some(squash) = squashes.iter().find(|squash| squash.row.commit == commit.id) {
                hidden.squashed.push(squash.clone());
            }
            if queries.is_spent() {
                hidden.truncated += 1;
                continue;
            }
            let Some(change) = promotions.change(queries, step, commit)? else { continue };
            if change.in_force {
                let view = reverted::View {
                    queries,
                    history: &history,
                    promotions: &promotions,
                    kept: source,
                    result,
                    promoted,
                };
                let TakenBack { lost, known } = view.taken_back(commit, &change)?;
                if !lost.is_empty() {
                    hidden.lose(commit, &lost);
                    continue;
                }
                suspects.push((commit.clone(), known));
            }
            let is_squash = hidden.squashed.last().is_some_and(|squash| squash.row.commit == commit.id);
            if !ahead && !is_squash {
                let view = target_only::TargetView { queries, history: &history, source, target };
                let (state, same) = view.presence(commit, &change)?;
                hidden.target_only.push(TargetOnly { row: ListedCommit::from(commit), state, same });
            }
        }
    }
    // What took it back may be part of both: then only the merge that brought that to the target tells.
    let lost: HashSet<String> = queries.changed(source, result)?.iter().cloned().collect();
    let view = reverted::View { queries, history: &history, promotions: &promotions, kept: source, result, promoted };
    for step in history.line.iter().filter(|step| step.commit.parents.len() == 2).take(MERGES) {
        if !lost.is_empty() && !queries.is_spent() {
            let left_out = dropped::left_out(queries, &step.commit, &lost)?;
            hidden.lose(&step.commit, &view.of_those(left_out)?.lost);
        }
    }
    hidden.truncated += unread;
    if merging.tree.is_none() && hidden.reverted.is_empty() {
        explain_conflict(queries, merging, suspects, &mut hidden)?;
    }
    Ok(hidden)
}

/// The source went on from what was taken back on the target, and so the two conflict: then it is what was taken back that
/// people have to know of. Told by trying: with the revert reverted, they merge.
fn explain_conflict(
    queries: &Queries<'_>,
    merging: &Merging<'_>,
    suspects: Vec<(CommitInfo, Vec<CommitInfo>)>,
    hidden: &mut Hidden,
) -> Result<(), Error> {
    for (revert, known) in suspects.into_iter().filter(|(_, known)| !known.is_empty()).take(SUSPECTS) {
        let target = queries.tree(merging.ours)?;
        let undone = queries.apply(revert.tree, queries.tree_before(&revert)?, target)?;
        let ApplyResult::Tree(tree) = undone else { continue };
        let draft = queries.draft(tree, vec![merging.ours], "")?;
        if queries.merged(draft, merging.theirs)?.is_some() {
            hidden.lose(&revert, &known);
            hidden.target_only.retain(|row| row.row.commit != revert.id);
            return Ok(());
        }
    }
    Ok(())
}

/// How many of the target's merges are looked into for what they left out.
const MERGES: usize = 100;

/// How many reverts are tried as the reason of a conflict.
const SUSPECTS: usize = 5;

impl Hidden {
    /// Commits of the source that another took back.
    fn lose(&mut self, by: &CommitInfo, lost: &[CommitInfo]) {
        for lost in lost {
            if self.reverted.iter().all(|row| row.row.commit != lost.id) {
                self.reverted.push(Reverted { row: ListedCommit::from(lost), reverted_by: RevertedBy::from(by) });
            }
        }
    }
}
