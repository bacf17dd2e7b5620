//! `release::publish`: makes the forge's release of a tag, with the notes.

use super::notes_of;
use crate::effects::EffectContext;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::{NewRelease, Release};
use crate::model::{CommitId, Failure, FailureKind, Revision, TagName, WriteError};
use crate::notes::{Form, render};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static PUBLISH: TypedHostFn<Args, Option<Published>> = map(
    CommandKind::Effect,
    "release::publish",
    "Makes the forge's release of a tag, with the release notes; () where there is no forge. A release that the tag has stays as it is.",
    |context, args| Ok(effect(Publish { context: Arc::clone(context), args })),
)
.throws(&[(FailureKind::Refused, "the forge does not take it: missing rights, no such tag")])
.throws_outages();

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the tag, as `release::tag` answered it
    tag: TagName,
    /// the commit that it is of
    commit: Revision,
}

/// A release on the forge.
#[derive(Serialize, JsonSchema)]
pub(super) struct Published {
    /// where people see it
    url: Option<String>,
}

impl From<Release> for Published {
    fn from(release: Release) -> Self {
        Self { url: release.url }
    }
}

struct Publish {
    context: Arc<EffectContext>,
    args: Args,
}

/// What the release says; fixed in the intent.
#[derive(Serialize, Deserialize)]
pub(super) struct Announcement {
    commit: CommitId,
    notes: String,
}

impl TypedEffect for Publish {
    /// `None` where there is nothing to do.
    type Facts = Option<Announcement>;
    type Answer = Option<Published>;

    fn prepare(&self, cx: &Performing<'_>) -> Result<Self::Facts, Failure> {
        if self.context.forge.releases().is_none() {
            return Ok(None);
        }
        let commit = self.context.mirror.resolve(self.args.commit.as_str())?;
        let notes = notes_of(&self.context, &self.args.tag, commit, cx.task)?;
        Ok(Some(Announcement { commit, notes: render(&notes, Form::Markdown) }))
    }

    fn perform(
        &self,
        cx: &Performing<'_>,
        intent: TypedIntent<'_, Self::Facts>,
    ) -> Result<Option<Published>, WriteError> {
        let (Some(forge), Some(Announcement { commit, notes })) = (self.context.forge.releases(), intent.facts) else {
            return Ok(None);
        };
        let new = NewRelease { tag: self.args.tag.clone(), commit, notes };
        forge.create_release(&new, cx.task).map(|release| Some(release.into())).map_err(WriteError::or_hopeless)
    }

    /// Where the forge cannot be asked that is a failure and no doubt: nothing rests on the release, and it is made later without
    /// harm.
    fn probe(
        &self,
        cx: &Performing<'_>,
        _intent: TypedIntent<'_, Self::Facts>,
    ) -> Result<Probe<Option<Published>>, Failure> {
        let Some(forge) = self.context.forge.releases() else { return Ok(Probe::Absent) };
        let tag = &self.args.tag;
        Ok(match forge.release(tag, cx.task) {
            Ok(Some(release)) => Probe::Done(Some(release.into())),
            Ok(None) => Probe::Absent,
            Err(error) => {
                let failure = Failure::from(error);
                let message = format!("it is unknown whether the release {tag} was made: {}", failure.message);
                Probe::Refused(Failure { message, ..failure })
            }
        })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Option<Published>>, Failure> {
        let none = self.context.forge.releases().is_none();
        let note = none.then(|| "there is no forge that keeps releases".to_owned());
        Ok(Assumed { value: (!none).then_some(Published { url: None }), note })
    }
}
