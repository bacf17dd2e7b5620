//! Small histories for merge tests, written with the real git.

use super::merge_answers::{self, Answer, git};
use relwf::model::CommitId;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

/// The signal of a failed assertion.
const ABORTED: i32 = 6;

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub mode: &'static str,
    pub data: Vec<u8>,
}

/// A snapshot: paths and files.
pub type Snapshot = BTreeMap<String, File>;

/// A commit to be made: its snapshot and the positions of its parents in the list.
#[derive(Debug, Clone)]
pub struct Planned {
    pub files: Snapshot,
    pub parents: Vec<usize>,
}

/// A bare repository that lives as long as this.
pub struct Repository {
    folder: tempfile::TempDir,
    pub commits: Vec<CommitId>,
}

impl Repository {
    /// Makes all planned commits; they are one minute apart.
    pub fn with(plan: &[Planned]) -> Self {
        Self::dated(plan, |at| at)
    }

    /// Makes all planned commits, each at a minute of its own choice.
    pub fn dated(plan: &[Planned], minute: impl Fn(usize) -> usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = git(folder.path()).args(["init", "-q", "--bare"]).status().expect("git runs: the tests need it");
        assert!(made.success());
        let mut stream = Vec::new();
        for (at, commit) in plan.iter().enumerate() {
            let (mark, date) = (at + 1, 1_600_000_000 + minute(at) * 60);
            if commit.parents.is_empty() {
                stream.extend_from_slice(b"reset refs/heads/made\n");
            }
            write!(stream, "commit refs/heads/made\nmark :{mark}\ncommitter A <a@b> {date} +0000\ndata 1\nx\n")
                .unwrap();
            for (nth, parent) in commit.parents.iter().enumerate() {
                writeln!(stream, "{} :{}", if nth == 0 { "from" } else { "merge" }, parent + 1).unwrap();
            }
            stream.extend_from_slice(b"deleteall\n");
            for (path, file) in &commit.files {
                if file.mode == "160000" {
                    writeln!(stream, "M 160000 {} {path}", String::from_utf8_lossy(&file.data)).unwrap();
                } else {
                    write!(stream, "M {} inline {path}\ndata {}\n", file.mode, file.data.len()).unwrap();
                    stream.extend_from_slice(&file.data);
                    stream.push(b'\n');
                }
            }
        }
        let mut import = git(folder.path())
            .args(["fast-import", "--quiet", "--force", "--export-marks=marks"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        import.stdin.take().unwrap().write_all(&stream).unwrap();
        assert!(import.wait().unwrap().success());
        let marks = std::fs::read_to_string(folder.path().join("marks")).unwrap();
        let mut commits: Vec<(usize, CommitId)> = marks
            .lines()
            .filter_map(|line| line.strip_prefix(':')?.split_once(' '))
            .map(|(mark, id)| (mark.parse().unwrap(), id.parse().unwrap()))
            .collect();
        commits.sort_by_key(|(mark, _)| *mark);
        Self { folder, commits: commits.into_iter().map(|(_, id)| id).collect() }
    }

    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// git's answers for pairs of commits, given by position.
    pub fn gits(&self, pairs: &[(usize, usize)]) -> Vec<Answer> {
        self.try_gits(pairs).into_iter().map(|answer| answer.expect("git answers")).collect()
    }

    /// [`gits`](Self::gits); `None` where git stops at an assertion of its own, as 2.47 does for some moved directories.
    pub fn try_gits(&self, pairs: &[(usize, usize)]) -> Vec<Option<Answer>> {
        let unless_aborted = |answer: Result<Answer, ExitStatus>| match answer {
            Ok(answer) => Some(answer),
            Err(status) if status.signal() == Some(ABORTED) => None,
            Err(status) => panic!("git merge-tree stops with {status}"),
        };
        merge_answers::gits(self.path(), &self.ids(pairs)).into_iter().map(unless_aborted).collect()
    }

    /// The engine's answers for the same pairs.
    pub fn ours(&self, pairs: &[(usize, usize)]) -> Vec<Answer> {
        merge_answers::ours(self.path(), &self.ids(pairs)).into_iter().map(Result::unwrap).collect()
    }

    fn ids(&self, pairs: &[(usize, usize)]) -> Vec<(CommitId, CommitId)> {
        pairs.iter().map(|(ours, theirs)| (self.commits[*ours], self.commits[*theirs])).collect()
    }
}
