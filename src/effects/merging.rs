//! `git::merge`: the promotion merge, built here and nowhere else.

use super::World;
use super::commit_effect::{
    AuthorAndCommitter, CommitBuilder, CommitEffect, author_and_committer, ensure_undisputed, known,
};
use super::commit_writer::CommitWriter;
use super::declare::{Declared, args, map, value};
use super::delta::{CommitFiles, Shipped, rows};
use super::git::{LOG_LIMIT, commit_value, tip};
use super::text::version_text;
use crate::components::{Change, ComponentDelta};
use crate::git::{CrossCheckMode, PendingCrossCheck};
use crate::git::{LogRange, NewCommit};
use crate::hidden::{self, BranchNames, Merging};
use crate::merge::{Merged, Merger};
use crate::model::{BranchName, CommitId, Failure, RunId, TreeId, Value};
use crate::policy;
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
        let merger = Merger::default();
        let outcome = merger.merge(mirror.objects(), ours, theirs)?;
        let merging = Merging {
            ours,
            theirs,
            bases: &outcome.bases,
            tree: outcome.result.tree(),
            names: BranchNames { source: fixed.name.as_deref(), target: self.wanted.target.as_str() },
        };
        let hidden = hidden::look(mirror, &merger, &merging);
        let range = LogRange { from: theirs, not: vec![ours], first_parent: false, limit: Some(LOG_LIMIT) };
        let commits: Vec<Value> = mirror.log(&range)?.iter().map(commit_value).collect();
        let count = mirror.count(&LogRange { limit: None, ..range })?;
        let cross_check = pending.end(&outcome);
        let what = format!("merge {} into {}", theirs.short(), ours.short());
        ensure_undisputed(&what, &outcome, &cross_check, || json!({ "ours": ours, "theirs": theirs }))?;
        let mut answer = json!({
            "outcome": "up-to-date",
            "commit": null,
            "tree": null,
            "ours": ours,
            "theirs": theirs,
            "bases": outcome.bases,
            "conflicts": [],
            "commits": commits,
            "commit_count": count,
            "components": [],
            "hidden": hidden,
            "certificate": cross_check,
        });
        match outcome.result {
            Merged::UpToDate(tree) => answer["tree"] = value(tree)?,
            Merged::Conflicts(conflicts) => {
                answer["outcome"] = "conflicts".into();
                answer["conflicts"] = value(conflicts)?;
            }
            Merged::Clean(tree) => {
                let (commit, components) = self.commit(run, fixed, writer, (tree, count))?;
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
        (tree, count): (TreeId, u64),
    ) -> Result<(CommitId, Vec<ComponentDelta>), Failure> {
        let mirror = &self.world.mirror;
        let (author, committer) = known(&self.world, fixed.signatures.as_ref())?;
        let new = |message| NewCommit {
            tree,
            parents: vec![fixed.ours, fixed.theirs],
            author: author.clone(),
            committer: committer.clone(),
            message,
        };
        let before = CommitFiles::new(mirror, fixed.ours);
        // The merge commit itself is one of them.
        let shipped = |head| Shipped { mirror, base: fixed.ours, head, counted: Some(count + 1) };
        if let Some(message) = &self.wanted.message {
            let commit = writer.write(mirror, &new(format!("{}\n", message.trim_end())))?;
            return Ok((commit, rows(&self.world, &before, &CommitFiles::new(mirror, commit), &shipped(commit))));
        }
        // The message tells what ships, and files are read from a commit: so there is one with the title alone first.
        let title = self.title(fixed);
        let draft = mirror.write_commit(&new(format!("{title}\n")))?;
        let after = CommitFiles::new(mirror, draft);
        let message = message(&title, &rows(&self.world, &before, &after, &shipped(draft)), run);
        let commit = writer.write(mirror, &new(message))?;
        Ok((commit, rows(&self.world, &before, &after.shown_as(commit), &shipped(commit))))
    }

    fn title(&self, fixed: &Fixed) -> String {
        let short = fixed.theirs.short();
        match &fixed.name {
            Some(name) => format!("Promote {name} ({short}) to {}", self.wanted.target),
            None => format!("Promote {short} to {}", self.wanted.target),
        }
    }
}

/// Title, what ships, and the run: nothing that a second evaluation would see differently.
fn message(title: &str, components: &[ComponentDelta], run: &RunId) -> String {
    let lines: String = components.iter().filter_map(component_line).map(|line| line + "\n").collect();
    let gap = if lines.is_empty() { "" } else { "\n" };
    format!("{title}\n\n{lines}{gap}Relwf-Run: {run}\n")
}

/// `ppc: 1.2.0 -> 1.3.0`, for components that change.
pub(super) fn component_line(row: &ComponentDelta) -> Option<String> {
    let shown = |version| version_text(version).unwrap_or_else(|| "?".to_owned());
    match (row.change, row.commits, &row.from, &row.to) {
        (Some(Change::Unchanged) | None, ..) => None,
        (_, Some(1), ..) => Some(format!("{}: 1 commit", row.name)),
        (_, Some(commits), ..) => Some(format!("{}: {commits} commits", row.name)),
        (_, None, Some(from), Some(to)) => Some(format!("{}: {} -> {}", row.name, shown(from), shown(to))),
        (_, None, None, Some(to)) => Some(format!("{}: added at {}", row.name, shown(to))),
        (_, None, Some(from), None) => Some(format!("{}: removed (was {})", row.name, shown(from))),
        (_, None, None, None) => None,
    }
}
