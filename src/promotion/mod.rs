//! What a promotion is: the merge of a source into a target, the commits that it brings, what it ships, what a clean merge
//! hides, and the message of its commit. `relwf preview`, a dry run and `git::merge` show, plan and make what is assembled here.
//!
//! Makes no commit and moves no reference. Knows nothing of who commits, of forges, or of how it is shown.

mod changelog;
mod message;
mod shipped;

pub use changelog::ComponentRepositories;
pub use message::component_line;
pub use shipped::{Detection, Shipment, TreeFiles};

use crate::components::ComponentDelta;
use crate::git::{CommitInfo, CrossCheck, LogRange, Mirror, PendingCrossCheck};
use crate::hidden::{self, BranchNames, Hidden, MergedAs, Merging, SourcePlace};
use crate::merge::{MergeResult, Merged, Merger};
use crate::model::{CommitId, Failure, RunId};

/// What is merged into what.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// The target's tip.
    pub ours: CommitId,
    /// The commit that is promoted.
    pub theirs: CommitId,
    /// Where the source stands in the line of branches.
    pub place: &'a SourcePlace,
    /// What people call the two.
    pub names: BranchNames<'a>,
}

/// A promotion that could be made.
pub struct Promotion<'a> {
    sides: Sides<'a>,
    /// The merge: its bases, and its tree or its conflicts.
    pub merge: MergeResult,
    /// The commits that would be new in the target, newest first; of very many only the newest.
    pub commits: Vec<CommitInfo>,
    /// How many there are in all.
    pub commit_count: u64,
    /// What the merge does not say by itself.
    pub hidden: Hidden,
    /// What git says of the merge.
    pub cross_check: CrossCheck,
}

impl<'a> Promotion<'a> {
    /// Merges, and looks at what that means. At most `limit` commits are read; `cross_check` is git at work on the same merge.
    ///
    /// # Errors
    ///
    /// The histories are unrelated, an object is missing.
    pub fn assemble(
        mirror: &Mirror,
        sides: Sides<'a>,
        limit: Option<usize>,
        cross_check: PendingCrossCheck,
    ) -> Result<Self, Failure> {
        let Sides { ours, theirs, place, names } = sides;
        let merger = Merger::default();
        let merge = merger.merge(mirror.objects(), ours, theirs)?;
        let merging = Merging { ours, theirs, bases: &merge.bases, tree: merge.result.tree(), place, names };
        let mut hidden = hidden::look(mirror, &merger, &merging);
        hidden.findings.extend(hidden::of_drivers(&merge.drivers, MergedAs::Branch));
        let range = LogRange { from: theirs, not: vec![ours], first_parent: false, limit };
        let commits = mirror.log(&range)?;
        let commit_count = match limit {
            Some(limit) if commits.len() >= limit => mirror.count(&LogRange { limit: None, ..range })?,
            _ => commits.len() as u64,
        };
        let cross_check = cross_check.end(&merge);
        Ok(Self { sides, merge, commits, commit_count, hidden, cross_check })
    }

    /// Has the target nothing of its own? Then the result is the source's tree.
    pub fn is_fast(&self) -> bool {
        self.merge.bases == [self.sides.ours] && self.sides.ours != self.sides.theirs
    }

    /// What it ships compared with the target as it is: nothing new where it is up to date, and `None` where it conflicts.
    ///
    /// # Errors
    ///
    /// The target's tree is missing.
    pub fn shipment<'m>(&self, mirror: &'m Mirror, detection: Detection<'m>) -> Result<Option<Shipment<'m>>, Failure> {
        let ours = self.sides.ours;
        Ok(match self.merge.result {
            Merged::UpToDate(tree) => Some(Shipment::new(mirror, detection, ours, tree, 0)?),
            // The merge commit itself is one of those that are new.
            Merged::Clean(tree) => Some(Shipment::new(mirror, detection, ours, tree, self.commit_count + 1)?),
            Merged::Conflicts(_) => None,
        })
    }

    /// The commit that a preview shows as what ships: the merge commit has no id before it is made, and gets another one each
    /// time, but everybody knows the commit that is promoted.
    pub fn previewed_as(&self) -> CommitId {
        match self.merge.result {
            Merged::UpToDate(_) => self.sides.ours,
            Merged::Clean(_) | Merged::Conflicts(_) => self.sides.theirs,
        }
    }

    /// The message of its commit, for these components: nothing in it that a second evaluation would see differently.
    pub fn message(&self, components: &[ComponentDelta], run: &RunId) -> String {
        message::message(self.sides.theirs, self.sides.names, components, run)
    }
}

#[cfg(test)]
mod histories;
