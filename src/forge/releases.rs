//! Releases on a forge: a tag with notes that people find on the project's pages.

use super::rest::Rest;
use crate::model::{CommitId, TagName, TaskContext, WriteError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A release that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its page on the server.
    pub url: Option<String>,
}

/// A release to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    /// The tag, which is on the remote already.
    pub tag: TagName,
    /// What the tag is of.
    pub commit: CommitId,
    /// The notes, in Markdown.
    pub notes: String,
}

/// A forge that keeps releases.
pub trait Releases {
    /// The release of a tag.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    fn release(&self, tag: &TagName, task: TaskContext<'_>) -> Result<Option<Release>, WriteError>;

    /// Makes one. One that the tag has already stays as it is.
    ///
    /// # Errors
    ///
    /// See [`WriteError`]; `Unknown` where the answer was lost.
    fn create_release(&self, new: &NewRelease, task: TaskContext<'_>) -> Result<Release, WriteError>;
}

/// Makes one with `body` on a forge that answers 201 for a new one and 409 for one that is there already.
pub(super) fn create<A: DeserializeOwned + Into<Release>>(
    forge: &impl Releases,
    rest: &Rest,
    tag: &TagName,
    body: &Value,
    task: TaskContext<'_>,
) -> Result<Release, WriteError> {
    // An earlier attempt may have got through.
    if let Some(release) = forge.release(tag, task)? {
        return Ok(release);
    }
    let answer = rest.write("POST", "/releases", body, task)?;
    let found = match answer.status {
        201 => Some(rest.read::<A>(&answer.body, "/releases").map_err(WriteError::once_sent)?.into()),
        // Another request was faster: perhaps an earlier attempt of ours.
        409 => forge.release(tag, task)?,
        _ => None,
    };
    found.ok_or_else(|| rest.refused(&answer))
}

/// A release as GitHub and Forgejo answer it.
#[derive(Deserialize)]
pub(super) struct ReleaseAnswer {
    html_url: Option<String>,
}

impl From<ReleaseAnswer> for Release {
    fn from(answer: ReleaseAnswer) -> Self {
        Self { url: answer.html_url }
    }
}

/// The notes as far as a forge takes them, counted in characters.
pub(super) fn shortened_notes(notes: &str, longest: usize) -> String {
    const CUT: &str = "\n…\n";
    if notes.chars().count() <= longest {
        return notes.to_owned();
    }
    notes.chars().take(longest.saturating_sub(CUT.chars().count())).chain(CUT.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_are_cut() {
        assert_eq!(shortened_notes("üb", 2), "üb");
        assert_eq!(shortened_notes(&"ü".repeat(9), 5), "üü\n…\n");
    }
}
