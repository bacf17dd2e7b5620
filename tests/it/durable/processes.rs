//! Real processes, really killed: this test binary starts itself as the process that works, and kills it.

use super::everything;
use super::world::{World, drive, happened};
use relwf::journal::{NewRun, Store, Who};
use relwf::model::RunId;
use relwf::run::RunStatus;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const STATE: &str = "RELWF_TEST_STATE";

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
            })
            .unwrap(),
    };
    drive(&everything(), &World::on_disk(&dir.join("remote")), &claim).unwrap();
}

fn start(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durable::processes::worker", "--ignored", "--quiet"])
        .env(STATE, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_again_and_again_a_run_ends_as_if_it_had_never_been() {
    let mut kills = 0;
    for round in 0..6_u64 {
        let dir = TempDir::new().unwrap();
        for attempt in 0..60_u64 {
            let mut child = start(dir.path());
            // From hardly begun to nearly done, differently every time; after twenty deaths it may live.
            let patience = if attempt < 20 { 6 + (round * 37 + attempt * 23) % 60 } else { 20_000 };
            let mut waited = 0;
            while waited < patience && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
                waited += 1;
            }
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                kills += 1;
            }
            child.wait().unwrap();
            let over = Store::open(&dir.path().join("state")).unwrap().run("r1").map(|run| run.status);
            if over.is_ok_and(|status| status == RunStatus::Done) {
                break;
            }
        }
        let store = Store::open(&dir.path().join("state")).unwrap();
        assert_eq!(store.run("r1").unwrap().status, RunStatus::Done, "round {round}");
        store.verify_chain(&RunId::new("r1")).unwrap();
        assert_eq!(happened(&dir.path().join("remote")), super::once(), "round {round}");
    }
    assert!(kills > 20, "only {kills} processes were killed: the test does not test");
}
