//! How workflows run: steps, branches, handlers, unwinding.

use super::host::{HELPER, drive, drive_some, echo, program, workflow};
use relwf::model::{Cancel, Failure, FailureKind, Value};
use relwf::run::{Advance, History, Settled, StepExit, Trace, advance};
use serde_json::json;
use std::sync::Arc;

fn none() -> Value {
    json!({})
}

#[test]
fn variables_and_steps_survive_replay() {
    let program = workflow(
        r#"    let seen = [];
    let first = flow::step("first", || { let c = git::commit("a"); seen.push(c.rev); c });
    flow::step("second", || flow::step("inner", || seen.push(git::commit(first.rev + "b").rev)));
    print(`saw ${seen.len()}`);
    seen"#,
    );
    let run = drive(&program, &none(), echo);
    assert_eq!(run.value(), json!(["a", "ab"]));
    assert_eq!(run.commands, [r#"first#0 git::commit {"rev":"a"}"#, r#"second/inner#0 git::commit {"rev":"ab"}"#]);
    assert_eq!(run.evaluations, 3);
    let shown: Vec<String> = run
        .traces
        .iter()
        .map(|trace| match trace {
            Trace::Entered { path, at, .. } => format!("> {} {at}", path.as_str()),
            Trace::Left { path, how, .. } => format!("< {} {how:?}", path.as_str()),
            Trace::Note { text, .. } => format!("note {text}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "> first workflows/w.rhai:3:17",
            "< first Done",
            "> second workflows/w.rhai:4:5",
            "> second/inner workflows/w.rhai:4:29",
            "< second/inner Done",
            "< second Done",
            "note saw 2"
        ]
    );
}

#[test]
fn a_stop_cannot_be_caught_and_a_failure_can() {
    let program = workflow(
        r#"    try { flow::step("try", || git::commit("a")) } catch (err) { return [err.kind, err.message, err.hint, err.line]; }
    "unreachable""#,
    );
    let run = drive(&program, &none(), |_| Settled::Failure(Failure::new(FailureKind::Moved, "it moved")));
    assert_eq!(run.value(), json!(["moved", "it moved", null, 2]));
    assert_eq!(run.evaluations, 2);
    assert!(run.traces.iter().any(|trace| matches!(trace, Trace::Left { how: StepExit::Failed, .. })));
}

#[test]
fn branches_ask_at_once_and_answer_in_order() {
    let program = workflow(
        r#"    let n = 0;
    let all = flow::parallel("p", ["a", 2, #{ id: "c" }, #{ name: "d" }], |item| {
        n += 1;
        let one = git::commit("x").rev;
        n += 1;
        git::commit(`${one}${n}`).rev
    });
    [all, n]"#,
    );
    let run = drive(&program, &none(), echo);
    assert_eq!(run.value(), json!([["x2", "x2", "x2", "x2"], 0]));
    assert_eq!(run.evaluations, 3);
    // One answer at a time, the last branch first: the same journal keys, the same values.
    let slow = drive_some(&program, &none(), 1, echo);
    assert_eq!(slow.value(), run.value());
    let sorted = |mut commands: Vec<String>| {
        commands.sort();
        commands
    };
    assert_eq!(sorted(slow.commands), sorted(run.commands));
}

#[test]
fn all_branches_end_before_a_failure_is_thrown() {
    let program = workflow(
        r#"    try {
        flow::parallel("p", ["a", "b", "c"], |item| { git::commit(item); git::commit(item + "2"); });
    } catch (err) {
        return [err.kind, err.message, err.detail.map(|d| d.item + ": " + d.error.message)];
    }"#,
    );
    let run = drive(&program, &none(), |call| match call.args["rev"].as_str() {
        Some("b" | "c2") => Settled::Failure(Failure::new(FailureKind::Red, "red")),
        _ => echo(call),
    });
    assert_eq!(run.value(), json!(["parallel", "2 of 3 items of `p` failed: b, c", ["b: red", "c: red"]]));
    assert!(run.commands.iter().any(|command| command.starts_with("p[a]#1")));
}

#[test]
fn handlers_run_at_the_end_and_never_hide_the_failure() {
    let program = workflow(
        r#"    flow::on_failure(|err| git::commit("f1 " + err.kind));
    flow::always(|| git::commit("a1"));
    flow::on_failure(|| throw "handler broke");
    flow::always(|| git::commit("a2"));
    git::commit("work");
    throw "no";"#,
    );
    let run = drive(&program, &none(), echo);
    assert_eq!(
        run.commands,
        [
            r#"#0 git::commit {"rev":"work"}"#,
            r#"on_failure#0 git::commit {"rev":"f1 thrown"}"#,
            r#"always#0 git::commit {"rev":"a2"}"#,
            r#"always#1 git::commit {"rev":"a1"}"#
        ]
    );
    let Advance::Failed(failure) = &run.end else { panic!("{:?}", run.end) };
    assert_eq!(failure.message, "no");
    assert_eq!(failure.causes, ["a handler failed too: handler broke (workflows/w.rhai:4:25)"]);
}

#[test]
fn always_runs_after_success_and_not_after_a_stop() {
    let program = workflow("    flow::always(|| git::commit(\"end\"));\n    git::commit(\"work\").rev");
    let run = drive(&program, &none(), echo);
    assert_eq!(run.value(), json!("work"));
    assert_eq!(run.commands, [r#"#0 git::commit {"rev":"work"}"#, r#"always#0 git::commit {"rev":"end"}"#]);
}

#[test]
fn plugins_call_closures_and_closures_call_plugins() {
    let text = "import \"helper\" as helper;\nfn run(p) {\n    let both = helper::twice(|| git::commit(\"a\").rev);\n    \
                helper::later();\n    flow::step(\"outer\", || helper::in_step(\"inner\"));\n    both\n}\n";
    let program = program(&[("workflows/w.rhai", text), ("plugins/helper.rhai", HELPER)]);
    let run = drive(&program, &none(), echo);
    assert_eq!(run.value(), json!(["a", "a"]));
    assert_eq!(
        run.commands,
        [
            r#"#0 git::commit {"rev":"a"}"#,
            r#"#1 git::commit {"rev":"a"}"#,
            r#"outer/inner#0 git::commit {"rev":"x"}"#,
            r#"always#0 git::sync {}"#
        ]
    );
    // A closure of the workflow is called by the plugin, but it is written in the workflow.
    let (end, _) = advance(&program, &none(), Arc::new(History::default()), &Cancel::new());
    let Advance::Pending(requests) = end else { panic!("{end:?}") };
    assert_eq!(requests[0].call.at.to_string(), "workflows/w.rhai:3:33");
}

#[test]
fn secrets_and_unknowns_travel_as_data() {
    let program = workflow(
        r#"    let change = forge::propose(#{ commit: "c", target: "t" });
    http::request(#{ method: "POST", url: "u", headers: #{ auth: "Bearer " + config::secret("token") },
        json: #{ text: `see ${change.number}`, number: change.number } });
    #{ number: change.number, text: "" + change.number }"#,
    );
    let run = drive(&program, &none(), |call| match call.name.as_str() {
        "forge::propose" => Settled::Value(json!({ "number": { "$unknown": "number of the change" } })),
        _ => Settled::Value(Value::Null),
    });
    let unknown = json!({ "$unknown": "number of the change" });
    assert_eq!(run.value(), json!({ "number": unknown, "text": "<number of the change>" }));
    let args = json!({
        "headers": { "auth": { "$secret": "token", "before": "Bearer " } },
        "json": { "text": "see <number of the change>", "number": unknown },
        "method": "POST", "url": "u",
    });
    assert_eq!(run.commands[1], format!("#1 http::request {args}"));
}

#[test]
fn ctrl_c_stops_a_loop() {
    let program = workflow("    loop { }");
    let cancel = Cancel::new();
    // Nothing looks at it but the loop.
    cancel.raise();
    let (end, _) = advance(&program, &none(), Arc::new(History::default()), &cancel);
    assert_eq!(end, Advance::Cancelled);
}

#[test]
fn a_thousand_commands_are_replayed_in_one_evaluation() {
    let program = workflow(
        r#"    let all = [];
    for n in 0..1000 { all.push(n); }
    flow::parallel("p", all, |n| git::merge(#{ source: `c${n}`, target: "staging" }).source)"#,
    );
    let mut history = History::default();
    let (end, _) = advance(&program, &none(), Arc::new(History::default()), &Cancel::new());
    let Advance::Pending(requests) = end else { panic!("{end:?}") };
    assert_eq!(requests.len(), 1000);
    for request in &requests {
        history.settle(request, Settled::Value(request.call.args.clone()));
    }
    let history = Arc::new(history);
    let (end, _) = advance(&program, &none(), history, &Cancel::new());
    assert!(matches!(end, Advance::Done(_)), "{end:?}");
}

#[test]
fn times_and_durations_are_the_same_out_of_the_journal() {
    let text = r#"//! Waits for the window.
const WORKFLOW = #{ params: #{
    soak: #{ type: "duration", value: "60m", help: "how long" },
    from: #{ type: "time", value: "2026-07-31T20:00:00+02:00", help: "not before" },
} };
fn run(p) {
    let now = flow::now();
    let here = now.in_zone("Europe/Berlin");
    let since = now - p.from;
    if here.weekday == "saturday" && here.hour == 0 && since > p.soak { flow::sleep(p.soak + flow::duration("2h 30m")); }
    if since < "4h" { flow::wait_until(here + p.soak); }
    flow::sleep(p.soak);
    [now, here, since, p.soak, flow::time("2026-08-01T00:00:00Z") - now]
}
"#;
    let file = relwf::script::SourceFile { path: "workflows/w.rhai".into(), text: text.into() };
    let library = relwf::script::Library::pinned(vec![file], relwf::effects::host_functions());
    assert_eq!(super::host::all_shown(&library.check("w")), "");
    let program = library.program("w").unwrap();
    let params = program.params(&std::collections::BTreeMap::new()).unwrap();
    let run = drive(&program, &params, |call| match call.name.as_str() {
        "flow::now" => Settled::Value(json!("2026-07-31T22:30:15.5Z")),
        _ => Settled::Value(Value::Null),
    });
    // Every evaluation but the first has the time from the journal; commands and their arguments stay the same.
    assert_eq!(run.evaluations, 4);
    assert_eq!(
        run.commands,
        ["#0 flow::now {}", r#"#1 flow::sleep {"duration":"3h30m"}"#, r#"#2 flow::sleep {"duration":"60m"}"#,]
    );
    assert_eq!(
        run.value(),
        json!(["2026-07-31T22:30:15.5Z", "2026-08-01T00:30:15.5+02:00", "4h30m15s500ms", "60m", "1h29m44s500ms"])
    );
}

#[test]
fn a_part_that_a_time_does_not_have_is_told_with_the_nearest_one() {
    let program = workflow("    let now = flow::time(\"2026-07-31T22:30:15Z\");\n    now.weekdy");
    let shown = drive(&program, &none(), echo).failure(&program);
    assert!(shown.starts_with("script: a time has no `weekdy`\n  --> workflows/w.rhai:3:9\n"), "{shown}");
    assert!(shown.ends_with("hint: did you mean `weekday`?"), "{shown}");
}
