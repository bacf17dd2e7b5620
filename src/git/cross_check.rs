//! The cross-check with git: git's own answer to a merge that was decided here, a second opinion from other code.
//!
//! It starts `git merge-tree`. git's objects go to a temporary folder; nothing is written into the repository, but for answers
//! that are to be cached.

use super::Objects;
use super::commits::oid;
use super::cross_check_cache::{CachedAnswer, GitAnswer};
use super::objects::CommittedAttributes;
use super::program::{git_program, git_version, run_git};
use crate::merge::{Conflict, MergeResult, Merged};
use crate::model::{Cancel, CommitId, ObjectId, TreeId, quoted_path};
use crate::process::{ProcessError, ProgramExit};
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
    /// Why git has no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A file that both sides have and that git's answer lacks: git is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

impl CrossCheck {
    /// Where git cannot be asked.
    pub fn unasked_for(why: &str) -> Self {
        Self { why: Some(why.to_owned()), ..Self::default() }
    }

    /// Why git was not asked, though it was to be.
    pub fn unasked(&self) -> Option<&str> {
        self.why.as_deref().filter(|_| self.by.is_none())
    }

    /// That git was asked and has no answer: who, and why.
    pub fn unanswered(&self) -> Option<(&str, &str)> {
        let by = self.by.as_deref().filter(|_| self.agrees.is_none())?;
        Some((by, self.why.as_deref().unwrap_or("it gave no answer")))
    }
}

/// The first two numbers of a version.
type GitNumber = (u32, u32);

/// git that does not have `merge-tree --write-tree` cannot answer (git's release notes of 2.38), nor that without its
/// `--merge-base` where a base is given (those of 2.40).
const FIRST: GitNumber = (2, 38);
const FIRST_OVER_BASE: GitNumber = (2, 40);

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
    asking: Option<JoinHandle<Result<Answered, NoAnswer>>>,
    /// Why git is not asked, where it should be.
    unasked: Option<String>,
}

/// What git is asked.
struct Question {
    /// Options, then ours and theirs.
    arguments: Vec<String>,
    attributes: CommittedAttributes,
}

impl Question {
    /// All that the answer depends on.
    fn parts(&self) -> Vec<String> {
        let attributes = self.attribute_source().map(|commit| format!("--attr-source={commit}"));
        attributes.into_iter().chain(self.arguments.iter().cloned()).collect()
    }

    fn sides(&self) -> [&str; 2] {
        match &self.arguments[..] {
            [.., ours, theirs] => [ours, theirs],
            _ => [""; 2],
        }
    }

    /// The commit whose `.gitattributes` count.
    fn attribute_source(&self) -> Option<&str> {
        (self.attributes == CommittedAttributes::OfTarget).then_some(self.sides()[0])
    }
}

/// Who was asked, and the answer.
struct Answered {
    by: String,
    answer: GitAnswer,
    labels: GitLabels,
    /// What git wrote, where the answer was not known before.
    written: Option<GitTree>,
}

/// Why git has no answer, and which git was asked, if one was.
struct NoAnswer {
    by: Option<String>,
    why: String,
}

/// The tree that git printed, markers of conflicts and all, while its objects are there.
struct GitTree {
    tree: TreeId,
    objects: tempfile::TempDir,
    repository: PathBuf,
    sides: [String; 2],
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
    /// It is not asked about commits that live in memory alone.
    pub fn begin(mode: CrossCheckMode, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(mode, objects, (AskAgain::Always, GitLabels::Same), None, [ours, theirs])
    }

    /// As [`begin`](Self::begin) for a look that decides nothing: in a very long history git's answer may be the one that it
    /// gave to the same commits before. The repository must be a cache.
    pub fn begin_look(mode: CrossCheckMode, objects: &Objects, ours: CommitId, theirs: CommitId) -> Self {
        Self::start(mode, objects, (AskAgain::UnlessCached, GitLabels::Same), None, [ours, theirs])
    }

