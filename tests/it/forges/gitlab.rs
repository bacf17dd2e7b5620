//! Promotions on GitLab.

use super::stage::Stage;
use crate::support::github::{Play, Settled, now};
use crate::support::gitlab::{Deployment, Lab};
use crate::support::hosted::project::{Change, State};
use crate::support::hosted::{Fault, Rights};

/// The job `unit` on merge requests, and a pipeline on staging that deploys.
fn stage(unit: Play) -> Stage<Lab> {
    let stage = Stage::gitlab();
    stage.forge.with_project(|project| {
        project.on_change("unit", unit);
        project.on_push("staging", "deploy", Play::GreenAfter(1));
    });
    stage
}

#[test]
fn a_promotion_lands_by_push_exactly_what_was_tested() {
    let stage = stage(Play::GreenAfter(2));
    let said = stage.promote();
    said.exits(0);
    let (change, commit) = stage.landed();
    assert_eq!(commit, change.head_commit, "the commit itself landed");
    assert!(said.stderr.contains("unit is pending"), "{}", said.stderr);
    for part in ["Commits (2), and their merge:", "main.go: three (Ada)", "<!-- relwf: "] {
        assert!(change.body.contains(part), "{part} is not in {}", change.body);
    }
    assert_eq!(stage.forge.count("PUT", "/merge"), 0);
    // The cost: everything but polls.
    let mut once = std::collections::BTreeSet::new();
    let costly =
        stage.forge.requests().into_iter().filter(|seen| seen.method != "GET" || once.insert(seen.target.clone()));
    let costly: Vec<String> = costly.map(|seen| format!("{} {}", seen.method, seen.target)).collect();
    assert!(costly.len() <= 25, "{costly:#?}");
    stage.promote().exits(0);
    assert_eq!(stage.changes().len(), 1, "there is nothing more to promote");
}

/// By GitLab's own merge commit, or by a fast-forward to the tested commit itself.
#[test]
fn where_pushes_are_forbidden_gitlab_merges_whatever_its_method() {
    for (method, itself) in [("merge", false), ("rebase_merge", false), ("ff", true)] {
        let stage = stage(Play::Green);
        stage.forge.protect("staging", Rights::Admin, Rights::Write);
        stage.forge.with(|lab| {
            lab.merge_method = method;
            lab.squash_option = "default_on";
            lab.only_if_pipeline_succeeds = true;
            lab.project.computing = 2;
        });
        stage.promote().exits(0);
        let (change, commit) = stage.landed();
        assert_eq!(commit == change.head_commit, itself, "{method}");
        if !itself {
            let parents = format!("{}\n{}", stage.git(&["rev-parse", "production"]), change.head_commit);
            assert_eq!(stage.git(&["rev-parse", "staging^1", "staging^2"]), parents, "{method}");
        }
    }
}

/// "Pipelines must succeed", and whether a skipped one does: both are settings of the project.
#[test]
fn a_skipped_pipeline_counts_as_the_project_has_it() {
    for succeeds in [false, true] {
        let stage = Stage::gitlab();
        // The pipeline alone is asked for.
        let config = stage.project.join("relwf.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(config, text.replace("checks = [\"unit\"]\n", "")).unwrap();
        stage.forge.with_project(|project| {
            project.on_change("unit", Play::Skipped);
            project.on_push("staging", "deploy", Play::Green);
        });
        stage.forge.with(|lab| (lab.only_if_pipeline_succeeds, lab.skipped_succeeds) = (true, succeeds));
        let said = stage.promote();
        if succeeds {
            said.exits(0);
        } else {
            said.exits(1);
            stage.nothing_landed();
            assert!(said.stderr.contains("pipeline was skipped, which is not green"), "{}", said.stderr);
        }
    }
}

#[test]
fn red_stops_with_the_job_its_link_and_the_end_of_the_log() {
    let stage = stage(Play::RedAfter(2));
    let said = stage.promote();
    said.exits(1);
    stage.nothing_landed();
    for part in ["these checks are red: unit", "/-/jobs/", "| ERROR: unit failed", "nothing has landed"] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
    assert_eq!(stage.changes()[0].state, State::Open, "people look at it");
    assert!(stage.comments()[0].contains("relwf stopped here"), "{:?}", stage.comments());
}

/// Where merge requests have no pipelines of their own, that of the branch which relwf pushes is the test.
#[test]
fn a_pipeline_of_the_branch_is_as_good_as_one_of_the_merge_request() {
    let stage = Stage::gitlab();
    stage.forge.with_project(|project| {
        project.on_push("relwf/promote/*", "unit", Play::RedAfter(1));
        project.on_push("staging", "deploy", Play::Green);
    });
    let said = stage.promote();
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("| ERROR: unit failed"), "{}", said.stderr);
    stage.forge.with_project(|project| project.plans[0].play = Play::GreenAfter(1));
    stage.promote().exits(0);
    assert_eq!(stage.git(&["rev-parse", "staging^{tree}"]), stage.git(&["rev-parse", "master^{tree}"]));
}

