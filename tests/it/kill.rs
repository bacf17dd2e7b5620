//! kill -9 anywhere in a promotion, then `resume`: the same end as without a kill, and nothing happened twice.
//!
//! What is counted is counted at the remote, by git itself: how often staging moved, which changes were proposed.
//! No kill is timed. The program dies at one of the lines that come through a named pipe: its own events, and the words of a
//! hook of the remote, which stands still before and after every movement of a reference until it is answered.

use crate::support::bench::git;
use crate::support::chance::Chance;
use crate::support::cli::Machine;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const SIGKILL: i32 = 9;

/// What the hook says when it stands still: a reference is about to move.
const BEFORE: &str = "held prepared";
/// It has moved, and relwf does not know yet.
const AFTER: &str = "held committed";

/// Where the program dies, counted in lines of one kind, from 1.
#[derive(Debug, Clone, Copy)]
enum Death {
    Never,
    /// A reference is about to move; the remote gives it up.
    BeforeItMoves(usize),
    /// A reference has moved, and relwf is never told.
    AfterItMoved(usize),
    /// This event was read; the program goes on until the kill reaches it.
    AtEvent(usize),
}

/// How a process ended, and what came by meanwhile.
#[derive(Debug)]
struct Life {
    ended: ExitStatus,
    before: usize,
    after: usize,
    events: usize,
}

impl Life {
    fn killed(&self) -> bool {
        self.ended.signal() == Some(SIGKILL)
    }
}

#[test]
fn a_promotion_that_is_killed_at_any_movement_of_a_reference_ends_as_if_it_had_not_been() {
    let (whole, expected) = unkilled();
    assert!(whole.before >= 3 && whole.before == whole.after, "a change, staging and a tag move, each once: {whole:?}");
    assert_eq!(expected.tags, "refs/tags/release-1 <tip>");
    let deaths = (1..=whole.before).flat_map(|n| [Death::BeforeItMoves(n), Death::AfterItMoved(n)]);
    for death in deaths {
        let ground = Ground::new();
        let life = ground.live(&["run", "promote-staging"], death);
        assert!(life.killed(), "{death:?}: {life:?}");
        ground.goes_on_to(&expected, &format!("{death:?}"));
    }
}

#[test]
fn a_promotion_that_is_killed_at_any_event_ends_as_if_it_had_not_been() {
    let (whole, expected) = unkilled();
    for round in 0..10 {
        let (ground, mut chance) = (Ground::new(), Chance(round));
        // One to four processes are killed; the next one is left alone.
        let mut deaths = Vec::new();
        for _ in 0..1 + chance.below(4) {
            let death = Death::AtEvent(1 + chance.below(whole.events as u64) as usize);
            ground.live(&ground.next(), death);
            deaths.push(death);
        }
        ground.goes_on_to(&expected, &format!("round {round}: {deaths:?}"));
    }
}

/// A promotion that is not killed, and where it leads.
fn unkilled() -> (Life, EndState) {
    let ground = Ground::new();
    let life = ground.live(&["run", "promote-staging"], Death::Never);
    assert!(life.ended.success(), "{life:?}");
    (life, ground.end_state())
}

/// A hook that has not asked after this long is gone.
const GONE: Duration = Duration::from_secs(20);

