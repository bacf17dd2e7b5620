//! The commit that a submodule is at: <https://git-scm.com/docs/gitsubmodules>.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{REQUIRED, RepoFile, Table, keys};
use crate::model::Failure;

keys! {
    /// Where the submodule is.
    PATH: RepoFile = "path", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "submodule", doc: "The commit that a submodule is at.", keys: KEYS, read };

#[derive(Debug)]
struct Submodule {
    path: String,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    Some(Box::new(Submodule { path: table.file(PATH)? }))
}

impl Detector for Submodule {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        let revision = commit.manifests.files().submodule(&self.path)?;
        Ok(revision.map(|revision| Version { revision: Some(revision), ..Version::default() }))
    }

    fn sought(&self) -> String {
        format!("submodule at `{}`", self.path)
    }
}
