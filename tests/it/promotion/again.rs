//! What was red and is run again: the run goes on with the same change and the same merge.

use super::stage::Stage;
use crate::support::cli::{Machine, Said};
use crate::support::github::{Fault, Form, Play};
use crate::support::travis::Event;
use std::fs;

/// The command that a run which failed offers: `relwf resume RUN`.
fn offered(said: &Said) -> Vec<&str> {
    let line = said.stderr.lines().find_map(|line| line.trim().strip_prefix("relwf resume "));
    let line = line.unwrap_or_else(|| panic!("nothing is offered: {}", said.stderr));
    assert!(line.contains("go on where it failed, once that is green"), "{line}");
    vec!["resume", line.split(' ').next().unwrap()]
}

/// A person has the last build of this kind run again; it is green after one look.
pub fn rerun(stage: &Stage, event: Event) {
    let id = stage.travis.with("acme/service", |travis| {
        travis.builds.iter().rfind(|build| build.event == event).expect("there is a build").id
    });
    let mut asked = ureq::post(&format!("{}/build/{id}/restart", stage.travis.api()))
        .header("Travis-API-Version", "3")
        .header("Authorization", "token t-admin")
        .send_empty()
        .unwrap();
    assert!(asked.body_mut().read_to_string().unwrap().contains("restart"));
}

#[test]
fn a_red_check_that_is_run_again_to_green_lands_with_the_same_change() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::RedAfter(1));
    let said = stage.promote();
    said.exits(1);
    let resume = offered(&said);
    let proposed = stage.github.changes()[0].head_commit.clone();

    let shown = stage.relwf(&["show"]);
    assert!(shown.stdout.contains(&format!("relwf resume {}", resume[1])), "{}", shown.stdout);

    // Nothing has changed: it is red as before, and nothing is said twice on the change.
    let still = stage.relwf(&resume);
    still.exits(1);
    assert!(still.stderr.contains("these checks are red"), "{}", still.stderr);
    assert_eq!(offered(&still), resume);
    assert_eq!(stage.github.comments().len(), 1, "{:?}", stage.github.comments());

    rerun(&stage, Event::PullRequest);
    stage.relwf(&resume).exits(0);
    let changes = stage.github.changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].merged.as_ref().unwrap().commit, proposed, "what was tested is what landed");
    let shown = stage.relwf(&["show", resume[1], "--json"]).json();
    assert_eq!(shown["status"], "done");
    let said: Vec<_> =
        shown["commands"].as_array().unwrap().iter().map(|row| row["command"].as_str().unwrap()).collect();
    assert!(said.contains(&"forge::comment"), "what was said before is still there: {said:?}");
    stage.relwf(&resume).exits(2);
}

#[test]
fn a_red_deploy_that_is_run_again_to_green_is_concluded() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::RedAfter(1));
    let said = stage.promote();
    said.exits(1);
    let resume = offered(&said);
    rerun(&stage, Event::Push);
    stage.relwf(&resume).exits(0);
    assert!(stage.github.comments().iter().any(|comment| comment.body.contains("deployed and green")));
}

/// What is reported by name: the red word was news, and the green one is newer.
#[test]
fn a_red_report_that_turns_green_is_concluded() {
    let stage = Stage::new();
    stage.configure("deployed_by = [\"argo\"]\n");
    stage.github.on_push("staging", Form::Run, "argo", Play::RedAfter(2));
    let said = stage.promote();
    said.exits(1);
    let resume = offered(&said);
    stage.relwf(&resume).exits(1);
    let landed = stage.git(&["rev-parse", "staging"]);
    stage.github.set_check(&landed, Form::Run, "argo", Play::Green);
    stage.relwf(&resume).exits(0);
}

#[test]
fn a_deadline_that_has_passed_is_not_the_end() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::GreenAfter(55));
    stage.workflow("promote-staging", "change: change }", "change: change, deadline: \"1s\" }");
    let said = stage.promote();
    said.exits(1);
    let resume = offered(&said);
    // A new second of looking each time.
    assert!((0..50).any(|_| stage.relwf(&resume).code == 0));
    assert_eq!(stage.github.changes().len(), 1);
}

/// The command of `[ci]` is run once more, and only once more for each `resume`.
#[test]
fn a_red_build_of_ours_is_built_again() {
    let machine = Machine::new();
    let service = machine.service();
    let file = service.join("relwf.toml");
    let config = fs::read_to_string(&file).unwrap();
    let command = config.lines().find(|line| line.starts_with("command = [\"sh\", \"ci/run\"")).unwrap();
    let (count, fixed) = (machine.path("builds"), machine.path("fixed"));
    let flaky = format!("echo x >> {}; test -e {}", count.display(), fixed.display());
    fs::write(&file, config.replace(command, &format!("command = [\"sh\", \"-c\", \"{flaky}\"]"))).unwrap();
    let builds = || fs::read_to_string(&count).unwrap().lines().count();
    let said = machine.say(&service, &["run", "promote-staging", "--process", "local"]);
    said.exits(1);
    assert_eq!(builds(), 1);
    let resume = offered(&said);
    machine.say(&service, &resume).exits(1);
    assert_eq!(builds(), 2);
    fs::write(&fixed, "").unwrap();
    machine.say(&service, &resume).exits(0);
    assert_eq!(builds(), 4, "the checks, and the deploy");
}

