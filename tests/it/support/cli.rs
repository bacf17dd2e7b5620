//! The real program, with a home of its own and nothing of the environment around the tests.

use assert_cmd::Command;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// After this long a program hangs: far longer than any takes on the slowest machine.
pub const HANGS: Duration = Duration::from_secs(900);

/// A machine without files of its user yet.
pub struct Machine {
    dir: TempDir,
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Machine {
    pub fn new() -> Self {
        let machine = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        std::fs::create_dir_all(machine.home()).expect("a home");
        machine
    }

    /// A folder of this machine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The program, told to work in `dir`.
    pub fn relwf(&self, dir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relwf"));
        command.env_clear().envs(self.environment()).current_dir(dir).args(args).timeout(HANGS);
        command
    }

    /// The environment of every program here.
    pub fn environment(&self) -> [(&'static str, OsString); 5] {
        [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("HOME", self.home().into()),
            ("TZ", "UTC".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
        ]
    }

    /// Runs it and reads what it said. Paths of this machine read `<machine>`.
    pub fn say(&self, dir: &Path, args: &[&str]) -> Said {
        said(self, self.relwf(dir, args))
    }

    /// The sample service, not yet promoted: its work clone.
    pub fn service(&self) -> PathBuf {
        relwf::app::demo(&self.path("demo")).expect("the sample can be made").project
    }
}

/// Runs a command that was prepared further.
pub fn said(machine: &Machine, mut command: Command) -> Said {
    let output = command.output().expect("relwf starts");
    let place = machine.dir.path().display().to_string();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("relwf writes UTF-8").replace(&place, "<machine>");
    Said { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Said {
    /// Stdout as one JSON value.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}\n{}", self.stdout, self.stderr))
    }

    /// Stdout as a JSON value a line.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"))).collect()
    }

    /// The exit code was this; says what was said when it was not.
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
