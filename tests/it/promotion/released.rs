//! `[release]` on GitHub: what landed is tagged, and is a release with its notes, once; what fails of that is said and made later.

use super::stage::Stage;
use crate::support::github::{Fault, Release};
use crate::support::wire::Answer;
use serde_json::json;

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with_ci(&format!("{}\n[release]\ntag = \"release-{{n}}\"\n", stage.by_travis()));
    stage
}

fn releases(stage: &Stage) -> Vec<Release> {
    stage.github.with(|repo| repo.releases.clone())
}

fn tagged(stage: &Stage) -> String {
    stage.git(&["for-each-ref", "--format=%(refname:short) %(objecttype) %(*objectname)", "refs/tags"])
}

fn of_staging(stage: &Stage) -> String {
    format!("release-1 tag {}", stage.git(&["rev-parse", "staging"]))
}

#[test]
fn what_landed_is_a_release_with_its_notes() {
    let stage = stage();
    let said = stage.promote();
    said.exits(0);
    assert_eq!(tagged(&stage), of_staging(&stage));
    let all = releases(&stage);
    let [release] = &all[..] else { panic!("one release: {all:?}") };
    let tip = stage.git(&["rev-parse", "staging"]);
    assert_eq!((&*release.tag, &*release.name, &*release.commitish), ("release-1", "release-1", &*tip));
    let before = stage.git(&["rev-parse", "staging~1"]);
    let compare = format!("{}/acme/service/compare/{before}...{tip}", stage.github.api());
    let head = format!("3 commits in [{}..{}]({compare})\n", &before[..10], &tip[..10]);
    assert!(release.body.starts_with(&head), "{}", release.body);
    assert!(
        release.body.contains("\n## Commits\n\n- ") && release.body.contains(" main.go: three (Ada)\n"),
        "{}",
        release.body
    );
    // The notes of a page: what `relwf notes` prints.
    let printed = stage.relwf(&["notes", "--markdown"]);
    assert_eq!(printed.exits(0).stdout, release.body);
    let notes = stage.relwf(&["notes", "--json"]).exits(0).json();
    assert_eq!(notes["compare"], json!(compare));

    // Once more is the same.
    stage.relwf(&["run", "tag-release", "--param", "branch=staging"]).exits(0);
    assert_eq!((releases(&stage).len(), tagged(&stage)), (1, of_staging(&stage)));
}

#[test]
fn a_lost_answer_makes_no_second_release() {
    let stage = stage();
    stage.github.fault("POST", "/releases", 1, Fault::DoneThenReset);
    stage.promote().exits(0);
    assert_eq!(releases(&stage).len(), 1);
    assert_eq!(stage.asked().iter().filter(|line| line.starts_with("POST /repos/acme/service/releases")).count(), 1);
}

/// A CI that makes releases of tags may be faster.
#[test]
fn a_release_that_the_tag_has_stays_as_it_is() {
    let stage = stage();
    let no = Answer::json(404, &json!({ "message": "Not Found" }));
    stage.github.fault("GET", "/releases/tags/", 1, Fault::Answer(no));
    stage.github.with(|repo| {
        let release = Release {
            id: 7,
            tag: "release-1".to_owned(),
            commitish: String::new(),
            name: "theirs".to_owned(),
            body: String::new(),
            author: "grace".to_owned(),
            at: crate::support::github::now(),
        };
        repo.releases.push(release);
    });
    let said = stage.promote();
    said.exits(0);
    assert!(!said.stderr.contains("is not complete"), "{}", said.stderr);
    let names: Vec<String> = releases(&stage).into_iter().map(|release| release.name).collect();
    assert_eq!(names, ["theirs"]);
}

#[test]
fn a_release_that_cannot_be_made_stops_nothing_and_is_made_later() {
    let answer = |status, message: &str| Fault::Answer(Answer::json(status, &json!({ "message": message })));
    for (method, fault) in [
        ("GET", answer(403, "Resource not accessible by personal access token")),
        ("POST", answer(403, "Resource not accessible by personal access token")),
        ("POST", answer(422, "Repository rule violations found")),
    ] {
        let stage = stage();
        stage.github.fault(method, "/releases", 99, fault);
        let said = stage.promote();
        said.exits(0);
        assert_eq!(tagged(&stage), of_staging(&stage), "the tag is there");
        let tip = stage.git(&["rev-parse", "staging"]);
        let hint = format!("`relwf run tag-release --param branch=staging --param commit={tip}` makes what is missing");
        assert!(said.stderr.contains(&hint), "{}", said.stderr);
        assert_eq!(releases(&stage).len(), 0);

        stage.github.faults_end();
        let commit = format!("commit={tip}");
        stage.relwf(&["run", "tag-release", "--param", "branch=staging", "--param", &commit]).exits(0);
        assert_eq!((releases(&stage).len(), tagged(&stage)), (1, of_staging(&stage)));
    }
}
