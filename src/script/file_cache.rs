//! The files of a library, each compiled once.

use super::compiled_file::CompiledFile;
use super::diagnostic::Diagnostic;
use super::files::{FileOrigin, LibraryFiles};
use super::source_file::{Role, is_valid_name};
use super::suggest;
use crate::model::{Failure, FailureKind};
use rhai::Engine;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Workflows of relwf's own that had another name.
const RENAMED: [(&str, &str); 1] = [("abandon", "close-change")];

/// Files and what was compiled of them.
#[derive(Debug)]
pub(super) struct FileCache {
    files: LibraryFiles,
    units: Mutex<BTreeMap<String, Arc<CompiledFile>>>,
}

impl FileCache {
    pub(super) fn new(files: LibraryFiles) -> Self {
        Self { files, units: Mutex::default() }
    }

    /// The names of all workflows or plugins, sorted.
    pub(super) fn names(&self, role: Role) -> Vec<String> {
        self.files.names(role).map(str::to_owned).collect()
    }

    /// Is this file part of relwf, not of the project?
    pub(super) fn is_embedded(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|file| file.origin == FileOrigin::Embedded)
    }

    /// A compiled file.
    ///
    /// # Errors
    ///
    /// There is none ("did you mean"), it cannot be read, or its first syntax error.
    pub(super) fn unit(&self, engine: &Engine, role: Role, name: &str) -> Result<Arc<CompiledFile>, Diagnostic> {
        let path = role.path(name);
        if let Some(unit) = self.units.lock().unwrap_or_else(PoisonError::into_inner).get(&path) {
            return Ok(Arc::clone(unit));
        }
        let file = self.files.get(&path).ok_or_else(|| Diagnostic::nowhere(self.missing(role, name)))?;
        let text = file.text.as_ref().map_err(|failure| Diagnostic::whole(failure.clone(), &path))?;
        let unit = Arc::new(CompiledFile::compile(engine, &path, role, text)?);
        self.units.lock().unwrap_or_else(PoisonError::into_inner).insert(path, Arc::clone(&unit));
        Ok(unit)
    }

    /// Why there is no such file.
    pub(super) fn missing(&self, role: Role, name: &str) -> Failure {
        let word = role.word();
        if !is_valid_name(name) {
            let bare = role.name(name).filter(|bare| self.files.get(name).is_some() && is_valid_name(bare));
            if let Some(bare) = bare {
                return Failure::new(FailureKind::NotFound, format!("there is no {word} `{name}`"))
                    .hint(format!("give its name instead of its file: `{bare}`"));
            }
            return Failure::new(FailureKind::Script, format!("`{name}` cannot be the name of a {word}")).hint(
                format!(
                    "{word}s lie in `{}/`; their names hold only a to z, digits, `-`, `_`, and `/` between folders",
                    role.folder()
                ),
            );
        }
        let failure = Failure::new(FailureKind::NotFound, format!("there is no {word} `{name}`"));
        if let Some((_, now)) = RENAMED.iter().find(|(then, _)| role == Role::Workflow && *then == name) {
            return failure.hint(format!("it is called `{now}` now"));
        }
        match suggest::hint(name, self.files.names(role)) {
            Some(hint) => failure.hint(hint),
            None => failure.hint(format!("{word}s lie in `{}/`", role.folder())),
        }
    }
}
