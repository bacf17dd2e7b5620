//! Releases on GitLab: <https://docs.gitlab.com/api/releases/>.

use super::{GitlabForge, LONGEST};
use crate::forge::releases::{NewRelease, Release, Releases, shortened_notes};
use crate::model::{TagName, TaskContext, WriteError, percent_encoded};
use serde::Deserialize;
use serde_json::json;

/// A release as GitLab answers it.
#[derive(Deserialize)]
struct ReleaseAnswer {
    #[serde(default, rename = "_links")]
    links: Links,
}

#[derive(Deserialize, Default)]
struct Links {
    /// The release's own page.
    #[serde(rename = "self")]
    page: Option<String>,
}

impl From<ReleaseAnswer> for Release {
    fn from(answer: ReleaseAnswer) -> Self {
        Self { url: answer.links.page }
    }
}

impl Releases for GitlabForge {
    fn release(&self, tag: &TagName, task: TaskContext<'_>) -> Result<Option<Release>, WriteError> {
        let found: Option<ReleaseAnswer> =
            self.rest.get(&format!("/releases/{}", percent_encoded(tag.as_str())), task)?;
        Ok(found.map(Release::from))
    }

    /// Looks first: an earlier attempt may have got through. Without `ref` GitLab makes no tag where this one is gone again.
    fn create_release(&self, new: &NewRelease, task: TaskContext<'_>) -> Result<Release, WriteError> {
        if let Some(release) = self.release(&new.tag, task)? {
            return Ok(release);
        }
        let body = json!({
            "tag_name": new.tag,
            "name": new.tag,
            "description": shortened_notes(&new.notes, LONGEST),
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
