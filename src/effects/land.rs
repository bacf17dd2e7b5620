//! `forge::land`: moves the target to the merge commit that was proposed and tested, and proves that it did.

use super::World;
use super::declare::{Declared, args, facts, map, value};
use super::forge::change_number;
use super::lease::{Lease, Standing, moved, not_sent};
use crate::forge::{ChangeState, ForgeError};
use crate::model::{BranchName, CommitId, Failure, FailureKind, ObjectId, Value, Watch};
use crate::run::{
    Assumed, Call, Command, Effect, EffectError, Intent, Kind, OnUnknown, ParamType, Performing, Probe, required,
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
    ],
    "#{ commit, branch, before, tree }",
    "Lands exactly this merge commit on the target, only if the target is still at its first parent; then proves it.",
    make,
)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LandArgs {
    change: Value,
    commit: String,
    target: BranchName,
}

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
    /// The push that lands it: from the merge's first parent to the merge.
    fn lease(&self) -> Result<Lease, Failure> {
        let mirror = &self.world.mirror;
        let commit = mirror.commit(mirror.resolve(&self.wanted.commit)?)?;
        let [ours, _] = commit.parents.as_slice() else {
            return Err(Failure::new(
                FailureKind::Git,
                format!("{} has {} parents; only a merge of two lands", commit.id.short(), commit.parents.len()),
            )
            .hint("land the commit that `git::merge` answered; a squashed or rebased release severs the history"));
        };
        Ok(Lease { name: self.wanted.target.to_ref(), old: Some(ours.object()), new: Some(commit.id.object()) })
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

    /// The target holds the commit, the commit has exactly the two expected parents and the expected tree. An id is a hash
    /// over parents and tree, so the remote's word for the id, and our object under that id, prove all three.
    fn prove(&self, landing: &Landing, tip: Option<CommitId>, watch: Watch<'_>) -> Result<Value, Failure> {
        let mirror = &self.world.mirror;
        let Lease { old: Some(old), new: Some(new), name } = &landing.lease else {
            return Err(Failure::new(FailureKind::Bug, "a landing without its two commits"));
        };
        let landed = CommitId::from(*new);
        if tip != Some(landed) && landing.lease.standing(&self.world, watch)? != Standing::Done {
            return Err(moved(name, Some(*new), tip.map(CommitId::object)));
        }
        let commit = mirror.commit(landed)?;
        match commit.parents.as_slice() {
            [ours, _] if ours.object() == *old => Ok(json!({
                "commit": landed,
                "branch": self.wanted.target,
                "before": old,
                "tree": commit.tree,
            })),
            parents => Err(Failure::new(
                FailureKind::Git,
                format!("{} landed on {} with the wrong parents", landed.short(), self.wanted.target),
            )
            .detail(json!({ "expected": old, "found": parents }))),
        }
    }
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
