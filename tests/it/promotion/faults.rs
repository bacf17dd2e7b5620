//! The network and the servers fail: nothing is done twice, and a run ends as if it had seen the answer.

use super::stage::{PR, Stage};
use crate::support::github::{Check, Fault, Form, Play, Protection, Settled, now};
use crate::support::travis::Event;
use crate::support::wire::{self, Answer};
use crate::support::wiremock::{Breaks, WireMock};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where the forge merges.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    stage
}

/// One pull request, merged once, commented once, its branch gone: whatever happened on the way.
fn once(stage: &Stage) {
    assert_eq!(stage.github.waiting_faults(), 0, "every fault was met");
    let changes = stage.github.changes();
    assert!(changes.len() == 1 && changes[0].merged.is_some(), "{changes:?}");
    let landings = stage.git(&["rev-list", "--first-parent", "--count", "production..staging"]);
    assert_eq!(landings, "1");
    assert_eq!(stage.github.comments().len(), 1);
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "");
}

#[test]
fn a_connection_reset_after_the_merge_was_applied_does_nothing_twice() {
    let stage = stage();
    stage.github.fault("PUT", "/merge", 1, Fault::DoneThenReset);
    let said = stage.promote();
    said.exits(0);
    once(&stage);
    assert_eq!(stage.github.count("PUT", "/merge"), 1);
    let merged = stage.github.changes()[0].merged.clone().unwrap().commit;
    assert!(said.stderr.contains(&format!("{} landed on staging", &merged[..10])), "{}", said.stderr);
}

#[test]
fn every_write_may_lose_its_answer_or_never_arrive() {
    // A proxy's login page instead of the answer: the write is in doubt.
    let page = Answer::json(200, &json!({ "title": "Sign in" }));
    let faults = [
        Fault::DoneThenReset,
        Fault::Reset,
        Fault::Truncate,
        Fault::broken(500),
        Fault::broken(502),
        Fault::DoneThenAnswer(page.clone()),
        Fault::Answer(page),
    ];
    // Each of them is waited for; all of them at once.
    std::thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                let stage = stage();
                for (method, path) in [("POST", "/pulls"), ("PUT", "/merge"), ("POST", "/comments")] {
                    stage.github.fault(method, path, 1, fault.clone());
                }
                stage.promote().exits(0);
                once(&stage);
            });
        }
    });
}

#[test]
fn every_read_may_fail_for_a_while() {
    let stage = stage();
    for fault in [Fault::broken(500), Fault::broken(503), Fault::Reset, Fault::Truncate] {
        for path in ["/repos/acme/service", "/rules/", "/pulls", "/status", "/check-runs", "/branches/"] {
            stage.github.fault("GET", path, 1, fault.clone());
        }
    }
    stage.travis.fault("GET", "/builds", 3, Fault::broken(502));
    stage.promote().exits(0);
    once(&stage);
}

#[test]
fn a_server_that_hangs_is_given_up_and_asked_again() {
    let stage = stage();
    // Far longer than any answer takes on the slowest machine.
    stage.forge("timeout = \"10s\"\n");
    stage.github.fault("PUT", "/merge", 1, Fault::Hang);
    // The first look is at the candidate.
    stage.github.fault_after(1, "GET", "/status", 1, Fault::Hang);
    stage.promote().exits(0);
    once(&stage);
    assert_eq!(stage.github.count("PUT", "/merge"), 2, "the first one never arrived");
}

#[test]
fn servers_that_ask_for_a_rest_get_it() {
    let stage = stage();
    stage.github.fault("GET", "/status", 1, Fault::too_many(1));
    stage.github.fault("POST", "/pulls", 1, Fault::secondary_limit(1));
    stage.github.fault("PUT", "/merge", 1, Fault::too_many(1));
    stage.promote().exits(0);
    once(&stage);
}

/// A proxy or a login page answers for the forge, for a while: it is asked again.
#[test]
fn answers_that_are_not_the_forges_are_no_answers() {
    let stage = stage();
    let page = Answer::text(200, "<html>\n<title>Log in</title>");
    let other = Answer::json(200, &json!({ "message": "soon" }));
    for (path, answer) in
        [("/repos/acme/service", &page), ("/rules/", &other), ("/pulls", &page), ("/check-runs", &other)]
    {
        stage.github.fault("GET", path, 1, Fault::Answer(answer.clone()));
    }
    stage.promote().exits(0);
    once(&stage);
    stage.github.fault("GET", "/repos/acme/service", 3, Fault::Answer(page));
    let said = stage.relwf(&["doctor", "--live"]);
    said.exits(1);
    let said = said.stdout.clone() + &said.stderr;
    assert!(said.contains("answered 200, not JSON: begins `<html> <title>"), "{said}");
}

