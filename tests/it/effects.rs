//! The host functions on real repositories, without a script and without a driver: performed, performed again, probed.

use crate::support::bench::{Bench, git};
use crate::support::component::component;
use relwf::config::{CiConfig, Config, FleetCommand, FleetConfig, FleetTarget, Observe, SecretSource, ShConfig};
use relwf::effects::EffectContext;
use relwf::model::{CheckoutOptions, Failure, FailureKind, Value, WriteError};
use relwf::run::{ApprovalDecision, Observation, OnUnknown, Probe};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const CANARY: &str = "s3cr3t-canary-value";

fn merge(bench: &Bench, world: &Arc<EffectContext>) -> Value {
    bench.call(world, "git::merge", json!({ "source": "master", "target": "staging" })).done()
}

fn propose(bench: &Bench, world: &Arc<EffectContext>, commit: &Value) -> Value {
    bench.call(world, "forge::propose", json!({ "commit": commit, "target": "staging" })).done()
}

fn refused(result: Result<Value, WriteError>) -> Failure {
    match result {
        Err(WriteError::Refused(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn with_ci(bench: &Bench, command: &[&str]) -> Config {
    let command = command.iter().map(|&word| word.to_owned()).collect();
    Config { ci: CiConfig { command, reports: vec!["ci/pr".to_owned()], ..CiConfig::default() }, ..bench.config() }
}

// git::merge

#[test]
fn a_merge_has_two_parents_and_gits_own_tree_and_is_the_same_when_done_again() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let call = bench.call(&world, "git::merge", json!({ "source": "master", "target": "staging" }));
    let intent = call.prepare().unwrap();
    let value = call.perform(&intent).unwrap();
    bench.clock.turn(5000);
    assert_eq!(call.probe(&intent), Probe::Absent);
    assert_eq!(call.perform(&intent).unwrap(), value, "a redo from the same intent gives the same commit");

    assert_eq!(value["outcome"], "clean");
    let show = git(world.mirror.path(), &["log", "-1", "--format=%P%n%T%n%an <%ae> %at%n%B", text(&value["commit"])]);
    let (ours, theirs) = (bench.at("staging"), bench.at("master"));
    let tree = git(&bench.remote(), &["merge-tree", "--write-tree", &ours, &theirs]);
    assert_eq!(
        show,
        format!(
            "{ours} {theirs}\n{tree}\nAda Test <ada@example.org> 1760000000\nPromote master ({}) to staging\n\nRelwf-Run: r1",
            &theirs[..10]
        )
    );
    assert_eq!((text(&value["tree"]), text(&value["certificate"]["tree"])), (tree.as_str(), tree.as_str()));
    let summaries: Vec<&str> = value["commits"].as_array().unwrap().iter().map(|c| text(&c["summary"])).collect();
    assert_eq!((summaries, &value["commit_count"]), (vec!["second", "first"], &json!(2)));
    assert_eq!(bench.at("staging"), ours, "nothing is pushed");
}

#[test]
fn a_fast_forward_is_a_merge_commit_too_and_the_message_is_the_callers() {
    let bench = Bench::new();
    git(&bench.remote(), &["update-ref", "refs/heads/staging", "master~2"]);
    let world = bench.world(bench.config());
    let args = json!({ "source": bench.at("master"), "target": "staging", "message": "Mine" });
    let value = bench.call(&world, "git::merge", args).done();
    let show = git(world.mirror.path(), &["log", "-1", "--format=%P %B", text(&value["commit"])]);
    assert_eq!(show, format!("{} {} Mine", bench.at("staging"), bench.at("master")));
}

#[test]
fn what_is_there_already_is_up_to_date_and_conflicts_are_data() {
    let bench = Bench::new();
    git(&bench.work(), &["checkout", "-q", "staging"]);
    bench.commit("other way", &[("service.txt", "9\n")]);
    git(&bench.work(), &["push", "-q", "origin", "staging"]);
    let world = bench.world(bench.config());
    let conflicts = merge(&bench, &world);
    assert_eq!((&conflicts["outcome"], &conflicts["commit"]), (&json!("conflicts"), &Value::Null));
    assert_eq!(
        (&conflicts["conflicts"][0]["path"], &conflicts["conflicts"][0]["kind"]),
        (&json!("service.txt"), &json!("content"))
    );
    let args = json!({ "source": "master~2", "target": "staging" });
    let done = bench.call(&world, "git::merge", args).done();
    assert_eq!((&done["outcome"], &done["commit_count"]), (&json!("up-to-date"), &json!(0)));
}

#[test]
fn a_missing_branch_suggests_the_near_one() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let call = bench.call(&world, "git::merge", json!({ "source": "master", "target": "stagin" }));
    let failure = call.prepare().unwrap_err();
    assert_eq!((failure.kind, failure.hint.as_deref()), (FailureKind::NotFound, Some("did you mean `staging`?")));
}

#[test]
fn the_message_and_the_change_tell_what_ships() {
    let bench = Bench::new();
    let number = |name| component(name, &format!("detect = 'regex'\nfile = '{name}.txt'\npattern = '[0-9]+'"));
    let components = vec![number("service"), number("more"), number("hotfix"), component("all", "detect = 'commits'")];
    let world = bench.world(Config { components, ..bench.config() });
    let merged = merge(&bench, &world);
    let body = git(world.mirror.path(), &["log", "-1", "--format=%b", text(&merged["commit"])]);
    assert_eq!(body, "service: 1 -> 2\nmore: added at 2\nall: 3 commits\n\nRelwf-Run: r1");
    let rows = merged["components"].as_array().unwrap();
    assert_eq!(rows[2]["change"], "unchanged", "a hotfix that only the target has is kept");
    assert_eq!(rows[3]["to"]["revision"], merged["commit"]);
    let args = json!({ "base": "staging", "head": merged["commit"] });
    assert_eq!(bench.call(&world, "delta::between", args).look().unwrap(), merged["components"]);
    propose(&bench, &world, &merged["commit"]);
    let message = git(&bench.remote(), &["cat-file", "-p", "refs/relwf/changes/1"]);
    assert!(
        message.contains(
            "Components:\n- service: 1 -> 2\n- more: added at 2\n- all: 3 commits\n\nCommits (2), and their merge:\n"
        ),
        "{message}"
    );
}

// forge::propose, forge::land

#[test]
fn a_change_lists_commits_as_they_were_reviewed_and_how_to_land_it_by_hand() {
    let bench = Bench::new();
    let work = bench.work();
    git(&work, &["checkout", "-q", "-b", "login", "master"]);
    let (one, two) = (bench.commit("login: faster", &[("l", "1\n")]), bench.commit("login: test", &[("t", "1\n")]));
    git(&work, &["checkout", "-q", "master"]);
    git(&work, &["merge", "-q", "--no-ff", "-m", "Merge pull request #12 from ada/login\n\nFaster login", "login"]);
    git(&work, &["push", "-q", "origin", "master"]);
    let world = bench.world(bench.config());
    let merged = merge(&bench, &world);
    propose(&bench, &world, &merged["commit"]);
    let body = git(&bench.remote(), &["for-each-ref", "--format=%(contents)", "refs/relwf/changes/1"]);
    let expected = format!(
        "Commits (5), and their merge:\n- #12 Faster login (Ada Test)\n  - {} login: test (Ada Test)\n  - {} login: faster (Ada Test)\n- ",
        &two[..10],
        &one[..10],
    );
    assert!(body.contains(&expected), "{body}");
    for rev in ["master~2", "master~1"] {
        assert!(body.contains(&format!("\n- {} ", &bench.at(rev)[..10])), "{body}");
    }
    assert!(body.contains(&format!("    git push origin {}:staging\n", text(&merged["commit"]))), "{body}");
}

#[test]
fn proposing_twice_with_one_key_opens_one_change() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let merged = merge(&bench, &world);
    let call = bench.call(&world, "forge::propose", json!({ "commit": merged["commit"], "target": "staging" }));
    let intent = call.prepare().unwrap();
    assert_eq!(call.probe(&intent), Probe::Absent);
    let change = call.perform(&intent).unwrap();
    assert_eq!(
        change,
        json!({ "number": 1, "url": null, "head": merged["commit"], "base": "staging", "state": "open" })
    );
    assert_eq!(call.probe(&intent), Probe::Done(change.clone()));
    assert_eq!(call.perform(&intent).unwrap(), change);
    let message = git(&bench.remote(), &["cat-file", "-p", "refs/relwf/changes/1"]);
    assert!(message.contains("Commits (2), and their merge:\n- "), "{message}");
    assert_eq!(bench.at("refs/relwf/changes/1^{commit}"), text(&merged["commit"]));
}

#[test]
fn landing_moves_the_target_to_the_merge_itself_whenever_it_was_interrupted() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let before = bench.at("staging");
    let merged = merge(&bench, &world);
    let change = propose(&bench, &world, &merged["commit"]);
    let args = json!({ "change": change, "commit": merged["commit"], "target": "staging" });
    let call = bench.call(&world, "forge::land", args);
    let intent = call.prepare().unwrap();
    assert_eq!(call.probe(&intent), Probe::Absent);

    // Killed between the push and marking the change.
    git(
        world.mirror.path(),
        &["push", "-q", bench.remote().to_str().unwrap(), &format!("{}:refs/heads/staging", text(&merged["commit"]))],
    );
    let landed = json!({ "commit": merged["commit"], "branch": "staging", "before": before, "tree": merged["tree"], "reported": [] });
    assert_eq!(call.probe(&intent), Probe::Done(landed.clone()));
    let message = git(&bench.remote(), &["cat-file", "-p", "refs/relwf/changes/1"]);
    assert!(message.contains("\"state\":\"merged\""), "{message}");

    assert_eq!(call.perform(&intent).unwrap(), landed, "again changes nothing");
    assert_eq!(call.perform(&call.prepare().unwrap()).unwrap(), landed, "from the start neither");

    // Without its change it has landed all the same.
    git(&bench.remote(), &["update-ref", "-d", "refs/relwf/changes/1"]);
    assert_eq!(call.probe(&intent), Probe::Done(landed.clone()));

    // Somebody builds on it.
    git(&bench.work(), &["fetch", "-q"]);
    git(&bench.work(), &["checkout", "-q", "-B", "staging", "origin/staging"]);
    bench.commit("on top", &[("top", "1\n")]);
    git(&bench.work(), &["push", "-q", "origin", "staging"]);
    assert_eq!(call.probe(&intent), Probe::Done(landed.clone()));
    assert_eq!(call.perform(&intent).unwrap(), landed);
    assert_eq!(bench.at("staging~1"), text(&merged["commit"]));
}

