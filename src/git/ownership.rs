//! Whose files they are, by git's rule: one's own are trusted, and those in a `safe.directory` (git-config(1)).

use super::GitError;
use super::git_config::{BorrowedEnv, is_safe_directory};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The first of these files that belongs to another user, with that user's number; `None` where none does, or `folder` is safe all the
/// same.
///
/// # Errors
///
/// Kind `config` when git's configuration cannot be read.
pub fn of_another_user(
    env: BorrowedEnv<'_>,
    mut files: impl Iterator<Item = PathBuf>,
    folder: &Path,
) -> Result<Option<(PathBuf, u32)>, GitError> {
    let sudo = env("SUDO_UID").and_then(|number| number.parse().ok());
    let user = User { effective: rustix::process::geteuid().as_raw(), sudo };
    let found = files.find_map(|path| {
        let owner = path.metadata().ok()?.uid();
        (!user.owns(owner)).then_some((path, owner))
    });
    if found.is_some() && is_safe_directory(env, folder)? {
        return Ok(None);
    }
    Ok(found)
}

/// Who may own what is believed.
struct User {
    effective: u32,
    /// Who became root by sudo: as root they still believe their own files.
    sudo: Option<u32>,
}

impl User {
    fn owns(&self, owner: u32) -> bool {
        owner == self.effective || self.effective == 0 && self.sudo == Some(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owns_ones_own_and_as_root_what_was_ones_own_before() {
        let user = |effective, sudo| User { effective, sudo };
        for (user, owner, owns) in [
            (user(1000, None), 1000, true),
            (user(1000, None), 1001, false),
            (user(1000, None), 0, false),
            (user(0, None), 1000, false),
            (user(0, Some(1000)), 1000, true),
            (user(0, Some(1000)), 1001, false),
            (user(0, Some(1000)), 0, true),
            (user(1001, Some(1000)), 1000, false),
        ] {
            assert_eq!(user.owns(owner), owns);
        }
    }
}
