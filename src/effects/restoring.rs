//! `git::restore_tree`: a branch gets the files of one of its earlier releases again, as a new commit on its tip.
//!
//! Nothing is rewritten: what was released in between stays in the history, and the next promotion into the branch tells that
//! it was withdrawn instead of shipping it again.

use super::World;
use super::commit_effect::{AuthorAndCommitter, CommitBuilder, CommitEffect, author_and_committer, components, known};
use super::commit_writer::CommitWriter;
use super::declare::{Declared, args, map, value};
use super::git::{LOG_LIMIT, commit_value, tip};
use crate::git::{LogRange, NewCommit};
use crate::model::{BranchName, CommitId, Failure, FailureKind, RunId, Value};
use crate::run::{Call, Command, Kind, ParamType, Performing, optional, required};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(super) const COMMANDS: &[Declared] = &[map(
    Kind::Effect,
    "git::restore_tree",
    &[
        required("target", ParamType::Branch, "the branch; its tip as last fetched"),
        optional(
            "release",
            ParamType::Commit,
            "the earlier release: a commit of the branch's own history; by default the one before what the branch has now",
        ),
        optional("reason", ParamType::String, "why, for the message"),
    ],
    "#{ outcome: \"clean\"|\"up-to-date\", commit, tree, ours, release, commits, commit_count, withdrawn, components }",
    "Makes a commit on the tip of `target` whose files are exactly those of an earlier release, in the cache; nothing is \
     pushed. `withdrawn` are the landings that it takes back.",
    make,
)];

/// Begins the line of the message that names the release.
const RESTORES: &str = "Relwf-Restores: ";

/// The release whose files a commit has, where it is a rollback.
fn restored(message: &str) -> Option<CommitId> {
    message.lines().rev().find_map(|line| line.strip_prefix(RESTORES)?.trim().parse().ok())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestoreArgs {
    target: BranchName,
    release: Option<String>,
    reason: Option<String>,
}

/// Everything that decides the commit's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fixed {
    ours: CommitId,
    release: CommitId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatures: Option<AuthorAndCommitter>,
}

struct Restore {
    world: Arc<World>,
    wanted: RestoreArgs,
}

fn make(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    Ok(Command::Effect(Box::new(CommitEffect::new(Restore { world: Arc::clone(world), wanted: args(call)? }))))
}

impl CommitBuilder for Restore {
    type Fixed = Fixed;

    fn world(&self) -> &World {
        &self.world
    }

    fn fix(&self, cx: &Performing<'_>) -> Result<Fixed, Failure> {
        let mirror = &self.world.mirror;
        let ours = tip(&self.world, &self.wanted.target)?;
        let release = match &self.wanted.release {
            Some(release) => mirror.resolve(release)?,
            None => self.before(ours)?,
        };
        if !mirror.is_ancestor(release, ours)? {
            let (release, target) = (release.short(), &self.wanted.target);
            return Err(Failure::new(FailureKind::Git, format!("{release} was never released on {target}")).hint(
                format!("a rollback goes back to a commit of {target}; `git log --first-parent {target}` lists them"),
            ));
        }
        Ok(Fixed { ours, release, signatures: author_and_committer(&self.world, cx.now) })
    }

    fn build(&self, run: &RunId, fixed: &Fixed, writer: &CommitWriter<'_>) -> Result<Value, Failure> {
        let mirror = &self.world.mirror;
        let Fixed { ours, release, .. } = *fixed;
        let tree = mirror.tree(release)?;
        let landings = LogRange { from: ours, not: vec![release], first_parent: true, limit: Some(LOG_LIMIT) };
        let withdrawn: Vec<Value> = mirror.log(&landings)?.iter().map(commit_value).collect();
        let mut answer = json!({
            "outcome": "up-to-date",
            "commit": null,
            "tree": tree,
            "ours": ours,
            "release": release,
            "commits": [],
            "commit_count": 0,
            "withdrawn": withdrawn,
            "components": [],
        });
        if mirror.tree(ours)? == tree {
            return Ok(answer);
        }
        let (author, committer) = known(&self.world, fixed.signatures.as_ref())?;
        let message = self.message(run, fixed, withdrawn.len())?;
        let commit = writer.write(mirror, &NewCommit { tree, parents: vec![ours], author, committer, message })?;
        let made = mirror.commit(commit)?;
        if made.tree != tree || made.parents != [ours] {
            return Err(Failure::new(FailureKind::Bug, format!("{} has not the files of {release}", commit.short())));
        }
        answer["outcome"] = "clean".into();
        answer["commit"] = value(commit)?;
        answer["commits"] = json!([commit_value(&made)]);
        answer["commit_count"] = 1.into();
        answer["components"] = components(&self.world, ours, commit, 1, writer.real(commit).or(Some(release)))?;
        Ok(answer)
    }
}

impl Restore {
    /// The release before the one whose files the branch has now: after a rollback that is the one that it went back to.
    fn before(&self, tip: CommitId) -> Result<CommitId, Failure> {
        let mirror = &self.world.mirror;
        let mut now = mirror.commit(tip)?;
        while let Some(restored) = restored(&now.message) {
            now = mirror.commit(restored)?;
        }
        now.parents.first().copied().ok_or_else(|| {
            Failure::new(
                FailureKind::NotFound,
                format!("{} has no release before {}", self.wanted.target, now.id.short()),
            )
            .hint("name the release to go back to: `release`")
        })
    }

    fn message(&self, run: &RunId, fixed: &Fixed, withdrawn: usize) -> Result<String, Failure> {
        let release = self.world.mirror.commit(fixed.release)?;
        let landings = if withdrawn == 1 { "landing" } else { "landings" };
        let reason = self.wanted.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!("{reason}\n\n")).unwrap_or_default();
        Ok(format!(
            "Roll {} back to {}\n\n{reason}The files are those of \"{}\". This takes back {withdrawn} {landings}; reverting \
             this commit\nbrings them again.\n\n{RESTORES}{}\nRelwf-Run: {run}\n",
            self.wanted.target,
            fixed.release.short(),
            release.summary,
            fixed.release,
        ))
    }
}
