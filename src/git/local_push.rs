//! Pushes into a repository on this machine through libgit2 where there is no git program: objects as one pack, references
//! by compare-and-swap under libgit2's own locks.
//!
//! Hooks need git's program, so a repository that has any is refused.

use super::commits::{object_id, oid};
use super::{Expected, GitError, PushError, RefUpdate, transport};
use crate::model::FailureKind;
use git2::{ErrorCode, Repository};
use std::io::Write;
use std::path::Path;

const HOOKS: [&str; 7] = [
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "proc-receive",
    "push-to-checkout",
];

pub(super) fn push(from: &Repository, path: &Path, updates: &[RefUpdate]) -> Result<(), PushError> {
    let what = |e: git2::Error| PushError::NotSent(GitError::local(format!("pushing to {}", path.display()), &e));
    let to = transport::open_source(path).map_err(what)?;
    refuse_hooks(&to)?;
    refuse_checked_out(&to, updates)?;
    for update in updates {
        let found = holds(&to, update).map_err(what)?;
        if !update.expected.is(found.map(object_id)) {
            return Err(moved(update, found));
        }
    }
    copy_objects(from, &to, updates).map_err(what)?;
    let mut done = Vec::new();
    for update in updates {
        match apply(&to, update) {
            Ok(()) => done.push(update.name.clone()),
            Err(e) => {
                let why = match (e.code(), holds(&to, update)) {
                    (_, Ok(found)) if !update.expected.is(found.map(object_id)) => moved(update, found),
                    _ => what(e),
                };
                return Err(if done.is_empty() { why } else { PushError::Partial { done, why: Box::new(why) } });
            }
        }
    }
    Ok(())
}

fn moved(update: &RefUpdate, found: Option<git2::Oid>) -> PushError {
    PushError::Moved { name: update.name.clone(), expected: update.expected, found: found.map(object_id) }
}

fn holds(to: &Repository, update: &RefUpdate) -> Result<Option<git2::Oid>, git2::Error> {
    match to.find_reference(update.name.as_str()) {
        Ok(reference) => Ok(reference.target()),
        Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// libgit2 compares with the expected value while it holds the reference's lock.
fn apply(to: &Repository, update: &RefUpdate) -> Result<(), git2::Error> {
    let name = update.name.as_str();
    match (update.new, update.expected) {
        (Some(new), Expected::Absent) => to.reference(name, oid(new)?, false, "push").map(|_| ()),
        (Some(new), Expected::Id(old)) => to.reference_matching(name, oid(new)?, true, oid(old)?, "push").map(|_| ()),
        (None, Expected::Absent) => Ok(()),
        (None, Expected::Id(old)) => {
            let mut reference = to.find_reference(name)?;
            match reference.target() == Some(oid(old)?) {
                true => reference.delete(),
                false => Err(git2::Error::from_str("the reference moved")),
            }
        }
    }
}

fn copy_objects(from: &Repository, to: &Repository, updates: &[RefUpdate]) -> Result<(), git2::Error> {
    let mut walk = from.revwalk()?;
    let mut pack = from.packbuilder()?;
    for new in updates.iter().filter_map(|update| update.new) {
        let mut object = from.find_object(oid(new)?, None)?;
        while let Some(tag) = object.as_tag() {
            pack.insert_object(object.id(), None)?;
            let target = tag.target()?;
            object = target;
        }
        match object.as_commit() {
            Some(commit) => walk.push(commit.id())?,
            None => pack.insert_recursive(object.id(), None)?,
        }
    }
    for reference in to.references()?.flatten() {
        // What only the other side has cannot be left out of a walk over this side.
        let id = reference.peel_to_commit().map(|commit| commit.id());
        if let Some(id) = id.ok().filter(|id| from.find_commit(*id).is_ok()) {
            walk.hide(id)?;
        }
    }
    pack.insert_walk(&mut walk)?;
    let odb = to.odb()?;
    let mut writer = odb.packwriter()?;
    let mut fault = None;
    pack.foreach(|chunk| match writer.write_all(chunk) {
        Ok(()) => true,
        Err(e) => {
            fault = Some(e);
            false
        }
    })?;
    match fault {
        Some(e) => Err(git2::Error::from_str(&e.to_string())),
        None => writer.commit().map(|_| ()),
    }
}

fn refuse_hooks(to: &Repository) -> Result<(), PushError> {
    use std::os::unix::fs::PermissionsExt;
    let configured = to.config().ok().and_then(|config| config.get_path("core.hooksPath").ok());
    let folder = configured.unwrap_or_else(|| to.commondir().join("hooks"));
    let executable = |name: &&str| {
        std::fs::metadata(folder.join(name)).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    match HOOKS.iter().find(|name| executable(name)) {
        None => Ok(()),
        Some(hook) => Err(PushError::NotSent(
            GitError::new(
                FailureKind::Refused,
                format!("{} has the hook {hook}, and there is no git program to run it", to.path().display()),
            )
            .hint("install git, or put it on PATH"),
        )),
    }
}

/// git's own rule (`receive.denyCurrentBranch`): the work tree would no longer fit its branch.
fn refuse_checked_out(to: &Repository, updates: &[RefUpdate]) -> Result<(), PushError> {
    if to.is_bare() {
        return Ok(());
    }
    let head = to.find_reference("HEAD").ok();
    let head = head.and_then(|head| head.symbolic_target().ok().flatten().map(ToOwned::to_owned));
    match updates.iter().find(|update| head.as_deref() == Some(update.name.as_str())) {
        None => Ok(()),
        Some(update) => Err(PushError::Rejected {
            name: update.name.clone(),
            message: "branch is currently checked out".to_owned(),
            server: Vec::new(),
        }),
    }
}