#[test]
fn a_repository_that_was_renamed_is_noticed_before_anything_is_pushed() {
    let stage = stage();
    stage.github.with(|repo| repo.name = "renamed".to_owned());
    for args in [&["run", "promote-staging", "--param", "accept=missing"][..], &["doctor", "--live"]] {
        let said = stage.relwf(args);
        said.exits(1);
        let words = said.stdout.clone() + &said.stderr;
        assert!(words.contains("acme/service is called acme/renamed now"), "{words}");
        assert!(words.contains("change [repo].url"), "{words}");
    }
    assert_eq!((stage.github.changes().len(), stage.github.pushes()), (0, 1));
}

#[test]
fn a_limit_that_is_used_up_suspends_the_run_and_resume_goes_on() {
    let stage = stage();
    let later = jiff::Timestamp::now().as_second() + 1800;
    // The first look at checks is at the candidate.
    for (skip, method, path) in [(0, "GET", "/check-runs"), (0, "POST", "/pulls"), (2, "GET", "/check-runs")] {
        stage.github.fault_after(skip, method, path, 1, Fault::exhausted(later));
    }
    let said = stage.promote();
    said.exits(3);
    let until = jiff::Timestamp::from_second(later).unwrap().strftime("%H:%M UTC").to_string();
    let words = "the server puts requests off (403): 5000 requests an hour are used up, until ";
    let line = said.stderr.lines().find(|line| line.starts_with("suspended: ")).expect("it is suspended");
    assert!(line.contains(words) && line.ends_with(&until), "{line} ({until})");
    stage.relwf(&["resume", "--all"]).exits(3);
    assert_eq!(stage.github.changes().len(), 0);
    let said = stage.relwf(&["resume", "--all"]);
    said.exits(3);
    assert_eq!(stage.github.changes().len(), 1);
    stage.relwf(&["resume", "--all"]).exits(0);
    once(&stage);
}

#[test]
fn a_token_without_rights_gets_a_hint_about_what_it_lacks() {
    let mut stage = stage();
    stage.token = "t-read";
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("may read this repository but not write to it"), "{}", said.stderr);
    assert_eq!((stage.github.changes().len(), stage.github.pushes()), (0, 1), "the first push made the service");

    // git's rights are there, the API's are not.
    stage.token = "t-write";
    stage.github.fault("POST", "/pulls", 1, Fault::says(403, "Resource not accessible by personal access token"));
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("Resource not accessible"), "{}", said.stderr);
    assert!(said.stderr.contains("the token lacks a right"), "{}", said.stderr);
    assert_eq!(stage.github.count("POST", "/pulls"), 1, "a refusal is not tried again");
}

#[test]
fn a_token_that_is_wrong_is_not_tried_again_and_again() {
    let stage = stage();
    stage.github.revoke("t-write");
    let said = stage.promote();
    said.exits(3);
    assert!(
        said.stderr.contains("Bad credentials (the token is wrong or has expired; `relwf doctor`"),
        "{}",
        said.stderr
    );
    assert!(stage.github.requests().len() <= 2, "{:?}", stage.asked());
    // With another token the same run goes on.
    let stage = Stage { token: "t-admin", ..stage };
    stage.relwf(&["resume", "--all"]).exits(0);
    once(&stage);
}

/// The forge does not answer for minutes: that says nothing about the release.
/// A gateway before the server that answers 502 to its first `times` connections.
fn gateway(behind: &str, times: usize) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, behind) = (listener.local_addr().unwrap(), behind.to_owned());
    std::thread::spawn(move || {
        for (nth, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let behind = behind.clone();
            std::thread::spawn(move || {
                use std::io::{Read as _, Write as _};
                let (mut here, mut head) = (stream, [0; 4096]);
                if nth < times {
                    let _ = here.read(&mut head);
                    let _ =
                        here.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    return;
                }
                let there = std::net::TcpStream::connect(behind).unwrap();
                let (mut back, mut to) = (there.try_clone().unwrap(), here.try_clone().unwrap());
                let answers = std::thread::spawn(move || std::io::copy(&mut back, &mut to));
                let mut there = there;
                let _ = std::io::copy(&mut here, &mut there);
                let _ = there.shutdown(std::net::Shutdown::Write);
                let _ = answers.join();
            });
        }
    });
    address.to_string()
}