#[test]
fn a_target_that_moved_is_left_alone() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let merged = merge(&bench, &world);
    let change = propose(&bench, &world, &merged["commit"]);
    let args = json!({ "change": change["number"], "commit": merged["commit"], "target": "staging" });
    let call = bench.call(&world, "forge::land", args);
    let intent = call.prepare().unwrap();
    git(&bench.work(), &["checkout", "-q", "staging"]);
    let theirs = bench.commit("faster", &[("faster", "1\n")]);
    git(&bench.work(), &["push", "-q", "origin", "staging"]);

    let failure = refused(call.perform(&intent));
    assert_eq!(failure.kind, FailureKind::Moved);
    assert_eq!(
        failure.hint.as_deref(),
        Some("nothing was changed; run the workflow again: it starts from the new tip")
    );
    assert_eq!(call.prepare().unwrap_err().kind, FailureKind::Moved);
    assert!(matches!(call.probe(&intent), Probe::Unknown(why) if why.contains(&theirs[..10])));
    assert_eq!(bench.at("staging"), theirs);
}

#[test]
fn a_hook_that_refuses_is_quoted() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let merged = merge(&bench, &world);
    let change = propose(&bench, &world, &merged["commit"]);
    bench.script("remote.git/hooks/pre-receive", "echo 'staging is frozen' >&2; exit 1");
    let args = json!({ "change": change, "commit": merged["commit"], "target": "staging" });
    let call = bench.call(&world, "forge::land", args);
    let failure = refused(call.perform(&call.prepare().unwrap()));
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(format!("{failure:?}").contains("staging is frozen"), "{failure:?}");
}

