//! Verdicts against: red checks, checks that never come, changes that were closed or moved, forges that would squash.

use super::stage::{PR, Stage};
use crate::support::github::{Form, Play, Protection};
use crate::support::travis::Event;

/// Nothing landed.
fn nothing_landed(stage: &Stage) {
    assert_eq!(stage.git(&["rev-parse", "staging"]), stage.git(&["rev-parse", "production"]));
    assert!(stage.github.changes().iter().all(|change| change.merged.is_none()));
}

#[test]
fn red_stops_with_the_jobs_their_links_and_the_end_of_the_log() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::RedAfter(2));
    let said = stage.promote();
    said.exits(1);
    nothing_landed(&stage);
    let change = &stage.github.changes()[0];
    assert!(change.open, "people look at it");
    for part in [
        "these checks are red: continuous-integration/travis-ci/pr",
        "https://app.travis-ci.com/acme/service/builds/",
        "/acme/service/jobs/",
        "| the last line of the log",
        "nothing has landed",
    ] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
    let comment = &stage.github.comments()[0].body;
    assert!(comment.contains("relwf stopped here") && comment.contains("red"), "{comment}");
}

#[test]
fn red_says_so_in_json_too() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Red);
    let said = stage.relwf(&["run", "promote-staging", "--json"]);
    said.exits(1);
    let last = said.json_lines().pop().unwrap();
    let error = &last["error"];
    assert_eq!(error["kind"], "red");
    assert_eq!(error["detail"]["red"][0]["context"], PR);
    assert_eq!(error["detail"]["jobs"][0]["log"][1], "the last line of the log");
}

#[test]
fn the_push_job_is_watched_and_red_there_says_that_it_has_landed() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::RedAfter(1));
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("the push build of") && said.stderr.contains("has landed already"), "{}", said.stderr);
    assert!(said.stderr.contains("| the last line of the log"), "{}", said.stderr);
    assert!(stage.github.changes()[0].merged.is_some());
}

#[test]
fn a_check_that_never_appears_is_pending_until_the_deadline() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Never);
    stage.workflow("promote-staging", "change: change }", "change: change, deadline: \"1s\" }");
    let said = stage.promote();
    said.exits(1);
    nothing_landed(&stage);
    assert!(said.stderr.contains(&format!("{PR} has not reported")), "{}", said.stderr);
    assert!(said.stderr.contains("not all green in time"), "{}", said.stderr);
}

#[test]
fn skipped_and_neutral_are_not_green() {
    for (play, word, also) in
        [(Play::Skipped, "unit was skipped", "skipped"), (Play::Neutral, "unit is neutral", "neutral")]
    {
        let stage = Stage::new();
        stage.github.on_change(Form::Run, "unit", play);
        stage.github.protect("staging", Protection { required: vec!["unit".to_owned()], ..Protection::default() });
        // At once: waiting brings nothing.
        let said = stage.promote();
        said.exits(1);
        assert!(said.stderr.contains(word), "{}", said.stderr);
        assert!(said.stderr.contains(&format!("`also_green = [\"{also}\"]`")), "{}", said.stderr);
        nothing_landed(&stage);
        // As the hint says.
        stage.configure(&format!("also_green = [\"{also}\"]\n"));
        stage.promote().exits(0);
    }
}

#[test]
fn skipped_is_green_where_the_environment_says_so() {
    let stage = Stage::new();
    stage.configure("also_green = [\"skipped\"]\n");
    stage.github.on_change(Form::Run, "unit", Play::Skipped);
    stage.github.protect("staging", Protection { required: vec!["unit".to_owned()], ..Protection::default() });
    stage.promote().exits(0);
    assert!(stage.github.changes()[0].merged.is_some());
}

/// A change that waits for its checks; whatever is done to it must stop the run.
fn interfered_with(act: impl Fn(&Stage)) -> (Stage, String) {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Pending);
    let said = stage.while_waiting(|stage| act(stage));
    said.exits(1);
    (stage, said.stderr)
}

#[test]
fn a_change_that_is_closed_on_the_forge_stops_the_run() {
    let (stage, said) = interfered_with(|stage| stage.github.close_change(1));
    assert!(said.contains("change 1 was closed on the forge"), "{said}");
    assert!(!said.contains("still open"), "{said}");
    nothing_landed(&stage);
}

#[test]
fn abandoning_the_change_stops_the_run_that_waits_for_it() {
    let (stage, said) = interfered_with(|stage| {
        let abandoned = stage.relwf(&["run", "close-change", "--param", "change=1", "--param", "reason=not today"]);
        abandoned.exits(0);
        assert!(abandoned.stderr.contains("change 1 is closed"), "{}", abandoned.stderr);
    });
    assert!(said.contains("change 1 was closed on the forge"), "{said}");
    nothing_landed(&stage);
    assert!(stage.github.comments()[0].body.contains("not today"));
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "", "its branch is gone");
}

