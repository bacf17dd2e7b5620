//! A series of commits applied or reverted on top of a branch, without a work tree: what `git::cherry_pick` and
//! `git::revert` share.

use super::{CommitOutcome, ScriptCommit, start};
use crate::components::ComponentDelta;
use crate::effects::EffectContext;
use crate::effects::commit_effect::{
    AuthorAndCommitter, CommitBuilder, MakesCommit, author_and_committer, components, ensure_undisputed, known,
};
use crate::effects::commit_signatures::CommitWriter;
use crate::effects::revision_args::{Order, Revisions};
use crate::git::{CommitInfo, NewCommit, pick_messages};
use crate::git::{CrossCheck, CrossCheckMode, PendingCrossCheck};
use crate::hidden::{HiddenFinding, MergedAs, of_drivers};
use crate::merge::{Conflict, Merged, Trees, UnrunDriver, merge_trees};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Revision, RunId, TreeId};
use crate::run::Performing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a series of picks or reverts came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesAnswer {
    /// how it came out
    pub outcome: CommitOutcome,
    /// the newest commit that was made; () unless the outcome is "clean"
    pub commit: Option<CommitId>,
    /// its files
    pub tree: Option<TreeId>,
    /// the target's tip, or `onto`, on which they were made
    pub ours: CommitId,
    /// the commits that were made, newest first
    pub commits: Vec<MadeCommit>,
    /// how many they are
    pub commit_count: u64,
    /// commits whose change is there already
    pub skipped: Vec<ScriptCommit>,
    /// the commit that has the conflicts
    pub at: Option<CommitId>,
    /// what must be resolved by hand
    pub conflicts: Vec<Conflict>,
    /// files that a merge driver of .gitattributes would merge, and that were merged as text
    #[serde(default)]
    pub findings: Vec<HiddenFinding>,
    /// what ships
    pub components: Vec<ComponentDelta>,
    /// the cross-check with git
    pub certificate: CrossCheck,
}

/// A commit that was made of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MadeCommit {
    /// the commit
    #[serde(flatten)]
    pub commit: ScriptCommit,
    /// the commit whose change it applies or reverts
    pub from: CommitId,
}

impl MakesCommit for SeriesAnswer {
    fn commit(&self) -> Option<CommitId> {
        self.commit
    }

    fn cross_check(&self) -> Option<&CrossCheck> {
        Some(&self.certificate)
    }
}

/// Which way a change is applied, and what its message says.
pub(super) enum SeriesMode {
    Pick { trailer: bool },
    Revert { reason: Option<String> },
}

/// Changes applied one after the other.
pub(super) struct Series {
    pub(super) context: Arc<EffectContext>,
    pub(super) commits: Revisions,
    pub(super) target: BranchName,
    pub(super) onto: Option<Revision>,
    pub(super) mainline: Option<usize>,
    pub(super) mode: SeriesMode,
}

/// Everything that decides the commits' ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fixed {
    ours: CommitId,
    /// In the order in which they are applied.
    commits: Vec<CommitId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatures: Option<AuthorAndCommitter>,
    #[serde(default, rename = "certify")]
    cross_check: CrossCheckMode,
}

/// A change applied to a tree.
struct Applied {
    result: Merged,
    drivers: Vec<UnrunDriver>,
    cross_check: CrossCheck,
}

impl CommitBuilder for Series {
    type Fixed = Fixed;
    type Answer = SeriesAnswer;

    fn context(&self) -> &EffectContext {
        &self.context
    }

