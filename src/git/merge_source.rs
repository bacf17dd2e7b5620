//! What a merge asks of a repository, answered by libgit2: objects in memory, results to store, attributes, submodules.

use super::Objects;
use super::commits::{object_id, oid};
use super::error::git_message;
use super::objects::CommittedAttributes;
use crate::merge::{AttributeSource, MergeRepository, Submodule};
use crate::model::{ObjectId, TreeId};
use crate::odb::ObjectKind;
use std::path::PathBuf;
use std::sync::Arc;

impl MergeRepository for Objects {
    fn common_dir(&self) -> PathBuf {
        self.with(|repository| repository.commondir().to_owned())
    }

    fn is_bare(&self) -> bool {
        self.with(git2::Repository::is_bare)
    }

    fn read(&self, id: ObjectId) -> Result<(ObjectKind, Arc<[u8]>), String> {
        let read = |repository: &git2::Repository| {
            let odb = repository.odb()?;
            let object = odb.read(oid(id)?)?;
            match kind(object.kind()) {
                Some(kind) => Ok((kind, Arc::from(object.data()))),
                None => Err(git2::Error::from_str(&format!("it is of no known kind ({})", object.kind()))),
            }
        };
        self.with(read).map_err(message)
    }

    fn write(&self, kind: ObjectKind, data: &[u8]) -> Result<(), String> {
        self.with(|repository| repository.odb()?.write(git2_kind(kind), data)).map(drop).map_err(message)
    }

    fn attribute_source(&self) -> AttributeSource {
        if self.attributes == CommittedAttributes::OfTarget {
            return AttributeSource::Target;
        }
        self.with(|repository| match setting(repository, "attr.tree") {
            Some(name) => tree_of(repository, &name).map_or(AttributeSource::Nowhere, AttributeSource::Tree),
            None => {
                repository.workdir().map_or(AttributeSource::Nowhere, |top| AttributeSource::WorkTree(top.to_owned()))
            }
        })
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.with(|repository| setting(repository, name))
    }

    fn has_merge_driver(&self, name: &str) -> bool {
        let prefix = format!("merge.{name}.");
        self.with(|repository| {
            own_settings(repository).into_iter().any(|config| {
                let entries = config.entries(None);
                let mut found = false;
                let has = |entry: &git2::ConfigEntry<'_>| found |= entry.name_bytes().starts_with(prefix.as_bytes());
                entries.is_ok_and(|entries| entries.for_each(has).is_ok()) && found
            })
        })
    }

    fn submodule(&self, path: &str) -> Option<Box<dyn Submodule>> {
        self.with(|repository| open_submodule(repository, path))
            .map(|repository| Box::new(OpenedSubmodule(repository)) as Box<dyn Submodule>)
    }
}

/// The repository's own levels of its configuration, the one that counts most first.
fn own_settings(repository: &git2::Repository) -> Vec<git2::Config> {
    let Ok(config) = repository.config() else { return Vec::new() };
    let levels = [git2::ConfigLevel::Worktree, git2::ConfigLevel::Local];
    levels.into_iter().filter_map(|level| config.open_level(level).ok()).collect()
}

/// A setting of the repository; one without a value is "true".
fn setting(repository: &git2::Repository, name: &str) -> Option<String> {
    own_settings(repository).into_iter().find_map(|config| {
        let entry = config.get_entry(name).ok()?;
        Some(if entry.has_value() {
            String::from_utf8_lossy(entry.value_bytes()).into_owned()
        } else {
            "true".to_owned()
        })
    })
}

/// The tree that a name stands for; where it stands for none, git takes one without any file.
fn tree_of(repository: &git2::Repository, name: &str) -> Option<TreeId> {
    let found = repository.revparse_single(name).and_then(|object| object.peel_to_tree());
    found.ok().map(|tree| object_id(tree.id()).into())
}

struct OpenedSubmodule(git2::Repository);

impl Submodule for OpenedSubmodule {
    fn contains(&self, newer: ObjectId, older: ObjectId) -> bool {
        let descends = || self.0.graph_descendant_of(oid(newer)?, oid(older)?);
        descends().unwrap_or(false)
    }
}

/// In its place in the work tree, or where git keeps those that are not checked out (gitsubmodules(7)).
fn open_submodule(repository: &git2::Repository, path: &str) -> Option<git2::Repository> {
    let place = repository.workdir()?.join(path);
    if place.join(".git").exists() {
        return git2::Repository::open(place).ok();
    }
    let module = repository.find_submodule(path).ok();
    let name = module.as_ref().and_then(|module| module.name().ok()).unwrap_or(path);
    // A linked work tree has its own.
    git2::Repository::open_bare(repository.path().join("modules").join(name)).ok()
}

fn message(error: git2::Error) -> String {
    git_message(&error)
}

fn kind(kind: git2::ObjectType) -> Option<ObjectKind> {
    match kind {
        git2::ObjectType::Commit => Some(ObjectKind::Commit),
        git2::ObjectType::Tree => Some(ObjectKind::Tree),
        git2::ObjectType::Blob => Some(ObjectKind::Blob),
        git2::ObjectType::Tag => Some(ObjectKind::Tag),
        git2::ObjectType::Any => None,
    }
}

fn git2_kind(kind: ObjectKind) -> git2::ObjectType {
    match kind {
        ObjectKind::Commit => git2::ObjectType::Commit,
        ObjectKind::Tree => git2::ObjectType::Tree,
        ObjectKind::Blob => git2::ObjectType::Blob,
        ObjectKind::Tag => git2::ObjectType::Tag,
    }
}
