//! Whose configuration it is: relwf.toml names programs that run with one's rights, so it is believed only where it, its scripts and the
//! repository around them belong to the user. The rule and the exceptions are git's (`safe.directory` in git-config(1)).

use super::invocation::Invocation;
use crate::config;
use crate::git;
use crate::model::{Failure, FailureKind};
use crate::process;
use crate::script::SourceFile;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Checked before anything of the project is read.
///
/// # Errors
///
/// Kind `config`: a file or a folder belongs to somebody else.
pub fn ensure_own(invocation: &Invocation) -> Result<(), Failure> {
    let named = invocation.config.as_ref().map(|file| invocation.dir.join(file));
    let Some(file) = named.or_else(|| config::find(&invocation.dir)) else { return Ok(()) };
    let root = file.parent().unwrap_or(&invocation.dir).to_owned();
    let around = config::repository(&root).map(Path::to_owned);
    let user = User { effective: process::effective_user(), sudo: sudo(&*invocation.env) };
    let Some((path, owner)) = files(&file, &root, around.as_deref()).find_map(|path| {
        let owner = path.metadata().ok()?.uid();
        (!user.owns(owner)).then_some((path, owner))
    }) else {
        return Ok(());
    };
    let env = &*invocation.env;
    let folder = around.unwrap_or(root);
    let folder = folder.canonicalize().unwrap_or(folder);
    if git::is_safe_directory(env, &folder)? {
        return Ok(());
    }
    let message = format!(
        "{} belongs to another user (number {owner}): it could name programs that run with your rights, and nothing of it was read",
        path.display()
    );
    Err(Failure::new(FailureKind::Config, message).hint(format!(
        "clone the repository yourself, or `git config --global --add safe.directory {}` once you trust it: the rule is git's",
        crate::model::shell_quoted(&folder.display().to_string())
    )))
}

/// Everything that decides what runs: the configuration, its scripts, their folders, the repository around them.
fn files(file: &Path, root: &Path, around: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let scripts = SourceFile::FOLDERS.map(|folder| root.join(folder));
    let inside = scripts.clone().into_iter().flat_map(|folder| {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>()
    });
    let around = around.map(|around| [around.to_owned(), around.join(".git")]);
    [file.to_owned(), root.to_owned()].into_iter().chain(around.into_iter().flatten()).chain(scripts).chain(inside)
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

fn sudo(env: &dyn Fn(&str) -> Option<String>) -> Option<u32> {
    env("SUDO_UID")?.parse().ok()
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
