//! dep's `Gopkg.lock`: <https://golang.github.io/dep/docs/Gopkg.lock.html>.
//!
//! `[[projects]]` hold name, packages, revision and perhaps version, branch, source; dep 0.5 added digest and pruneopts.
//! Only the former say what is built, so a migration between the formats changes no version.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::Version;
use crate::document::{self, Language, LocatedText, Node, REQUIRED, RepoFile, Table, keys, or};
use crate::model::{Failure, SourceLocation};

keys! {
    /// The file.
    FILE: RepoFile = "file", or("Gopkg.lock");
    /// The project, like `github.com/acme/agent`.
    PROJECT: LocatedText = "project", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration =
    DetectorDeclaration { word: "gopkg", doc: "The entry of a project in dep's `Gopkg.lock`.", keys: KEYS, read };

#[derive(Debug)]
struct Gopkg {
    file: String,
    project: String,
}

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    let (file, project) = (table.file(FILE), table.owned(PROJECT));
    Some(Box::new(Gopkg { file: file?, project: project? }))
}

impl Detector for Gopkg {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        commit.with(&self.file, Language::Toml, |lock| detect(lock, &self.file, &self.project))
    }

    fn repository(&self) -> Option<&str> {
        Some(&self.project)
    }

    fn sought(&self) -> String {
        format!("project `{}` in `{}`", self.project, self.file)
    }
}

/// The project's entry; `None` when the project is not locked.
fn detect(lock: &Node, file: &str, project: &str) -> Result<Option<Version>, Failure> {
    let Some(projects) = lock.get("projects") else { return Ok(None) };
    let mut found: Option<(Version, &Node)> = None;
    for entry in projects.items() {
        if entry.get("name").and_then(|name| name.spelling()) != Some(project) {
            continue;
        }
        let version = version(entry, file)?;
        match &found {
            Some((earlier, first)) if *earlier != version => {
                let place = SourceLocation::new(file, first.at.line, first.at.column);
                return Err(document::broken(format!("`{project}` is locked twice, differently"), file, entry.at)
                    .cause(format!("it is locked first at {place}"))
                    .hint("run `dep ensure`, or delete the entry that is wrong"));
            }
            Some(_) => {}
            None => found = Some((version, entry)),
        }
    }
    Ok(found.map(|(version, _)| version))
}

fn version(entry: &Node, file: &str) -> Result<Version, Failure> {
    let text = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(value) => match value.spelling() {
            Some(text) => Ok(Some(text.to_owned()).filter(|text| !text.is_empty())),
            None => Err(document::broken(format!("`{key}` is {}, not a text", value.what()), file, value.at)),
        },
    };
    Ok(Version {
        revision: text("revision")?,
        version: text("version")?,
        branch: text("branch")?,
        source: text("source")?,
        ..Version::default()
    })
}