/// The very first contact of a run is with git's server, before there is a run that could wait.
#[test]
fn the_first_contact_is_tried_again() {
    for (times, works) in [(2, true), (50, false)] {
        let stage = stage();
        let url = stage.github.git_url("acme/service");
        let host = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        let config = stage.project.join("relwf.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(
            &config,
            text.replace(&format!("http://{host}/"), &format!("http://{}/", gateway(&host, times))),
        )
        .unwrap();
        let said = stage.relwf(&["preview", "master", "staging"]);
        assert_eq!(said.code == 0, works, "{times}: {}{}", said.stdout, said.stderr);
        assert!(works || said.stderr.contains("502"), "{}", said.stderr);
    }
}

#[test]
fn an_outage_suspends_the_run_and_resume_ends_it() {
    std::thread::scope(|scope| {
        for (method, path) in [("GET", "/check-runs"), ("POST", "/pulls"), ("PUT", "/merge")] {
            scope.spawn(move || {
                let stage = stage();
                stage.github.fault(method, path, 25, Fault::broken(502));
                let said = stage.promote();
                said.exits(3);
                let lines: Vec<&str> = said.stderr.lines().collect();
                let last = lines[lines.len().saturating_sub(5)..].join("\n");
                assert!(
                    last.contains("suspended: ") && last.contains("502") && last.contains("  relwf resume "),
                    "{last}"
                );
                stage.github.faults_end();
                stage.relwf(&["resume", "--all"]).exits(0);
                once(&stage);
                assert_eq!(stage.relwf(&["runs", "--json"]).json()["runs"].as_array().unwrap().len(), 1);
            });
        }
    });
}

/// A page that leads elsewhere is not followed, and no other host sees a token.
#[test]
fn a_next_page_on_another_host_is_refused() {
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    let elsewhere = wire::serve("elsewhere", move |stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = (&stream).write_all(&Answer::json(200, &json!([])).bytes());
    });
    let stage = stage();
    let link = format!("<http://{elsewhere}/next>; rel=\"next\"");
    stage.github.fault("GET", "/check-runs", 1, Fault::Header("link", link));
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("the next page of the list is on another server"), "{}", said.stderr);
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[test]
fn a_hundred_pages_of_check_runs_are_read_to_the_last_one() {
    let stage = Stage::new();
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Never);
    let rules = Protection { required: vec!["run 9999".to_owned()], only_by_change: true, ..Protection::default() };
    stage.github.protect("staging", rules);
    let said = stage.while_waiting(|stage| {
        let commit = stage.github.changes()[0].head_commit.clone();
        stage.github.with(|repo| {
            // The newest come first: the one that is asked for is on the last page.
            for number in (0..10_000).rev() {
                repo.checks.push(check(repo.ids + number, &commit, &format!("run {number}")));
            }
            repo.ids += 10_000;
        });
        stage.github.set_check(&commit, Form::Status, PR, Play::Green);
    });
    said.exits(0);
    assert!(stage.github.count("GET", "page=100") >= 1);
    assert!(stage.github.changes()[0].merged.is_some());
}

/// A check that the forge requires of one app is not another app's of the same name.
#[test]
fn a_check_that_is_required_of_one_app_counts_from_that_one_alone() {
    for classic in [false, true] {
        for (app, lands) in [(4711, false), (15368, true)] {
            let stage = Stage::new();
            stage.workflow(
                "promote-staging",
                "change: change }));\n            landed",
                "change: change, deadline: \"3s\" }));\n            landed",
            );
            let required = vec!["unit".to_owned()];
            stage.github.protect("staging", Protection { required, app: Some(app), classic, ..Protection::default() });
            let said = stage.while_waiting(|stage| {
                let commit = stage.github.changes()[0].head_commit.clone();
                stage.github.with(|repo| repo.checks.push(check(repo.ids + 1, &commit, "unit")));
            });
            said.exits(if lands { 0 } else { 1 });
            let missing = format!("unit (app {app}) has not reported");
            assert_eq!(
                said.stderr.contains(&missing) && said.stderr.contains("not all green in time"),
                !lands,
                "{}",
                said.stderr
            );
            assert_eq!(
                stage.github.changes()[0].merged.is_some()
                    || stage.git(&["rev-list", "--count", "production..staging"]) != "0",
                lands
            );
        }
    }
}