#[test]
fn only_a_merge_of_two_lands() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let args = json!({ "change": 1, "commit": "master", "target": "staging" });
    let failure = bench.call(&world, "forge::land", args).prepare().unwrap_err();
    assert!(failure.message.ends_with("has 1 parents; only a merge of two lands"), "{}", failure.message);
}

// git::push, git::delete_branch

#[test]
fn branches_move_and_go_away_under_a_lease() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let push = bench.call(&world, "git::push", json!({ "branch": "release/1", "commit": "master" }));
    let intent = push.prepare().unwrap();
    let value = json!({ "branch": "release/1", "commit": bench.at("master"), "before": null });
    assert_eq!(push.probe(&intent), Probe::Absent);
    assert_eq!(push.perform(&intent).unwrap(), value);
    assert_eq!(push.perform(&intent).unwrap(), value, "again changes nothing");
    assert_eq!(push.probe(&intent), Probe::Done(value));

    let args = json!({ "branch": "staging", "commit": "master", "expect": "absent" });
    let wrong = bench.call(&world, "git::push", args);
    assert_eq!(refused(wrong.perform(&wrong.prepare().unwrap())).kind, FailureKind::Moved);

    let world = bench.world(bench.config());
    let delete = bench.call(&world, "git::delete_branch", json!({ "branch": "release/1" }));
    let intent = delete.prepare().unwrap();
    assert_eq!(delete.probe(&intent), Probe::Absent);
    for _ in 0..2 {
        assert_eq!(delete.perform(&intent).unwrap(), Value::Null);
        assert_eq!(delete.probe(&intent), Probe::Done(Value::Null));
    }
    assert!(!git(&bench.remote(), &["branch"]).contains("release/1"));
}

// forge::wait_checks, ci::wait

fn ready(observed: Result<Observation, Failure>) -> Value {
    match observed {
        Ok(Observation::Ready(value)) => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn checks_that_never_run_are_waited_for_until_the_deadline() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let merged = merge(&bench, &world);
    propose(&bench, &world, &merged["commit"]);
    let args = json!({ "commit": merged["commit"], "target": "staging", "deadline": "10m" });
    let wait = bench.call(&world, "forge::wait_checks", args);
    let begun = wait.begin();
    let missing = |why: &str| Observation::NotYet { why: why.to_owned(), again: "5s".parse().unwrap() };
    assert_eq!(wait.observe(&begun), Ok(missing("ci/pr has not reported")));
    let status = |state: &str| {
        let args = json!({ "commit": merged["commit"], "context": "ci/pr", "state": state });
        bench.call(&world, "forge::status", args).done()
    };
    // What has ended without a word for or against is told at once.
    status("skipped");
    let skipped = wait.observe(&begun).unwrap_err();
    assert!(skipped.message.ends_with(": ci/pr was skipped, which is not green"), "{skipped:?}");
    assert_eq!(skipped.kind, FailureKind::Red);
    status("pending");
    assert_eq!(wait.observe(&begun), Ok(missing("ci/pr is pending")));
    bench.clock.turn(600);
    assert_eq!(wait.observe(&begun).unwrap_err().kind, FailureKind::Timeout);
    status("green");
    let value = ready(wait.observe(&begun));
    assert_eq!((&value["verdicts"][0]["context"], &value["verdicts"][0]["state"]), (&json!("ci/pr"), &json!("green")));
    status("red");
    assert_eq!(wait.observe(&begun).unwrap_err().kind, FailureKind::Red);
}

#[test]
fn nothing_required_and_no_ci_is_ready_at_once() {
    let bench = Bench::new();
    let world = bench.world(Config { environments: Vec::new(), ..bench.config() });
    let wait = bench.call(&world, "forge::wait_checks", json!({ "commit": "master", "target": "staging" }));
    assert_eq!(
        ready(wait.observe(&wait.begin())),
        json!({ "commit": bench.at("master"), "tested": false, "verdicts": [] })
    );
    let wait = bench.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    assert_eq!(ready(wait.observe(&wait.begin())), Value::Null);
}

#[test]
fn the_command_builds_the_proposed_commit_once_and_speaks_for_the_required_checks() {
    let bench = Bench::new();
    bench.script(
        "ci",
        "echo \"$1 $RELWF_EVENT $TRAVIS_BRANCH $RELWF_ATTEMPT $(cat hotfix.txt service.txt | tr '\\n' ' ')\" | tee -a \"${0%/*}/ran\"",
    );
    let program = bench.dir.path().join("ci");
    let world = bench.world(with_ci(&bench, &[program.to_str().unwrap(), "travis_${event}"]));
    let merged = merge(&bench, &world);
    propose(&bench, &world, &merged["commit"]);
    let args = json!({ "commit": merged["commit"], "target": "staging" });
    let wait = bench.call(&world, "forge::wait_checks", args);
    let begun = wait.begin();
    let value = ready(wait.observe(&begun));
    assert_eq!(ready(wait.observe(&begun)), value);
    let ran = "travis_pull_request pull_request staging 1 1 2 \n";
    assert_eq!(bench.read("ran"), ran, "once, with the files of both sides");
    let contexts: Vec<&str> = value["verdicts"].as_array().unwrap().iter().map(|v| text(&v["context"])).collect();
    assert_eq!(contexts, ["relwf/pull_request", "ci/pr"]);
    assert!(bench.said.all().iter().any(|line| line == ran.trim_end()), "its output is progress");

    let push =
        bench.call(&world, "ci::wait", json!({ "commit": merged["commit"], "event": "push", "branch": "staging" }));
    // What is not the branch's tip is not deployed.
    let refused = push.observe(&push.begin()).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Moved, "{refused:?}");
    let landed = bench.call(&world, "git::push", json!({ "branch": "staging", "commit": merged["commit"] }));
    landed.perform(&landed.prepare().unwrap()).unwrap();
    assert_eq!(ready(push.observe(&push.begin()))["state"], "passed");
    let builds = bench.call(&world, "ci::builds", json!({ "commit": merged["commit"] })).look().unwrap();
    let events: Vec<&str> = builds.as_array().unwrap().iter().map(|build| text(&build["event"])).collect();
    assert_eq!(events, ["push", "pull_request"]);
}