    /// As [`begin`](Self::begin), over a base that is given, as for a pick or a revert; git before 2.40 has no answer to that.
    pub fn begin_over(
        mode: CrossCheckMode,
        objects: &Objects,
        base: CommitId,
        ours: CommitId,
        theirs: CommitId,
    ) -> Self {
        Self::start(mode, objects, (AskAgain::Always, GitLabels::Others), Some(base), [ours, theirs])
    }

    fn start(
        mode: CrossCheckMode,
        objects: &Objects,
        (ask_again, labels): (AskAgain, GitLabels),
        base: Option<CommitId>,
        sides: [CommitId; 2],
    ) -> Self {
        if mode == CrossCheckMode::Skip {
            return Self { mode, asking: None, unasked: None };
        }
        if !objects.are_on_disk(base.iter().chain(&sides)) {
            let unasked = "a commit of it exists in this dry run alone, where git cannot see it";
            return Self { mode, asking: None, unasked: Some(unasked.to_owned()) };
        }
        let repository = objects.path().to_owned();
        let base = base.map(|base| format!("--merge-base={base}"));
        let arguments: Vec<String> = base.into_iter().chain(sides.map(|side| side.to_string())).collect();
        let question = Question { attributes: objects.attributes, arguments };
        let needed = if labels == GitLabels::Others { FIRST_OVER_BASE } else { FIRST };
        let work = move || {
            let (program, by) = version(needed)?;
            let cached = match ask_again {
                AskAgain::Always => None,
                AskAgain::UnlessCached => CachedAnswer::new(&repository, &program, &by, &question.parts()),
            };
            if let Some(answer) = cached.as_ref().and_then(CachedAnswer::answer) {
                return Ok(Answered { by, answer, labels, written: None });
            }
            match ask(&repository, &question, cached.as_ref()) {
                Ok((answer, written)) => Ok(Answered { by, answer, labels, written: Some(written) }),
                Err(why) => Err(NoAnswer { by: Some(by), why }),
            }
        };
        let asking = std::thread::Builder::new().name("cross-check".to_owned()).spawn(work);
        let unasked = asking.as_ref().err().map(|error| format!("git cannot be started: {error}"));
        Self { mode, asking: asking.ok(), unasked }
    }