/// A conflict, and whatever else a person has to answer with a new run, is over.
#[test]
fn other_failures_are_final() {
    let stage = Stage::new();
    stage.workflow("promote-staging", "git::sync();", "throw \"no\";");
    let said = stage.promote();
    said.exits(1);
    assert!(!said.stderr.contains("relwf resume"), "{}", said.stderr);
    let run = stage.relwf(&["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap().to_owned();
    let again = stage.relwf(&["resume", &run]);
    again.exits(2);
    assert!(again.stderr.contains("has already failed"), "{}", again.stderr);
}

/// The deploy that failed is not forgotten by the next promotion, and is run again by a verb.
#[test]
fn a_red_deploy_is_named_by_the_next_promotion_and_redeployed() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::RedAfter(1));
    stage.promote().exits(1);
    let landed = stage.git(&["rev-parse", "staging"]);
    let said = stage.promote();
    said.exits(1);
    for part in ["has all of master already, but on", "these are red: continuous-integration/travis-ci/push"] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
    let line = said.stderr.split('`').find_map(|part| part.strip_prefix("relwf ")).expect("a way on");
    let redeploy: Vec<&str> = line.split(' ').collect();
    let planned = stage.relwf(&[&redeploy[..], &["--dry-run"]].concat());
    planned.exits(0);
    assert!(planned.stdout.contains("runs it again"), "{}", planned.stdout);
    assert_eq!(stage.travis.count("POST", "/restart"), 0);

    let said = stage.relwf(&redeploy);
    said.exits(0);
    assert!(said.stderr.contains(&format!("{landed} is on staging, deployed and green")), "{}", said.stderr);
    assert_eq!(stage.travis.count("POST", "/restart"), 1);
    // It is green now: nothing is run again, and nothing is wrong with the branch.
    stage.relwf(&redeploy).exits(0);
    assert_eq!(stage.travis.count("POST", "/restart"), 1);
    stage.promote().exits(0);
}

/// What does not count against a release does not make its branch red.
#[test]
fn a_red_check_that_is_not_required_leaves_nothing_to_promote() {
    let stage = Stage::new();
    stage.github.on_push("staging", Form::Status, "lint", Play::Red);
    stage.promote().exits(0);
    let again = stage.promote();
    again.exits(0);
    assert!(again.stderr.contains("has all of master already"), "{}", again.stderr);
}

/// What only reports to the forge cannot be asked to start anything, and the advice does not say so.
#[test]
fn a_red_deploy_that_relwf_cannot_start_is_started_where_it_runs() {
    let stage = Stage::new();
    stage.with_ci("kind = \"status\"\nsilence = \"4s\"\n");
    stage.github.on_push("staging", Form::Status, "deploy", Play::Red);
    stage.promote().exits(1);
    let again = stage.promote();
    again.exits(1);
    assert!(again.stderr.contains("these are red: deploy"), "{}", again.stderr);
    assert!(!again.stderr.contains("redeploy") && again.stderr.contains("where it runs"), "{}", again.stderr);
    let said = stage.relwf(&["run", "redeploy"]);
    said.exits(1);
    assert!(said.stderr.contains("can start nothing"), "{}", said.stderr);
}

/// A branch that does not exist is said to be missing.
#[test]
fn a_redeploy_of_a_branch_that_is_missing_names_it() {
    let stage = Stage::new();
    let said = stage.relwf(&["run", "redeploy", "--param", "branch=stagign"]);
    said.exits(1);
    assert!(said.stderr.contains("there is no branch stagign"), "{}", said.stderr);
}

#[test]
fn a_restart_whose_answer_is_lost_is_asked_for_once() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::RedAfter(1));
    stage.promote().exits(1);
    stage.travis.fault("POST", "/restart", 1, Fault::DoneThenReset);
    stage.relwf(&["run", "redeploy"]).exits(0);
    assert_eq!(stage.travis.count("POST", "/restart"), 1);
}

#[test]
fn of_the_runs_of_a_commit_those_that_are_red_run_again() {
    let stage = Stage::new();
    stage.with_ci("kind = \"actions\"\n");
    stage.github.on_push("staging", Form::Run, "deploy", Play::RedAfter(1));
    stage.github.on_push("staging", Form::Run, "lint", Play::Green);
    stage.promote().exits(1);
    stage.relwf(&["run", "redeploy"]).exits(0);
    assert_eq!(stage.github.count("POST", "/rerun-failed-jobs"), 1);
}

#[test]
fn a_deploy_of_ours_is_built_again() {
    let machine = Machine::new();
    let service = machine.service();
    let file = service.join("relwf.toml");
    let config = fs::read_to_string(&file).unwrap();
    let command = config.lines().find(|line| line.starts_with("command = [\"sh\", \"ci/run\"")).unwrap();
    let fixed = machine.path("fixed");
    let deploy = format!("test $RELWF_EVENT = pull_request || test -e {}", fixed.display());
    fs::write(&file, config.replace(command, &format!("command = [\"sh\", \"-c\", \"{deploy}\"]"))).unwrap();
    let run = |args: &[&str]| machine.say(&service, &[&["run"], args, &["--process", "local"]].concat());
    run(&["promote-staging"]).exits(1);
    let red = run(&["promote-staging"]);
    red.exits(1);
    assert!(red.stderr.contains("these are red: relwf/push"), "{}", red.stderr);
    run(&["redeploy"]).exits(1);
    fs::write(&fixed, "").unwrap();
    run(&["redeploy"]).exits(0);
    run(&["promote-staging"]).exits(0);
}

/// Where the newest commit is not green, an older one goes on, and that is said.
#[test]
fn a_promotion_says_which_newer_commits_it_passes_over() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::Push, Some("master"), Play::Red);
    stage.github.another_push("master", "broken.go", "x\n");
    let said = stage.promote();
    said.exits(0);
    assert!(said.stderr.contains("newer and not to be promoted:\n  "), "{}", said.stderr);
    assert!(said.stderr.contains("continuous-integration/travis-ci/push is red"), "{}", said.stderr);
}
