//! Where a remote is: a path, `file://`, `https://`, `ssh://` or `user@host:path`.

use super::GitError;
use std::fmt;
use std::path::Path;

/// A remote's address. Shown without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl(String);

impl RemoteUrl {
    /// Reads an address; a relative path is taken from `relative_to`.
    pub fn parse(_text: &str, _relative_to: &Path) -> Result<Self, GitError> {
        unimplemented!()
    }
    /// A path or `file://`?
    pub fn is_local(&self) -> bool {
        unimplemented!()
    }
    /// The path of a local one.
    pub fn path(&self) -> Option<&Path> {
        unimplemented!()
    }
    /// The host, with the port when it has one.
    pub fn host(&self) -> Option<&str> {
        unimplemented!()
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