    fn fix(&self, cx: &Performing<'_>) -> Result<Fixed, Failure> {
        let mirror = &self.context.mirror;
        let ours = start(&self.context, &self.target, self.onto.as_ref())?;
        let order = match self.mode {
            SeriesMode::Pick { .. } => Order::OldestFirst,
            SeriesMode::Revert { .. } => Order::NewestFirst,
        };
        let commits = self.commits.resolve(mirror, order)?;
        for commit in &commits {
            self.parent(&mirror.commit(*commit)?)?;
            if matches!(self.mode, SeriesMode::Revert { .. }) && !mirror.is_ancestor(*commit, ours)? {
                return Err(Failure::new(
                    FailureKind::Git,
                    format!("{} is not part of {}: there is nothing to revert", commit.short(), self.target),
                )
                .hint(format!("`git log {}` shows what is; was it picked under another id?", self.target)));
            }
        }
        let signatures = author_and_committer(&self.context, cx.now);
        Ok(Fixed { ours, commits, signatures, cross_check: self.context.cross_check })
    }

    fn build(&self, run: &RunId, fixed: &Fixed, writer: &CommitWriter<'_>) -> Result<SeriesAnswer, Failure> {
        let mirror = &self.context.mirror;
        let mut tip = fixed.ours;
        let (mut drafts, mut skipped, mut cross_checks) = (Vec::new(), Vec::new(), Vec::new());
        let mut drivers = Vec::new();
        let mut stuck: Option<(CommitId, Vec<Conflict>)> = None;
        for commit in &fixed.commits {
            let commit = mirror.commit(*commit)?;
            let applied = self.apply(&commit, tip, fixed.cross_check)?;
            cross_checks.push(applied.cross_check);
            drivers.extend(applied.drivers);
            let tree = match applied.result {
                Merged::Conflicts(conflicts) => {
                    stuck = Some((commit.id, conflicts));
                    break;
                }
                Merged::Clean(tree) | Merged::UpToDate(tree) => tree,
            };
            if tree == mirror.tree(tip)? {
                skipped.push(ScriptCommit::from(&commit));
                continue;
            }
            let mut draft = self.commit(&commit, tip, tree, fixed)?;
            // Of several commits that land together only the last is a release.
            if self.onto.is_some() || fixed.commits.len() > 1 {
                draft.message = pick_messages::made_by(&draft.message, run);
            }
            tip = mirror.write_commit(&draft)?;
            drafts.push((commit.id, draft));
        }
        // No signature is asked for where a series ends too soon.
        let last = if stuck.is_some() { &CommitWriter::unsigned() } else { writer };
        tip = fixed.ours;
        let mut made = Vec::new();
        for (from, draft) in drafts {
            tip = last.write(mirror, &NewCommit { parents: vec![tip], ..draft })?;
            made.insert(0, MadeCommit { commit: ScriptCommit::from(&mirror.commit(tip)?), from });
        }
        let outcome = match (&stuck, made.is_empty()) {
            (Some(_), _) => CommitOutcome::Conflicts,
            (None, true) => CommitOutcome::UpToDate,
            (None, false) => CommitOutcome::Clean,
        };
        let ready = outcome == CommitOutcome::Clean;
        let (at, conflicts) = stuck.unzip();
        let count = made.len() as u64;
        let components =
            if ready { components(&self.context, fixed.ours, tip, count, last.real(tip))? } else { Vec::new() };
        Ok(SeriesAnswer {
            outcome,
            commit: ready.then_some(tip),
            tree: if ready { Some(mirror.tree(tip)?) } else { None },
            ours: fixed.ours,
            commits: made,
            commit_count: count,
            skipped,
            at,
            conflicts: conflicts.unwrap_or_default(),
            findings: of_drivers(&drivers, MergedAs::Commit).into_iter().collect(),
            components,
            certificate: together(&cross_checks),
        })
    }
}

impl Series {
    /// The commit that a change is compared with; none for the first commit of a history.
    fn parent(&self, commit: &CommitInfo) -> Result<Option<CommitId>, Failure> {
        let (id, parents) = (commit.id.short(), &commit.parents);
        match (self.mainline, parents.len()) {
            (None, 2..) => Err(Failure::new(
                FailureKind::Git,
                format!("{id} is a merge: which of its {} parents is it compared with?", parents.len()),
            )
            .hint("say `mainline: 1` for what the merge brought to the branch that it was made on")),
            (None | Some(1), 0 | 1) => Ok(parents.first().copied()),
            (Some(number), count) => match number.checked_sub(1).and_then(|at| parents.get(at)) {
                Some(parent) => Ok(Some(*parent)),
                None => Err(Failure::new(
                    FailureKind::Arguments,
                    format!("`mainline` is {number}, but {id} has {count} parent(s)"),
                )
                .hint("parents are counted from 1; 1 is the branch that the merge was made on")),
            },
        }
    }