/// The sample service; its remote keeps a log of every movement of every reference, and its hook waits.
struct Ground {
    machine: Machine,
    service: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let machine = Machine::new();
        let service = machine.service();
        let ground = Self { machine, service };
        ground.tags_releases();
        git(&ground.remote(), &["config", "core.logAllRefUpdates", "always"]);
        for pipe in ["lines", "answers"] {
            let made = Command::new("mkfifo").arg(ground.machine.path(pipe)).status().expect("mkfifo is there");
            assert!(made.success());
        }
        let (lines, answers) = (ground.machine.path("lines"), ground.machine.path("answers"));
        // The remote's side: every git keeps the pipe open, so that it ends when the last of them has ended.
        let path = std::env::var("PATH").unwrap_or_default();
        let shim = format!("#!/bin/sh\nPATH='{path}'\nexec 9<>'{}'\nexec git \"$@\"\n", lines.display());
        executable(&ground.machine.path("bin/git"), &shim);
        let hook = format!(
            "#!/bin/sh\ncase $1 in prepared|committed) ;; *) exit 0 ;; esac\n\
             echo \"held $1\" >'{}'\nread answer <'{}'\n[ \"$answer\" = go ]\n",
            lines.display(),
            answers.display(),
        );
        executable(&ground.remote().join("hooks/reference-transaction"), &hook);
        ground
    }

    /// What lands on staging is a release.
    fn tags_releases(&self) {
        let file = self.service.join("relwf.toml");
        let config = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{config}\n[release]\ntag = 'release-{{n}}'\nbranch = 'staging'\n")).unwrap();
        git(&self.service, &["add", "-A"]);
        let by = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
        git(&self.service, &[&by[..], &["commit", "-qm", "Releases are tagged"]].concat());
        git(&self.service, &["push", "-q", "origin", "master"]);
    }

    fn remote(&self) -> PathBuf {
        self.machine.path("demo").join("remote.git")
    }

    /// Starts the program, lets it go on at every line, and kills it where it is to die.
    fn live(&self, args: &[&str], death: Death) -> Life {
        let lines = self.machine.path("lines");
        // Opened for both at first: neither end alone can be opened before the other.
        let both = OpenOptions::new().read(true).write(true).open(&lines).unwrap();
        let (reader, writer) = (File::open(&lines).unwrap(), OpenOptions::new().write(true).open(&lines).unwrap());
        drop(both);
        let mut child = Command::new(env!("CARGO_BIN_EXE_relwf"))
            .env_clear()
            .env(
                "PATH",
                format!("{}:{}", self.machine.path("bin").display(), std::env::var("PATH").unwrap_or_default()),
            )
            .env("HOME", self.machine.home())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(&self.service)
            .args(args)
            .arg("--json")
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::null())
            .spawn()
            .expect("relwf starts");
        let (mut before, mut after, mut events) = (0, 0, 0);
        for line in BufReader::new(reader).lines() {
            let line = line.unwrap();
            let (held, dies) = if line.ends_with(BEFORE) {
                before += 1;
                (true, matches!(death, Death::BeforeItMoves(n) if n == before))
            } else if line.ends_with(AFTER) {
                after += 1;
                (true, matches!(death, Death::AfterItMoved(n) if n == after))
            } else {
                events += 1;
                (false, matches!(death, Death::AtEvent(n) if n == events))
            };
            if dies {
                child.kill().expect("a process can be killed");
            }
            if held && dies {
                self.answer_if_asked("no\n");
            } else if held {
                std::fs::write(self.machine.path("answers"), "go\n").unwrap();
            }
        }
        Life { ended: child.wait().expect("it has ended"), before, after, events }
    }

    /// Answers the hook, unless it has died with the program before it could ask.
    fn answer_if_asked(&self, answer: &str) {
        const NONBLOCK: i32 = 0o4000;
        let began = Instant::now();
        while began.elapsed() < GONE {
            // Without a reader there is nothing to open.
            let pipe = OpenOptions::new().write(true).custom_flags(NONBLOCK).open(self.machine.path("answers"));
            if let Ok(mut pipe) = pipe {
                return pipe.write_all(answer.as_bytes()).unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What an operator types next.
    fn next(&self) -> Vec<&'static str> {
        match self.machine.say(&self.service, &["runs", "--json"]).exits(0).json()["runs"].as_array() {
            Some(runs) if !runs.is_empty() => vec!["resume", "--all"],
            _ => vec!["run", "promote-staging"],
        }
    }

    /// One more process, which is not killed: the same end as ever, in one run.
    fn goes_on_to(&self, expected: &EndState, what: &str) {
        let args = self.next();
        let last = self.live(&args, Death::Never);
        assert!(last.ended.success(), "{what}: {args:?} {last:?}");
        assert_eq!(self.end_state(), *expected, "{what}");
        let runs = self.machine.say(&self.service, &["runs", "--json"]).exits(0).json();
        let statuses: Vec<&str> = runs["runs"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|run| run["status"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(statuses, ["done"], "{what}");
    }

    fn end_state(&self) -> EndState {
        let remote = self.remote();
        git(&remote, &["fsck", "--strict", "--no-dangling"]);
        let owned = git(&remote, &["for-each-ref", "--format=%(refname)", "refs/relwf/", "refs/heads/relwf/"]);
        let tip = git(&remote, &["rev-parse", "staging"]);
        let changes: Vec<String> = owned.lines().map(|line| line.replace(&tip, "<tip>")).collect();
        EndState {
            staging: git(&remote, &["log", "-3", "--first-parent", "--format=%T %P", "staging"]).replace(&tip, "<tip>"),
            moves: git(&remote, &["reflog", "show", "--format=%H", "refs/heads/staging"]).lines().count(),
            proposed: changes.iter().filter(|name| !name.contains("verdicts")).count(),
            changes,
            tags: git(&remote, &["for-each-ref", "--format=%(refname) %(*objectname)", "refs/tags/release*"])
                .replace(&tip, "<tip>"),
        }
    }
}

fn executable(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Everything that must be the same however often the run was killed.
#[derive(Debug, PartialEq)]
struct EndState {
    /// Trees and parents of staging's history: equal but for the merge's date.
    staging: String,
    /// How often staging moved.
    moves: usize,
    /// The references that relwf owns.
    changes: Vec<String>,
    /// How many of them hold a change.
    proposed: usize,
    /// The releases' tags, and what they are of.
    tags: String,
}
