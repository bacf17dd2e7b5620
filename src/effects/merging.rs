//! `git::merge`: the promotion merge, built here and nowhere else.

use super::World;
use super::commit_effect::{
    AuthorAndCommitter, CommitBuilder, CommitEffect, author_and_committer, ensure_undisputed, known,
};
use super::commit_writer::CommitWriter;
use super::declare::{Declared, args, map, value};
use super::delta::detection;
use super::git::{LOG_LIMIT, commit_value, tip};
use crate::components::ComponentDelta;
use crate::git::{CrossCheckMode, NewCommit, PendingCrossCheck};
use crate::hidden::BranchNames;
use crate::merge::Merged;
use crate::model::{BranchName, CommitId, Failure, RunId, TreeId, Value};
use crate::policy;
use crate::promotion::{Promotion, Sides};
use crate::run::{Call, Command, Kind, ParamType, Performing, optional, required};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(super) const COMMANDS: &[Declared] = &[map(
    Kind::Effect,
    "git::merge",
    &[
        required("source", ParamType::Commit, "what is merged: a commit, or anything git resolves to one"),
        required("target", ParamType::Branch, "the branch it is merged into; its tip as last fetched"),
        optional(
            "message",
            ParamType::String,
            "the merge commit's message; by default what is promoted and what it ships",
        ),
    ],
    "#{ outcome: \"clean\"|\"conflicts\"|\"up-to-date\", commit, tree, ours, theirs, bases, conflicts, commits, commit_count, \
     components, hidden, certificate }",
    "Builds the merge commit of `source` into `target` in the cache; nothing is pushed. Always a true merge commit, even \
     where git would fast-forward.",
    make,
)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MergeArgs {
    source: String,
    target: BranchName,
    message: Option<String>,
}

/// Everything that decides the merge commit's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fixed {
    ours: CommitId,
    theirs: CommitId,
    /// The branch that is promoted, where the source was given as one or is the tip of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Author and committer; absent when nobody is known, which matters only if there is something to commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatures: Option<AuthorAndCommitter>,
    /// Is the merge cross-checked with git?
    #[serde(default, rename = "certify")]
    cross_check: CrossCheckMode,
}

struct Merge {
    world: Arc<World>,
    wanted: MergeArgs,
}

fn make(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    Ok(Command::Effect(Box::new(CommitEffect::new(Merge { world: Arc::clone(world), wanted: args(call)? }))))
}

impl CommitBuilder for Merge {
    type Fixed = Fixed;

    fn world(&self) -> &World {
        &self.world
    }

    fn fix(&self, cx: &Performing<'_>) -> Result<Fixed, Failure> {
        let ours = tip(&self.world, &self.wanted.target)?;
        let theirs = self.world.mirror.resolve(&self.wanted.source)?;
        let signatures = author_and_committer(&self.world, cx.now);
        Ok(Fixed { ours, theirs, name: self.name(theirs)?, signatures, cross_check: self.world.cross_check })
    }

    fn build(&self, run: &RunId, fixed: &Fixed, writer: &CommitWriter<'_>) -> Result<Value, Failure> {
        let mirror = &self.world.mirror;
        let Fixed { ours, theirs, .. } = *fixed;
        let pending = PendingCrossCheck::begin(fixed.cross_check, mirror.objects(), ours, theirs);
        let names = BranchNames { source: fixed.name.as_deref(), target: self.wanted.target.as_str() };
        let promotion = Promotion::assemble(mirror, Sides { ours, theirs, names }, Some(LOG_LIMIT), pending)?;
        let what = format!("merge {} into {}", theirs.short(), ours.short());
        let merge = &promotion.merge;
        ensure_undisputed(&what, merge, &promotion.cross_check, || json!({ "ours": ours, "theirs": theirs }))?;
        let mut answer = json!({
            "outcome": "up-to-date",
            "commit": null,
            "tree": null,
            "ours": ours,
            "theirs": theirs,
            "bases": merge.bases,
            "conflicts": [],
            "commits": promotion.commits.iter().map(commit_value).collect::<Vec<_>>(),
            "commit_count": promotion.commit_count,
            "components": [],
            "hidden": promotion.hidden,
            "certificate": promotion.cross_check,
        });
        match &merge.result {
            Merged::UpToDate(tree) => answer["tree"] = value(tree)?,
            Merged::Conflicts(conflicts) => {
                answer["outcome"] = "conflicts".into();
                answer["conflicts"] = value(conflicts)?;
            }
            &Merged::Clean(tree) => {
                let (commit, components) = self.commit(run, fixed, writer, (&promotion, tree))?;
                answer["outcome"] = "clean".into();
                answer["commit"] = value(commit)?;
                answer["tree"] = value(tree)?;
                answer["components"] = value(components)?;
            }
        }
        Ok(answer)
    }
}

impl Merge {
    /// The branch that people would say is promoted.
    fn name(&self, theirs: CommitId) -> Result<Option<String>, Failure> {
        let given = &self.wanted.source;
        if !given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(given.clone()));
        }
        let tips = self.world.mirror.branches()?;
        let candidates = tips.into_iter().filter(|(name, tip)| {
            *tip == theirs && *name != self.wanted.target && !name.as_str().starts_with("relwf/")
        });
        // The project's own branches before anybody's work in progress.
        let known = |name: &BranchName| {
            let environment = policy::is_environment_branch(&self.world.config, name);
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
        let mirror = &self.world.mirror;
        let (author, committer) = known(&self.world, fixed.signatures.as_ref())?;
        let shipment = promotion.shipment(mirror, detection(&self.world))?;
        let shipped = |head| shipment.as_ref().map(|shipment| shipment.components(Some(head))).unwrap_or_default();
        let message = match &self.wanted.message {
            Some(message) => format!("{}\n", message.trim_end()),
            None => promotion.message(&shipped(promotion.previewed_as()), run),
        };
        let parents = vec![fixed.ours, fixed.theirs];
        let commit = writer.write(mirror, &NewCommit { tree, parents, author, committer, message })?;
        Ok((commit, shipped(writer.real(commit).unwrap_or_else(|| promotion.previewed_as()))))
    }
}
