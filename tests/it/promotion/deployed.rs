//! After the landing: who says that it was deployed, is it healthy, and is it the commit that landed?

use super::stage::Stage;
use crate::support::cli::Said;
use crate::support::github::{Deployment, Fault, Form, Play, Protection, now};
use crate::support::travis::Event;
use crate::support::wire::{self, Answer, read_request};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An environment that answers 404, then with an old version, then with what is made of staging's tip.
fn environment(stage: &Stage, newest: impl Fn(&str) -> String + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    environment_after(0, stage, newest)
}

/// An environment that answers with another version from the first look on: one look is enough to be told.
fn stale(stage: &Stage) -> String {
    environment_after(2, stage, |_| "0123456789".to_owned()).0
}

/// The same environment after a number of looks.
fn environment_after(
    looks: usize,
    stage: &Stage,
    newest: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let bare = stage.github.bare("acme/service");
    let old = bare.git(&["rev-parse", "staging"]);
    let looks = Arc::new(AtomicUsize::new(looks));
    let counted = Arc::clone(&looks);
    let address = wire::serve("environment", move |stream| {
        if read_request(&stream).is_none() {
            return;
        }
        let answer = match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::text(404, "starting"),
            1 => Answer::text(200, &format!("{{\"commit\": \"{old}\"}}")),
            _ => Answer::text(200, &format!("{{\"commit\": \"{}\"}}", newest(&bare.git(&["rev-parse", "staging"])))),
        };
        let _ = (&stream).write_all(&answer.bytes());
    });
    (format!("http://{address}/health"), looks)
}

fn health(url: &str) -> String {
    format!("health = {{ url = \"{url}\", version = 'commit\": \"([0-9a-f]+)' }}\n")
}

#[test]
fn an_environment_is_healthy_when_it_answers_with_the_commit_that_landed() {
    let stage = Stage::new();
    let (url, looks) = environment(&stage, |tip| tip[..10].to_owned());
    stage.configure(&health(&url));
    let said = stage.promote();
    said.exits(0);
    assert_eq!(looks.load(Ordering::SeqCst), 3);
    assert!(said.stderr.contains("answered with status 404"), "{}", said.stderr);
    assert!(said.stderr.contains("runs `"), "{}", said.stderr);
    let shown = stage.relwf(&["show"]).stdout;
    for part in
        ["\nchecks  continuous-integration/travis-ci/pr ", "/acme/service/builds/", "\ndeploy  ", "\nhealth  ", &url]
    {
        assert!(shown.contains(part), "{part:?} in\n{shown}");
    }
    assert_eq!(stage.github.comments().len(), 1);
}

#[test]
fn an_environment_that_stays_old_fails_at_its_deadline() {
    let stage = Stage::new();
    let url = stale(&stage);
    stage.configure(&health(&url));
    stage.workflow("promote-staging", "ci::healthy(#{ ", "ci::healthy(#{ deadline: \"1s\", ");
    let said = stage.promote();
    said.exits(1);
    assert!(
        said.stderr.contains("staging is not healthy") && said.stderr.contains("relwf run rollback"),
        "{}",
        said.stderr
    );
    assert!(stage.github.changes()[0].merged.is_some());
    assert!(stage.github.comments()[0].body.contains("relwf stopped here"));
}

/// Who asks with a token in the address need not fear that anybody reads it.
#[test]
fn the_query_of_an_address_is_not_shown() {
    let stage = Stage::new();
    let url = stale(&stage);
    stage.configure(&health(&format!("{url}?token=hunter2")));
    stage.workflow("promote-staging", "ci::healthy(#{ ", "ci::healthy(#{ deadline: \"1s\", ");
    let said = stage.promote();
    said.exits(1);
    let plan = stage.relwf(&["plan", "promote-staging"]);
    for text in [&said.stderr, &said.stdout, &plan.stdout, &plan.stderr, &stage.github.comments()[0].body] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(said.stderr.contains(&format!("{url} runs `0123456789`")), "{}", said.stderr);
}