#[test]
fn a_command_runs_in_a_private_repository_of_its_own_that_is_gone_afterwards() {
    let bench = Bench::new();
    git(&bench.work(), &["init", "-q", "../library"]);
    let library = bench.dir.path().join("library");
    std::fs::write(library.join("f"), "1\n").unwrap();
    git(&library, &["add", "f"]);
    git(&library, &["commit", "-q", "-m", "library"]);
    git(&bench.work(), &["tag", "v1.4.0"]);
    let file = "protocol.file.allow=always";
    git(&bench.work(), &["-c", file, "submodule", "--quiet", "add", library.to_str().unwrap(), "vendor/library"]);
    bench.commit("with a submodule", &[("one.txt", "1\n")]);
    git(&bench.work(), &["push", "-q", "origin", "master", "v1.4.0"]);
    bench.script(
        "ci",
        "exec >\"${0%/*}/seen\"; pwd; stat -c %a .; git describe --tags | cut -c1-7; git diff --name-only HEAD^1 | tr '\\n' ' '; echo\n\
         git rev-parse HEAD origin/staging; git status --porcelain; cat vendor/library/f; mkdir -p cache/x; chmod 500 cache",
    );
    let program = bench.dir.path().join("ci");
    let world = bench.world(with_ci(&bench, &[program.to_str().unwrap()]));
    // What a killed relwf left of another build.
    let left = bench.dir.path().join(format!("state/ci/{}/push", bench.at("staging")));
    std::fs::create_dir_all(left.join("old.checkout/x")).unwrap();
    std::fs::write(left.join("lock"), "").unwrap();
    let build = |commit: &str| {
        let args = json!({ "commit": commit, "event": "push", "branch": "master" });
        let wait = bench.call(&world, "ci::wait", args);
        wait.observe(&wait.begin())
    };
    // git asks its user whether submodules may be files; nothing of that is set here.
    let refused = build("master").unwrap_err();
    assert!(
        refused.message.contains("git submodule") && refused.message.contains("transport 'file' not allowed"),
        "{refused:?}"
    );
    assert!(refused.hint.unwrap().contains("checkout = { submodules = false }"));
    assert!(!left.join("old.checkout").exists(), "what a killed relwf left is removed");

    let without = CheckoutOptions { submodules: false, lfs: false };
    let mut config = with_ci(&bench, &[program.to_str().unwrap()]);
    config.ci.checkout = without;
    let world = bench.world(config);
    let wait = bench.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    ready(wait.observe(&wait.begin()));
    let seen = bench.read("seen");
    let lines: Vec<&str> = seen.lines().collect();
    assert_eq!(lines[1..4], ["700", "v1.4.0-", ".gitmodules one.txt vendor/library "]);
    assert_eq!(lines[4..], [bench.at("master"), bench.at("staging")]);
    assert!(!Path::new(lines[0]).exists(), "it is gone, though it had a folder that cannot be written to");
}

#[test]
fn a_red_command_brings_its_last_lines() {
    let bench = Bench::new();
    let world = bench.world(with_ci(&bench, &["sh", "-c", "for i in $(seq 30); do echo line $i; done; exit 3"]));
    let wait = bench.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    let begun = wait.begin();
    let failure = wait.observe(&begun).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Red);
    let log = failure.detail["log"].as_array().unwrap();
    assert_eq!((log.len(), &log[0], &log[19]), (20, &json!("line 11"), &json!("line 30")));
    assert_eq!(wait.observe(&begun).unwrap_err().kind, FailureKind::Red, "and stays red without running again");

    let checks = bench.call(&world, "forge::wait_checks", json!({ "commit": "master", "target": "staging" }));
    assert_eq!(checks.observe(&checks.begin()).unwrap_err().kind, FailureKind::Red);
    let master = bench.at("master");
    let record = git(&bench.remote(), &["cat-file", "-p", &format!("refs/relwf/changes/verdicts/{master}")]);
    assert!(record.contains("ci/pr: red\n"), "{record}");
}

#[test]
fn a_missing_program_is_no_verdict() {
    let bench = Bench::new();
    let world = bench.world(with_ci(&bench, &["relwf-no-such-program"]));
    let wait = bench.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    let failure = wait.observe(&wait.begin()).unwrap_err();
    assert_eq!(
        (failure.kind, failure.hint.as_deref()),
        (FailureKind::Command, Some("install `relwf-no-such-program`, or add its folder to PATH"))
    );
    only_begun(&bench);
}

/// What is said of master: its push build has begun, and nothing else.
fn only_begun(bench: &Bench) {
    let record =
        git(&bench.remote(), &["cat-file", "-p", &format!("refs/relwf/changes/verdicts/{}", bench.at("master"))]);
    assert!(record.contains("relwf/push: pending\n") && record.matches("relwf/push").count() == 2, "{record}");
}

