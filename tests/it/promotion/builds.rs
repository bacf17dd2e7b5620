//! The CI as a promotion knows it: GitHub Actions in the place of Travis, builds that are asked for, and how many an hour.

use super::stage::Stage;
use crate::support::github::{Fault, Form, Play, Protection, Settled};
use crate::support::travis::Event;

const ACTIONS: &str = "kind = \"actions\"\n";

/// A build of master's tip with a variable, and the wait for it.
const ASK: &str = "let asked = ci::trigger(#{ branch: \"master\", env: #{ target: \"acme\" } }); \
                   ci::wait(#{ commit: git::commit(\"master\").id, event: \"api\", branch: \"master\", id: asked.id })";

#[test]
fn actions_deploys_what_landed() {
    let stage = Stage::new();
    stage.with_ci(ACTIONS);
    stage.github.on_push("staging", Form::Run, "deploy", Play::GreenAfter(2));
    stage.github.on_push("staging", Form::Run, "docs", Play::Skipped);
    let said = stage.promote();
    said.exits(0);
    assert!(said.stderr.contains("the push build"), "{}", said.stderr);
    let asked = stage.asked().into_iter().filter(|line| line.contains("/actions/runs?")).collect::<Vec<_>>();
    let landed = stage.git(&["rev-parse", "staging"]);
    let candidate = stage.git(&["rev-parse", "staging^2"]);
    assert!(asked.iter().filter(|line| line.contains(&landed)).count() >= 2, "{asked:?}");
    // Whether it can be asked at all is looked at before, without a commit.
    let of_others = |line: &&String| !line.contains(&landed) && !line.contains(&candidate) && line.contains("head_sha");
    assert_eq!(asked.iter().find(of_others), None);
}

#[test]
fn a_red_deploy_on_actions_shows_the_job_and_the_end_of_its_log() {
    let stage = Stage::new();
    stage.with_ci(ACTIONS);
    stage.github.on_push("staging", Form::Run, "deploy", Play::RedAfter(1));
    stage.github.on_push("staging", Form::Run, "lint", Play::Green);
    let said = stage.promote();
    said.exits(1);
    for part in ["the push build of", "is red", "| the last line of deploy", "/actions/runs/"] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
}

/// The runs of one push: those that are listed on the next page, and those that begin a moment later.
#[test]
fn every_run_of_a_push_counts() {
    let stage = Stage::new();
    stage.with_ci(ACTIONS);
    stage.github.on_push("staging", Form::Run, "deploy", Play::Red);
    (0..100).for_each(|number| stage.github.on_push("staging", Form::Run, &format!("job-{number}"), Play::Green));
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("the push build of") && said.stderr.contains("is red"), "{}", said.stderr);

    let stage = Stage::new();
    stage.with_ci(ACTIONS);
    stage.github.on_push("staging", Form::Run, "lint", Play::Green);
    let late = stage.github.hold(2, "GET", "/actions/runs");
    let said = stage.while_held([late], |stage, _| {
        let landed = stage.git(&["rev-parse", "staging"]);
        stage.github.set_check(&landed, Form::Run, "deploy", Play::Red);
        stage.github.with(|repo| repo.checks.last_mut().unwrap().branch = "staging".to_owned());
    });
    said.exits(1);
    assert!(said.stderr.contains("| the last line of deploy"), "{}", said.stderr);
}

/// A deploy that is stopped because its branch has moved on is not red: that of what the branch has now stands for both.
#[test]
fn a_build_that_was_superseded_is_not_red() {
    let stage = Stage::new();
    stage.with_ci(ACTIONS);
    stage.github.on_push("staging", Form::Run, "deploy", Play::Pending);
    let first = stage.github.hold(2, "GET", "/actions/runs");
    let said = stage.while_held([first], |stage, _| {
        stage.github.with(|repo| {
            let check = repo.checks.iter_mut().rfind(|check| check.context == "deploy").unwrap();
            (check.looks, check.settled, check.word) = (0, Settled::Red, Some("cancelled".to_owned()));
        });
        stage.github.forget_plans();
        stage.github.on_push("staging", Form::Run, "deploy", Play::GreenAfter(1));
        stage.github.another_push("staging", "next.go", "x\n");
    });
    said.exits(0);
    assert!(stage.github.comments()[0].body.contains("which has moved on since, deployed and green"));
}

