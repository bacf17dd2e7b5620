//! What the detectors of one name in one file have in common: both keys, and how a text or a table that must be there is asked for.

use super::{Detector, DetectorInput};
use crate::components::Version;
use crate::document::{self, DeclaredKey, LocatedText, Node, NodeKind, RepoFile, Table};
use crate::model::Failure;

/// Finds a name in a file.
pub(super) type Find = fn(&DetectorInput<'_>, &str, &str) -> Result<Option<Version>, Failure>;

#[derive(Debug)]
struct Named {
    file: String,
    name: String,
    /// What it is the name of, for messages.
    what: &'static str,
    find: Find,
}

/// Reads both keys.
pub(super) fn read(
    table: &mut Table<'_, '_>,
    file: DeclaredKey<RepoFile>,
    name: DeclaredKey<LocatedText<'static>>,
    what: &'static str,
    find: Find,
) -> Option<Box<dyn Detector>> {
    let (file, name) = (table.file(file), table.owned(name));
    Some(Box::new(Named { file: file?, name: name?, what, find }))
}

impl Detector for Named {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        (self.find)(commit, &self.file, &self.name)
    }

    fn sought(&self) -> String {
        format!("{} `{}` in `{}`", self.what, self.name, self.file)
    }
}

/// The text at a key that an entry must have.
///
/// # Errors
///
/// It has none.
pub(super) fn required(entry: &Node, key: &str, name: &str, file: &str) -> Result<String, Failure> {
    let wrong = |message, at| document::broken(message, file, at);
    match entry.get(key) {
        None => Err(wrong(format!("`{name}` has no {key}"), entry.at)),
        Some(value) => value.spelling().map(str::to_owned).ok_or_else(|| {
            let message = format!("the {key} of `{name}` is {}, not a text", value.what());
            wrong(message, value.at)
        }),
    }
}

/// A whole file that must be a table; an empty one has nothing in it.
///
/// # Errors
///
/// It is something else.
pub(super) fn table(root: &Node, file: &str) -> Result<(), Failure> {
    match root.kind {
        NodeKind::Map(_) | NodeKind::Null => Ok(()),
        _ => Err(document::broken(format!("`{file}` is {}, not a table", root.what()), file, root.at)),
    }
}