/// What the forge merged has its tests on the change's head: exactly the same files.
#[test]
fn what_gitlab_merged_goes_on_to_production() {
    let stage = stage(Play::Green);
    stage.forge.with_project(|project| project.on_push("production", "deploy", Play::Green));
    stage.forge.protect("staging", Rights::Admin, Rights::Write);
    stage.promote().exits(0);
    let (_, landed) = stage.landed();
    stage.relwf(&["run", "promote-production"]).exits(0);
    assert_eq!(stage.git(&["rev-parse", "production^2"]), landed);
}

#[test]
fn the_pipeline_of_the_landed_commit_is_watched() {
    let stage = stage(Play::Green);
    stage.forge.with_project(|project| {
        project.plans.pop();
        project.on_push("staging", "deploy", Play::RedAfter(1));
    });
    let said = stage.promote();
    said.exits(1);
    for part in ["the push build of", "has landed already", "/-/pipelines/", "| ERROR: deploy failed"] {
        assert!(said.stderr.contains(part), "{part} is not in {}", said.stderr);
    }
    assert!(!said.stderr.contains("\u{1b}[31;1m"), "colours of the log are its own: {}", said.stderr);
}

#[test]
fn a_head_that_another_push_moved_does_not_land() {
    let stage = stage(Play::Pending);
    let said = stage.while_waiting(|stage| {
        let change = stage.changes().remove(0);
        stage.forge.another_push(&change.head, "more", "x\n");
    });
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("moved"), "{}", said.stderr);
}

/// At the last moment: GitLab itself compares.
#[test]
fn a_head_that_moves_before_the_merge_button_does_not_land() {
    let stage = stage(Play::Green);
    stage.forge.protect("staging", Rights::Admin, Rights::Write);
    let words = "SHA does not match HEAD of source branch: 12345678";
    stage.forge.fault("PUT", "/merge", 1, Fault::says(409, words));
    let said = stage.promote();
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("was moved: it is no longer what was tested"), "{}", said.stderr);
}

#[test]
fn a_project_that_always_squashes_takes_a_push_but_no_merge() {
    let pushes = stage(Play::Green);
    pushes.forge.with(|lab| lab.squash_option = "always");
    pushes.promote().exits(0);
    let (change, commit) = pushes.landed();
    assert_eq!(commit, change.head_commit);

    let squashes = stage(Play::Green);
    squashes.forge.with(|lab| lab.squash_option = "always");
    squashes.forge.protect("staging", Rights::Admin, Rights::Write);
    let said = squashes.promote();
    said.exits(1);
    squashes.nothing_landed();
    assert!(said.stderr.contains("the forge would squash or rebase"), "{}", said.stderr);
    assert_eq!(squashes.forge.count("PUT", "/merge"), 0);
}

/// What the branch's rights do not tell beforehand, the refused push does; and "squash" was ticked meanwhile.
#[test]
fn a_merge_request_that_is_set_to_be_squashed_does_not_land() {
    let stage = stage(Play::GreenAfter(3));
    stage.forge.with(|lab| lab.project.close_to_pushes("staging", "GitLab: You are not allowed to push code."));
    let said = stage.while_waiting(|stage| {
        stage.forge.with_project(|project| project.changes.values_mut().for_each(|change| change.squash = true));
    });
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("it would be squashed"), "{}", said.stderr);
}

/// An old server does not say of a merge request what it would do; its project does.
#[test]
fn an_old_server_that_always_squashes_is_asked_for_its_option() {
    let stage = stage(Play::GreenAfter(3));
    stage.forge.with(|lab| {
        lab.old = true;
        lab.project.close_to_pushes("staging", "GitLab: You are not allowed to push code.");
    });
    let said = stage.while_waiting(|stage| stage.forge.with(|lab| lab.squash_option = "always"));
    said.exits(1);
    stage.nothing_landed();
    assert!(said.stderr.contains("it would be squashed"), "{}", said.stderr);
}

#[test]
fn what_only_people_can_give_is_named() {
    // Approvals may come while the run is suspended; missing rights need a new run.
    for (prepare, words, code) in [
        ((|lab: &mut Lab| lab.approvals_left = 2) as fn(&mut Lab), "approvals", 3),
        (
            |lab| drop(lab.protected.entry("staging".to_owned()).and_modify(|p| p.merge = Rights::Admin)),
            "may not merge into",
            1,
        ),
    ] {
        let stage = stage(Play::Green);
        stage.forge.protect("staging", Rights::Admin, Rights::Write);
        stage.forge.with(prepare);
        let said = stage.promote();
        said.exits(code);
        stage.nothing_landed();
        assert!(said.stderr.contains(words), "{words} is not in {}", said.stderr);
    }
}

#[test]
fn a_token_without_rights_gets_a_hint_about_what_is_missing() {
    for (token, words) in
        [("t-read", "may read this repository but not write to it"), ("t-none", "shows no project"), ("t-wrong", "")]
    {
        let mut stage = stage(Play::Green);
        stage.token = token;
        let said = stage.promote();
        assert_ne!(said.code, 0, "{token}");
        stage.nothing_landed();
        assert!(said.stderr.to_lowercase().contains(words), "{token}: {}", said.stderr);
        assert!(stage.changes().is_empty());
    }
}

