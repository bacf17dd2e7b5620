//! Real git repositories with dates that tick, a private home and no configuration but their own.

use relwf::git::{Credentials, Keep, Mirror, RemoteUrl};
use relwf::model::{Cancel, Progress, TaskContext};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

static NEVER: LazyLock<Cancel> = LazyLock::new(Cancel::new);

/// Without interruption and without a listener.
pub fn quiet() -> TaskContext<'static> {
    TaskContext { cancel: &NEVER, progress: &|_: Progress| {} }
}

/// Where git is. A program that is named by its path is started without copying this process, which is large.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|file| file.is_file());
        found.expect("the tests need git on PATH")
    })
}

/// A repository that tests work on with git itself.
pub struct Repo {
    pub path: PathBuf,
    clock: AtomicI64,
}

impl Repo {
    /// A new repository with a work tree, on branch `master`.
    pub fn init(path: impl Into<PathBuf>) -> Self {
        Self::make(path.into(), &["init", "-q", "-b", "master"])
    }

    /// A new bare repository.
    pub fn bare(path: impl Into<PathBuf>) -> Self {
        Self::make(path.into(), &["init", "-q", "--bare", "-b", "master"])
    }

    fn make(path: PathBuf, how: &[&str]) -> Self {
        std::fs::create_dir_all(&path).unwrap();
        let repo = Self::at(path);
        repo.git(how);
        repo
    }

    /// A repository that exists.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), clock: AtomicI64::new(1_700_000_000) }
    }

    /// Runs git here, whatever comes of it.
    pub fn try_git(&self, args: &[&str]) -> Output {
        let date = format!("@{} +0100", self.clock.fetch_add(60, Ordering::SeqCst));
        Command::new(program())
            .args(args)
            .current_dir(&self.path)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Charles")
            .env("GIT_COMMITTER_EMAIL", "charles@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .expect("the tests need git on PATH")
    }

    /// Runs git here; its output without the last line end.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.try_git(args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "git {args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits the whole work tree; the commit's id.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes one file and commits; the commit's id.
    #[track_caller]
    pub fn change(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.commit(&format!("{path}: {}", text.lines().next().unwrap_or_default()))
    }

    /// Runs git with this text as its input.
    #[track_caller]
    pub fn git_fed(&self, args: &[&str], input: &str) {
        use std::io::Write;
        let mut command = Command::new(program());
        let mut git = command.args(args).current_dir(&self.path).stdin(std::process::Stdio::piped()).spawn().unwrap();
        // One that does not read it may have ended.
        let _ = git.stdin.take().unwrap().write_all(input.as_bytes());
        assert!(git.wait().unwrap().success(), "git {args:?}");
    }

    /// Commits with merges, equal times, and children older than their parents, none of them on a branch.
    pub fn tangle(&self, count: usize) -> Vec<String> {
        let tree = self.git(&["write-tree"]);
        let mut commits: Vec<String> = Vec::new();
        for number in 0..count {
            let time = format!("{} +0000", 1_700_000_000 + (number * 37 % 60) * 100);
            let message = number.to_string();
            let mut args = vec!["commit-tree", &tree, "-m", &message];
            let second = (number % 5 == 4).then_some(number / 3);
            let first = number.checked_sub(if number % 7 == 6 { 4 } else { 1 });
            for parent in [first, second.filter(|second| Some(*second) != first)].into_iter().flatten() {
                args.extend(["-p", &commits[parent]]);
            }
            let mut command = Command::new(program());
            for who in ["AUTHOR", "COMMITTER"] {
                command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
                command.env(format!("GIT_{who}_DATE"), &time);
            }
            let made = command.args(&args).current_dir(&self.path).output().expect("git is installed");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            commits.push(String::from_utf8_lossy(&made.stdout).trim().to_owned());
        }
        commits
    }

    /// A hook that runs this shell script.
    pub fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.path.join(self.git(&["rev-parse", "--git-dir"])).join("hooks");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Pushes stand still, before any reference moves, until this many of them have come as far: all have read the same values.
    pub fn meet_before_moving(&self, count: usize) {
        let arrived = self.path.join("arrived");
        let _ = std::fs::remove_dir_all(&arrived);
        std::fs::create_dir(&arrived).unwrap();
        let folder = arrived.display();
        // A push that never comes is a failure, not a hang.
        let script = format!(
            ": >'{folder}'/$$; i=0\nwhile [ $(ls '{folder}' | wc -l) -lt {count} ]; do\n\
             i=$((i + 1)); [ $i -lt 9000 ] || exit 1; sleep 0.05\ndone"
        );
        self.hook("pre-receive", &script);
    }

    /// All references, as `git for-each-ref` shows them.
    pub fn refs(&self) -> String {
        self.git(&["for-each-ref", "--format=%(objectname) %(refname)"])
    }
}

/// The address of a path.
pub fn url(path: &Path) -> RemoteUrl {
    RemoteUrl::parse(path.to_str().unwrap(), Path::new("/")).unwrap()
}

/// No credentials at all: an empty environment, no programs.
pub fn no_credentials() -> Arc<Credentials> {
    Arc::new(Credentials::new(|_| None, None))
}

/// The mirror of a path.
pub fn mirror(cache: &Path, of: &Path) -> Mirror {
    Mirror::open(cache, &url(of), no_credentials(), Keep::Yes, quiet()).unwrap()
}

/// Every file of a folder with its bytes: two of these are equal when nothing was written.
pub fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().display().to_string(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// What of a mirror a dry run must leave alone: everything but the objects.
pub fn bytes_but_objects(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let objects = folder.join("objects").display().to_string();
    bytes_of(folder).into_iter().filter(|(path, _)| !path.starts_with(&objects)).collect()
}

/// Runs a test of this binary once more, alone in a process with this environment; `true` inside of that process.
///
/// libgit2 reads the home directory and PATH of the process, so tests that need their own need a process of their own.
pub fn in_own_process(test: &str, environment: &[(&str, &str)]) -> bool {
    const MARK: &str = "RELWF_TEST_ALONE";
    if std::env::var(MARK).is_ok_and(|name| name == test) {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(MARK, test)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{test} failed in its own process: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}
