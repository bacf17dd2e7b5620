//! GitLab's pipelines through `GitlabCi`: asked for, found again, watched, stopped, run again, their logs read.

use crate::support::git::{Repo, quiet};
use crate::support::github::{Play, Settled};
use crate::support::gitlab::{Gitlab, PATH};
use crate::support::hosted::Fault;
use relwf::ci::{Build, BuildQuery, BuildState, Ci, CiEvent, GitlabCi, Ticket, Trigger};
use relwf::forge::gitlab_api;
use relwf::http::Client;
use relwf::model::{Cancel, Secret, WriteError};
use std::sync::Arc;

struct Scene {
    forge: Gitlab,
    ci: GitlabCi,
    work: Repo,
    _dir: tempfile::TempDir,
}

fn scene() -> Scene {
    let forge = Gitlab::open();
    let dir = tempfile::tempdir().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("README", "one\n");
    work.git(&["remote", "add", "origin", &forge.git_url_as("t-write")]);
    work.git(&["push", "-q", "origin", "master"]);
    let api = gitlab_api(Client::new(Cancel::new()), &forge.api(), Some(&Secret::new("t-write")));
    Scene { ci: GitlabCi::new(Arc::new(api), PATH), forge, work, _dir: dir }
}

impl Scene {
    fn trigger(&self, key: &str) -> Trigger {
        Trigger {
            key: key.to_owned(),
            commit: self.work.git(&["rev-parse", "HEAD"]).parse().unwrap(),
            event: CiEvent::Api,
            branch: "master".parse().unwrap(),
            env: vec![("TARGET".to_owned(), "beta".to_owned())],
        }
    }

