//! `release::…`: what landed on production becomes a release: a tag with the notes, and a release on the forge. Here is what they
//! share.
//!
//! It has landed before: nothing here takes anything of that back, and no tag that is there is ever moved.

mod publish;
mod tag;

use super::EffectContext;
use super::delta::detection;
use super::typed_host_fn::AnyHostFn;
use crate::model::{CommitId, Failure, TagName, TaskContext};
use crate::notes::{self, Notes, NotesRange, PromotionBranches};

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[&tag::TAG, &publish::PUBLISH];

/// The notes of what the landing brought that a tag is of.
fn notes_of(context: &EffectContext, tag: &TagName, commit: CommitId, task: TaskContext<'_>) -> Result<Notes, Failure> {
    let (mirror, config) = (&context.mirror, &context.config);
    let range = NotesRange::of_landing(mirror, tag.as_str(), commit)?;
    let environments = config.environments.iter().map(|environment| &environment.branch);
    let (pages, prefix) = (context.pages.as_ref(), config.forge.prefix());
    let branches = PromotionBranches::of(environments, mirror.default_branch()?, prefix, pages);
    let mut notes = notes::gather(mirror, &range, &branches, pages, detection(context))?;
    context.repositories.add_changelogs(&config.components, &mut notes.components, task)?;
    Ok(notes)
}
