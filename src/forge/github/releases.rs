//! Releases on GitHub: <https://docs.github.com/rest/releases/releases>.

use super::errors::refused;
use super::{GithubForge, read};
use crate::forge::releases::{NewRelease, Release, ReleaseAnswer, Releases, shortened_notes};
use crate::model::{TagName, TaskContext, WriteError, percent_encoded};
use serde_json::json;

/// The longest text of a release, in characters.
const LONGEST: usize = 125_000;

impl Releases for GithubForge {
    fn release(&self, tag: &TagName, task: TaskContext<'_>) -> Result<Option<Release>, WriteError> {
        let answer = self.get(&format!("/releases/tags/{}", percent_encoded(tag.as_str())), task)?;
        answer.map(|answer| Ok(read::<ReleaseAnswer>(&answer.body, "the release")?.into())).transpose()
    }

    /// Looks first: an earlier attempt may have got through.
    fn create_release(&self, new: &NewRelease, task: TaskContext<'_>) -> Result<Release, WriteError> {
        if let Some(release) = self.release(&new.tag, task)? {
            return Ok(release);
        }
        let body = json!({
            "tag_name": new.tag,
            // Where the tag is gone again, GitHub would make it of the default branch.
            "target_commitish": new.commit,
            "name": new.tag,
            "body": shortened_notes(&new.notes, LONGEST),
        });
        let answer = self.write("POST", "/releases", &body, task)?;
        if answer.status == 201 {
            let made: ReleaseAnswer = read(&answer.body, "the new release").map_err(WriteError::once_sent)?;
            return Ok(made.into());
        }
        // It is there already: perhaps from an earlier attempt of ours.
        let there = if answer.status == 422 { self.release(&new.tag, task)? } else { None };
        there.ok_or_else(|| refused(&answer))
    }
}
