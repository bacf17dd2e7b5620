//! `forge::land`: moves the target to the merge commit that was proposed and tested, and proves that it did.

use super::World;
use super::declare::{Declared, args, facts, map, value};
use super::forge::{change_number, forge_failed};
use super::lease::{Lease, Standing, moved, not_sent};
use crate::forge::{ChangeState, ForgeError, MergeOutcome, MergeRequest};
use crate::model::{BranchName, CommitId, Failure, FailureKind, ObjectId, Span, Value, Watch};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional,
    required,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub(super) const COMMANDS: &[Declared] = &[map(
    Kind::Effect,
    "forge::land",
    &[
        required("change", ParamType::Any, "what `forge::propose` answered, or its number"),
        required("commit", ParamType::Commit, "the merge commit that was proposed"),
        required("target", ParamType::Branch, "the branch it lands on"),
        optional("onto", ParamType::Commit, "for picks and reverts: the commit of the target that they were made on"),
    ],
    "#{ commit, branch, before, tree }",
    "Lands exactly this merge commit on the target, only if the target is still at its first parent; then proves it. With \
     `onto` also what is no merge, only if the target is still there. Where the forge lets nobody push, it merges the change \
     itself, never squashed, and the result must have exactly the tested files.",
    make,
)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LandArgs {
    change: Value,
    commit: String,
    target: BranchName,
    onto: Option<String>,
}

/// At most so many commits land at once on top of `onto`.
const LONGEST: usize = 1000;

/// What the probe needs.
#[derive(Serialize, Deserialize)]
struct Landing {
    number: u64,
    #[serde(flatten)]
    lease: Lease,
    #[serde(default)]
    route: Route,
}

/// How a commit gets onto the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Route {
    /// By a leased push of the commit itself.
    #[default]
    Push,
    /// By the forge's own merge of the change.
    Forge,
}

struct Land {
    world: Arc<World>,
    wanted: LandArgs,
}

fn make(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    Ok(Command::Effect(Box::new(Land { world: Arc::clone(world), wanted: args(call)? })))
}

impl Land {
    /// The push that lands it: from what the commit was made on to the commit.
    fn lease(&self) -> Result<Lease, Failure> {
        let mirror = &self.world.mirror;
        let commit = mirror.commit(mirror.resolve(&self.wanted.commit)?)?;
        let ours = match (&self.wanted.onto, commit.parents.as_slice()) {
            (Some(onto), _) => {
                let onto = mirror.resolve(onto)?;
                self.check_made_on(commit.id, onto)?;
                onto
            }
            (None, [ours, _]) => *ours,
            (None, parents) => {
                return Err(Failure::new(
                    FailureKind::Git,
                    format!("{} has {} parents; only a merge of two lands", commit.id.short(), parents.len()),
                )
                .hint(
                    "land the commit that `git::merge` answered (a squashed or rebased release severs the history); picks and \
                     reverts land with `onto`: their answer's `ours`",
                ));
            }
        };
        Ok(Lease { name: self.wanted.target.to_ref(), old: Some(ours.object()), new: Some(commit.id.object()) })
    }

    /// Whether the commit's first parents lead to `onto`.
    fn check_made_on(&self, commit: CommitId, onto: CommitId) -> Result<(), Failure> {
        let mut at = commit;
        for _ in 0..LONGEST {
            match mirror_parent(&self.world, at)? {
                Some(parent) if parent == onto => return Ok(()),
                Some(parent) => at = parent,
                None => break,
            }
        }
        Err(Failure::new(FailureKind::Git, format!("{} was not made on {}", commit.short(), onto.short()))
            .hint("`onto` is the `ours` of the command that made the commit"))
    }

    /// Push where that is allowed; else the forge merges, if it makes merge commits.
    fn route(&self, watch: Watch<'_>) -> Result<Route, Failure> {
        let rules = self.world.forge.rules(&self.wanted.target, watch)?;
        match (rules.direct_push, rules.merge_commits) {
            (Some(false), Some(false)) => Err(Failure::new(
                FailureKind::Refused,
                format!("{} takes neither pushes nor merge commits: the forge would squash or rebase", self.wanted.target),
            )
            .hint("a squashed release severs the history; allow merge commits in the repository's settings, or let relwf push")),
            (Some(false), _) if self.world.forge.caps().merges => Ok(Route::Forge),
            _ => Ok(Route::Push),
        }
    }