#[test]
fn an_address_alone_must_answer_well() {
    let stage = Stage::new();
    let (url, looks) = environment(&stage, str::to_owned);
    stage.configure(&format!("health = \"{url}\"\n"));
    stage.promote().exits(0);
    assert_eq!(looks.load(Ordering::SeqCst), 2);
}

/// What is asked of whom, and nothing that is secret.
#[test]
fn requests_are_shown_when_they_are_asked_for_without_secrets() {
    let stage = Stage::new();
    let said = stage.relwf(&["-vv", "run", "promote-staging"]);
    said.exits(0);
    let (github, travis) = (stage.github.api(), stage.travis.api());
    for line in [
        format!("POST {github}/repos/acme/service/pulls 201 in "),
        format!("GET {github}/repos/acme/service/rules/branches/staging 200 in "),
        format!("GET {travis}/repo/acme%2Fservice/builds 200 in "),
    ] {
        assert!(said.stderr.contains(&line), "{line} is not in {}", said.stderr);
    }
    assert!(!stage.relwf(&["-v", "candidates", "master", "staging"]).stderr.contains("GET "));
}

const STATUS: &str = "kind = \"status\"\nsilence = \"4s\"\n";

/// Promotes with Travis' word on the pull request, and statuses on what lands.
fn with_statuses(deploy: Play) -> (Stage, Said) {
    let stage = Stage::new();
    stage.with_ci(STATUS);
    stage.travis.plays("acme/service", Event::Push, None, Play::Never);
    stage.github.on_push("staging", Form::Status, "deploy", deploy);
    let said = stage.promote();
    (stage, said)
}

fn concluded(stage: &Stage, words: &str) {
    let comments = stage.github.comments();
    assert!(comments.len() == 1 && comments[0].body.contains(words), "{comments:?}");
}

#[test]
fn statuses_on_the_landed_commit_are_waited_for_and_older_ones_do_not_count() {
    let (stage, said) = with_statuses(Play::GreenAfter(4));
    said.exits(0);
    assert!(said.stderr.contains("deploy is pending"), "{}", said.stderr);
    concluded(&stage, "deployed and green");

    let (stage, said) = with_statuses(Play::RedAfter(4));
    said.exits(1);
    assert!(said.stderr.contains("which has landed, these are red: deploy"), "{}", said.stderr);
    assert!(said.stderr.contains("revert-release"), "{}", said.stderr);
    concluded(&stage, "relwf stopped here");

    // The pull request's own check is green on the very same commit.
    let (stage, said) = with_statuses(Play::Never);
    said.exits(0);
    assert!(said.stderr.contains("its deploy is not watched"), "{}", said.stderr);
    concluded(&stage, "its deploy was not watched");
}

/// What reports at the moment of the landing, or while nothing looks, is news: the run is killed, or suspended.
#[test]
fn what_reports_as_soon_as_it_has_landed_counts() {
    let (stage, said) = with_statuses(Play::Red);
    said.exits(1);
    assert!(said.stderr.contains("which has landed, these are red: deploy"), "{}", said.stderr);
    concluded(&stage, "relwf stopped here");
    let (stage, said) = with_statuses(Play::Green);
    said.exits(0);
    concluded(&stage, "deployed and green");

    // A reviewer merges while the run waits for one, and the deploy has ended when somebody looks again.
    for (deploy, exit) in [(Play::Red, 1), (Play::Green, 0)] {
        let stage = Stage::new();
        stage.with_ci(STATUS);
        stage.travis.plays("acme/service", Event::Push, None, Play::Never);
        stage.github.on_push("staging", Form::Status, "deploy", deploy);
        stage.github.protect("staging", Protection { only_by_change: true, approvals: 1, ..Protection::default() });
        stage.promote().exits(3);
        stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
        let head = stage.github.changes()[0].head_commit.clone();
        let body = serde_json::json!({ "sha": head, "merge_method": "merge" });
        let answer =
            crate::github_fake::ask_as("t-admin", &stage.github, "PUT", "/repos/acme/service/pulls/1/merge", &body);
        assert_eq!(answer.status, 200);
        let said = stage.relwf(&["resume", "--all"]);
        said.exits(exit);
        assert!(!said.stderr.contains("not watched"), "{}", said.stderr);
    }
}

