//! git's own answer to the same merge: a second opinion from other code.
//!
//! The one place of this room that looks outside the database: it starts `git merge-tree`. git's objects go to a
//! temporary folder; nothing is written into the repository.

use super::{Merged, Outcome};
use crate::git::{LOCAL_ENVIRONMENT, Objects, git_program};
use crate::model::{CommitId, TreeId};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

/// What git says about a merge that was decided here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// The program and its version, e.g. `git 2.47.3`; `None` when there is none that can (before 2.38, or not on PATH).
    pub by: Option<String>,
    /// The tree that git made; `None` when it found conflicts or could not answer.
    pub tree: Option<TreeId>,
    /// Do both agree? `None` when git could not answer.
    pub agrees: Option<bool>,
    /// Nobody was asked, because somebody said `--no-certify`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

/// git that does not have `merge-tree --write-tree` cannot answer (git's release notes of 2.38).
const FIRST: (u32, u32) = (2, 38);

/// Is git asked for its opinion?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certify {
    /// Yes, and its disagreement blocks.
    #[default]
    Ask,
    /// No: somebody said `--no-certify`, and it is written down.
    Skip,
}

/// git at work on a merge while it is decided here: in a long history both take their time.
pub struct Certifying {
    certify: Certify,
    asking: Option<JoinHandle<Option<Asked>>>,
}

/// Who was asked, and the answer.
struct Asked {
    by: String,
    output: Option<Output>,
}

impl Certifying {
    /// Starts git on the merge of `theirs` into `ours`, if it is to be asked.
    ///
    /// Both commits must be on the disk; commits that live in memory alone get no answer.
    pub fn begin(certify: Certify, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(certify, objects, vec![ours.to_string(), theirs.to_string()])
    }

    /// As [`begin`](Self::begin), over a base that is given, as for a pick or a revert; git before 2.40 has no answer to that.
    pub fn begin_over(certify: Certify, objects: &Objects, base: CommitId, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(certify, objects, vec![format!("--merge-base={base}"), ours.to_string(), theirs.to_string()])
    }

    fn start(certify: Certify, objects: &Objects, arguments: Vec<String>) -> Self {
        let repository = objects.path().to_owned();
        let work = move || version().map(|by| Asked { by, output: ask(&repository, &arguments) });
        let asking = match certify {
            Certify::Ask => std::thread::Builder::new().name("certificate".to_owned()).spawn(work).ok(),
            Certify::Skip => None,
        };
        Self { certify, asking }
    }

    /// Waits for git, and compares with what was decided here.
    pub fn end(mut self, outcome: &Outcome) -> Certificate {
        match self.asking.take().and_then(|asking| asking.join().ok().flatten()) {
            Some(asked) => compare(asked, outcome),
            None => Certificate { skipped: self.certify == Certify::Skip, ..Certificate::default() },
        }
    }
}

/// Nobody wants the answer any more; git's temporary folder still has to go.
impl Drop for Certifying {
    fn drop(&mut self) {
        if let Some(asking) = self.asking.take() {
            let _ = asking.join();
        }
    }
}

/// Asks git for a merge that was decided already, and compares.
pub fn certify(objects: &Objects, ours: CommitId, theirs: CommitId, outcome: &Outcome) -> Certificate {
    Certifying::begin(Certify::Ask, objects, ours, theirs).end(outcome)
}

fn compare(Asked { by, output }: Asked, outcome: &Outcome) -> Certificate {
    let nothing = Certificate { by: Some(by), ..Certificate::default() };
    let Some(output) = output else { return nothing };
    let text = String::from_utf8_lossy(&output.stdout);
    let tree = text.lines().next().and_then(|line| line.trim().parse::<TreeId>().ok());
    match (output.status.code(), tree, &outcome.result) {
        (Some(0), Some(tree), Merged::Clean(mine) | Merged::UpToDate(mine)) => {
            Certificate { tree: Some(tree), agrees: Some(tree == *mine), ..nothing }
        }
        (Some(0), Some(tree), Merged::Conflicts(_)) => Certificate { tree: Some(tree), agrees: Some(false), ..nothing },
        // Exit 1 with a tree is git's word for conflicts; 1 without is a failure.
        (Some(1), Some(_), result) => Certificate { agrees: Some(matches!(result, Merged::Conflicts(_))), ..nothing },
        _ => nothing,
    }
}

/// `git 2.47.3`, when it is new enough.
fn version() -> Option<String> {
    git_program()?;
    let output = Command::new("git").arg("version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.trim().strip_prefix("git version ")?.split_whitespace().next()?;
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next()?, parts.next()?);
    (version >= FIRST).then(|| format!("git {number}"))
}

fn ask(repository: &Path, arguments: &[String]) -> Option<Output> {
    let scratch = tempfile::tempdir().ok()?;
    let mut command = Command::new("git");
    for variable in LOCAL_ENVIRONMENT {
        command.env_remove(variable);
    }
    command
        // The merge is that of the commits alone: what a person set up for their own merges has no say.
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env_remove("GIT_ATTR_SOURCE")
        .env("GIT_DIR", repository)
        .env("GIT_OBJECT_DIRECTORY", scratch.path())
        .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&objects_of(repository)))
        .args(["-c", "core.attributesFile=/dev/null"])
        .args(["merge-tree", "--write-tree", "--no-messages", "--name-only"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
}

/// A linked work tree keeps its objects with its main repository.
fn objects_of(repository: &Path) -> std::path::PathBuf {
    let common = std::fs::read_to_string(repository.join("commondir")).ok();
    common.map_or_else(|| repository.to_owned(), |common| repository.join(common.trim())).join("objects")
}

/// git reads a list with colons, and C-style quotes around an entry that needs them (git(1)).
fn quoted(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) if text.contains([':', '"', '\\']) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
        }
        _ => path.as_os_str().to_owned(),
    }
}
