//! What a merge asks of a repository, answered by libgit2: objects in memory, results to store, attributes, submodules.

use super::Objects;
use super::commits::oid;
use crate::merge::{Attribute, MergeRepository, Submodule};
use crate::model::ObjectId;
use crate::odb::ObjectKind;
use std::path::{Path, PathBuf};
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

    fn attribute(&self, path: &Path, name: &str) -> Result<Attribute, String> {
        self.with(|repository| {
            let flags = match repository.is_bare() {
                true => git2::AttrCheckFlags::INDEX_ONLY,
                false => git2::AttrCheckFlags::FILE_THEN_INDEX,
            };
            // The value is told from true and false by its place in memory: it must be looked at where it is.
            let value = repository.get_attr_bytes(path, name, flags).map_err(message)?;
            Ok(match git2::AttrValue::always_bytes(value) {
                git2::AttrValue::True => Attribute::Set,
                git2::AttrValue::False => Attribute::Unset,
                git2::AttrValue::Unspecified => Attribute::Unspecified,
                git2::AttrValue::String(text) => Attribute::Value(text.as_bytes().to_owned()),
                git2::AttrValue::Bytes(bytes) => Attribute::Value(bytes.to_owned()),
            })
        })
    }

    fn has_merge_driver(&self, name: &str) -> bool {
        self.with(|repository| {
            let config = repository.config().and_then(|mut config| config.snapshot());
            config.is_ok_and(|config| config.get_entry(&format!("merge.{name}.driver")).is_ok())
        })
    }

    fn submodule(&self, path: &str) -> Option<Box<dyn Submodule>> {
        self.with(|repository| open_submodule(repository, path))
            .map(|repository| Box::new(OpenedSubmodule(repository)) as Box<dyn Submodule>)
    }
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
    error.to_string()
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