#[test]
fn a_build_stopped_by_ctrl_c_leaves_no_verdict_and_runs_again() {
    let bench = Bench::new();
    let marker = bench.dir.path().join("attempts");
    let script = format!("echo $RELWF_ATTEMPT >> {}; [ $RELWF_ATTEMPT = 2 ] || sleep 60", marker.display());
    let world = bench.world(with_ci(&bench, &["sh", "-c", &script]));
    let call = || bench.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    let begun = call().begin();
    let failure = std::thread::scope(|scope| {
        let building = scope.spawn(|| call().observe(&begun));
        while bench.read("attempts").is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        bench.cancel.raise();
        building.join().unwrap().unwrap_err()
    });
    assert_eq!(failure.kind, FailureKind::Interrupted);
    only_begun(&bench);

    let resumed = Bench { cancel: relwf::model::Cancel::new(), ..bench };
    let call = resumed.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    assert_eq!(ready(call.observe(&begun))["state"], "passed");
    assert_eq!(resumed.read("attempts"), "1\n2\n");
}

/// Does something beside a program that outlived an earlier relwf and holds its lock: it goes on when it is waited for.
fn beside_a_survivor<T: Send>(bench: &Bench, lock: std::fs::File, goes_on: &str, act: impl FnOnce() -> T + Send) -> T {
    let made = std::process::Command::new("mkfifo").arg(bench.dir.path().join("go")).status().unwrap();
    assert!(made.success());
    let mut survivor = std::process::Command::new("sh")
        .args(["-c", &format!("read go < go; {goes_on}")])
        .current_dir(bench.dir.path())
        .stdin(lock)
        .spawn()
        .unwrap();
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            bench.said.wait_for("waiting: ");
            std::fs::write(bench.dir.path().join("go"), "\n").unwrap();
        });
        act()
    });
    survivor.wait().unwrap();
    done
}

#[test]
fn a_build_that_outlived_its_relwf_comes_to_its_end_first() {
    let bench = Bench::new();
    let world = bench.world(with_ci(&bench, &["sh", "-c", &format!("cat {}/alive", bench.dir.path().display())]));
    let folder = world.folder.join("ci").join(bench.at("master")).join("push");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let wait = bench.call(&world, "ci::wait", json!({ "commit": "master", "event": "push", "branch": "master" }));
    let begun = wait.begin();
    let observed = beside_a_survivor(&bench, lock, "echo over > alive", || wait.observe(&begun));
    assert_eq!(ready(observed)["state"], "passed");
    let said = bench.said.all();
    assert_eq!(said[0], "waiting: an earlier attempt of this build still runs");
    assert!(said.contains(&"over".to_owned()), "{said:?}");
}

// candidate::…

#[test]
fn the_newest_green_commit_is_the_candidate() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let args = json!({ "branch": "master", "target": "staging" });
    let none = bench.call(&world, "candidate::latest_green", args.clone()).look().unwrap_err();
    assert_eq!(none.kind, FailureKind::NoCandidate);
    assert_eq!(none.message, "none of the 2 new commits of master can go to staging");
    assert_eq!(none.detail[0]["why"], "unit has not reported");

    let status = |rev: &str, state: &str| {
        bench.call(&world, "forge::status", json!({ "commit": rev, "context": "unit", "state": state })).done()
    };
    status("master", "red");
    status("master~1", "green");
    let picked = bench.call(&world, "candidate::latest_green", args.clone()).look().unwrap();
    assert_eq!((text(&picked["id"]), &picked["summary"]), (bench.at("master~1").as_str(), &json!("first")));
    let list = bench.call(&world, "candidate::list", args.clone()).look().unwrap();
    let greens: Vec<bool> = list.as_array().unwrap().iter().map(|c| c["green"] == true).collect();
    assert_eq!(greens, [false, true]);

    let soaking = json!({ "branch": "master", "target": "staging", "soak": "1h" });
    let early = bench.call(&world, "candidate::latest_green", soaking.clone()).look().unwrap_err();
    assert_eq!(early.kind, FailureKind::NoCandidate);
    bench.clock.turn(3600);
    assert_eq!(bench.call(&world, "candidate::latest_green", soaking).look().unwrap()["id"], picked["id"]);
}

#[test]
fn without_checks_the_tip_is_the_candidate_even_when_there_is_nothing_new() {
    let bench = Bench::new();
    let world = bench.world(Config { environments: Vec::new(), ..bench.config() });
    let pick = |branch: &str, target: &str| {
        let args = json!({ "branch": branch, "target": target });
        bench.call(&world, "candidate::latest_green", args).look().unwrap()["id"].clone()
    };
    assert_eq!(pick("master", "staging"), bench.at("master"));
    assert_eq!(pick("master", "master"), bench.at("master"));
}

// sh::run and secrets

fn with_sh(bench: &Bench) -> Config {
    let secrets = BTreeMap::from([
        ("token".to_owned(), SecretSource::Env("CANARY".to_owned())),
        ("absent".to_owned(), SecretSource::Env("NOT_SET".to_owned())),
    ]);
    Config { sh: ShConfig { allow: vec!["sh".to_owned()], env: Vec::new() }, secrets, ..bench.config() }
}

#[test]
fn only_allowed_programs_run() {
    let bench = Bench::new();
    let world = bench.world(with_sh(&bench));
    let args = json!({ "argv": ["rm", "-rf", "x"], "effect": true });
    let call = bench.call(&world, "sh::run", args);
    for failure in [call.prepare().unwrap_err(), call.assume().unwrap_err()] {
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Refused, "`sh::run` may not start `rm`"));
    }
    let value = bench.call(&world, "sh::run", json!({ "argv": ["sh", "-c", "pwd"], "effect": false })).look().unwrap();
    let root = bench.dir.path().canonicalize().unwrap();
    assert_eq!(value, json!({ "status": 0, "stdout": format!("{}\n", root.display()), "stderr": "" }));
    let args = json!({ "argv": ["sh", "-c", "echo no >&2; exit 4"], "effect": false });
    let failure = bench.call(&world, "sh::run", args).look().unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Command, "`sh` ended with exit code 4"));
    assert_eq!(failure.detail, json!({ "status": 4, "output": ["no"] }));
    let unknown = bench.call(&world, "sh::run", json!({ "argv": ["sh"], "effect": true, "on_unknown": "skip" }));
    let secret = json!({ "argv": ["sh", { "$secret": "token" }], "effect": true });
    let failure = bench.call(&world, "sh::run", secret).refused();
    assert_eq!(failure.hint.as_deref(), Some("hand it over in `env`, and let the program read it there"));
    assert_eq!(unknown.on_unknown(), OnUnknown::Skip);
}

