//! What a merge hides, clean or not: changes of the source that were taken back on the target, commits that only the target
//! has, promotions that were squashed.
//!
//! Told by content: a message is a hint where to look first, never a proof. The question is always what the result differs in
//! from the source, because that is what the target keeps to itself; a target that keeps nothing costs nothing. Knows nothing
//! of references, the network or workflows; what it writes on the way goes to memory.
//!
//! Inside: `history` sorts the target's own commits, `promotions` says which of them still matter, `squashed`, `reverted` and
//! `target_only` tell them, each once, `findings` says it in sentences; `queries` puts questions to the repository.

mod findings;
mod history;
mod promotions;
mod queries;
mod reverted;
mod squashed;
mod target_only;

pub(crate) use findings::of_drivers;
pub use findings::{BranchNames, HiddenFinding};

use crate::git::{GitError, ListedCommit, Mirror};
use crate::merge::{MergeError, Merger};
use crate::model::{CommitId, Failure, TreeId};
use history::TargetHistory;
use promotions::{PastPromotion, Promotions};
use queries::Queries;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// A commit of the source that the result lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reverted {
    /// The commit.
    #[serde(flatten)]
    pub row: ListedCommit,
    /// What took it back on the target.
    pub reverted_by: RevertedBy,
}

/// A commit that takes others back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevertedBy {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message.
    pub summary: String,
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
}

/// What a merge hides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hidden {
    /// Commits of the source that the result lacks because they were reverted on the target; of very many only the newest.
    pub reverted: Vec<Reverted>,
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
    /// What people call the two.
    pub names: BranchNames<'a>,
}

/// Looks into a merge. Histories that are cut off or damaged are no error: then it says that it cannot tell.
pub fn look(mirror: &Mirror, merger: &Merger, merging: &Merging<'_>) -> Hidden {
    // The target has nothing of its own.
    if merging.bases == [merging.ours] {
        return Hidden::default();
    }
    let answer = mirror.aside().map_err(Failure::from).and_then(|aside| {
        let queries = Queries::new(aside.as_ref().unwrap_or(mirror), merger);
        tell(&queries, merging).map_err(Failure::from)
    });
    let mut hidden = answer.unwrap_or_else(|failure| Hidden { unknown: Some(failure.message), ..Hidden::default() });
    if merging.bases == [merging.theirs] {
        // There is nothing to merge: what counts is whether the target really has what it seems to have.
        hidden = Hidden { reverted: hidden.reverted, truncated: hidden.truncated, ..Hidden::default() };
    }
    hidden.findings = findings::of(&hidden, &merging.names);
    hidden
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
    let history = TargetHistory::read(queries, merging)?;
    let source = queries.tree(merging.theirs)?;
    let result = match merging.tree {
        Some(tree) => tree,
        None => queries.tree(merging.ours)?,
    };
    let mut promotions = Promotions::new(PastPromotion::between(queries, source, result)?);
    let mut hidden = Hidden::default();
    let mut unread = history.beyond;
    let squashes = squashed::find(queries, &history, merging)?;
    let mut took_back: HashSet<CommitId> = HashSet::new();
    for step in &history.line {
        if let Some(promoted) = step.promotes {
            promotions.add(PastPromotion::between(queries, queries.tree(promoted)?, step.commit.tree)?);
            if promotions.all_settled() {
                unread = 0;
                break;
            }
        }
        for commit in step.all() {
            if let Some(squash) = squashes.iter().find(|squash| squash.row.commit == commit.id) {
                hidden.squashed.push(squash.clone());
                continue;
            }
            if queries.is_spent() {
                hidden.truncated += 1;
                continue;
            }
            let Some(change) = promotions.change(queries, step, commit)? else { continue };
            if change.in_force {
                let view = reverted::View { queries, history: &history, promotions: &promotions, source, result };
                let taken = view.taken_back(commit, &change)?;
                if !taken.is_empty() {
                    let by = RevertedBy { commit: commit.id, summary: commit.summary.clone() };
                    for taken in taken {
                        if took_back.insert(taken.id) {
                            hidden.reverted.push(Reverted { row: ListedCommit::from(&taken), reverted_by: by.clone() });
                        }
                    }
                    continue;
                }
            }
            let view =
                target_only::TargetView { queries, history: &history, source, target: queries.tree(merging.ours)? };
            let (state, same) = view.presence(commit, &change)?;
            hidden.target_only.push(TargetOnly { row: ListedCommit::from(commit), state, same });
        }
    }
    hidden.truncated += unread;
    Ok(hidden)
}
