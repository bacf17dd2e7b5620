//! The workflows and plugins that are part of relwf.

use super::host::{all_shown, bundled, drive};
use relwf::model::{Failure, FailureKind, Value};
use relwf::run::{Advance, Call, Settled};
use relwf::script::embedded;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn every_bundled_script_passes_its_own_check_and_fits_the_host_functions() {
    let library = bundled();
    assert_eq!(
        library.workflows(),
        [
            "back-merge",
            "close-change",
            "hotfix",
            "land-change",
            "promote-production",
            "promote-staging",
            "redeploy",
            "reland",
            "revert-release",
            "rollback",
            "sign-off",
            "tag-release",
            "update-ppcs"
        ]
    );
    assert_eq!(library.plugins(), ["dockerfile", "promotion", "slack"]);
    for workflow in library.workflows() {
        assert_eq!(all_shown(&library.check(&workflow)), "");
        let header = library.header(&workflow).unwrap();
        assert!(!header.description.is_empty(), "{workflow}");
        assert_eq!(header.source, "embedded");
        // Whoever abandons a change does not wait until the run that waits for it is over.
        let open = ["close-change", "sign-off"].contains(&workflow.as_str());
        assert_eq!(header.lock.is_none(), open, "{workflow}");
        assert!(header.params.iter().all(|param| !param.help.is_empty()), "{workflow}");
    }
    for plugin in library.plugins() {
        assert_eq!(all_shown(&library.check_plugin(&plugin)), "");
    }
}

#[test]
fn bundled_workflows_are_short() {
    for source in embedded() {
        if source.path.starts_with("workflows/") {
            let lines = source.text.lines().count();
            assert!(lines < 60, "{} has {lines} lines", source.path);
        }
    }
}

