//! gitbeaker, a client that we did not write, completes a whole promotion against the fake GitLab: no package publishes GitLab's
//! own description of its API as a whole, so this is what keeps the fake honest.

use crate::support::git::Repo;
use crate::support::github::Play;
use crate::support::gitlab::{Gitlab, PATH};
use crate::support::servers;
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn gitbeaker_completes_a_promotion() {
    let forge = Gitlab::open();
    forge.with_project(|project| project.on_change("unit", Play::GreenAfter(1)));
    let dir = tempfile::tempdir().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("README", "one\n");
    work.git(&["branch", "staging"]);
    let head = work.change("main.go", "two\n");
    work.git(&["remote", "add", "origin", &forge.git_url_as("t-write")]);
    work.git(&["push", "-q", "origin", "master", "staging", "master:refs/heads/relwf/promote/1"]);
    let before = forge.bare().git(&["rev-parse", "staging"]);

    let folder = servers::tools("node_modules/@gitbeaker/rest").ancestors().nth(3).unwrap().to_owned();
    let output = Command::new(servers::node())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/forges/gitbeaker.js"))
        .args([&forge.web(), "t-write", PATH, "relwf/promote/1", "staging"])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let said: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let landed = forge.bare().git(&["rev-parse", "staging"]);
    // GitLab gives a list; the client shows it as it came.
    let exists = "[\"Another open merge request already exists for this source branch: !1\"]";
    let moved = format!("SHA does not match HEAD of source branch: {}", &before[..8]);
    let expected = [
        json!({ "merge_method": "merge", "squash_option": "default_off", "can_push": true, "target": before }),
        json!({ "opened": 1, "sha": head, "again": [409, exists] }),
        json!({ "listed": [1] }),
        json!({ "seen": [["outside success", "unit running"], ["outside success", "unit success"]] }),
        json!({ "pipeline": "success", "jobs": ["unit"], "trace": true }),
        json!({ "wrong": [409, moved] }),
        json!({ "state": "merged", "merged": landed }),
        json!({ "notes": ["landed"] }),
        json!({ "variables": ["RELWF_KEY=k"], "stopped": true }),
        json!({ "deployed": ["beta success"] }),
    ];
    for (said, expected) in said.iter().zip(&expected) {
        assert_eq!(said, expected);
    }
    assert_eq!(said.len(), expected.len(), "{text}");
    assert_eq!(forge.bare().git(&["rev-parse", "staging^1", "staging^2"]), format!("{before}\n{head}"));
}
