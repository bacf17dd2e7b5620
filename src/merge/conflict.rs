//! Conflicts as data: which paths, which blobs, which lines.

use crate::model::ObjectId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of conflict it is; the names are those of git's own messages (`CONFLICT (modify/delete)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// Both sides changed the same lines.
    Content,
    /// Both sides added the path, differently.
    #[serde(rename = "add/add")]
    AddAdd,
    /// One side deleted what the other changed.
    #[serde(rename = "modify/delete")]
    ModifyDelete,
    /// Both renamed the same file, to different names.
    #[serde(rename = "rename/rename")]
    RenameRename,
    /// One renamed what the other deleted.
    #[serde(rename = "rename/delete")]
    RenameDelete,
    /// A rename's new name was also added.
    #[serde(rename = "rename/add")]
    RenameAdd,
    /// A directory was renamed on one side and something put into it on the other.
    DirectoryRename,
    /// A file where the other side has a directory.
    #[serde(rename = "file/directory")]
    FileDirectory,
    /// The types differ: a file against a link, a submodule against a file.
    DistinctTypes,
    /// Both moved a submodule, neither way forward.
    Submodule,
    /// Both changed a file that is not text.
    Binary,
}

/// One version of a conflicted path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictSide {
    /// Its path on that side.
    pub path: String,
    /// Its blob (or commit, for a submodule).
    pub id: ObjectId,
    /// Its mode as git writes it, e.g. `100644`.
    pub mode: String,
}

/// Lines that both sides changed, in diff3 style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hunk {
    /// First line of the hunk in ours, from 1.
    pub line: usize,
    pub ours: Vec<String>,
    /// The merge base's.
    pub base: Vec<String>,
    pub theirs: Vec<String>,
}

impl Conflict {
    /// The path, for people.
    pub fn shown_path(&self) -> &str {
        self.quoted.as_deref().unwrap_or(&self.path)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// The path it is about; where it is not UTF-8, invalid bytes are replaced.
    pub path: String,
    /// The path as git prints it, in quotes, where it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
    /// What kind.
    pub kind: ConflictKind,
    /// The merge base's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ConflictSide>,
    /// Our version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<ConflictSide>,
    /// Their version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<ConflictSide>,
    /// One sentence about it.
    pub message: String,
    /// The lines, for content conflicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hunks: Vec<Hunk>,
}