    fn tree(&self, commit: Option<CommitId>) -> Result<TreeId, Failure> {
        let mirror = &self.context.mirror;
        match commit {
            Some(commit) => Ok(mirror.tree(commit)?),
            // Before the first commit there was nothing.
            None => Ok(mirror.write_tree(&BTreeMap::new())?),
        }
    }

    /// One commit's change, on top of `tip`.
    fn apply(&self, commit: &CommitInfo, tip: CommitId, cross_check: CrossCheckMode) -> Result<Applied, Failure> {
        let objects = self.context.mirror.objects();
        let parent = self.parent(commit)?;
        let (base, theirs) = match self.mode {
            SeriesMode::Pick { .. } => (parent, Some(commit.id)),
            SeriesMode::Revert { .. } => (Some(commit.id), parent),
        };
        let pending = match (base, theirs) {
            (Some(base), Some(theirs)) => Some(PendingCrossCheck::begin_over(cross_check, objects, base, tip, theirs)),
            // git asks for commits on all sides.
            _ => None,
        };
        let name = format!("{} ({})", commit.id.short(), commit.summary);
        let trees =
            Trees { base: self.tree(base)?, ours: self.tree(Some(tip))?, theirs: self.tree(theirs)?, name: &name };
        let outcome = merge_trees(objects, trees)?;
        let cross_check = match pending {
            Some(pending) => pending.end(&outcome),
            None => CrossCheck::unasked_for("git compares commits only, and before the first one there is none"),
        };
        let what = format!("{} {} on {}", self.verb(), commit.id.short(), tip.short());
        ensure_undisputed(&what, &outcome, &cross_check, || json!({ "commit": commit.id, "onto": tip }))?;
        Ok(Applied { result: outcome.result, drivers: outcome.drivers, cross_check })
    }

    fn verb(&self) -> &'static str {
        match self.mode {
            SeriesMode::Pick { .. } => "pick",
            SeriesMode::Revert { .. } => "revert",
        }
    }

    fn message(&self, commit: &CommitInfo) -> Result<String, Failure> {
        Ok(match &self.mode {
            SeriesMode::Pick { trailer: false } => pick_messages::picked(&commit.message),
            SeriesMode::Pick { trailer: true } => pick_messages::picked_from(&commit.message, commit.id),
            SeriesMode::Revert { reason } => {
                let mainline = self.parent(commit)?.filter(|_| commit.parents.len() > 1);
                let message = pick_messages::reverted(&commit.message, commit.id, mainline);
                match reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
                    Some(reason) => format!("{message}\n{reason}\n"),
                    None => message,
                }
            }
        })
    }

    /// A pick keeps its author; a revert is its committer's own.
    fn commit(&self, commit: &CommitInfo, tip: CommitId, tree: TreeId, fixed: &Fixed) -> Result<NewCommit, Failure> {
        let (author, committer) = known(&self.context, fixed.signatures.as_ref())?;
        let author = match self.mode {
            SeriesMode::Pick { .. } => commit.author.clone(),
            SeriesMode::Revert { .. } => author,
        };
        let message = self.message(commit)?;
        Ok(NewCommit { tree, parents: vec![tip], author, committer, message })
    }
}

/// One word for all: they agree if every one does.
fn together(cross_checks: &[CrossCheck]) -> CrossCheck {
    let Some(last) = cross_checks.last() else { return CrossCheck::default() };
    let agreed = cross_checks.iter().all(|cross_check| cross_check.agrees == Some(true));
    CrossCheck { agrees: agreed.then_some(true), ..last.clone() }
}
