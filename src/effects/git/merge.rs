//! `git::merge`: the promotion merge, built here and nowhere else.

use super::remark;
use super::source_place::source_place;
use super::{CommitOutcome, LOG_LIMIT, ScriptCommit, start};
use crate::components::ComponentDelta;
use crate::effects::EffectContext;
use crate::effects::commit_effect::{
    AuthorAndCommitter, CommitBuilder, MakesCommit, author_and_committer, commits, ensure_undisputed, known,
};
use crate::effects::commit_signatures::CommitWriter;
use crate::effects::delta::detection;
use crate::effects::typed_host_fn::{TypedHostFn, map};
use crate::git::{CrossCheck, CrossCheckMode, LogRange, NewCommit, PendingCrossCheck};
use crate::hidden::{BranchNames, Hidden};
use crate::merge::{Conflict, Merged};
use crate::model::{BranchName, CommitId, Failure, FailureKind, Revision, RunId, TreeId};
use crate::policy;
use crate::promotion::{Promotion, Shipment, Sides};
use crate::run::{CommandKind, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(super) static MERGE: TypedHostFn<Args, MergeAnswer> = map(
    CommandKind::Effect,
    "git::merge",
    "Builds the merge commit of `source` into `target` in the cache; nothing is pushed. Always a true merge commit, even \
     where git would fast-forward.",
    |context, args| Ok(commits(Merge { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::NotFound, "there is no such commit or branch"),
    (FailureKind::Git, "git merges them differently: nothing is pushed until an operator has looked at it"),
])
.remarks(remark);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what is merged: a commit, or anything git resolves to one
    source: Revision,
    /// the branch it is merged into; its tip as last fetched
    target: BranchName,
    /// the branch that `source` is a commit of, for messages; without it one is looked for
    from: Option<BranchName>,
    /// the merge commit's message; by default what is promoted and what it ships
    message: Option<String>,
    /// a commit that was made on the tip already, to merge into instead; it lands with this one
    onto: Option<Revision>,
}

/// What a merge came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergeAnswer {
    /// how it came out
    pub outcome: CommitOutcome,
    /// the merge commit; () unless the outcome is "clean"
    pub commit: Option<CommitId>,
    /// its files; () when there are conflicts
    pub tree: Option<TreeId>,
    /// the target's tip, or `onto`
    pub ours: CommitId,
    /// the commit that is merged
    pub theirs: CommitId,
    /// their best common ancestors
    pub bases: Vec<CommitId>,
    /// what must be resolved by hand
    pub conflicts: Vec<Conflict>,
    /// the commits that are new in the target, newest first; of very many only the newest
    pub commits: Vec<ScriptCommit>,
    /// how many they are
    pub commit_count: u64,
    /// what ships
    pub components: Vec<ComponentDelta>,
    /// what the merge does not say by itself
    pub hidden: Hidden,
    /// the cross-check with git
    pub certificate: CrossCheck,
}

impl MakesCommit for MergeAnswer {
    fn commit(&self) -> Option<CommitId> {
        self.commit
    }

    fn cross_check(&self) -> Option<&CrossCheck> {
        Some(&self.certificate)
    }
}

/// Everything that decides the merge commit's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fixed {
    ours: CommitId,
    theirs: CommitId,
    /// The target's tip, where the merge is made on top of other commits that land with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip: Option<CommitId>,
    /// The branch that is promoted, where the source was given as one or is the tip of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Author and committer; absent when no author is known, which matters only if there is something to commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatures: Option<AuthorAndCommitter>,
    /// Is the merge cross-checked with git?
    #[serde(default, rename = "certify")]
    cross_check: CrossCheckMode,
}

struct Merge {
    context: Arc<EffectContext>,
    args: Args,
}

impl CommitBuilder for Merge {
    type Fixed = Fixed;
    type Answer = MergeAnswer;

    fn context(&self) -> &EffectContext {
        &self.context
    }

    fn fix(&self, cx: &Performing<'_>) -> Result<Fixed, Failure> {
        let ours = start(&self.context, &self.args.target, self.args.onto.as_ref())?;
        let theirs = self.context.mirror.resolve(self.args.source.as_str())?;
        let signatures = author_and_committer(&self.context, cx.now);
        let tip = match &self.args.onto {
            Some(_) => self.context.mirror.branch(&self.args.target)?.filter(|tip| *tip != ours),
            None => None,
        };
        let cross_check = self.context.cross_check;
        Ok(Fixed { ours, theirs, tip, name: self.name(theirs)?, signatures, cross_check })
    }

