//! kill -9 at random moments of a promotion, then `resume`: the same end as without a kill, and nothing happened twice.
//!
//! What is counted is counted at the remote, by git itself: how often staging moved, which changes were proposed.

use crate::support::bench::git;
use crate::support::cli::Machine;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 20;
const SIGKILL: i32 = 9;

#[test]
fn a_promotion_that_is_killed_at_random_moments_ends_as_if_it_had_not_been() {
    let unkilled = Machine::new();
    let service = prepared(&unkilled);
    let start = Instant::now();
    unkilled.say(&service, &["run", "promote-staging"]).exits(0);
    let whole = start.elapsed();
    let expected = end_state(&unkilled);

    let mut kills = 0;
    for round in 0..ROUNDS {
        let machine = Machine::new();
        let service = prepared(&machine);
        let mut chance = Chance(round);
        let mut args: &[&str] = &["run", "promote-staging"];
        // One to four processes are killed; the next one is left alone.
        for _ in 0..1 + chance.below(4) {
            if run_and_kill(&machine, &service, args, chance.part_of(whole)) {
                kills += 1;
            }
            args = match machine.say(&service, &["runs", "--json"]).exits(0).json()["runs"].as_array() {
                Some(runs) if !runs.is_empty() => &["resume", "--all"],
                _ => &["run", "promote-staging"],
            };
        }
        let last = machine.say(&service, args);
        assert_eq!(last.code, 0, "round {round}: {args:?}\n{}\n{}", last.stdout, last.stderr);
        assert_eq!(end_state(&machine), expected, "round {round}");
        let runs = machine.say(&service, &["runs", "--json"]).exits(0).json();
        let statuses: Vec<&str> = runs["runs"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|run| run["status"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(statuses, ["done"], "round {round}");
    }
    // Had every process ended before its kill, this test would have tried nothing.
    assert!(kills >= ROUNDS / 2, "only {kills} processes were still there to be killed");
}

/// The sample service; its remote keeps a log of every movement of every reference.
fn prepared(machine: &Machine) -> std::path::PathBuf {
    let service = machine.service();
    git(&remote(machine), &["config", "core.logAllRefUpdates", "always"]);
    service
}

fn remote(machine: &Machine) -> std::path::PathBuf {
    machine.path("demo").join("remote.git")
}

/// Starts the program and kills it after a while; false when it had ended before.
fn run_and_kill(machine: &Machine, dir: &Path, args: &[&str], after: Duration) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_relwf"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", machine.home())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(dir)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("relwf starts");
    std::thread::sleep(after);
    child.kill().expect("a process can be killed");
    child.wait().expect("a killed process ends").signal() == Some(SIGKILL)
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
}

fn end_state(machine: &Machine) -> EndState {
    let remote = remote(machine);
    git(&remote, &["fsck", "--strict", "--no-dangling"]);
    let owned = git(&remote, &["for-each-ref", "--format=%(refname)", "refs/relwf/", "refs/heads/relwf/"]);
    let tip = git(&remote, &["rev-parse", "staging"]);
    let changes: Vec<String> = owned.lines().map(|line| line.replace(&tip, "<tip>")).collect();
    EndState {
        staging: git(&remote, &["log", "-3", "--first-parent", "--format=%T %P", "staging"]).replace(&tip, "<tip>"),
        moves: git(&remote, &["reflog", "show", "--format=%H", "refs/heads/staging"]).lines().count(),
        proposed: changes.iter().filter(|name| !name.contains("verdicts")).count(),
        changes,
    }
}

/// The same moments every time, different ones in each round.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn part_of(&mut self, whole: Duration) -> Duration {
        whole.mul_f64(self.below(1000) as f64 / 1000.0)
    }
}