    fn build(&self, id: &str) -> Build {
        self.ci.build(id, quiet()).unwrap()
    }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, WriteError>) -> String {
    match answer {
        Err(WriteError::Refused(failure)) => format!("{} {}", failure.message, failure.hint.unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pipeline_is_asked_for_found_again_and_watched_to_its_end() {
    let scene = scene();
    let Ticket(id) = scene.ci.trigger(&scene.trigger("relwf-r1-a"), quiet()).unwrap();
    scene.ci.trigger(&scene.trigger("relwf-r1-b"), quiet()).unwrap();
    let branch = "master".parse().unwrap();
    let found = scene.ci.find("relwf-r1-a", &branch, quiet()).unwrap();
    assert_eq!(found.iter().map(|build| &build.id).collect::<Vec<_>>(), [&id]);
    assert_eq!(scene.ci.find("relwf-r1", &branch, quiet()).unwrap(), [], "no part of a key is a key");
    let variables = scene.forge.with_project(|project| project.pipelines[0].variables.clone());
    assert_eq!(variables, [("RELWF_KEY", "relwf-r1-a"), ("TARGET", "beta")].map(|(k, v)| (k.to_owned(), v.to_owned())));

    let first = scene.ci.resolve(&Ticket(id.clone()), quiet()).unwrap().unwrap();
    assert_eq!((first.event, first.commit), (CiEvent::Api, scene.trigger("").commit));
    while scene.build(&id).state == BuildState::Running {}
    let ended = scene.build(&id);
    assert_eq!(ended.state, BuildState::Passed);
    assert!(ended.finished.is_some() && ended.url.unwrap().ends_with(&format!("/-/pipelines/{id}")));
}

#[test]
fn red_pipelines_name_their_jobs() {
    let scene = scene();
    scene.forge.with_project(|project| {
        for (name, play) in [("lint", Play::Green), ("unit", Play::Red), ("flaky", Play::Neutral), ("e2e", Play::Red)] {
            project.on_push("next", name, play);
        }
    });
    scene.work.git(&["push", "-q", "origin", "master:next"]);
    let query = BuildQuery { event: Some(CiEvent::Push), branch: Some("next".parse().unwrap()), commit: None };
    let build = scene.ci.builds(&query, quiet()).unwrap().remove(0);
    assert_eq!(build.state, BuildState::Failed);
    let jobs = scene.ci.red_jobs(&build.id, 1, quiet()).unwrap();
    let told: Vec<_> = jobs.iter().map(|job| (job.name.as_str(), job.log.join("|"))).collect();
    assert_eq!(told, [("unit", "ERROR: unit failed".to_owned()), ("e2e", "ERROR: e2e failed".to_owned())]);
    assert!(jobs[0].url.as_ref().unwrap().contains("/-/jobs/"));
    for other in [CiEvent::Api, CiEvent::Cron, CiEvent::PullRequest] {
        let query = BuildQuery { event: Some(other), ..query.clone() };
        assert_eq!(scene.ci.builds(&query, quiet()).unwrap(), [], "{other:?}");
    }
    // Where `next` is proposed for master, its pipeline is the test.
    let proposed =
        BuildQuery { event: Some(CiEvent::PullRequest), branch: Some("master".parse().unwrap()), commit: None };
    let found = scene.ci.builds(&proposed, quiet()).unwrap();
    assert_eq!(
        found.iter().map(|found| (&found.id, found.event)).collect::<Vec<_>>(),
        [(&build.id, CiEvent::PullRequest)]
    );
}

#[test]
fn a_red_pipeline_is_run_again() {
    let scene = scene();
    scene.forge.with_project(|project| project.on_push("next", "unit", Play::Red));
    scene.work.git(&["push", "-q", "origin", "master:next"]);
    let query = BuildQuery { event: Some(CiEvent::Push), branch: Some("next".parse().unwrap()), commit: None };
    let id = scene.ci.builds(&query, quiet()).unwrap().remove(0).id;
    scene.ci.restart(&id, quiet()).unwrap();
    while scene.build(&id).state == BuildState::Running {}
    assert_eq!(scene.build(&id).state, BuildState::Passed);
}

#[test]
fn a_pipeline_is_stopped() {
    let scene = scene();
    let Ticket(id) = scene.ci.trigger(&scene.trigger("k"), quiet()).unwrap();
    scene.ci.cancel(&id, quiet()).unwrap();
    assert_eq!(scene.build(&id).state, BuildState::Failed);
    scene.ci.cancel(&id, quiet()).unwrap();
}

#[test]
fn only_the_tip_of_a_branch_can_be_built_and_only_on_request() {
    let scene = scene();
    let trigger = scene.trigger("k");
    scene.forge.another_push("master", "more", "x\n");
    let words = refused(scene.ci.trigger(&trigger, quiet()));
    assert!(words.contains("GitLab builds tips of branches: master is at"), "{words}");
    let words = refused(scene.ci.trigger(&Trigger { event: CiEvent::Push, ..trigger.clone() }, quiet()));
    assert!(words.contains("on request, not of push"), "{words}");
    assert_eq!(scene.forge.count("POST", "/pipeline"), 0);
}

#[test]
fn what_gitlab_refuses_comes_with_what_to_do() {
    let scene = scene();
    scene.forge.with(|lab| lab.no_variables = true);
    let words = refused(scene.ci.trigger(&scene.trigger("k"), quiet()));
    assert!(words.contains("Insufficient permissions") && words.contains("Minimum role"), "{words}");
    let words = refused(scene.ci.build("7", quiet()));
    assert!(words.contains("404"), "{words}");
    scene.forge.with(|lab| lab.no_variables = false);
    scene.forge.fault("POST", "/pipeline", 1, Fault::DoneThenReset);
    assert!(matches!(scene.ci.trigger(&scene.trigger("lost"), quiet()), Err(WriteError::Unknown(_))));
    let found = scene.ci.find("lost", &"master".parse().unwrap(), quiet()).unwrap();
    assert_eq!(found.len(), 1, "it was started all the same");
}

/// What only says something is no verdict: a pipeline of which nothing ran has not passed.
#[test]
fn a_pipeline_of_skipped_jobs_has_not_passed() {
    let scene = scene();
    scene.forge.with_project(|project| project.on_push("next", "deploy", Play::Skipped));
    scene.work.git(&["push", "-q", "origin", "master:next"]);
    let build = scene.ci.builds(&BuildQuery::default(), quiet()).unwrap().remove(0);
    assert_eq!(build.state, BuildState::Skipped);
    assert!(scene.forge.with_project(|project| project.checks[0].settled == Settled::Skipped));
}
