//! `forge::land`: moves the target to the merge commit that was proposed and tested, and proves that it did.

use super::World;
use super::declare::{Declared, args, facts, map, value};
use super::forge::change_number;
use super::lease::{Lease, Standing, moved, not_sent};
use crate::forge::{ChangeState, ForgeError};
use crate::model::{BranchName, CommitId, Failure, FailureKind, ObjectId, Value, Watch};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional,
    required,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

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
     `onto` also what is no merge, only if the target is still there.",
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

    /// Everything after the push; safe to do again.
    fn finish(&self, landing: &Landing, watch: Watch<'_>) -> Result<Value, EffectError> {
        let unproven = |failure: Failure| EffectError::Unknown(failure);
        let forge = &self.world.forge;
        match forge.close(landing.number, ChangeState::Merged, watch) {
            Ok(_) => {}
            // Somebody removed the change, say. The branch has moved, and that is what counts.
            Err(ForgeError::Refused(failure)) => watch.say(format!("the change is not marked as merged: {failure}")),
            Err(error) => return Err(unproven(error.into())),
        }
        let tip = forge.branch(&self.wanted.target, watch).map_err(|error| unproven(error.into()))?;
        self.prove(landing, tip, watch).map_err(unproven)
    }

    /// The target holds the commit, and the commit stands where it was made: for a merge, exactly two parents, the first of
    /// them the old tip. An id is a hash over parents and tree, so the remote's word for the id, and our object under that
    /// id, prove parents and tree.
    fn prove(&self, landing: &Landing, tip: Option<CommitId>, watch: Watch<'_>) -> Result<Value, Failure> {
        let Lease { old: Some(old), new: Some(new), name } = &landing.lease else {
            return Err(Failure::new(FailureKind::Bug, "a landing without its two commits"));
        };
        let landed = CommitId::from(*new);
        if tip != Some(landed) && landing.lease.standing(&self.world, watch)? != Standing::Done {
            return Err(moved(name, Some(*new), tip.map(CommitId::object)));
        }
        let commit = self.world.mirror.commit(landed)?;
        let stands = match (&self.wanted.onto, commit.parents.as_slice()) {
            (None, [ours, _]) => ours.object() == *old,
            (None, _) => false,
            (Some(_), _) => self.check_made_on(landed, (*old).into()).is_ok(),
        };
        if !stands {
            return Err(Failure::new(
                FailureKind::Git,
                format!("{} landed on {} with the wrong parents", landed.short(), self.wanted.target),
            )
            .detail(json!({ "expected": old, "found": commit.parents })));
        }
        Ok(json!({ "commit": landed, "branch": self.wanted.target, "before": old, "tree": commit.tree }))
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
        value(Landing { number, lease })
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, EffectError> {
        let landing: Landing = facts(&intent.pre).map_err(EffectError::Refused)?;
        match landing.lease.push(&self.world, cx.watch) {
            // Somebody may have built on it already, if an earlier attempt got through.
            Err(EffectError::Refused(failure)) if failure.kind == FailureKind::Moved => {
                match landing.lease.standing(&self.world, cx.watch).map_err(not_sent)? {
                    Standing::Done => {}
                    Standing::Before | Standing::Elsewhere(_) => return Err(EffectError::Refused(failure)),
                }
            }
            other => other?,
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
