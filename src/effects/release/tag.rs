//! `release::tag`: tags a commit that landed, with the notes as the tag's message.

use super::notes_of;
use crate::config::ReleaseConfig;
use crate::effects::EffectContext;
use crate::effects::git::tip;
use crate::effects::ref_lease::{RefLease, push_failed};
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::git::{Ident, PushError};
use crate::model::{
    BranchName, CommitId, Failure, FailureKind, ObjectId, RefName, Revision, TagName, TaskContext, WriteError,
};
use crate::notes::{Form, render};
use crate::run::{CommandKind, OnUnknown, Performing};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static TAG: TypedHostFn<Args, Tagged> = map(
    CommandKind::Effect,
    "release::tag",
    "Tags a commit that landed as `[release]` of relwf.toml has it, with the release notes as the tag's message. One that has such a \
     tag keeps it.",
    |context, args| Ok(effect(TagRelease { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::Config, "relwf.toml has no [release] for the branch"),
    (FailureKind::NotFound, "the commit is not on the branch"),
    (FailureKind::Moved, "another run took the name meanwhile"),
    (FailureKind::Refused, "the remote does not take it: a hook, a protected tag, missing rights"),
])
.throws_outages();

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the commit that landed
    commit: Revision,
    /// the branch it landed on
    branch: BranchName,
}

/// A release's tag.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tagged {
    /// its name
    tag: TagName,
    /// the commit that it is of
    commit: CommitId,
}

struct TagRelease {
    context: Arc<EffectContext>,
    args: Args,
}

/// The tag to make; fixed in the intent, so that a second attempt makes the same object.
#[derive(Serialize, Deserialize)]
pub(super) struct NewTag {
    tag: TagName,
    commit: CommitId,
    /// `None`: the commit has this tag already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<TagObject>,
}

/// Everything that decides the tag object's id.
#[derive(Serialize, Deserialize)]
struct TagObject {
    tagger: Ident,
    message: String,
}

impl NewTag {
    fn tagged(&self) -> Tagged {
        Tagged { tag: self.tag.clone(), commit: self.commit }
    }
}

/// What the remote's tags are of.
struct RemoteTags<'c> {
    context: &'c EffectContext,
    refs: BTreeMap<RefName, ObjectId>,
}

impl<'c> RemoteTags<'c> {
    fn asked(context: &'c EffectContext, task: TaskContext<'_>) -> Result<Self, Failure> {
        Ok(Self { context, refs: context.mirror.remote_refs(task)? })
    }

    fn of(&self, config: &ReleaseConfig) -> Vec<TagName> {
        self.refs.keys().filter_map(RefName::tag).filter(|tag| config.tag.fits(tag)).collect()
    }

    /// What a tag is of; `None` where it does not exist.
    fn object(&self, tag: &TagName, task: TaskContext<'_>) -> Result<Option<ObjectId>, Failure> {
        let (mirror, name) = (&self.context.mirror, tag.to_ref());
        let Some(mut id) = self.refs.get(&name).copied() else { return Ok(None) };
        if !mirror.contains(id) {
            mirror.fetch_objects(&[name], task)?;
        }
        // A tag may be of a tag.
        while let Some((target, _)) = mirror.read_tag(id)? {
            id = target;
        }
        Ok(Some(id))
    }
}

impl TagRelease {
    fn config(&self) -> Result<&ReleaseConfig, Failure> {
        let branch = &self.args.branch;
        let config = self.context.config.release.as_ref().filter(|release| release.branch == *branch);
        config.ok_or_else(|| {
            Failure::new(FailureKind::Config, format!("relwf.toml has no [release] for {branch}"))
                .hint("write `tag = \"release-{date}\"` into [release]; `branch` names another branch than the last environment's")
        })
    }

