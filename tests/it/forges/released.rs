//! `[release]` on GitLab and Forgejo: what landed is tagged, and is a release with its notes, once.

use super::stage::Stage;
use crate::support::github::Play;
use crate::support::hosted::project::Release;
use crate::support::hosted::{Fault, Service};

/// The configuration with `[release]`, and the check green.
fn releasing<S: Service + Sync>(stage: &Stage<S>) {
    stage.forge.with_project(|project| project.on_change("unit", Play::Green));
    let file = stage.project.join("relwf.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("{config}\n[release]\ntag = \"rel/{{n}}\"\n")).unwrap();
}

fn releases<S: Service>(stage: &Stage<S>) -> Vec<Release> {
    stage.forge.with_project(|project| project.releases.clone())
}

/// Lands, and whatever is lost of the release's answer: it is one release of one tag.
fn lands_as_a_release<S: Service + Sync>(stage: &Stage<S>, page: &str) {
    stage.forge.fault("POST", "/releases", 1, Fault::DoneThenReset);
    stage.promote().exits(0);
    let all = releases(stage);
    let [release] = &all[..] else { panic!("one release: {all:?}") };
    assert_eq!((&*release.tag, &*release.name), ("rel/1", "rel/1"));
    let (before, tip) = (stage.git(&["rev-parse", "staging~1"]), stage.git(&["rev-parse", "staging"]));
    assert_eq!(stage.git(&["rev-parse", "rel/1^{commit}"]), tip);
    let head =
        format!("3 commits in [{}..{}]({}{page}{before}...{tip})\n", &before[..10], &tip[..10], stage.forge.web());
    assert!(release.notes.starts_with(&head), "{}", release.notes);
    stage.relwf(&["run", "tag-release", "--param", "branch=staging"]).exits(0);
    assert_eq!((releases(stage).len(), stage.git(&["tag", "--list"])), (1, "rel/1".to_owned()));
}

#[test]
fn what_landed_is_a_release_on_gitlab() {
    let stage = Stage::gitlab();
    stage.forge.with_project(|project| project.on_push("staging", "deploy", Play::Green));
    releasing(&stage);
    lands_as_a_release(&stage, "/acme/platform/service/-/compare/");
}

#[test]
fn what_landed_is_a_release_on_forgejo() {
    let stage = Stage::forgejo();
    releasing(&stage);
    lands_as_a_release(&stage, "/acme/service/compare/");
}
