//! The branches that are promoted from one to the next: what comes by a change from one of them is no change of its own.

use super::change_hint::HeadBranch;
use crate::forge::ProjectPages;
use crate::model::BranchName;
use std::collections::BTreeSet;

/// The branches of environments, the default branch, and those that relwf itself proposes from.
#[derive(Debug, Clone, Default)]
pub struct PromotionBranches {
    names: BTreeSet<BranchName>,
    /// What the branches begin with that relwf proposes from.
    prefix: String,
    /// The owner of the project on its forge, where that is known: a fork has branches of the same names.
    owner: Option<String>,
}

impl PromotionBranches {
    /// Those of a project: its environments' branches in any order, its default branch, and the prefix of relwf's own.
    pub fn of<'b>(
        environments: impl Iterator<Item = &'b BranchName>,
        default: Option<BranchName>,
        prefix: &str,
        pages: Option<&ProjectPages>,
    ) -> Self {
        let owner = pages.map(|pages| pages.owner().to_owned());
        Self { names: environments.cloned().chain(default).collect(), prefix: prefix.to_owned(), owner }
    }

    /// Is a change from this branch a promotion or a back-merge?
    pub(super) fn has(&self, head: &HeadBranch) -> bool {
        let own = match (&head.owner, &self.owner) {
            (Some(head), Some(own)) => head.eq_ignore_ascii_case(own),
            _ => true,
        };
        let known = || self.names.iter().any(|name| name.as_str() == head.branch);
        own && (known() || (!self.prefix.is_empty() && head.branch.starts_with(&self.prefix)))
    }
}
