//! Releases on Forgejo and Gitea.

use super::{ForgejoForge, LONGEST};
use crate::forge::releases::{NewRelease, Release, ReleaseAnswer, Releases, shortened_notes};
use crate::model::{TagName, TaskContext, WriteError, percent_encoded};
use serde_json::json;

impl Releases for ForgejoForge {
    fn release(&self, tag: &TagName, task: TaskContext<'_>) -> Result<Option<Release>, WriteError> {
        let found: Option<ReleaseAnswer> =
            self.rest.get(&format!("/releases/tags/{}", percent_encoded(tag.as_str())), task)?;
        Ok(found.map(Release::from))
    }

    /// Looks first: an earlier attempt may have got through.
    fn create_release(&self, new: &NewRelease, task: TaskContext<'_>) -> Result<Release, WriteError> {
        if let Some(release) = self.release(&new.tag, task)? {
            return Ok(release);
        }
        let body = json!({
            "tag_name": new.tag,
            "target_commitish": new.commit,
            "name": new.tag,
            "body": shortened_notes(&new.notes, LONGEST),
        });
        let answer = self.rest.write("POST", "/releases", &body, task)?;
        let found = match answer.status {
            201 => {
                Some(self.rest.read::<ReleaseAnswer>(&answer.body, "/releases").map_err(WriteError::once_sent)?.into())
            }
            // Another request was faster: perhaps an earlier attempt of ours.
            409 => self.release(&new.tag, task)?,
            _ => None,
        };
        found.ok_or_else(|| self.rest.refused(&answer))
    }
}