#[test]
fn secrets_reach_the_program_and_nothing_else() {
    let bench = Bench::new();
    let world = bench.world(with_sh(&bench));
    let env = json!({ "TOKEN": { "$secret": "token", "before": "Bearer " } });
    for (script, fails) in [
        ("test \"$TOKEN\" = \"Bearer s3cr3t-canary-value\" && echo $TOKEN; echo $TOKEN >&2", false),
        ("echo $TOKEN >&2; exit 1", true),
    ] {
        for effect in [true, false] {
            let args = json!({ "argv": ["sh", "-c", script], "effect": effect, "env": env });
            let call = bench.call(&world, "sh::run", args);
            let seen = if effect {
                let intent = call.prepare().unwrap();
                format!("{intent:?} {:?} {:?}", call.perform(&intent), call.assume())
            } else {
                format!("{:?}", call.look())
            };
            // The script's own text names it; that is the caller's doing.
            let seen = seen.replace(script, "");
            assert!(!seen.contains(CANARY), "{seen}");
            assert_eq!(seen.contains("Command"), fails, "{seen}");
            assert!(seen.contains("<secret>"), "{seen}");
        }
    }
    let said = bench.said.all().join("\n");
    assert!(said.contains("Bearer <secret>") && !said.contains(CANARY), "{said}");

    for (name, message) in [
        ("absent", "the secret `absent` is not there: the variable NOT_SET is not set"),
        ("tokn", "relwf.toml has no secret `tokn`"),
    ] {
        let args = json!({ "argv": ["sh", "-c", "true"], "effect": false, "env": { "T": { "$secret": name } } });
        assert_eq!(bench.call(&world, "sh::run", args).look().unwrap_err().message, message);
    }
    let has = |name: &str| bench.call(&world, "config::has_secret", json!({ "name": name })).look().unwrap();
    assert_eq!((has("token"), has("tokn")), (json!(true), json!(false)));
}

// fleet::…

fn with_fleet(bench: &Bench) -> Config {
    bench.script("observe", "cat \"${0%/*}/at-$RELWF_TARGET\"");
    bench.script("update", "echo \"$RELWF_TARGET $RELWF_FROM $RELWF_TO\" >> \"${0%/*}/updates\"; . \"${0%/*}/how\"");
    std::fs::write(bench.dir.path().join("how"), "echo $RELWF_TO > \"${0%/*}/at-$RELWF_TARGET\"\n").unwrap();
    let target = |id: &str, ring: &str| {
        std::fs::write(bench.dir.path().join(format!("at-{id}")), "1\n").unwrap();
        FleetTarget {
            id: id.to_owned(),
            ring: ring.to_owned(),
            labels: BTreeMap::new(),
            observe: Some(Observe::Command(vec!["./observe".to_owned()])),
            update: Some(FleetCommand::Command(vec!["./update".to_owned()])),
        }
    };
    let targets = vec![target("acme", "canary"), target("bolt", "rest"), target("corp", "canary")];
    let fleet = Some(FleetConfig { component: "ppc".parse().unwrap(), report: None, targets, env: Vec::new() });
    Config { fleet, ..bench.config() }
}

#[test]
fn waves_hold_those_that_are_behind_ring_by_ring() {
    let bench = Bench::new();
    let world = bench.world(with_fleet(&bench));
    std::fs::write(bench.dir.path().join("at-corp"), "2\n").unwrap();
    std::fs::remove_file(bench.dir.path().join("at-bolt")).unwrap();
    let waves = bench.call(&world, "fleet::waves", json!({ "to": "2" })).look().unwrap();
    assert_eq!(
        waves[0],
        json!({ "name": "canary", "targets": [{ "id": "acme", "ring": "canary", "labels": {}, "version": "1" }] })
    );
    assert_eq!((&waves[1]["name"], &waves[1]["targets"][0]["version"]), (&json!("rest"), &Value::Null));
    assert_eq!(waves[1]["targets"][0]["error"], "`./observe` ended with exit code 1");
    assert_eq!(waves.as_array().unwrap().len(), 2);
}

#[test]
fn a_roll_updates_once_and_looks_afterwards() {
    let bench = Bench::new();
    let world = bench.world(with_fleet(&bench));
    let call = bench.call(&world, "fleet::roll", json!({ "target": "acme", "to": "2" }));
    let intent = call.prepare().unwrap();
    let done = json!({ "target": "acme", "from": "1", "to": "2" });
    assert_eq!(call.probe(&intent), Probe::Absent);
    assert_eq!(call.perform(&intent).unwrap(), done);
    assert_eq!(call.probe(&intent), Probe::Done(done));
    assert_eq!(bench.read("updates"), "acme 1 2\n");
    let again = bench.call(&world, "fleet::roll", json!({ "target": "acme", "to": "2" }));
    assert_eq!(again.done(), json!({ "target": "acme", "from": "2", "to": "2" }));
    assert_eq!(bench.read("updates"), "acme 1 2\n", "who runs it already is left alone");
    std::fs::write(bench.dir.path().join("at-acme"), "7\n").unwrap();
    assert!(matches!(call.probe(&intent), Probe::Unknown(why) if why.starts_with("acme runs 7;")));
}