/// The answer to the merge is lost after it was done: nothing is done twice, and the run ends as if it had seen it.
#[test]
fn a_merge_whose_answer_is_lost_is_found_again() {
    let stage = stage(Play::Green);
    stage.forge.protect("staging", Rights::Admin, Rights::Write);
    stage.forge.fault("PUT", "/merge", 1, Fault::DoneThenReset);
    stage.promote().exits(0);
    stage.landed();
    assert_eq!(stage.forge.count("PUT", "/merge"), 1);
}

/// The same for the answer to the new merge request.
#[test]
fn a_merge_request_whose_answer_is_lost_is_found_again() {
    let stage = stage(Play::Green);
    stage.forge.fault("POST", "/merge_requests", 1, Fault::DoneThenReset);
    stage.promote().exits(0);
    stage.landed();
}

/// A red job among more than a page of jobs counts, and so does a fork's merge request from a branch of the same name not.
#[test]
fn pages_are_read_to_their_end_and_forks_are_left_alone() {
    let stage = stage(Play::Green);
    stage.forge.with_project(|project| (0..230).for_each(|n| project.on_change(&format!("job {n}"), Play::Green)));
    stage.promote().exits(0);
    assert!(stage.forge.count("GET", "page=3") >= 1);

    let (change, _) = stage.landed();
    stage.forge.with_project(|project| {
        let fork = Change { fork: true, state: State::Open, author: "mallory", at: now(), ..change };
        project.propose(fork)
    });
    stage.forge.another_push("master", "more", "x\n");
    stage.forge.with_project(|project| {
        let commit = project.git.branch("master").unwrap();
        project.check(&commit, "unit", 0, Settled::Green, 0)
    });
    stage.promote().exits(0);
    let changes = stage.changes();
    assert_eq!((changes.len(), &changes[1].state), (3, &State::Open), "the fork's is as it was");
}

/// GitLab's own word on an environment, beside the pipeline that deploys.
#[test]
fn deployments_are_waited_for_by_name() {
    for (end, code) in [("success", 0), ("failed", 1)] {
        let stage = stage(Play::Green);
        let file = stage.project.join("relwf.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let named = text.replace("checks = [\"unit\"]", "checks = [\"unit\"]\ndeployed_by = [\"deployment/beta\"]");
        std::fs::write(&file, named).unwrap();
        let looks = [2, 2].map(|skip| stage.forge.hold(skip, "GET", "/deployments"));
        let said = stage.while_held(looks, |stage, step| {
            let (commit, old) = (stage.git(&["rev-parse", "staging"]), stage.git(&["rev-parse", "production"]));
            let status = if step == 0 { "running" } else { end };
            let deployment = |id, commit| Deployment {
                id,
                environment: "beta".to_owned(),
                commit,
                status: status.to_owned(),
                at: now(),
            };
            // The newest one is of another commit.
            stage.forge.with(|lab| lab.deployments = vec![deployment(1, commit), deployment(2, old)]);
        });
        said.exits(code);
        assert!(said.stderr.contains("deployment/beta is pending"), "{}", said.stderr);
        assert_eq!(said.stderr.contains("these are red: deployment/beta"), code == 1, "{}", said.stderr);
    }
}

/// A deploy that a person starts is waited for without a process, and not called green meanwhile.
#[test]
fn a_pipeline_that_waits_for_a_person_suspends_the_run() {
    let stage = stage(Play::Green);
    stage.forge.with(|lab| lab.by_hand = true);
    let said = stage.promote();
    said.exits(3);
    assert!(said.stderr.contains("waits for a person to start it: http"), "{}", said.stderr);
    stage.relwf(&["resume", "--all"]).exits(3);
    stage.forge.with(|lab| lab.by_hand = false);
    stage.relwf(&["resume", "--all"]).exits(0);
}

/// The pipeline runs on the merge that GitLab makes of the two: only the merge request knows it.
#[test]
fn a_pipeline_for_merged_results_is_seen_through_its_merge_request() {
    for (unit, code) in [(Settled::Green, 0), (Settled::Red, 1)] {
        let stage = Stage::gitlab();
        stage.forge.with_project(|project| project.on_push("staging", "deploy", Play::Green));
        let said = stage.while_waiting(|stage| {
            let head = stage.changes()[0].head_commit.clone();
            let tree = format!("{head}^{{tree}}");
            let merge = stage.git(&["commit-tree", &tree, "-p", "staging", "-p", &head, "-m", "Merged results"]);
            stage.forge.with_project(|project| {
                let name = "refs/merge-requests/1/merge";
                let id = project.pipeline(&merge, name, "merge_request_event", Vec::new());
                project.check(&merge, "unit", 0, unit, id)
            });
        });
        said.exits(code);
        assert_eq!(said.stderr.contains("these checks are red: unit"), code == 1, "{}", said.stderr);
    }
}