    fn build(&self, run: &RunId, fixed: &Fixed, writer: &CommitWriter<'_>) -> Result<MergeAnswer, Failure> {
        let mirror = &self.context.mirror;
        let Fixed { ours, theirs, .. } = *fixed;
        let pending = PendingCrossCheck::begin(fixed.cross_check, mirror.objects(), ours, theirs);
        let names = BranchNames { source: fixed.name.as_deref(), target: self.args.target.as_str() };
        let target = self.args.target.as_str();
        let place = source_place(&self.context.config, mirror, fixed.name.as_deref(), target)?;
        let sides = Sides { ours, theirs, place: &place, names };
        let promotion = Promotion::assemble(mirror, sides, Some(LOG_LIMIT), pending)?;
        let what = format!("merge {} into {}", theirs.short(), ours.short());
        let merge = &promotion.merge;
        ensure_undisputed(&what, merge, &promotion.cross_check, || json!({ "ours": ours, "theirs": theirs }))?;
        let mut answer = MergeAnswer {
            outcome: CommitOutcome::UpToDate,
            commit: None,
            tree: None,
            ours,
            theirs,
            bases: merge.bases.clone(),
            conflicts: Vec::new(),
            commits: promotion.commits.iter().map(ScriptCommit::from).collect(),
            commit_count: promotion.commit_count,
            components: Vec::new(),
            hidden: promotion.hidden.clone(),
            certificate: promotion.cross_check.clone(),
        };
        match &merge.result {
            Merged::UpToDate(tree) => answer.tree = Some(*tree),
            Merged::Conflicts(conflicts) => {
                answer.outcome = CommitOutcome::Conflicts;
                answer.conflicts.clone_from(conflicts);
            }
            &Merged::Clean(tree) => {
                let (commit, components) = self.commit(run, fixed, writer, (&promotion, tree))?;
                answer.outcome = CommitOutcome::Clean;
                answer.commit = Some(commit);
                answer.tree = Some(tree);
                answer.components = components;
            }
        }
        Ok(answer)
    }
}

impl Merge {
    /// The branch that people would say is promoted.
    fn name(&self, theirs: CommitId) -> Result<Option<String>, Failure> {
        let given = &self.args.source;
        if let Some(from) = &self.args.from
            && let Some(tip) = self.context.mirror.branch(from)?
            && self.context.mirror.is_ancestor(theirs, tip)?
        {
            return Ok(Some(from.to_string()));
        }
        if !given.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(given.as_str().to_owned()));
        }
        let tips = self.context.mirror.branches()?;
        let candidates = tips
            .into_iter()
            .filter(|(name, tip)| *tip == theirs && *name != self.args.target && !name.as_str().starts_with("relwf/"));
        // The project's own branches before anybody's work in progress.
        let known = |name: &BranchName| {
            let environment = policy::is_environment_branch(&self.context.config, name);
            !(environment || matches!(name.as_str(), "master" | "main"))
        };
        Ok(candidates.map(|(name, _)| name).min_by_key(|name| (known(name), name.clone())).map(|name| name.to_string()))
    }

    /// The merge commit, and what it ships compared with the target's tip.
    fn commit(
        &self,
        run: &RunId,
        fixed: &Fixed,
        writer: &CommitWriter<'_>,
        (promotion, tree): (&Promotion<'_>, TreeId),
    ) -> Result<(CommitId, Vec<ComponentDelta>), Failure> {
        let mirror = &self.context.mirror;
        let (author, committer) = known(&self.context, fixed.signatures.as_ref())?;
        let shipment = match fixed.tip {
            Some(tip) => {
                let below = LogRange { from: fixed.ours, not: vec![tip], first_parent: false, limit: None };
                let count = promotion.commit_count + mirror.count(&below)? + 1;
                Some(Shipment::new(mirror, detection(&self.context), tip, tree, count)?)
            }
            None => promotion.shipment(mirror, detection(&self.context))?,
        };
        let shipped = |head| shipment.as_ref().map(|shipment| shipment.components(Some(head))).unwrap_or_default();
        let message = match &self.args.message {
            Some(message) => format!("{}\n", message.trim_end()),
            None => promotion.message(&shipped(promotion.previewed_as()), run),
        };
        let parents = vec![fixed.ours, fixed.theirs];
        let commit = writer.write(mirror, &NewCommit { tree, parents, author, committer, message })?;
        Ok((commit, shipped(writer.real(commit).unwrap_or_else(|| promotion.previewed_as()))))
    }
}