#[test]
fn an_update_that_fails_or_does_not_take_is_a_failure() {
    let bench = Bench::new();
    let world = bench.world(with_fleet(&bench));
    for (how, message) in [
        ("echo broken >&2; exit 9", "updating bolt failed: `./update` ended with exit code 9"),
        ("true", "bolt was updated to 2, but it runs 1"),
    ] {
        std::fs::write(bench.dir.path().join("how"), how).unwrap();
        let call = bench.call(&world, "fleet::roll", json!({ "target": "bolt", "to": "2" }));
        let failure = refused(call.perform(&call.prepare().unwrap()));
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Command, message));
    }
    let wrong = bench.call(&world, "fleet::roll", json!({ "target": "blot", "to": "2" })).prepare().unwrap_err();
    assert_eq!(wrong.hint.as_deref(), Some("did you mean `bolt`?"));
}

#[test]
fn a_probe_waits_for_an_update_that_outlived_its_relwf() {
    let bench = Bench::new();
    let world = bench.world(with_fleet(&bench));
    let call = bench.call(&world, "fleet::roll", json!({ "target": "acme", "to": "2" }));
    let intent = call.prepare().unwrap();
    let name: String = "acme".bytes().map(|byte| format!("{byte:02x}")).collect();
    std::fs::create_dir_all(world.folder.join("fleet")).unwrap();
    let lock = std::fs::File::create(world.folder.join("fleet").join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let found = beside_a_survivor(&bench, lock, "echo 2 > at-acme", || call.probe(&intent));
    assert_eq!(found, Probe::Done(json!({ "target": "acme", "from": "1", "to": "2" })));
}

#[test]
fn an_update_may_be_a_build_of_the_ci() {
    let bench = Bench::new();
    let script = "[ \"$CUSTOMER\" = big ] || exit 5; echo \"$RELWF_EVENT $RELWF_TARGET $RELWF_FROM $RELWF_TO\" >> $OUT/built; echo $RELWF_TO > $OUT/at-acme";
    let mut config = Config { ci: with_ci(&bench, &["sh", "-c", script]).ci, ..with_fleet(&bench) };
    let out = bench.dir.path().to_str().unwrap().to_owned();
    for (customer, expected) in [("small", Err(FailureKind::Red)), ("big", Ok(()))] {
        let env = BTreeMap::from([("OUT".to_owned(), out.clone()), ("CUSTOMER".to_owned(), customer.to_owned())]);
        config.fleet.as_mut().unwrap().targets[0].update = Some(FleetCommand::Ci { env });
        let run = Bench { run: relwf::model::RunId::new(customer), ..Bench::new() };
        let world = bench.world(config.clone());
        let call = run.call(&world, "fleet::roll", json!({ "target": "acme", "to": "2" }));
        let result = call.perform(&call.prepare().unwrap());
        assert_eq!(
            result.as_ref().map(drop).map_err(|error| match error {
                WriteError::Refused(failure) => failure.kind,
                other => panic!("{other:?}"),
            }),
            expected
        );
    }
    assert_eq!(bench.read("built"), "api acme 1 2\n");
}

// http::…

/// A server that answers every request with what it was sent, until it is dropped.
fn echo() -> String {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
            let length = head
                .to_lowercase()
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            stream.read_exact(&mut body).unwrap();
            let answer = serde_json::json!({ "head": head, "body": String::from_utf8_lossy(&body) }).to_string();
            let status = if head.contains("/teapot") { "418 Teapot" } else { "200 OK" };
            let reply = format!(
                "HTTP/1.1 {status}\r\nX-Seen: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                CANARY,
                answer.len()
            );
            stream.get_mut().write_all(reply.as_bytes()).unwrap();
        }
    });
    format!("http://{address}")
}

#[test]
fn secrets_reach_the_server_and_nothing_else() {
    let bench = Bench::new();
    let world = bench.world(with_sh(&bench));
    let server = echo();
    let secret = |before: &str| json!({ "$secret": "token", "before": before });
    let args = json!({
        "method": "POST",
        "url": secret(&format!("{server}/hook/")),
        "headers": { "Authorization": secret("Bearer ") },
        "json": { "key": secret(""), "n": 1 },
    });
    let call = bench.call(&world, "http::request", args);
    let intent = call.prepare().unwrap();
    let value = call.perform(&intent).unwrap();
    assert_eq!(value["status"], 200);
    let head = text(&value["json"]["head"]).to_lowercase();
    assert!(head.starts_with("post /hook/<secret> http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer <secret>\r\n"), "{head}");
    assert!(head.contains(&format!("idempotency-key: {}\r\n", intent.idempotency_key)), "{head}");
    assert_eq!(value["json"]["body"], "{\"key\":\"<secret>\",\"n\":1}");
    assert_eq!(value["headers"]["x-seen"], "<secret>");

    let refused =
        json!({ "method": "POST", "url": secret(&format!("{server}/teapot/")), "json": { "key": secret("") } });
    let call = bench.call(&world, "http::request", refused);
    let refused = call.perform(&call.prepare().unwrap()).unwrap_err();
    assert!(!format!("{refused:?}").contains(CANARY), "{refused:?}");
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let args = json!({ "method": "POST", "url": secret(&format!("http://{closed}/")), "headers": { "A": secret("") } });
    let call = bench.call(&world, "http::request", args);
    let error = call.perform(&call.prepare().unwrap()).unwrap_err();
    assert!(matches!(&error, WriteError::NotSent(failure) if failure.kind == FailureKind::Network), "{error:?}");
    let seen = format!("{value} {intent:?} {error:?} {:?} {:?}", call.assume(), call.probe(&intent));
    assert!(!seen.contains(CANARY), "{seen}");
}

