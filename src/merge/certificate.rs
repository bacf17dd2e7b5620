//! git's own answer to the same merge: a second opinion from other code.
//!
//! The one place of this room that looks outside the database: it starts `git merge-tree`. git's objects go to a
//! temporary folder; nothing is written into the repository, but for answers that are to be remembered.

use super::remembered::{Remembered, Said};
use super::{Conflict, Merged, Outcome};
use crate::git::{LOCAL_ENVIRONMENT, Objects, git_program};
use crate::model::{CommitId, ObjectId, TreeId};
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    said: Option<Said>,
    labels: Labels,
}

/// What git calls the sides: such a name may be part of a conflict's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Labels {
    /// As they are called here.
    Same,
    Others,
}

/// May an answer that took git long be taken from the last time it was asked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anew {
    Always,
    UnlessRemembered,
}

/// git that has not answered by then is given up.
const DEADLINE: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(1);

/// What takes git longer is worth remembering.
const LONG: Duration = Duration::from_millis(250);

impl Certifying {
    /// Starts git on the merge of `theirs` into `ours`, if it is to be asked.
    ///
    /// Both commits must be on the disk; commits that live in memory alone get no answer.
    pub fn begin(certify: Certify, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(certify, objects, (Anew::Always, Labels::Same), vec![ours.to_string(), theirs.to_string()])
    }

    /// As [`begin`](Self::begin) for a look that decides nothing: in a very long history git's answer may be the one that it
    /// gave to the same commits before. The repository must be a cache.
    pub fn begin_look(certify: Certify, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(
            certify,
            objects,
            (Anew::UnlessRemembered, Labels::Same),
            vec![ours.to_string(), theirs.to_string()],
        )
    }

    /// As [`begin`](Self::begin), over a base that is given, as for a pick or a revert; git before 2.40 has no answer to that.
    pub fn begin_over(certify: Certify, objects: &Objects, base: CommitId, ours: CommitId, theirs: CommitId) -> Self {
        let arguments = vec![format!("--merge-base={base}"), ours.to_string(), theirs.to_string()];
        Self::start(certify, objects, (Anew::Always, Labels::Others), arguments)
    }

    fn start(certify: Certify, objects: &Objects, (anew, labels): (Anew, Labels), arguments: Vec<String>) -> Self {
        let repository = objects.path().to_owned();
        let work = move || {
            let (program, by) = version()?;
            let remembered = match anew {
                Anew::Always => None,
                Anew::UnlessRemembered => Remembered::new(&repository, &program, &by, &arguments),
            };
            let said = remembered.as_ref().and_then(Remembered::answer);
            let said = said.or_else(|| ask(&repository, &arguments, remembered.as_ref()));
            Some(Asked { by, said, labels })
        };
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

fn compare(Asked { by, said, labels }: Asked, outcome: &Outcome) -> Certificate {
    let nothing = Certificate { by: Some(by), ..Certificate::default() };
    match (said, &outcome.result) {
        (None, _) => nothing,
        (Some(Said::Clean(tree)), Merged::Clean(mine) | Merged::UpToDate(mine)) => {
            Certificate { tree: Some(tree), agrees: Some(tree == *mine), ..nothing }
        }
        (Some(Said::Clean(tree)), Merged::Conflicts(_)) => {
            Certificate { tree: Some(tree), agrees: Some(false), ..nothing }
        }
        (Some(Said::Conflicts(paths)), Merged::Conflicts(mine)) => {
            // Some are only told of: nothing is left unmerged there.
            let unmerged = |conflict: &&Conflict| {
                [&conflict.base, &conflict.ours, &conflict.theirs].into_iter().any(Option::is_some)
            };
            let mine = digest(mine.iter().filter(unmerged).map(|conflict| conflict.path.as_bytes()));
            Certificate { agrees: Some(mine == paths || labels == Labels::Others), ..nothing }
        }
        (Some(Said::Conflicts(_)), _) => Certificate { agrees: Some(false), ..nothing },
    }
}

/// What tells two lists of paths apart, whatever their order.
fn digest<'p>(paths: impl Iterator<Item = &'p [u8]>) -> ObjectId {
    let mut hash = Sha1::new();
    for path in paths.map(String::from_utf8_lossy).collect::<BTreeSet<_>>() {
        hash.update(path.as_bytes());
        hash.update([0]);
    }
    ObjectId::from_bytes(hash.finalize().into())
}

/// The program and `git 2.47.3`, when it is new enough.
fn version() -> Option<(PathBuf, String)> {
    let program = git_program()?;
    let output = Command::new(&program).arg("version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.trim().strip_prefix("git version ")?.split_whitespace().next()?;
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next()?, parts.next()?);
    (version >= FIRST).then(|| (program, format!("git {number}")))
}

fn ask(repository: &Path, arguments: &[String], remembered: Option<&Remembered>) -> Option<Said> {
    let began = Instant::now();
    let output = merge_tree(repository, arguments)?;
    let mut parts = output.stdout.split(|byte| *byte == 0);
    let tree = std::str::from_utf8(parts.next()?).ok()?.trim().parse::<TreeId>().ok()?;
    let said = match output.status.code() {
        Some(0) => Said::Clean(tree),
        // Exit 1 with a tree is git's word for conflicts; 1 without is a failure.
        Some(1) => Said::Conflicts(digest(parts.take_while(|path| !path.is_empty()))),
        _ => return None,
    };
    if let Some(remembered) = remembered.filter(|_| began.elapsed() > LONG) {
        remembered.keep(&said);
    }
    Some(said)
}

fn merge_tree(repository: &Path, arguments: &[String]) -> Option<Output> {
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
        .args(["merge-tree", "--write-tree", "--no-messages", "--name-only", "-z"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    answered(command)
}

/// What a program answers, if it does so in time.
fn answered(mut command: Command) -> Option<Output> {
    let mut child = command.spawn().ok()?;
    let mut out = child.stdout.take()?;
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).map(|_| text)
    });
    let until = Instant::now() + DEADLINE;
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if Instant::now() > until => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
            None => std::thread::sleep(LOOK),
        }
    };
    Some(Output { status, stdout: reading.join().ok()?.ok()?, stderr: Vec::new() })
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