    fn push(&self, landing: &Landing, watch: Watch<'_>) -> Result<(), EffectError> {
        match landing.lease.push(&self.world, watch) {
            // Somebody may have built on it already, if an earlier attempt got through.
            Err(EffectError::Refused(failure)) if failure.kind == FailureKind::Moved => {
                match landing.lease.standing(&self.world, watch).map_err(not_sent)? {
                    Standing::Done => Ok(()),
                    Standing::Before | Standing::Elsewhere(_) => Err(EffectError::Refused(failure)),
                }
            }
            other => other,
        }
    }

    /// The forge guards the change's head, never the target: where that has moved, its merge would not be the tested one.
    fn merge(&self, landing: &Landing, watch: Watch<'_>) -> Result<(), EffectError> {
        let Lease { name, old, new: Some(new) } = &landing.lease else {
            return Err(EffectError::Refused(Failure::new(FailureKind::Bug, "a landing without its commit")));
        };
        let mirror = &self.world.mirror;
        let tip = self.world.forge.branch(&self.wanted.target, watch).map_err(forge_failed)?.map(CommitId::object);
        if tip != *old {
            return match landing.lease.standing(&self.world, watch).map_err(not_sent)? {
                Standing::Done => Ok(()),
                Standing::Before | Standing::Elsewhere(_) => Err(EffectError::Refused(moved(name, *old, tip))),
            };
        }
        let commit = mirror.commit((*new).into()).map_err(|error| EffectError::Refused(error.into()))?;
        let request = MergeRequest {
            number: landing.number,
            expected_head: commit.id,
            message: commit.message.trim().to_owned(),
        };
        let refused = |kind, words: String| Err(EffectError::Refused(Failure::new(kind, words)));
        match self.world.forge.merge(&request, watch).map_err(forge_failed)? {
            MergeOutcome::Merged(_) | MergeOutcome::Already(_) => Ok(()),
            MergeOutcome::HeadMoved => refused(
                FailureKind::Moved,
                format!("somebody moved the head of change {}: it is no longer what was tested", landing.number),
            ),
            MergeOutcome::BaseMoved => Err(EffectError::Refused(moved(name, *old, None))),
            MergeOutcome::NotReady(why) => Err(EffectError::NotDone {
                failure: Failure::new(FailureKind::Network, format!("the forge cannot merge yet: {why}")),
                after: Some(Span::new(Duration::from_secs(5))),
            }),
            MergeOutcome::Refused(why) => {
                refused(FailureKind::Refused, format!("the forge does not merge change {}: {why}", landing.number))
            }
            MergeOutcome::InDoubt => Err(EffectError::Unknown(Failure::new(
                FailureKind::Network,
                format!("nobody knows whether change {} was merged: the answer was lost", landing.number),
            ))),
        }
    }

    /// Everything after the landing; safe to do again.
    fn finish(&self, landing: &Landing, watch: Watch<'_>) -> Result<Value, EffectError> {
        let unproven = |failure: Failure| EffectError::Unknown(failure);
        let forge = &self.world.forge;
        match forge.close(landing.number, ChangeState::Merged, watch) {
            Ok(_) => {}
            // Somebody removed the change, say. The branch has moved, and that is what counts.
            Err(ForgeError::Refused(failure)) => watch.say(format!("the change is not marked as merged: {failure}")),
            Err(error) => return Err(unproven(error.into())),
        }
        match self.prove(landing, watch) {
            // What landed is not what was tested. That is certain, and nobody may take it for done.
            Err(failure) if failure.kind == FailureKind::Git => Err(EffectError::Refused(failure)),
            other => other.map_err(unproven),
        }
    }

