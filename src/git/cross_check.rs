//! The cross-check with git: git's own answer to a merge that was decided here, a second opinion from other code.
//!
//! It starts `git merge-tree`. git's objects go to a temporary folder; nothing is written into the repository, but for answers
//! that are to be cached.

use super::Objects;
use super::cross_check_cache::{CachedAnswer, GitAnswer};
use super::objects::CommittedAttributes;
use super::program::{git_program, git_version, run_git};
use crate::merge::{Conflict, MergeResult, Merged};
use crate::model::{Cancel, CommitId, ObjectId, TreeId};
use crate::process::ProgramExit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What git says about a merge that was decided here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CrossCheck {
    /// The program and its version, e.g. `git 2.47.3`; `()` when there is none that can (before 2.38, or not on PATH).
    pub by: Option<String>,
    /// The tree that git made; `()` when it found conflicts or could not answer.
    pub tree: Option<TreeId>,
    /// Do both agree? `()` when git could not answer.
    pub agrees: Option<bool>,
    /// git was not asked, because of `--no-cross-check`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

/// git that does not have `merge-tree --write-tree` cannot answer (git's release notes of 2.38).
const FIRST: (u32, u32) = (2, 38);

/// Is a merge cross-checked with git?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrossCheckMode {
    /// Yes, and its disagreement blocks.
    #[default]
    Ask,
    /// No, because of `--no-cross-check`; the journal records it.
    Skip,
}

/// git at work on a merge while it is decided here: in a long history both take their time.
pub struct PendingCrossCheck {
    mode: CrossCheckMode,
    asking: Option<JoinHandle<Option<Answered>>>,
}

/// What git is asked.
struct Question {
    arguments: Vec<String>,
    /// The commit whose `.gitattributes` count.
    attributes: Option<String>,
}

impl Question {
    /// All that the answer depends on.
    fn parts(&self) -> Vec<String> {
        let attributes = self.attributes.iter().map(|commit| format!("--attr-source={commit}"));
        attributes.chain(self.arguments.iter().cloned()).collect()
    }
}

/// Who was asked, and the answer.
struct Answered {
    by: String,
    answer: Option<GitAnswer>,
    labels: GitLabels,
}

/// What git calls the sides: such a name may be part of a conflict's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GitLabels {
    /// As they are called here.
    Same,
    Others,
}

/// May an answer that took git long be taken from the last time it was asked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AskAgain {
    Always,
    UnlessCached,
}

/// git that has not answered by then is given up.
const DEADLINE: Duration = Duration::from_secs(600);

/// What takes git longer is worth caching.
const LONG: Duration = Duration::from_millis(250);

impl PendingCrossCheck {
    /// Starts git on the merge of `theirs` into `ours`, if it is to be asked.
    ///
    /// Both commits must be on the disk; commits that live in memory alone get no answer.
    pub fn begin(mode: CrossCheckMode, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(mode, objects, (AskAgain::Always, GitLabels::Same), vec![ours.to_string(), theirs.to_string()])
    }

    /// As [`begin`](Self::begin) for a look that decides nothing: in a very long history git's answer may be the one that it
    /// gave to the same commits before. The repository must be a cache.
    pub fn begin_look(mode: CrossCheckMode, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(
            mode,
            objects,
            (AskAgain::UnlessCached, GitLabels::Same),
            vec![ours.to_string(), theirs.to_string()],
        )
    }

    /// As [`begin`](Self::begin), over a base that is given, as for a pick or a revert; git before 2.40 has no answer to that.
    pub fn begin_over(
        mode: CrossCheckMode,
        objects: &Objects,
        base: CommitId,
        ours: CommitId,
        theirs: CommitId,
    ) -> Self {
        let arguments = vec![format!("--merge-base={base}"), ours.to_string(), theirs.to_string()];
        Self::start(mode, objects, (AskAgain::Always, GitLabels::Others), arguments)
    }

    fn start(
        mode: CrossCheckMode,
        objects: &Objects,
        (ask_again, labels): (AskAgain, GitLabels),
        arguments: Vec<String>,
    ) -> Self {
        let repository = objects.path().to_owned();
        // The two that are merged are the last.
        let target = arguments[arguments.len() - 2].clone();
        let question =
            Question { attributes: (objects.attributes == CommittedAttributes::OfTarget).then_some(target), arguments };
        let work = move || {
            let (program, by) = version()?;
            let cached = match ask_again {
                AskAgain::Always => None,
                AskAgain::UnlessCached => CachedAnswer::new(&repository, &program, &by, &question.parts()),
            };
            let answer = cached.as_ref().and_then(CachedAnswer::answer);
            let answer = answer.or_else(|| ask(&repository, &question, cached.as_ref()));
            Some(Answered { by, answer, labels })
        };
        let asking = match mode {
            CrossCheckMode::Ask => std::thread::Builder::new().name("cross-check".to_owned()).spawn(work).ok(),
            CrossCheckMode::Skip => None,
        };
        Self { mode, asking }
    }