/// Whatever the CI says, an environment may name who else reports that it is deployed.
#[test]
fn deployers_are_waited_for_by_name() {
    let stage = Stage::new();
    stage.configure("deployed_by = [\"argo\", \"deployment/beta\"]\n");
    stage.github.on_push("staging", Form::Run, "argo", Play::GreenAfter(3));
    stage.github.on_push("staging", Form::Run, "coverage", Play::Red);
    let said = stage.relwf(&["run", "promote-staging", "--dry-run"]);
    assert!(said.stdout.contains("and these are green: argo, deployment/beta"), "{}", said.stdout);
    let said = deploying(&stage, "success");
    said.exits(0);
    assert!(said.stderr.contains("deployment/beta has not reported"), "{}", said.stderr);
    assert!(said.stderr.contains("deployment/beta is pending"), "{}", said.stderr);
    concluded(&stage, "deployed and green");
}

#[test]
fn a_deployment_that_fails_is_shown_with_its_log() {
    let stage = Stage::new();
    stage.configure("deployed_by = [\"deployment/beta\"]\n");
    let said = deploying(&stage, "failure");
    said.exits(1);
    for words in ["these are red: deployment/beta", "out of memory", "https://beta.example/log"] {
        assert!(said.stderr.contains(words), "{words} is not in {}", said.stderr);
    }
}

/// Promotes; what lands is deployed to `beta`: begun when it has landed, and ended after some looks.
fn deploying(stage: &Stage, end: &str) -> Said {
    let status = |state: &str| {
        let words = if state == "failure" { "out of memory" } else { "" };
        (7, state.to_owned(), words.to_owned(), "https://beta.example/log".to_owned(), now())
    };
    let before = stage.git(&["rev-parse", "staging"]);
    // Each step is there before the look that is held, and some more looks see it.
    let looks = [2, 2, 2].map(|skip| stage.github.hold(skip, "GET", "/deployments"));
    stage.while_held(looks, |stage, step| {
        let landed = stage.git(&["rev-parse", "staging"]);
        assert_ne!(landed, before, "who looks for a deployment has landed");
        let deployment = || Deployment {
            id: 4711,
            commit: landed.clone(),
            reference: "staging".to_owned(),
            environment: "beta".to_owned(),
            description: None,
            author: "grace".to_owned(),
            at: now(),
            statuses: Vec::new(),
        };
        stage.github.with(|repo| match step {
            0 => repo.deployments.push(deployment()),
            1 => repo.deployments[0].statuses.push(status("in_progress")),
            _ => repo.deployments[0].statuses.push(status(end)),
        });
    })
}

/// What can never work is told before anything happens, and not when it has landed.
#[test]
fn what_can_never_report_is_no_deployer() {
    let stage = Stage::new();
    stage.configure("deployed_by = [\"relwf/push\"]\n");
    let said = stage.promote();
    assert_ne!(said.code, 0);
    assert!(said.stderr.contains("only a command of [ci] reports that"), "{}", said.stderr);
    assert!(stage.github.changes().is_empty());
    // A token that may not read deployments is found by looking.
    stage.configure("deployed_by = [\"deployment/beta\"]\n");
    stage.github.fault("GET", "/deployments", 1, Fault::says(403, "Resource not accessible by personal access token"));
    let said = stage.relwf(&["doctor", "--live"]);
    assert!(said.exits(1).stdout.contains("must be able to read deployments"), "{}", said.stdout);
    // What reports is looked at before the landing, and so it is found there.
    let before = stage.git(&["rev-parse", "staging"]);
    stage.github.fault("GET", "/deployments", 1, Fault::says(403, "Resource not accessible by personal access token"));
    stage.promote().exits(1);
    assert_eq!(stage.git(&["rev-parse", "staging"]), before);
    // Where it is found too late, the landing is told.
    stage.github.fault_after(
        1,
        "GET",
        "/deployments",
        1,
        Fault::says(403, "Resource not accessible by personal access token"),
    );
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("is on staging all the same"), "{}", said.stderr);
}