fn check(id: u64, commit: &str, context: &str) -> Check {
    Check {
        id,
        commit: commit.to_owned(),
        context: context.to_owned(),
        form: Form::Run,
        looks: 0,
        settled: Settled::Green,
        word: None,
        description: None,
        url: None,
        log: String::new(),
        at: now(),
        event: "pull_request",
        branch: "staging".to_owned(),
        title: None,
    }
}

/// The same kinds of faults from a server that is not ours: WireMock stands before the fake and breaks the first of each.
#[test]
fn wiremock_breaks_connections_before_the_forge() {
    let stage = stage();
    let wiremock = WireMock::start();
    wiremock.passes_on(&stage.github.api());
    for (number, how) in
        [Breaks::ConnectionReset, Breaks::MalformedChunk, Breaks::EmptyResponse].into_iter().enumerate()
    {
        let (method, path) = [
            ("POST", "/repos/acme/service/pulls"),
            ("PUT", "/repos/acme/service/pulls/1/merge"),
            ("GET", "/repos/acme/service/pulls/1"),
        ][number];
        wiremock.breaks_first(method, path, how);
    }
    stage.through(&wiremock.url(""));
    stage.promote().exits(0);
    once(&stage);
    assert_eq!(wiremock.count("/repos/acme/service/pulls/1/merge"), 2);
}

/// It has landed and is deployed: a locked pull request stops nothing.
#[test]
fn a_locked_conversation_is_a_warning_and_the_branch_goes() {
    let stage = stage();
    stage.github.fault("POST", "/comments", 1, Fault::says(403, "Unable to create comment because issue is locked."));
    let said = stage.promote();
    said.exits(0);
    assert!(said.stderr.contains("issue is locked"), "{}", said.stderr);
    assert_eq!(stage.git(&["branch", "--list", "relwf/*"]), "");
}

/// GitHub's statuses have no such words, and green is another one.
#[test]
fn a_state_that_a_forge_lacks_is_not_reported_as_green() {
    let stage = stage();
    stage.builds("forge::status(#{ commit: git::branch(\"master\").id, context: \"qa\", state: \"skipped\" })");
    let said = stage.relwf(&["run", "builds"]);
    assert!(
        !said.stderr.is_empty() && said.stderr.contains("has no state for a check that was skipped"),
        "{}",
        said.stderr
    );
    assert_eq!(stage.github.count("POST", "/statuses/"), 0);
}

/// A prefix that begins an environment's branch is none, and a person's pull request keeps its branch.
#[test]
fn an_environments_branch_is_never_deleted() {
    let stage = stage();
    stage.forge("prefix = \"stag\"\n");
    let said = stage.promote();
    said.exits(2);
    assert!(said.stderr.contains("must end with `/`"), "{}", said.stderr);
}

/// Only the forge itself speaks for the forge: another server's answer is none, even where the forge sends us there.
#[test]
fn no_other_server_answers_for_the_forge() {
    let stage = stage();
    let elsewhere = wire::serve("elsewhere", |stream| {
        if wire::read_request(&stream).is_some() {
            let _ = (&stream).write_all(&Answer::json(200, &json!([])).bytes());
        }
    });
    let mut leads = Answer::new(302);
    leads.headers.push(("location".to_owned(), format!("http://{elsewhere}/list")));
    stage.github.fault("GET", "/rules/", 1, Fault::Answer(leads));
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains(&format!("redirects to another one ({elsewhere})")), "{}", said.stderr);
    assert!(stage.github.changes().is_empty());
}

/// Whoever looks at a failed run knows what is left to tidy up.
#[test]
fn a_failed_run_names_the_change_that_it_leaves_open() {
    let stage = stage();
    stage.github.fault("PUT", "/merge", 1, Fault::says(422, "Base does not exist"));
    let said = stage.promote();
    said.exits(1);
    assert!(said.stderr.contains("/acme/service/pull/1; `relwf close 1 --reason TEXT`"), "{}", said.stderr);
    let listed = stage.relwf(&["changes"]);
    listed.exits(0);
    assert!(
        listed.stdout.contains("  staging  ") && listed.stdout.contains("/acme/service/pull/1\n"),
        "{}",
        listed.stdout
    );
    assert_eq!(stage.relwf(&["changes", "--json"]).json()["changes"][0]["number"], 1);
    stage.relwf(&["close", "1", "--reason", "not today"]).exits(0);
    assert_eq!(stage.relwf(&["changes"]).stdout, "relwf has no change open\n");
}
