//! What may be promoted, judged by the forge's verdicts: never red, never unknown for green.

use super::stage::{PR, Stage};
use crate::support::github::{Form, Play, Protection};
use crate::support::travis::Event;

const PUSH: &str = "continuous-integration/travis-ci/push";

/// master is an environment too, and its commits need Travis' push build.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.configure(&format!(
        "[[environment]]\nname = \"testing\"\nbranch = \"master\"\nchecks = [\"{PUSH}\", \"unit\"]\n"
    ));
    stage
}

/// The two commits of master that staging lacks, newest first.
fn commits(stage: &Stage) -> [String; 2] {
    [stage.git(&["rev-parse", "master"]), stage.git(&["rev-parse", "master^"])]
}

#[test]
fn the_newest_green_commit_is_promoted_and_the_table_says_why_the_others_are_not() {
    let stage = stage();
    let [newest, older] = commits(&stage);
    let checks = [
        (&newest, Form::Status, PUSH, Play::Green),
        (&newest, Form::Run, "unit", Play::Red),
        (&older, Form::Status, PUSH, Play::Green),
        (&older, Form::Run, "unit", Play::Green),
    ];
    checks.into_iter().for_each(|(commit, form, context, play)| stage.github.set_check(commit, form, context, play));
    let table = stage.relwf(&["candidates", "master", "staging"]).stdout;
    let row = |commit: &str| table.lines().find(|line| line.contains(&commit[..10])).unwrap().to_owned();
    assert!(row(&newest).starts_with("no") && row(&newest).contains("unit is red"), "{table}");
    assert!(row(&older).starts_with("yes") && row(&older).contains("green since"), "{table}");
    stage.promote().exits(0);
    assert_eq!(stage.git(&["rev-parse", "staging^2"]), older);
    let json = stage.relwf(&["candidates", "master", "staging", "--json"]).json();
    assert_eq!(json["candidates"].as_array().unwrap().len(), 1);
    assert_eq!((&json["candidates"][0]["commit"], &json["candidates"][0]["green"]), (&newest.into(), &false.into()));
}

#[test]
fn what_is_pending_absent_or_fresh_is_no_candidate() {
    let stage = stage();
    let [newest, older] = commits(&stage);
    stage.github.set_check(&newest, Form::Status, PUSH, Play::Pending);
    stage.github.set_check(&older, Form::Status, PUSH, Play::Green);
    let said = stage.promote();
    said.exits(1);
    for part in
        ["none of the 2 new commits", "continuous-integration/travis-ci/push is pending", "unit has not reported"]
    {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
    stage.github.set_check(&older, Form::Run, "unit", Play::Green);
    let soaking = stage.relwf(&["candidates", "master", "staging", "--soak", "1h"]).stdout;
    assert!(soaking.contains("must soak for 1h") && !soaking.contains("yes"), "{soaking}");
}

#[test]
fn commits_that_came_with_a_merge_count_when_they_are_asked_for() {
    let stage = stage();
    let tip = stage.git(&["rev-parse", "master"]);
    let side = stage.git(&["commit-tree", "master^{tree}", "-p", "master^", "-m", "on a branch"]);
    let merge = stage.git(&["commit-tree", "master^{tree}", "-p", "master", "-p", &side, "-m", "a merge"]);
    stage.git(&["push", "-q", ".", &format!("{merge}:refs/heads/master")]);
    assert_ne!(tip, merge);
    let rows = |args: &[&str]| stage.relwf(args).json()["candidates"].as_array().unwrap().len();
    assert_eq!(rows(&["candidates", "master", "staging", "--json"]), 3);
    assert_eq!(rows(&["candidates", "master", "staging", "--all", "--json"]), 4);
}

/// What the forge merged has its tests on the change's head: exactly the same files.
#[test]
fn what_the_forge_merged_goes_on_to_production() {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    stage.promote().exits(0);
    let landed = stage.git(&["rev-parse", "staging"]);
    let said = stage.relwf(&["run", "promote-production"]);
    said.exits(0);
    assert_eq!(stage.git(&["rev-parse", "production^2"]), landed);
    assert!(stage.github.count("GET", &stage.git(&["rev-parse", "staging^2"])) > 0, "{PR} is there");
}

/// A red deploy stops here: `checks` names the pull request's check alone, and that is green on the very same commit.
#[test]
fn a_red_push_build_is_no_candidate_whatever_the_checks_say() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::Red);
    stage.promote().exits(1);
    let table = stage.relwf(&["candidates", "staging", "production"]).stdout;
    assert!(table.contains("continuous-integration/travis-ci/push is red") && !table.contains("yes"), "{table}");
    let before = stage.git(&["rev-parse", "production"]);
    stage.relwf(&["run", "promote-production"]).exits(1);
    assert_eq!(stage.git(&["rev-parse", "production"]), before);
}

/// What is required by the forge alone, and what reports where no CI is configured.
#[test]
fn the_forges_rules_and_whatever_reports_count() {
    let stage = Stage::new();
    let tip = stage.git(&["rev-parse", "master"]);
    let why = || stage.relwf(&["candidates", "master", "staging", "--limit", "1"]).stdout;
    assert!(why().contains("no build is red"), "{}", why());
    stage.github.protect("master", Protection { required: vec!["unit".to_owned()], ..Protection::default() });
    assert!(why().contains("no build is red"), "it may never run on what has landed: {}", why());
    stage.github.set_check(&tip, Form::Run, "unit", Play::Red);
    assert!(why().contains("unit is red"), "{}", why());
    stage.github.set_check(&tip, Form::Run, "unit", Play::Green);
    assert!(why().contains("no build is red"), "{}", why());
    stage.github.set_check(&tip, Form::Status, "deploy", Play::Red);
    assert!(why().contains("no build is red"), "Travis decides: {}", why());
    stage.with_ci("kind = \"status\"\n");
    assert!(why().contains("deploy is red"), "{}", why());
}
