//! Releases on GitLab: <https://docs.gitlab.com/api/releases/>.

use super::{GitlabForge, LONGEST};
use crate::forge::releases::{self, NewRelease, Release, Releases, shortened_notes};
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

    /// Without `ref` GitLab makes no tag where this one is gone again.
    fn create_release(&self, new: &NewRelease, task: TaskContext<'_>) -> Result<Release, WriteError> {
        let body = json!({
            "tag_name": new.tag,
            "name": new.tag,
            "description": shortened_notes(&new.notes, LONGEST),
        });
        releases::create::<ReleaseAnswer>(self, &self.rest, &new.tag, &body, task)
    }
}
