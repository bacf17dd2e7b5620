//! A source file of a program, its role (workflow or plugin) by folder, and the names that are allowed.

use serde::{Deserialize, Serialize};

/// One file of a program, as it is pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// As people know it: `workflows/promote-staging.rhai`.
    pub path: String,
    pub text: String,
}

impl SourceFile {
    /// The folders that such files lie in.
    pub const FOLDERS: [&'static str; 2] = [Role::Workflow.folder(), Role::Plugin.folder()];
}

/// What a file is for; decided by the folder it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// `workflows/`: has `fn run(p)`.
    Workflow,
    /// `plugins/`: is imported.
    Plugin,
}

impl Role {
    pub(super) const ALL: [Self; 2] = [Self::Workflow, Self::Plugin];

    /// The folder, without a slash.
    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Workflow => "workflows",
            Self::Plugin => "plugins",
        }
    }

    /// The word for people.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Plugin => "plugin",
        }
    }

    /// `plugins/slack.rhai` of `slack`.
    pub(super) fn path(self, name: &str) -> String {
        format!("{}/{name}.rhai", self.folder())
    }

    /// `slack` of `plugins/slack.rhai`.
    pub(super) fn name(self, path: &str) -> Option<&str> {
        path.strip_prefix(self.folder())?.strip_prefix('/')?.strip_suffix(".rhai")
    }
}

/// May a workflow or plugin be called this? Letters a–z, digits, `-` and `_`, in parts divided by `/`: nothing that
/// could lead out of the folder.
pub(super) fn is_valid_name(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lead_out() {
        for good in ["slack", "promote-staging", "chat/slack_v2", "0"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in ["", "..", "../x", "a/../b", "/etc/passwd", "a//b", "a/", "Slack", "a.b", "a\\b", "a b", "C:x"] {
            assert!(!is_valid_name(bad), "{bad:?} was accepted");
        }
    }
}