fn component(name: &str, more: &Value) -> Value {
    let mut row = json!({ "name": name, "detect": "x", "change": "changed", "from": null, "to": null });
    for (key, value) in more.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

/// A world in which everything goes well.
fn fine(call: &Call, slack: bool) -> Settled {
    Settled::Value(match call.name.as_str() {
        "config::has_secret" => slack.into(),
        "config::releases" => (call.args["branch"] == "production").into(),
        "release::tag" => json!({ "tag": "release-1", "commit": call.args["commit"] }),
        "candidate::latest_green" => json!({ "id": "c1", "summary": "s", "green": true }),
        "git::is_ancestor" => true.into(),
        "git::commit" => json!({ "id": call.args["rev"] }),
        // What was landed last is the tip.
        "git::branch" => json!({ "id": "m1" }),
        "git::merge" => json!({
            "outcome": "clean", "commit": "m1", "tree": "t1", "conflicts": [], "hidden": { "findings": [] },
            "components": [
                component("service", &json!({ "commits": 12 })),
                component("ppc", &json!({ "from": { "version": "1.2.0" }, "to": { "revision": "abcdef0123456789" } })),
                component("sdk", &json!({ "change": "unchanged" })),
                component("tools", &json!({ "from": { "floating": true }, "change": "removed" })),
            ],
        }),
        "forge::propose" => json!({ "number": 7, "url": "u" }),
        "ci::wait" => json!({ "id": "b1", "state": "passed", "url": null }),
        "forge::land" => json!({ "commit": "m1", "branch": call.args["target"], "reported": [] }),
        "http::request" => json!({ "status": 200, "headers": {}, "body": "ok", "json": null }),
        "fleet::wanted" => json!({ "component": "ppc", "version": "2.0", "revision": "abc", "commit": "c" }),
        "fleet::targets" => json!([{ "id": "a", "ring": "canary" }, { "id": "b", "ring": "wide" }]),
        "fleet::waves" => json!([
            { "name": "canary", "targets": [{ "id": "a", "version": "1.0" }, { "id": "b", "version": null }] },
            { "name": "wide", "targets": [{ "id": "c", "version": "1.0" }] },
        ]),
        "fleet::roll" => call.args.clone(),
        _ => Value::Null,
    })
}

fn params(workflow: &str, given: &[(&str, &str)]) -> (relwf::script::CompiledWorkflow, Value) {
    let program = bundled().program(workflow).map_err(|diagnostic| super::host::shown(&diagnostic)).unwrap();
    let given: BTreeMap<String, String> = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let params = program.params(&given).unwrap();
    (program, params)
}

#[test]
fn promote_staging_merges_tests_lands_and_waits() {
    let (program, params) = params("promote-staging", &[]);
    let run = drive(&program, &params, |call| fine(call, false));
    assert_eq!(run.value(), json!({ "commit": "m1", "branch": "staging", "reported": [] }));
    insta::assert_snapshot!(run.commands.join("\n"), @r#"
    #0 config::has_secret {"name":"slack"}
    #1 git::sync {}
    #2 candidate::latest_green {"branch":"master","soak":"0m","target":"staging"}
    merge#0 git::merge {"from":"master","source":"c1","target":"staging"}
    propose#0 forge::propose {"commit":"m1","target":"staging"}
    checks#0 forge::wait_checks {"change":{"number":7,"url":"u"},"commit":"m1","target":"staging"}
    land#0 forge::land {"change":{"number":7,"url":"u"},"commit":"m1","source":"master","target":"staging"}
    deploy#0 ci::wait {"branch":"staging","commit":"m1","event":"push","reported":[]}
    health#0 ci::healthy {"branch":"staging","commit":"m1"}
    #3 git::sync {}
    #4 git::branch {"name":"staging"}
    conclude#0 forge::conclude {"change":{"number":7,"url":"u"},"text":"staging is at m1, deployed and green; its health was not asked."}
    #5 config::releases {"branch":"staging"}
    "#);
}

/// What is said on the change at the end.
fn concluded(commands: &[String]) -> &str {
    commands.iter().find(|command| command.starts_with("conclude#0 ")).expect("it is concluded")
}

/// What landed on production is a release, but for what takes back: that leaves what has its tag already.
#[test]
fn landings_on_production_are_released_and_what_takes_back_is_not() {
    for (workflow, given, released) in [
        ("promote-production", &[][..], true),
        ("hotfix", &[("commits", "c1"), ("back", "production")], true),
        ("rollback", &[("reason", "slow")], false),
        ("revert-release", &[("reason", "slow")], false),
    ] {
        let (program, params) = params(workflow, given);
        let run = drive(&program, &params, |call| match call.name.as_str() {
            "git::cherry_pick" | "git::revert" | "git::restore_tree" => Settled::Value(json!({
                "outcome": "clean", "commit": "m1", "commits": [{ "id": "m1" }], "commit_count": 1, "ours": "p1", "findings": [],
                "at": null, "conflicts": [], "components": [], "withdrawn": [], "release": "r1", "summary": "s", "age": "1h", "tree": "t1",
            })),
            "git::landing" => Settled::Value(json!([{ "id": "p1", "summary": "s", "parents": ["p0"] }])),
            _ => fine(call, false),
        });
        let end = run.commands.iter().skip_while(|command| !command.starts_with("conclude#0 ")).skip(1);
        let end: Vec<&str> = end.map(String::as_str).collect();
        let expected = [
            r#"#5 config::releases {"branch":"production"}"#,
            r#"release#0 release::tag {"branch":"production","commit":"m1"}"#,
            r#"release#1 release::publish {"commit":"m1","tag":"release-1"}"#,
        ];
        let shown = |lines: &[&str]| {
            lines.iter().map(|line| line.split_once(' ').map_or("", |(_, rest)| rest).to_owned()).collect::<Vec<_>>()
        };
        let expected = if released { shown(&expected) } else { Vec::new() };
        assert_eq!(shown(&end), expected, "{workflow}: {:?} {:?}", run.commands, run.end);
    }
}

/// It has landed: a tag that cannot be made is said, with what to type.
#[test]
fn a_release_that_cannot_be_made_is_a_note() {
    let (program, params) = params("promote-production", &[]);
    let run = drive(&program, &params, |call| match call.name.as_str() {
        "release::tag" => Settled::Failure(Failure::new(FailureKind::Refused, "no tags today")),
        _ => fine(call, false),
    });
    assert_eq!(run.value(), json!({ "commit": "m1", "branch": "production", "reported": [] }));
    let note = run.commands.last().unwrap();
    let text = "m1 is on production, but its release is not complete: no tags today; `relwf run tag-release --param branch=production \
                --param commit=m1` makes what is missing";
    assert!(note.contains(text), "{note}");
}

#[test]
fn a_branch_is_said_to_be_where_it_was_seen_after_the_landing() {
    let (program, params) = params("promote-staging", &[]);
    let elsewhere = drive(&program, &params, |call| match call.name.as_str() {
        "git::branch" => Settled::Value(json!({ "id": "m2" })),
        _ => fine(call, false),
    });
    let moved = "m1 landed on staging, which has moved on since, deployed and green; its health was not asked.";
    assert!(concluded(&elsewhere.commands).contains(moved), "{:?}", elsewhere.commands);
    // A remote that cannot be asked after the landing does not make the run fail.
    let syncs = std::sync::atomic::AtomicU32::new(0);
    let unreachable = drive(&program, &params, |call| match call.name.as_str() {
        "git::sync" if syncs.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 => {
            Settled::Failure(Failure::new(FailureKind::Network, "the remote cannot be reached"))
        }
        _ => fine(call, false),
    });
    assert_eq!(unreachable.value(), json!({ "commit": "m1", "branch": "staging", "reported": [] }));
    let landed = "m1 landed on staging, deployed and green; its health was not asked.";
    assert!(concluded(&unreachable.commands).contains(landed), "{:?}", unreachable.commands);
}

#[test]
fn a_deploy_that_was_not_watched_is_not_called_green() {
    let (program, params) = params("promote-staging", &[]);
    let run = drive(&program, &params, |call| match call.name.as_str() {
        "ci::wait" => Settled::Value(Value::Null),
        _ => fine(call, false),
    });
    let concluded = concluded(&run.commands);
    assert!(
        concluded.contains("staging is at m1, and its deploy was not watched; its health was not asked."),
        "{concluded}"
    );
}

#[test]
fn slack_gets_a_message_when_it_is_configured() {
    let (program, params) = params("promote-production", &[("commit", "c9")]);
    let run = drive(&program, &params, |call| fine(call, true));
    let told = run.commands.last().unwrap();
    assert_eq!(
        told,
        &format!(
            "tell#0 http::request {}",
            json!({
                "json": { "text": "*production* has a new release\n```\nservice  12 commits\n\
                    ppc      1.2.0 → abcdef012345\ntools    floating → none\n```" },
                "method": "POST", "on_unknown": "skip", "url": { "$secret": "slack" },
            })
        )
    );
    assert!(run.commands.contains(&r#"#2 git::commit {"rev":"c9"}"#.to_owned()));

    let down = drive(&program, &params, |call| match call.name.as_str() {
        "http::request" => Settled::Failure(Failure::new(FailureKind::Network, "no route")),
        _ => fine(call, true),
    });
    assert_eq!(down.commands.last().unwrap(), r#"tell#1 flow::note {"text":"no message on Slack: no route"}"#);
    assert_eq!(down.value()["commit"], "m1");
}

#[test]
fn promotions_stop_where_there_is_nothing_or_a_conflict() {
    let (program, params) = params("promote-staging", &[]);
    let with_merge = |merge: Value| {
        drive(&program, &params, move |call| match call.name.as_str() {
            "git::merge" => Settled::Value(merge.clone()),
            _ => fine(call, true),
        })
    };
    let nothing = |findings: Value| {
        with_merge(json!({ "outcome": "up-to-date", "conflicts": [], "hidden": { "findings": findings } }))
    };
    assert_eq!(nothing(json!([])).value(), json!("nothing to promote: staging has all of master already"));
    let run = nothing(json!([{ "kind": "reverted", "message": "1 commit is not there", "hint": "bring it back" }]));
    let text = "nothing to promote: staging has all of master already; but 1 commit is not there (bring it back)";
    assert_eq!(run.value(), json!(text));

    let conflicts = json!([{ "path": "a.txt", "kind": "content" }]);
    let conflict = |kind: &str| {
        let found = json!([{ "kind": kind, "message": format!("{kind} here"), "hint": "decide" }]);
        with_merge(json!({ "outcome": "conflicts", "conflicts": conflicts, "hidden": { "findings": found } }))
    };
    // What was taken back explains the conflict; what is missing is in it.
    let run = conflict("reverted");
    assert!(matches!(&run.end, Advance::Failed(failure) if failure.kind == FailureKind::Reverted), "{:?}", run.end);
    let run = conflict("missing");
    let Advance::Failed(failure) = &run.end else { panic!("{:?}", run.end) };
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(failure.detail, json!({ "conflicts": conflicts }));
    assert_eq!(failure.message, "master cannot be merged into staging (conflicts: 1)");
    let hint = "`relwf preview master staging` shows the lines; `git fetch && git switch -c resolve origin/master && \
                git merge origin/staging`, resolve them, push that branch, propose it for master, then run this again";
    assert_eq!(failure.hint.as_deref(), Some(hint));
    let told = run.commands.last().unwrap();
    assert!(told.starts_with("on_failure#0 http::request "), "{told}");
    assert!(told.contains("The release to *staging* failed: master cannot be merged"), "{told}");
}

#[test]
fn promotions_stop_at_what_a_merge_hides_until_it_is_accepted_by_name() {
    let found = |kind: &str| json!({ "kind": kind, "message": format!("{kind} here"), "hint": "decide" });
    for workflow in ["promote-staging", "promote-production"] {
        for (accept, stops) in [
            ("", Some("reverted")),
            ("reverted", Some("missing")),
            ("missing", Some("reverted")),
            ("reverted, missing", Some("squashed")),
            ("squashed,missing,reverted", None),
        ] {
            let (program, params) = params(workflow, &[("accept", accept)]);
            let run = drive(&program, &params, |call| match fine(call, false) {
                Settled::Value(mut merge) if call.name == "git::merge" => {
                    merge["hidden"]["findings"] = json!([found("reverted"), found("missing"), found("squashed")]);
                    Settled::Value(merge)
                }
                other => other,
            });
            match (&run.end, stops) {
                (Advance::Failed(failure), Some(kind)) => {
                    assert_eq!(
                        (failure.kind.word().as_str(), failure.message.as_str(), failure.hint.as_deref()),
                        (kind, format!("{kind} here").as_str(), Some("decide"))
                    );
                    assert!(run.commands.last().unwrap().starts_with("merge#0 "), "{:?}", run.commands);
                }
                (Advance::Done(_), None) => assert!(!concluded(&run.commands).is_empty()),
                (end, _) => panic!("{workflow} accept={accept}: {end:?}"),
            }
        }
        let given = BTreeMap::from([("accept".to_owned(), "missing,all".to_owned())]);
        let failure = bundled().program(workflow).map_err(|_| ()).unwrap().params(&given).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Usage, "`accept` does not know `all`"));
        assert_eq!(
            failure.hint.as_deref(),
            Some("known are `reverted`, `removed`, `missing`, `squashed`, `driver`, `unread`, `foreign`")
        );
    }
}

#[test]
fn promotions_stop_where_a_manifest_cannot_be_read_until_that_is_accepted() {
    for (accept, to, stops) in [("", None, true), ("unread", None, false), ("", Some("2.0"), false)] {
        let (program, params) = params("promote-production", &[("accept", accept)]);
        let run = drive(&program, &params, |call| match fine(call, false) {
            Settled::Value(mut merge) if call.name == "git::merge" => {
                let to = to.map(|version| json!({ "version": version }));
                let error = json!({ "kind": "manifest", "message": "`Gopkg.lock` is broken", "at": "Gopkg.lock:3:1" });
                merge["components"] = json!([component("ppc", &json!({ "from": null, "to": to, "error": error }))]);
                Settled::Value(merge)
            }
            other => other,
        });
        match &run.end {
            Advance::Failed(failure) if stops => {
                assert_eq!(failure.message, "it is unknown what this ships of ppc: `Gopkg.lock` is broken");
                let hint = "mend the file on staging and promote again; to promote without knowing it: `--param accept=unread`";
                assert_eq!((failure.kind.word().as_str(), failure.hint.as_deref()), ("manifest", Some(hint)));
                let place = failure.at.as_ref().map(ToString::to_string);
                assert_eq!(place.as_deref(), Some("Gopkg.lock:3:1"), "not the plugin's line that throws");
            }
            Advance::Done(_) if !stops => {}
            end => panic!("accept={accept}: {end:?}"),
        }
    }
}

#[test]
fn promotions_land_only_what_the_source_still_has() {
    for (workflow, from) in [("promote-staging", "master"), ("promote-production", "staging")] {
        for (accept, source) in [("", json!(from)), ("foreign", json!(null))] {
            let (program, params) = params(workflow, &[("accept", accept)]);
            let sources = std::cell::RefCell::new(Vec::new());
            let moved = || Settled::Failure(Failure::new(FailureKind::Moved, "it moved"));
            let run = drive(&program, &params, |call| match call.name.as_str() {
                "forge::land" => {
                    sources.borrow_mut().push(call.args["source"].clone());
                    moved()
                }
                "git::is_ancestor" => Settled::Value(false.into()),
                _ => fine(call, false),
            });
            let Advance::Failed(failure) = &run.end else { panic!("{:?}", run.end) };
            assert_eq!(failure.kind, FailureKind::Moved);
            // A foreign commit never was on the branch: only the target can have moved, and the merge is made again.
            assert_eq!(*sources.borrow(), vec![source; if accept.is_empty() { 1 } else { 3 }]);
        }
    }
}

#[test]
fn agents_are_updated_ring_by_ring() {
    let (program, params) = params("update-ppcs", &[]);
    let run = drive(&program, &params, |call| fine(call, false));
    assert_eq!(run.value()["updated"].as_array().map(Vec::len), Some(3));
    insta::assert_snapshot!(run.commands.join("\n"), @r#"
    #0 git::sync {}
    #1 fleet::wanted {"branch":"production"}
    #2 fleet::waves {"revision":"abc","to":"2.0"}
    canary[a]#0 fleet::roll {"from":"1.0","revision":"abc","target":"a","to":"2.0"}
    canary[b]#0 fleet::roll {"revision":"abc","target":"b","to":"2.0"}
    wide[c]#0 fleet::roll {"from":"1.0","revision":"abc","target":"c","to":"2.0"}
    "#);
}

#[test]
fn a_failed_ring_is_the_last_one() {
    let (program, params) = params("update-ppcs", &[("version", "3.0")]);
    let run = drive(&program, &params, |call| match (call.name.as_str(), call.args["target"].as_str()) {
        ("fleet::roll", Some("a")) => Settled::Failure(Failure::new(FailureKind::Command, "update of a failed")),
        _ => fine(call, false),
    });
    assert!(run.commands.iter().any(|command| command.starts_with("canary[b]#0")));
    assert!(!run.commands.iter().any(|command| command.starts_with("wide")), "{:?}", run.commands);
    insta::assert_snapshot!(run.failure(&program), @r##"
    parallel: 1 of 2 items of `canary` failed: a
      --> workflows/update-ppcs.rhai:41:20
      |         updated += flow::parallel(wave.name, wave.targets, |agent| {
      |                    ^^^^^^^^^^^^^^
      cause: a: update of a failed
    "##);
}

#[test]
fn a_ring_that_does_not_exist_is_an_error_not_success() {
    let (program, params) = params("update-ppcs", &[("version", "3.0"), ("ring", "cannary")]);
    let run = drive(&program, &params, |call| fine(call, false));
    insta::assert_snapshot!(run.failure(&program), @r##"
    thrown: no agent is in the ring cannary
      --> workflows/update-ppcs.rhai:25:9
      |         throw `no agent is in the ring ${p.ring}`;
      |         ^^^^^
    "##);
}
