//! The messages of a merge, about its conflicts and what else it did, in git's own categories.

use super::differences::RepoPath;

/// git's categories of messages (those of `git merge-tree -z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MessageKind {
    /// No message, but the merge is not clean.
    Unclean,
    AutoMerging,
    Contents,
    AddAdd,
    SubmoduleContents,
    Binary,
    FileDirectory,
    DistinctTypes,
    ModifyDelete,
    RenameRename,
    RenameCollides,
    RenameDelete,
    DirectoryRenameSuggested,
    DirectoryRenameInWay,
    DirectoryRenameCollision,
    DirectoryRenameSplit,
    RenameSkipped,
    Submodule,
}

impl MessageKind {
    /// Whether the merge is not clean even when every path is settled.
    pub(super) fn spoils(self) -> bool {
        matches!(
            self,
            Self::Unclean | Self::DirectoryRenameInWay | Self::DirectoryRenameCollision | Self::DirectoryRenameSplit
        )
    }
}

/// One remark about one or more paths, the most telling first.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) kind: MessageKind,
    pub(super) paths: Vec<RepoPath>,
    /// The side that it is about (1 ours, 2 theirs), 0 where it is about both.
    pub(super) side: usize,
}

impl Message {
    pub(super) fn new(kind: MessageKind, paths: impl Into<Vec<RepoPath>>) -> Self {
        Self { kind, paths: paths.into(), side: 0 }
    }

    pub(super) fn unclean() -> Self {
        Self::new(MessageKind::Unclean, [])
    }

    pub(super) fn on(mut self, side: usize) -> Self {
        self.side = side;
        self
    }
}
