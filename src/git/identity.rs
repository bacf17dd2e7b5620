//! Who commits: where git itself would look.

use super::GitError;
use std::path::Path;

/// Author and committer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Name and e-mail address.
    pub author: (String, String),
    /// Name and e-mail address.
    pub committer: (String, String),
}

impl Identity {
    /// `GIT_AUTHOR_*` and `GIT_COMMITTER_*`, then git's configuration (that of the repository around `project` included).
    pub fn find(_env: &dyn Fn(&str) -> Option<String>, _project: Option<&Path>) -> Result<Self, GitError> {
        unimplemented!()
    }
}