    /// Waits for git, and compares with what was decided here.
    pub fn end(mut self, outcome: &MergeResult) -> CrossCheck {
        let skipped = self.mode == CrossCheckMode::Skip;
        match self.asking.take().map(JoinHandle::join) {
            Some(Ok(Ok(answer))) => compare(answer, outcome),
            Some(Ok(Err(NoAnswer { by, why }))) => CrossCheck { by, why: Some(why), ..CrossCheck::default() },
            Some(Err(_)) => CrossCheck { by: Some("git".to_owned()), ..CrossCheck::default() },
            None => CrossCheck { skipped, why: self.unasked.take(), ..CrossCheck::default() },
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

fn compare(Answered { by, answer, labels, written }: Answered, outcome: &MergeResult) -> CrossCheck {
    let (tree, agrees) = match (answer, &outcome.result) {
        (GitAnswer::Clean(tree), mine) => (Some(tree), mine.tree() == Some(tree)),
        (GitAnswer::Conflicts(paths), Merged::Conflicts(mine)) => {
            // Some conflicts are only reported: nothing is left unmerged there.
            let unmerged = |conflict: &&Conflict| {
                [&conflict.base, &conflict.ours, &conflict.theirs].into_iter().any(Option::is_some)
            };
            let mine = digest(mine.iter().filter(unmerged).map(|conflict| conflict.path.as_bytes()));
            (None, mine == paths || labels == GitLabels::Others)
        }
        (GitAnswer::Conflicts(_), Merged::Clean(_) | Merged::UpToDate(_)) => (None, false),
    };
    let lost = written.filter(|_| !agrees).and_then(|written| written.lost().ok().flatten());
    CrossCheck { by: Some(by), tree, agrees: Some(agrees), lost, ..CrossCheck::default() }
}

impl GitTree {
    /// A file that both sides have at one path: no merge may take it away.
    fn lost(&self) -> Result<Option<String>, git2::Error> {
        let repository = git2::Repository::open(&self.repository)?;
        repository.odb()?.add_disk_alternate(&self.objects.path().to_string_lossy())?;
        let merged = repository.find_tree(oid(self.tree.object())?)?;
        let mut gone = [BTreeSet::new(), BTreeSet::new()];
        for (gone, side) in gone.iter_mut().zip(&self.sides) {
            let side = repository.find_commit(git2::Oid::from_str(side)?)?.tree()?;
            for delta in repository.diff_tree_to_tree(Some(&side), Some(&merged), None)?.deltas() {
                if delta.status() == git2::Delta::Deleted {
                    gone.extend(delta.old_file().path_bytes().map(<[u8]>::to_vec));
                }
            }
        }
        let [ours, theirs] = gone;
        Ok(ours.intersection(&theirs).next().map(|path| quoted_path(path)))
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
fn version(needed: GitNumber) -> Result<(PathBuf, String), NoAnswer> {
    let no_answer = |by: Option<&str>, why: String| NoAnswer { by: by.map(str::to_owned), why };
    let Some(program) = git_program() else { return Err(no_answer(None, "there is no git on PATH".to_owned())) };
    let text = git_version().unwrap_or_default();
    let number = text.split_whitespace().next().unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(major)), Some(Some(minor))) = (parts.next(), parts.next()) else {
        return Err(no_answer(Some("git"), format!("`{} version` names no version", program.display())));
    };
    if (major, minor) < needed {
        let (first, second) = needed;
        return Err(no_answer(None, format!("git {number} is too old, it is asked from {first}.{second} on")));
    }
    Ok((program, format!("git {number}")))
}

/// git's answer, and what it wrote; otherwise why there is none.
fn ask(repository: &Path, question: &Question, cached: Option<&CachedAnswer>) -> Result<(GitAnswer, GitTree), String> {
    let began = Instant::now();
    let objects = tempfile::tempdir().map_err(|error| format!("there is no place for its objects: {error}"))?;
    let output = merge_tree(repository, question, objects.path()).map_err(|error| error.to_string())?;
    let mut parts = output.stdout.split('\0');
    let tree = parts.next().and_then(|tree| tree.trim().parse::<TreeId>().ok());
    let (tree, answer) = match (output.code, tree) {
        (Some(0), Some(tree)) => (tree, GitAnswer::Clean(tree)),
        // Exit 1 with a tree is git's word for conflicts; 1 without is a failure.
        (Some(1), Some(tree)) => {
            (tree, GitAnswer::Conflicts(digest(parts.take_while(|path| !path.is_empty()).map(str::as_bytes))))
        }
        _ => {
            let said = output.stderr.lines().rfind(|line| !line.trim().is_empty()).map(|line| format!(" ({line})"));
            return Err(format!("it ended with {}{}", output.ending(), said.unwrap_or_default()));
        }
    };
    if let Some(cached) = cached.filter(|_| began.elapsed() > LONG) {
        cached.keep(&answer);
    }
    let sides = question.sides().map(str::to_owned);
    Ok((answer, GitTree { tree, objects, repository: repository.to_owned(), sides }))
}

fn merge_tree(repository: &Path, question: &Question, scratch: &Path) -> Result<ProgramExit, ProcessError> {
    let mut env: Vec<(OsString, OsString)> = vec![
        // The merge is that of the commits alone: what a person set up for their own merges has no say.
        ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
        ("GIT_ATTR_NOSYSTEM".into(), "1".into()),
        ("GIT_DIR".into(), repository.into()),
        ("GIT_OBJECT_DIRECTORY".into(), scratch.into()),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES".into(), quoted(&objects_of(repository))),
    ];
    let mut git: Vec<OsString> = ["-c", "core.attributesFile=/dev/null"].map(Into::into).into();
    git.extend(["merge-tree", "--write-tree", "--no-messages", "--name-only", "-z"].map(Into::into));
    git.extend(question.arguments.iter().map(Into::into));
    env.extend(question.attribute_source().map(|target| ("GIT_ATTR_SOURCE".into(), target.into())));
    run_git(&git, &env, Some(DEADLINE), &Cancel::new())
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
