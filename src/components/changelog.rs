//! What a component's own repository says of a change: its commits between both versions.

use crate::model::short_id;
use serde::{Deserialize, Serialize};

/// The commits between both versions of a component.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Changelog {
    /// Those that only the new version has, newest first; of very many only the newest.
    pub commits: Vec<ChangelogEntry>,
    /// How many they are.
    pub commit_count: u64,
    /// How many only the old version has.
    pub removed_count: u64,
    /// Why there is no changelog.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A commit of a changelog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangelogEntry {
    /// Its id.
    pub commit: String,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
}

impl Changelog {
    /// None, and why.
    pub fn missing(why: impl Into<String>) -> Self {
        Self { warning: Some(why.into()), ..Self::default() }
    }

    /// The commits, or why they are unknown, for people; one a line.
    pub fn lines(&self) -> Vec<String> {
        if let Some(why) = &self.warning {
            return vec![format!("no changelog: {why}")];
        }
        let line =
            |commit: &ChangelogEntry| format!("{} {} ({})", short_id(&commit.commit), commit.summary, commit.author);
        let mut lines: Vec<String> = self.commits.iter().map(line).collect();
        let more = self.commit_count.saturating_sub(self.commits.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        match self.removed_count {
            0 if lines.is_empty() => lines.push("no commits between them".to_owned()),
            0 => {}
            1 => lines.push("1 commit of the old version is not in it".to_owned()),
            count => lines.push(format!("{count} commits of the old version are not in it")),
        }
        lines
    }
}
