//! Whose configuration it is: relwf.toml names programs that run with one's rights, so it is believed only where it, its scripts and the
//! repository around them belong to the user. The rule and the exceptions are git's (`safe.directory` in git-config(1)).

use super::invocation::Invocation;
use crate::config;
use crate::git;
use crate::model::{Failure, FailureKind};
use crate::script::SourceFile;
use std::path::{Path, PathBuf};

/// Checked before anything of the project is read.
///
/// # Errors
///
/// Kind `config`: a file or a folder belongs to another user.
pub fn ensure_own(invocation: &Invocation) -> Result<(), Failure> {
    let named = invocation.config.as_ref().map(|file| invocation.dir.join(file));
    let Some(file) = named.or_else(|| config::find(&invocation.dir)) else { return Ok(()) };
    let root = file.parent().unwrap_or(&invocation.dir).to_owned();
    let around = config::repository(&root).map(Path::to_owned);
    let folder = around.clone().unwrap_or_else(|| root.clone());
    let folder = folder.canonicalize().unwrap_or(folder);
    let files = files(&file, &root, around.as_deref());
    let Some((path, owner)) = git::of_another_user(&*invocation.env, files, &folder)? else { return Ok(()) };
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