/// Who gives a run up is told what it leaves behind.
#[test]
fn a_run_that_is_given_up_names_the_change_that_stays_open() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, approvals: 1, ..Protection::default() });
    stage.promote().exits(3);
    let runs = stage.relwf(&["runs", "--json"]).exits(0).json();
    let run = runs["runs"][0]["run"].as_str().unwrap();
    let said = stage.relwf(&["abandon", run, "--reason", "not today"]);
    said.exits(0);
    assert!(said.stderr.contains("/acme/service/pull/1") && said.stderr.contains("relwf close 1"), "{}", said.stderr);
    stage.relwf(&["run", "close-change", "--param", "change=1", "--param", "reason=not today"]).exits(0);
    assert!(!stage.github.changes()[0].open);
}

#[test]
fn a_change_of_another_author_is_not_for_us_to_close() {
    let stage = Stage::new();
    let commit = stage.git(&["rev-parse", "master"]);
    let number = stage.github.change_from_fork("mallory", "feature", "staging", &commit, "please");
    let said =
        stage.relwf(&["run", "close-change", "--param", &format!("change={number}"), "--param", "reason=not today"]);
    said.exits(1);
    assert!(said.stderr.contains("was not opened by relwf"), "{}", said.stderr);
    assert!(stage.github.changes().iter().all(|change| change.open));
}

#[test]
fn a_head_that_another_push_moves_stops_the_run_and_stays_as_pushed() {
    let (stage, said) = interfered_with(|stage| {
        let branch = stage.github.changes()[0].head.clone();
        stage.github.another_push(&branch, "more.go", "more\n");
    });
    assert!(said.contains("the head of change 1 was moved"), "{said}");
    nothing_landed(&stage);
    let branch = &stage.github.changes()[0].head;
    assert!(stage.git(&["log", "-1", "--format=%s", branch]).contains("more.go"), "nothing is taken back");
}

#[test]
fn a_repository_that_would_squash_is_refused_before_anything_is_proposed() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    stage.github.allow_only(&["squash"]);
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("the forge would squash or rebase"), "{}", said.stderr);
    nothing_landed(&stage);
    assert_eq!(stage.github.changes().len(), 0);
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "");
}

#[test]
fn a_ruleset_that_allows_only_squashing_is_refused_too() {
    let stage = Stage::new();
    let rules = Protection { only_by_change: true, methods: vec!["squash"], ..Protection::default() };
    stage.github.protect("staging", rules);
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("the forge would squash or rebase"), "{}", said.stderr);
    nothing_landed(&stage);
}

#[test]
fn a_wrong_tree_landed_by_the_merge_button_is_never_called_deployed() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    stage.github.hostile_merges();
    let said = stage.promote();
    said.exits(1);
    for part in ["with other files than were tested", "do not deploy it", "revert-release --param branch=staging"] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
    assert!(!said.stderr.contains("deploy: started"), "{}", said.stderr);
}

/// Some bots find "their" pull request by the name of its branch: a fork may have the same one.
#[test]
fn a_forks_change_with_the_same_branch_name_is_never_touched() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Pending);
    let said = stage.while_waiting(|stage| {
        let branch = stage.github.changes()[0].head.clone();
        let marker = stage.github.changes()[0].body.clone().unwrap();
        let commit = stage.git(&["commit-tree", "master^{tree}", "-p", "master", "-m", "from a fork"]);
        let number = stage.github.change_from_fork("mallory", &branch, "staging", &commit, &marker);
        assert_eq!(number, 2);
        let commit = stage.github.changes()[0].head_commit.clone();
        stage.github.set_check(&commit, Form::Status, PR, Play::Green);
    });
    said.exits(0);
    let fork = &stage.github.changes()[1];
    assert!(fork.open && fork.merged.is_none());
    assert!(stage.github.comments().iter().all(|comment| comment.number == 1));
    assert_eq!(stage.github.count("PATCH", "/pulls/2") + stage.github.count("PUT", "/pulls/2"), 0);
}

/// What a check that ended without a verdict is called, and what to type next.
#[test]
fn checks_that_were_stopped_or_wait_for_a_person_are_called_that() {
    for (word, code, words) in
        [("cancelled", 1, "unit was canceled"), ("action_required", 3, "unit waits for a person on the forge: http")]
    {
        let stage = Stage::new();
        stage.github.protect("staging", Protection { required: vec!["unit".to_owned()], ..Protection::default() });
        stage.workflow("promote-staging", "change: change }", "change: change, deadline: \"4s\" }");
        let said = stage.while_waiting(|stage| {
            let head = stage.github.changes()[0].head_commit.clone();
            stage.github.set_check(&head, Form::Run, "unit", Play::Red);
            stage.github.with(|repo| repo.checks.last_mut().unwrap().word = Some(word.to_owned()));
        });
        said.exits(code);
        assert!(said.stderr.contains(words) && said.stderr.contains("relwf resume"), "{}", said.stderr);
        nothing_landed(&stage);
        // It is run again, and a run of the same check that was stopped says nothing beside it.
        let head = stage.github.changes()[0].head_commit.clone();
        stage.github.set_check(&head, Form::Run, "unit", Play::Green);
        stage.relwf(&["resume", stage.relwf(&["runs", "--json"]).json()["runs"][0]["run"].as_str().unwrap()]).exits(0);
    }
}
