//! Real processes, really killed: this test binary starts itself as the process that works, and kills it.
//!
//! The process reports every boundary between two steps and goes on when it is answered. So it dies where the test wants it to,
//! however fast the machine is.

use super::everything;
use super::world::{Mortal, World, drive, happened};
use crate::support::chance::Chance;
use relwf::journal::{NewRun, Store, Who};
use relwf::model::RunId;
use relwf::run::RunStatus;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use tempfile::TempDir;

const STATE: &str = "RELWF_TEST_STATE";
const SIGKILL: i32 = 9;

/// The first processes of a round live for at most this many boundaries: together fewer than the run has, so that all of them die.
const SHORT: u64 = 12;
const SHORT_LIVES: u64 = 4;

/// The later ones live long enough for what takes the most: an effect whose answer gets lost in each of two branches.
const LONG: u64 = 40;

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "started by the test below"]
fn worker() {
    let Some(dir) = std::env::var_os(STATE).map(PathBuf::from) else { return };
    let store = Store::open(&dir.join("state")).unwrap();
    let who = Who::here("worker");
    let id = RunId::new("r1");
    let claim = match store.run("r1") {
        Ok(run) if run.status == RunStatus::Done => return,
        Ok(_) => store.claim(&id, &who).unwrap(),
        Err(_) => store
            .create_run(&NewRun {
                id: id.clone(),
                workflow: "play".into(),
                project: "/".into(),
                repo: "r".into(),
                target: None,
                params: serde_json::Value::Null,
                sources: vec![],
                config_text: String::new(),
                who,
                process: relwf::model::ProcessOrigin::Unpublished { branch: None },
            })
            .unwrap(),
    };
    let world = World::on_disk(&dir.join("remote"), report);
    drive(&everything(), &world, &Mortal { world: &world, inner: &claim }).unwrap();
}

/// Reports a boundary and waits for the answer; one thread at a time.
fn report() {
    let mut answers = std::io::stdin().lock();
    std::io::stderr().write_all(b".").unwrap();
    answers.read_exact(&mut [0]).unwrap();
}

/// Where a process is killed.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// While it stands at this boundary.
    At(u64),
    /// Anywhere after it, but not far.
    After(u64),
}

impl Death {
    fn draw(chance: &mut Chance, longest: u64) -> Self {
        let boundary = 1 + chance.below(longest);
        if chance.below(2) == 0 { Self::At(boundary) } else { Self::After(boundary) }
    }
}

/// One process, from its start to its death, or to its end when that comes first.
fn live(dir: &Path, death: Death) -> ExitStatus {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durable::processes::worker", "--ignored", "--quiet"])
        .env(STATE, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut answers, mut boundaries) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    for boundary in 1.. {
        if boundaries.read_exact(&mut [0]).is_err() {
            break;
        }
        match death {
            Death::At(last) if last == boundary => {
                child.kill().unwrap();
                break;
            }
            Death::After(last) if last == boundary => {
                answers.write_all(b".").unwrap();
                child.kill().unwrap();
                break;
            }
            _ => answers.write_all(b".").unwrap(),
        }
    }
    child.wait().unwrap()
}

#[test]
fn killed_again_and_again_a_run_ends_as_if_it_had_never_been() {
    for round in 0..6 {
        let (dir, mut chance, mut kills) = (TempDir::new().unwrap(), Chance(round), 0);
        let state = dir.path().join("state");
        loop {
            let death = Death::draw(&mut chance, if kills < SHORT_LIVES { SHORT } else { LONG });
            let ended = live(dir.path(), death);
            match ended.signal() {
                Some(SIGKILL) => kills += 1,
                _ => assert!(ended.success(), "round {round}: {ended} instead of {death:?}"),
            }
            let status = Store::open(&state).unwrap().run("r1").map(|run| run.status);
            if status.is_ok_and(|status| status == RunStatus::Done) {
                break;
            }
            assert!(kills < 1000, "round {round}: the run never ends");
        }
        // `dying_at_any_boundary…` counts them: more than fifty boundaries.
        assert!(kills >= SHORT_LIVES, "round {round}: only {kills} processes were killed");
        Store::open(&state).unwrap().verify_chain(&RunId::new("r1")).unwrap();
        assert_eq!(happened(&dir.path().join("remote")), super::once(), "round {round}");
    }
}
