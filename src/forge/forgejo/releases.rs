//! Releases on Forgejo and Gitea.

use super::{ForgejoForge, LONGEST};
use crate::forge::releases::{self, NewRelease, Release, ReleaseAnswer, Releases, shortened_notes};
use crate::model::{TagName, TaskContext, WriteError, percent_encoded};
use serde_json::json;

impl Releases for ForgejoForge {
    fn release(&self, tag: &TagName, task: TaskContext<'_>) -> Result<Option<Release>, WriteError> {
        let found: Option<ReleaseAnswer> =
            self.rest.get(&format!("/releases/tags/{}", percent_encoded(tag.as_str())), task)?;
        Ok(found.map(Release::from))
    }

    fn create_release(&self, new: &NewRelease, task: TaskContext<'_>) -> Result<Release, WriteError> {
        let body = json!({
            "tag_name": new.tag,
            "target_commitish": new.commit,
            "name": new.tag,
            "body": shortened_notes(&new.notes, LONGEST),
        });
        releases::create::<ReleaseAnswer>(self, &self.rest, &new.tag, &body, task)
    }
}