#[test]
fn an_answer_that_is_no_success_is_an_error_unless_it_is_accepted() {
    let bench = Bench::new();
    let world = bench.world(with_sh(&bench));
    let server = echo();
    let teapot = |more: Value| {
        let mut args = json!({ "url": format!("{server}/teapot?a=b") });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let get = |more: Value| bench.call(&world, "http::get", teapot(more)).look();
    let failure = get(json!({})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.message.starts_with(&format!("GET {server}/teapot answered 418: {{\"body\":")), "{failure:?}");
    assert_eq!(failure.hint.as_deref(), Some("where that is an answer like any other, accept it: `accept: [418]`"));
    assert_eq!(failure.detail["status"], 418);
    assert!(text(&failure.detail["body"]).contains("GET /teapot"), "{}", failure.detail);
    assert_eq!(get(json!({ "accept": [404] })).unwrap_err().kind, FailureKind::Refused);
    let accepted = get(json!({ "accept": [404, 418] })).unwrap();
    assert_eq!((&accepted["status"], text(&accepted["json"]["head"]).is_empty()), (&json!(418), false));

    let post = |more: Value| {
        let mut args = teapot(more);
        args["method"] = json!("POST");
        let call = bench.call(&world, "http::request", args);
        call.perform(&call.prepare().unwrap())
    };
    // It has answered: nothing is in doubt, and nothing is sent again.
    assert_eq!(refused(post(json!({}))).kind, FailureKind::Refused);
    assert_eq!(post(json!({ "accept": [418] })).unwrap()["status"], 418);
}

// flow::…

#[test]
fn an_approval_counts_for_what_was_shown() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let ask = |show: Value| bench.call(&world, "flow::approve", json!({ "message": "Ship it?", "show": show }));
    let call = ask(json!({ "ppc": 2 }));
    let begun = call.begin();
    assert!(
        matches!(call.observe(&begun), Ok(Observation::Suspend { why, until: None }) if why == "approval: Ship it?")
    );
    let digest = text(&begun["digest"]).to_owned();
    assert_ne!(ask(json!({ "ppc": 3 })).begin()["digest"], begun["digest"]);
    let decide = |approved| {
        let decision =
            ApprovalDecision { approved, actor: "ada".to_owned(), reason: Some("late".to_owned()), at: bench.now()() };
        bench.signals.0.lock().unwrap().insert(digest.clone(), decision);
    };
    decide(true);
    let said = json!({ "actor": "ada", "reason": "late", "at": "2025-10-09T08:53:20Z" });
    assert_eq!(call.observe(&begun), Ok(Observation::Ready(said)));
    decide(false);
    let failure = call.observe(&begun).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Denied, "ada refused: late"));
}

#[test]
fn sleeps_remember_when_they_end() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let call = bench.call(&world, "flow::sleep", json!({ "duration": "2h" }));
    let begun = call.begin();
    let until = "2025-10-09T10:53:20Z".parse().unwrap();
    assert!(matches!(call.observe(&begun), Ok(Observation::Suspend { until: Some(at), .. }) if at == until));
    bench.clock.turn(2 * 3600 - 30);
    assert!(matches!(call.observe(&begun), Ok(Observation::NotYet { again, .. }) if again == "30s".parse().unwrap()));
    bench.clock.turn(30);
    assert_eq!(call.observe(&begun), Ok(Observation::Ready(Value::Null)));
    let past = bench.call(&world, "flow::wait_until", json!({ "time": "2020-01-01T00:00:00Z" }));
    assert_eq!(past.observe(&past.begin()), Ok(Observation::Ready(Value::Null)));
}

#[test]
fn random_ids_are_version_four_and_differ() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let ids: Vec<String> =
        (0..2).map(|_| text(&bench.call(&world, "flow::uuid", json!({})).look().unwrap()).to_owned()).collect();
    assert_ne!(ids[0], ids[1]);
    for id in ids {
        assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}

// Dry runs

#[test]
fn what_only_the_remote_knows_is_passed_on_and_never_acted_on() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let before = git(&bench.remote(), &["for-each-ref"]);
    let merged =
        bench.call(&world, "git::merge", json!({ "source": "master", "target": "staging" })).assume().unwrap().value;
    let proposed = bench.call(&world, "forge::propose", json!({ "commit": merged["commit"], "target": "staging" }));
    let change = proposed.assume().unwrap().value;
    assert_eq!(change["number"], json!({ "$unknown": "number of the change" }));
    let args = json!({ "change": change, "commit": merged["commit"], "target": "staging" });
    let land = bench.call(&world, "forge::land", args);
    assert_eq!(land.assume().unwrap().value["tree"], merged["tree"]);
    assert_eq!(land.prepare().unwrap_err().kind, FailureKind::Unknown);
    let checks = bench.call(&world, "forge::wait_checks", json!({ "commit": merged["commit"], "target": "staging" }));
    assert_eq!(checks.assume().unwrap().note.as_deref(), Some("assuming the checks pass: ci/pr"));

    let args = json!({ "branch": "tag", "commit": change["number"] });
    let blind = bench.call(&world, "git::push", args).assume().unwrap();
    assert_eq!(blind.value, json!({ "$unknown": "outcome of git::push" }));
    let failure = bench.call(&world, "git::commit", json!({ "rev": change["url"] })).look().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unknown);
    assert_eq!(git(&bench.remote(), &["for-each-ref"]), before);
}

#[test]
fn arguments_of_the_wrong_kind_say_which_function_and_where() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    for (name, args) in [
        ("git::push", json!({ "branch": "refs/heads/x", "commit": "master" })),
        ("flow::sleep", json!({ "duration": "soon" })),
        ("forge::status", json!({ "commit": "master", "context": "x", "state": "blue" })),
        ("ci::wait", json!({ "commit": "master", "event": "deploy", "branch": "master" })),
    ] {
        let failure = bench.call(&world, name, args).refused();
        assert_eq!(failure.kind, FailureKind::Arguments);
        assert!(failure.message.starts_with(&format!("`{name}`: ")), "{}", failure.message);
        assert_eq!(failure.at.map(|at| at.to_string()).as_deref(), Some("test.rhai:1:1"));
    }
}