    /// Waits for git, and compares with what was decided here.
    pub fn end(mut self, outcome: &MergeResult) -> CrossCheck {
        match self.asking.take().and_then(|asking| asking.join().ok().flatten()) {
            Some(answer) => compare(answer, outcome),
            None => CrossCheck { skipped: self.mode == CrossCheckMode::Skip, ..CrossCheck::default() },
        }
    }
}

/// The answer is not needed any more; git's temporary folder still has to go.
impl Drop for PendingCrossCheck {
    fn drop(&mut self) {
        if let Some(asking) = self.asking.take() {
            let _ = asking.join();
        }
    }
}

/// Asks git for a merge that was decided already, and compares.
pub fn cross_check(objects: &Objects, ours: CommitId, theirs: CommitId, outcome: &MergeResult) -> CrossCheck {
    PendingCrossCheck::begin(CrossCheckMode::Ask, objects, ours, theirs).end(outcome)
}

fn compare(Answered { by, answer, labels }: Answered, outcome: &MergeResult) -> CrossCheck {
    let nothing = CrossCheck { by: Some(by), ..CrossCheck::default() };
    match (answer, &outcome.result) {
        (None, _) => nothing,
        (Some(GitAnswer::Clean(tree)), Merged::Clean(mine) | Merged::UpToDate(mine)) => {
            CrossCheck { tree: Some(tree), agrees: Some(tree == *mine), ..nothing }
        }
        (Some(GitAnswer::Clean(tree)), Merged::Conflicts(_)) => {
            CrossCheck { tree: Some(tree), agrees: Some(false), ..nothing }
        }
        (Some(GitAnswer::Conflicts(paths)), Merged::Conflicts(mine)) => {
            // Some conflicts are only reported: nothing is left unmerged there.
            let unmerged = |conflict: &&Conflict| {
                [&conflict.base, &conflict.ours, &conflict.theirs].into_iter().any(Option::is_some)
            };
            let mine = digest(mine.iter().filter(unmerged).map(|conflict| conflict.path.as_bytes()));
            CrossCheck { agrees: Some(mine == paths || labels == GitLabels::Others), ..nothing }
        }
        (Some(GitAnswer::Conflicts(_)), _) => CrossCheck { agrees: Some(false), ..nothing },
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
    let text = git_version()?;
    let number = text.split_whitespace().next()?;
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next()?, parts.next()?);
    (version >= FIRST).then(|| (program, format!("git {number}")))
}

fn ask(repository: &Path, question: &Question, cached: Option<&CachedAnswer>) -> Option<GitAnswer> {
    let began = Instant::now();
    let output = merge_tree(repository, question)?;
    let mut parts = output.stdout.split('\0');
    let tree = parts.next()?.trim().parse::<TreeId>().ok()?;
    let answer = match output.code {
        Some(0) => GitAnswer::Clean(tree),
        // Exit 1 with a tree is git's word for conflicts; 1 without is a failure.
        Some(1) => GitAnswer::Conflicts(digest(parts.take_while(|path| !path.is_empty()).map(str::as_bytes))),
        _ => return None,
    };
    if let Some(cached) = cached.filter(|_| began.elapsed() > LONG) {
        cached.keep(&answer);
    }
    Some(answer)
}

fn merge_tree(repository: &Path, question: &Question) -> Option<ProgramExit> {
    let scratch = tempfile::tempdir().ok()?;
    let mut env: Vec<(OsString, OsString)> = vec![
        // The merge is that of the commits alone: what a person set up for their own merges has no say.
        ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
        ("GIT_ATTR_NOSYSTEM".into(), "1".into()),
        ("GIT_DIR".into(), repository.into()),
        ("GIT_OBJECT_DIRECTORY".into(), scratch.path().into()),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES".into(), quoted(&objects_of(repository))),
    ];
    let mut git: Vec<OsString> = ["-c", "core.attributesFile=/dev/null"].map(Into::into).into();
    git.extend(["merge-tree", "--write-tree", "--no-messages", "--name-only", "-z"].map(Into::into));
    git.extend(question.arguments.iter().map(Into::into));
    env.extend(question.attributes.iter().map(|target| ("GIT_ATTR_SOURCE".into(), target.into())));
    run_git(&git, &env, Some(DEADLINE), &Cancel::new()).ok()
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
