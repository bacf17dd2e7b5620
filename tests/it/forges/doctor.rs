//! `relwf doctor --live` on GitLab and Forgejo: what would stop a landing, found without changing anything.

use super::stage::Stage;
use crate::support::forgejo::Protected;
use crate::support::hosted::{Rights, Service};

fn doctor<S: Service>(stage: &Stage<S>, code: i32) -> String {
    let said = stage.relwf(&["doctor", "--live"]);
    assert!(stage.forge.requests().iter().all(|seen| seen.method == "GET"));
    said.exits(code).stdout.clone()
}

#[track_caller]
fn holds(text: &str, part: &str) {
    assert!(text.contains(part), "{part} is not in {text}");
}

#[test]
fn on_gitlab() {
    let mut stage = Stage::gitlab();
    let text = doctor(&stage, 0);
    holds(&text, "on staging: by a leased push, after unit");
    holds(&text, "read with `gitlab`; ");
    holds(&text, "GITLAB_TOKEN");
    stage.forge.protect("staging", Rights::Admin, Rights::Write);
    stage.forge.with(|lab| lab.only_if_pipeline_succeeds = true);
    holds(&doctor(&stage, 0), "by the forge's own merge, after unit, pipeline");
    stage.forge.with(|lab| lab.squash_option = "always");
    holds(&doctor(&stage, 1), "the forge would squash or rebase");
    stage.token = "t-read";
    holds(&doctor(&stage, 1), "may read this repository but not write to it");
    stage.token = "t-wrong";
    holds(&doctor(&stage, 1), "401");
}

#[test]
fn on_forgejo() {
    let mut stage = Stage::forgejo();
    holds(&doctor(&stage, 0), "on staging: by a leased push, after unit");
    let contexts = vec!["unit".to_owned(), "ci/*".to_owned()];
    stage.forge.protect("staging", Protected { push: Rights::Admin, merge: Rights::Write, contexts });
    let text = doctor(&stage, 0);
    holds(&text, "by the forge's own merge, after unit, ci/*");
    holds(&text, "FORGEJO_TOKEN");
    stage.forge.with(|jo| jo.styles = vec!["squash", "rebase"]);
    holds(&doctor(&stage, 1), "the forge would squash or rebase");
    stage.token = "t-read";
    holds(&doctor(&stage, 1), "may read this repository but not write to it");
}