#[test]
fn red_checks_on_actions_show_their_jobs() {
    let stage = Stage::new();
    stage.with_ci(ACTIONS);
    stage.github.on_change(Form::Run, "unit", Play::RedAfter(2));
    stage.github.protect("staging", Protection { required: vec!["unit".to_owned()], ..Protection::default() });
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("these checks are red: unit"), "{}", said.stderr);
    assert!(said.stderr.contains("| the last line of unit"), "{}", said.stderr);
}

#[test]
fn a_dispatch_whose_answer_is_lost_is_found_again_by_its_key() {
    let stage = Stage::new();
    stage.with_ci("kind = \"actions\"\nworkflow = \"release.yml\"\n");
    stage.github.workflow("release.yml", Play::GreenAfter(2));
    stage.builds(ASK);
    stage.github.fault("POST", "/dispatches", 1, Fault::DoneThenReset);
    stage.relwf(&["run", "builds"]).exits(0);
    let dispatched = stage.github.requests().into_iter().filter(|seen| seen.target.ends_with("/dispatches"));
    let [one] = dispatched.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(one.body["inputs"]["target"], "acme");
    assert_eq!(one.body["inputs"]["relwf_commit"], stage.git(&["rev-parse", "master"]));
}

#[test]
fn a_build_on_travis_is_asked_for_and_waited_for() {
    let stage = Stage::new();
    stage.builds(ASK);
    stage.relwf(&["run", "builds"]).exits(0);
    let request = stage.travis.requests().into_iter().find(|seen| seen.method == "POST").unwrap().body;
    assert_eq!(request["request"]["config"]["env"]["global"]["target"], "acme");
    assert_eq!(request["request"]["sha"], stage.git(&["rev-parse", "master"]));
    stage.travis.plays("acme/service", Event::Api, None, Play::Red);
    let said = stage.relwf(&["run", "builds"]);
    said.exits(1);
    assert!(said.stderr.contains("the api build of") && said.stderr.contains("| the last line"), "{}", said.stderr);
    stage.travis.with("acme/service", |travis| travis.rejects = Some("missing config".to_owned()));
    let said = stage.relwf(&["run", "builds"]);
    said.exits(1);
    assert!(
        said.stderr.contains("Travis rejected the request") && said.stderr.contains("missing config"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_build_on_travis_whose_answer_is_lost_is_found_again_by_its_key() {
    let stage = Stage::new();
    stage.builds(ASK);
    // Only a list can say what became of it.
    stage.travis.with("acme/service", |travis| travis.request_looks = 0);
    stage.travis.fault("POST", "/requests", 1, Fault::DoneThenReset);
    stage.relwf(&["run", "builds"]).exits(0);
    assert_eq!(stage.travis.count("POST", "/requests"), 1);
}

#[test]
fn the_build_of_a_pull_request_is_found_by_its_head() {
    for message in [None, Some("tested by hand")] {
        let stage = Stage::new();
        stage.travis.with("acme/service", |travis| travis.calls_merges = message.map(str::to_owned));
        stage.workflow(
            "promote-staging",
            "landed = flow::step",
            "ci::wait(#{ commit: merge.commit, event: \"pull_request\", branch: p.to }); landed = flow::step",
        );
        stage.promote().exits(0);
        // Who asks for the request itself is who could not read the head in the merge's message.
        assert_eq!(stage.travis.count("GET", "/request/") > 0, message.is_some());
    }
}

#[test]
fn travis_takes_ten_requests_an_hour_and_the_run_is_suspended_not_failed() {
    let stage = Stage::new();
    let target =
        |n: usize| format!("[[fleet.target]]\nid = \"customer-{n:02}\"\nring = \"all\"\nupdate = {{ ci = {{}} }}\n");
    let targets: String = (0..12).map(target).collect();
    let fleet = format!(
        "[fleet]\ncomponent = \"service\"\n{targets}\n[[component]]\nname = \"service\"\ndetect = \"commits\"\n"
    );
    stage.with_ci(&format!("{}\n{fleet}", stage.by_travis()));
    let update = ["run", "update-ppcs", "--param", "branch=staging", "--param", "version=2.0"];
    let said = stage.relwf(&update);
    said.exits(3);
    assert!(said.stderr.contains("rate limit is exceeded"), "{}", said.stderr);
    let builds = |stage: &Stage| {
        stage.travis.with("acme/service", |travis| travis.builds.iter().filter(|b| b.event == Event::Api).count())
    };
    assert_eq!(builds(&stage), 10);
    stage.relwf(&["resume", "--all"]).exits(3);
    assert_eq!(builds(&stage), 10, "nothing is asked for twice");
    stage.travis.with("acme/service", |travis| travis.remaining = 10);
    stage.relwf(&["resume", "--all"]).exits(0);
    assert_eq!(builds(&stage), 12);
}

/// A customer whose agent is updated by a build on Travis.
fn one_customer(stage: &Stage) {
    let target = "[[fleet.target]]\nid = \"harvest\"\nring = \"all\"\nupdate = { ci = {} }\n";
    let fleet = format!(
        "[fleet]\ncomponent = \"service\"\n{target}\n[[component]]\nname = \"service\"\ndetect = \"commits\"\n"
    );
    stage.with_ci(&format!("{}\n{fleet}", stage.by_travis()));
    stage.builds("fleet::roll(#{ target: \"harvest\", to: \"2.0\" })");
}

#[test]
fn an_update_through_a_ci_is_started_once_whatever_happens_while_it_runs() {
    // The answer is lost, and looks at the build fail for a while.
    let stage = Stage::new();
    one_customer(&stage);
    stage.travis.plays("acme/service", Event::Api, None, Play::GreenAfter(3));
    stage.travis.with("acme/service", |travis| travis.request_looks = 0);
    stage.travis.fault("POST", "/requests", 1, Fault::DoneThenReset);
    stage.relwf(&["run", "builds"]).exits(0);
    assert_eq!(stage.travis.count("POST", "/requests"), 1);

    let stage = Stage::new();
    one_customer(&stage);
    stage.travis.plays("acme/service", Event::Api, None, Play::GreenAfter(3));
    stage.travis.fault("GET", "/request/", 7, Fault::broken(502));
    stage.relwf(&["run", "builds"]).exits(0);
    assert_eq!(stage.travis.count("POST", "/requests"), 1);

    // relwf is killed while the build runs.
    let stage = Stage::new();
    one_customer(&stage);
    stage.travis.plays("acme/service", Event::Api, None, Play::Pending);
    let mut process = stage.process(&["run", "builds"]);
    let mut killed = process.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while stage.travis.count("GET", "/request/") < 1 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    stage.travis.plays("acme/service", Event::Api, None, Play::Green);
    stage.travis.with("acme/service", |travis| {
        travis.builds.iter_mut().filter(|build| build.event == Event::Api).for_each(|build| build.looks = 0);
    });
    stage.relwf(&["resume", "--all"]).exits(0);
    assert_eq!(stage.travis.count("POST", "/requests"), 1);
}

#[test]
fn a_workflow_that_shows_no_key_is_told_before_it_matters() {
    let stage = Stage::new();
    stage.with_ci("kind = \"actions\"\nworkflow = \"release.yml\"\n");
    let on = "on:\n  workflow_dispatch:\n    inputs: { relwf_key: { type: string }, relwf_commit: { type: string } }\njobs: {}\n";
    let path = ".github/workflows/release.yml";
    let told = "does not show the key of a dispatch";
    stage.github.another_push("master", path, on);
    for verb in [&["check", "--live"][..], &["doctor"]] {
        let said = stage.relwf(verb);
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(text.contains(told) && text.contains("`run-name: ${{ inputs.relwf_key }}`"), "{verb:?}: {text}");
    }
    // As the hint says.
    stage.github.another_push("master", path, &format!("run-name: ${{{{ inputs.relwf_key }}}}\n{on}"));
    for verb in [&["check", "--live"][..], &["doctor"]] {
        let said = stage.relwf(verb);
        assert!(!format!("{}{}", said.stdout, said.stderr).contains(told), "{verb:?}");
    }
}