    /// What landed is the commit itself, or the forge's merge of it: exactly two parents, the old tip and the commit, and the
    /// commit's very tree. Ids are hashes over parents and trees, so the remote's word for the tip proves all below it.
    fn prove(&self, landing: &Landing, watch: Watch<'_>) -> Result<Value, Failure> {
        let Lease { old: Some(old), new: Some(new), name } = &landing.lease else {
            return Err(Failure::new(FailureKind::Bug, "a landing without its two commits"));
        };
        let (old, new) = (CommitId::from(*old), CommitId::from(*new));
        let tip = self.world.mirror.remote_refs(watch)?.remove(name);
        let Some(landed) = self.landed_as(landing, tip, new, watch)? else {
            return Err(moved(name, Some(new.object()), tip));
        };
        let mirror = &self.world.mirror;
        let (landed, commit) = (mirror.commit(landed)?, mirror.commit(new)?);
        let stands = match (landed.id == new, &self.wanted.onto, landed.parents.as_slice()) {
            (true, None, [ours, _]) => *ours == old,
            (true, Some(_), _) => self.check_made_on(new, old).is_ok(),
            (false, _, [ours, theirs]) => (*ours, *theirs) == (old, new),
            _ => false,
        };
        if stands && landed.tree == commit.tree {
            return Ok(
                json!({ "commit": landed.id, "branch": self.wanted.target, "before": old, "tree": landed.tree }),
            );
        }
        let what = if stands { "with other files than were tested" } else { "with the wrong parents" };
        Err(Failure::new(FailureKind::Git, format!("{} landed on {} {what}", landed.id.short(), self.wanted.target))
            .hint(format!(
                "do not deploy it: stop the build of {}, compare `git diff {} {}`, and take it back with `relwf run \
                 revert-release --param branch={} --param commit={}`",
                self.wanted.target,
                new.short(),
                landed.id.short(),
                self.wanted.target,
                landed.id
            ))
            .detail(json!({
                "landed": landed.id,
                "parents": landed.parents,
                "tree": landed.tree,
                "expected": { "commit": new, "parents": [old, new], "tree": commit.tree },
            })))
    }

    /// As which commit of the target's first parents it landed; `None` where it did not.
    fn landed_as(
        &self,
        landing: &Landing,
        tip: Option<ObjectId>,
        new: CommitId,
        watch: Watch<'_>,
    ) -> Result<Option<CommitId>, Failure> {
        let Some(mut at) = tip.map(CommitId::from) else { return Ok(None) };
        let mirror = &self.world.mirror;
        if !mirror.contains(at.object()) {
            mirror.fetch_objects(std::slice::from_ref(&landing.lease.name), watch)?;
        }
        for _ in 0..LONGEST {
            if at == new {
                return Ok(Some(at));
            }
            let commit = mirror.commit(at)?;
            match commit.parents.as_slice() {
                [_, theirs] if *theirs == new => return Ok(Some(at)),
                [ours, ..] => at = *ours,
                [] => break,
            }
        }
        Ok(None)
    }
}

fn mirror_parent(world: &World, commit: CommitId) -> Result<Option<CommitId>, Failure> {
    Ok(world.mirror.commit(commit)?.parents.first().copied())
}

impl Effect for Land {
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        let lease = self.lease()?;
        let number = change_number(&self.wanted.change)?;
        let tip = self.world.forge.branch(&self.wanted.target, cx.watch)?.map(CommitId::object);
        if tip != lease.old && tip != lease.new && lease.standing(&self.world, cx.watch)? != Standing::Done {
            return Err(moved(&lease.name, lease.old, tip));
        }
        value(Landing { number, lease, route: self.route(cx.watch)? })
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        let landing: Landing = facts(&intent.pre).map_err(EffectError::Refused)?;
        match landing.route {
            Route::Push => match self.push(&landing, cx.watch) {
                // A rule that the forge does not tell everybody about: nothing was pushed, and it may merge itself.
                Err(EffectError::Refused(failure))
                    if failure.kind == FailureKind::Refused && self.world.forge.caps().merges =>
                {
                    cx.watch.warn(format!("{} takes no push ({failure}); the forge merges", self.wanted.target));
                    self.merge(&landing, cx.watch)?;
                }
                other => other?,
            },
            Route::Forge => self.merge(&landing, cx.watch)?,
        }
        self.finish(&landing, cx.watch)
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let landing: Landing = facts(&intent.pre)?;
        match landing.lease.standing(&self.world, cx.watch)? {
            // Perhaps only the push happened: the rest is done now.
            Standing::Done => match self.finish(&landing, cx.watch) {
                Ok(value) => Ok(Probe::Done(value)),
                Err(EffectError::Refused(failure) | EffectError::Unknown(failure)) => Err(failure),
                Err(EffectError::NotDone { failure, .. }) => Err(failure),
            },
            Standing::Before => Ok(Probe::Absent),
            Standing::Elsewhere(why) => Ok(Probe::Unknown(why)),
        }
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        let lease = self.lease()?;
        let commit = lease.new.unwrap_or(ObjectId::ZERO).into();
        let value = json!({
            "commit": commit,
            "branch": self.wanted.target,
            "before": lease.old,
            "tree": self.world.mirror.tree(commit)?,
        });
        Ok(Assumed { value, note: None })
    }
}