    /// The tag that the commit has already, or else the next name that is free.
    fn name(&self, commit: CommitId, cx: &Performing<'_>) -> Result<(TagName, bool), Failure> {
        let (config, there) = (self.config()?, RemoteTags::asked(&self.context, cx.task)?);
        let tags = there.of(config);
        for tag in &tags {
            if there.object(tag, cx.task)? == Some(commit.object()) {
                return Ok((tag.clone(), true));
            }
        }
        let day = cx.now.to_zoned_datetime(TimeZone::UTC).date().to_string();
        let next = config.tag.next(&day, tags.iter());
        next.map(|tag| (tag, false)).ok_or_else(|| Failure::new(FailureKind::Bug, "no name is left for a tag"))
    }

    fn is_ours(&self, new: &NewTag, task: TaskContext<'_>) -> Result<Probe<Tagged>, Failure> {
        let found = RemoteTags::asked(&self.context, task)?.object(&new.tag, task)?;
        Ok(match found {
            None => Probe::Absent,
            Some(id) if id == new.commit.object() => Probe::Done(new.tagged()),
            Some(id) => Probe::Refused(self.taken(new, id)),
        })
    }

    fn taken(&self, NewTag { tag, commit, .. }: &NewTag, of: ObjectId) -> Failure {
        let message = format!("the tag {tag} is of another commit, {}, and stays there", of.short());
        Failure::new(FailureKind::Moved, message).hint(format!(
            "run `relwf run tag-release --param branch={} --param commit={commit}`: it takes the next name",
            self.args.branch
        ))
    }
}

impl TypedEffect for TagRelease {
    type Facts = NewTag;
    type Answer = Tagged;

    fn prepare(&self, cx: &Performing<'_>) -> Result<NewTag, Failure> {
        let (mirror, branch) = (&self.context.mirror, &self.args.branch);
        let commit = mirror.resolve(self.args.commit.as_str())?;
        if !mirror.is_ancestor(commit, tip(&self.context, branch)?)? {
            return Err(Failure::new(FailureKind::NotFound, format!("{} is not on {branch}", commit.short()))
                .hint("a release is what landed there; `relwf notes` shows the last"));
        }
        let (tag, there) = self.name(commit, cx)?;
        if there {
            return Ok(NewTag { tag, commit, object: None });
        }
        let tagger = self.context.identity.clone()?.committer_at(cx.now);
        let notes = notes_of(&self.context, &tag, commit, cx.task)?;
        let message = format!("{tag}\n\n{}", render(&notes, Form::Plain));
        Ok(NewTag { tag, commit, object: Some(TagObject { tagger, message }) })
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, NewTag>) -> Result<Tagged, WriteError> {
        let new = intent.facts;
        let Some(object) = &new.object else { return Ok(new.tagged()) };
        let mirror = &self.context.mirror;
        let id = mirror
            .write_tag(new.commit.object(), new.tag.as_str(), &object.tagger, &object.message)
            .map_err(|error| WriteError::Refused(error.into()))?;
        let lease = RefLease { name: new.tag.to_ref(), old: None, new: Some(id) };
        match mirror.push(&[lease.update()], cx.task) {
            Ok(()) => Ok(new.tagged()),
            // One that is of this commit is as good as ours; another is never moved.
            Err(error @ PushError::Moved { .. }) => match self.is_ours(&new, cx.task) {
                Ok(Probe::Done(tagged)) => Ok(tagged),
                Ok(Probe::Refused(failure)) => Err(WriteError::Refused(failure)),
                _ => Err(push_failed(error)),
            },
            Err(error) => Err(push_failed(error)),
        }
    }

    /// Where the remote cannot be asked that is a failure and no doubt: nothing rests on the tag, and it is made later without harm.
    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, NewTag>) -> Result<Probe<Tagged>, Failure> {
        let new = intent.facts;
        Ok(self.is_ours(&new, cx.task).unwrap_or_else(|failure| {
            let message = format!("it is unknown whether the tag {} was made: {}", new.tag, failure.message);
            Probe::Refused(Failure { message, ..failure })
        }))
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<Tagged>, Failure> {
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        let (tag, there) = self.name(commit, cx)?;
        let note =
            if there { format!("has the tag {tag} already") } else { format!("as {tag}, with its release notes") };
        Ok(Assumed { value: Tagged { tag, commit }, note: Some(note) })
    }
}
