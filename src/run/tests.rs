//! The session's rules, one by one, as a script meets them.

use super::session::MAX_COMMANDS;
use super::{
    Advance, Call, CallAnswer, CommandRequest, Evaluation, History, HistoryEntry, Key, LiveEvaluation, Script, Session,
    Settled, StepExit, StepPath, Trace, advance,
};
use crate::model::{Cancel, Failure, FailureKind, SourceLocation, Value};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A script written in Rust.
struct RustScript<F>(F);

impl<F: Fn(&Arc<Session>) -> Evaluation + Send + Sync> Script for RustScript<F> {
    fn evaluate(&self, _: &Value, session: &Arc<Session>) -> Evaluation {
        (self.0)(session)
    }
}

fn here() -> SourceLocation {
    SourceLocation::new("t.rhai", 1, 1)
}

fn ask(session: &Session, name: &str) -> CallAnswer {
    session.call(Call { name: name.to_owned(), args: json!({}), at: here() })
}

fn run(history: &History, script: impl Fn(&Arc<Session>) -> Evaluation + Send + Sync) -> (Advance, Vec<Trace>) {
    advance(&RustScript(script), &Value::Null, Arc::new(history.clone()), &Cancel::new())
}

/// Answers whatever is pending until nothing is; the keys in the order in which they were asked for.
fn keys(script: impl Fn(&Arc<Session>) -> Evaluation + Send + Sync + Copy) -> (Vec<String>, Advance) {
    let (mut history, mut keys) = (History::default(), Vec::new());
    loop {
        match run(&history, script).0 {
            Advance::Pending(requests) => {
                for request in requests {
                    keys.push(request.key.to_string());
                    history.settle(&request, Settled::Value(json!(keys.len())));
                }
            }
            end => return (keys, end),
        }
    }
}

macro_rules! ask {
    ($session:expr, $name:expr) => {
        match ask($session, $name) {
            CallAnswer::Value(value) => value,
            CallAnswer::Failure(failure) => return Evaluation::Threw(failure),
            CallAnswer::Stop => return Evaluation::Stopped,
        }
    };
}

#[test]
fn keys_are_the_path_and_a_counter_that_goes_on_when_a_step_is_entered_again() {
    let (keys, end) = keys(|s| {
        for _ in 0..2 {
            s.enter_step("build/it", here());
            ask!(s, "a");
            s.enter_step("in", here());
            ask!(s, "b");
            s.leave(StepExit::Done);
            ask!(s, "c");
            s.leave(StepExit::Done);
        }
        Evaluation::Returned(ask!(s, "d"))
    });
    let expected =
        ["build%2fit#0", "build%2fit/in#0", "build%2fit#1", "build%2fit#2", "build%2fit/in#1", "build%2fit#3", "#0"];
    assert_eq!(keys, expected);
    assert_eq!(end, Advance::Done(json!(7)));
}

#[test]
fn parallels_of_one_name_have_different_keys() {
    let (keys, _) = keys(|s| {
        let mut names = Vec::new();
        for name in ["roll", "roll~2", "roll", "roll"] {
            let parallel = s.begin_parallel(name).unwrap();
            s.enter_branch(&parallel, 0, "a[1]", here());
            ask!(s, "x");
            s.leave(StepExit::Done);
            names.push(parallel.name.clone());
        }
        Evaluation::Returned(json!(names))
    });
    assert_eq!(keys, ["roll[a%5b1%5d]#0", "roll~2[a%5b1%5d]#0", "roll~3[a%5b1%5d]#0", "roll~4[a%5b1%5d]#0"]);
}

#[test]
fn branches_are_pending_together_and_a_stop_in_one_leaves_the_others_alone() {
    let (advance, _) = run(&History::default(), |s| {
        let parallel = s.begin_parallel("p").unwrap();
        for (number, item) in ["a", "b", "c"].into_iter().enumerate() {
            s.enter_branch(&parallel, number, item, here());
            assert_eq!(ask(s, "x"), CallAnswer::Stop);
            s.leave(StepExit::Stopped);
            assert!(!s.must_unwind());
        }
        Evaluation::Stopped
    });
    let Advance::Pending(requests) = advance else { panic!("{advance:?}") };
    assert_eq!(requests.iter().map(|r| r.key.to_string()).collect::<Vec<_>>(), ["p[a]#0", "p[b]#0", "p[c]#0"]);
}

#[test]
fn a_script_that_swallows_a_stop_is_not_done() {
    for end in [Evaluation::Returned(json!(1)), Evaluation::Threw(Failure::new(FailureKind::Thrown, "x"))] {
        let (advance, _) = run(&History::default(), |s| {
            assert_eq!(ask(s, "a"), CallAnswer::Stop);
            // What it does after that is not to be believed.
            assert_eq!(ask(s, "b"), CallAnswer::Stop);
            end.clone()
        });
        let Advance::Pending(requests) = advance else { panic!("{advance:?}") };
        assert_eq!(requests.iter().map(|r| r.call.name.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}

#[test]
fn a_divergence_unwinds_everything_even_when_it_is_swallowed() {
    let mut history = History::default();
    let Advance::Pending(requests) = run(&history, |s| Evaluation::Returned(ask!(s, "a"))).0 else { panic!() };
    history.settle(&requests[0], Settled::Value(json!(1)));
    let (advance, _) = run(&history, |s| {
        assert_eq!(ask(s, "b"), CallAnswer::Stop);
        assert!(s.must_unwind());
        assert_eq!(ask(s, "a"), CallAnswer::Stop);
        Evaluation::Returned(json!("all is well"))
    });
    assert!(matches!(advance, Advance::Diverged(failure) if failure.kind == FailureKind::Diverged));
}

#[test]
fn a_raised_flag_stops_the_script_and_is_not_taken_for_waiting() {
    let cancel = Cancel::new();
    cancel.raise();
    let script = RustScript(|s: &Arc<Session>| {
        assert!(s.cancelled() && s.must_unwind());
        assert_eq!(ask(s, "a"), CallAnswer::Stop);
        Evaluation::Returned(json!("swallowed"))
    });
    assert_eq!(advance(&script, &Value::Null, Arc::default(), &cancel).0, Advance::Cancelled);
    // A script that asks for nothing more is done, flag or not.
    let script = RustScript(|_: &Arc<Session>| Evaluation::Returned(json!(1)));
    assert_eq!(advance(&script, &Value::Null, Arc::default(), &cancel).0, Advance::Done(json!(1)));
}

#[test]
fn traces_carry_an_identity_that_every_evaluation_repeats() {
    let script = |s: &Arc<Session>| {
        for _ in 0..2 {
            s.enter_step("a", here());
            s.note("hello");
            s.leave(StepExit::Done);
        }
        s.enter_step("b", here());
        let answer = ask(s, "x");
        s.leave(if answer == CallAnswer::Stop { StepExit::Stopped } else { StepExit::Failed });
        Evaluation::Stopped
    };
    let (_, first) = run(&History::default(), script);
    let (_, again) = run(&History::default(), script);
    assert_eq!(first, again);
    let told: Vec<String> = first
        .iter()
        .map(|trace| match trace {
            Trace::Entered { path, instance, .. } => format!("> {} {instance}", path.as_str()),
            Trace::Left { path, instance, how } => format!("< {} {instance} {how:?}", path.as_str()),
            Trace::Note { path, ordinal, text } => format!("{} {ordinal} {text}", path.as_str()),
        })
        .collect();
    assert_eq!(told, ["> a 0", "a 0 hello", "< a 0 Done", "> a 1", "a 1 hello", "< a 1 Done", "> b 0"]);
}

/// Goes on live, with every outcome as soon as it is asked for; the outcomes come one at a time, the last one first.
fn go_on(script: &dyn Script, journal: History) -> (Advance, Vec<Trace>) {
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let mut live = LiveEvaluation::start(scope, script, &Value::Null, Arc::new(journal), &cancel).unwrap();
        let (mut outcomes, mut pending, mut traces) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let (advance, more) = live.advance(std::mem::take(&mut outcomes)).unwrap();
            traces.extend(more);
            let Advance::Pending(requests) = advance else { return (advance, traces) };
            pending.extend(requests);
            let request: CommandRequest = pending.pop().unwrap();
            outcomes.push((request, Settled::Value(json!(1))));
        }
    })
}

#[test]
fn a_script_that_waits_is_not_evaluated_again() {
    let (evaluations, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let script = RustScript(|s: &Arc<Session>| {
        evaluations.fetch_add(1, Ordering::Relaxed);
        for _ in 0..1000 {
            asked.fetch_add(1, Ordering::Relaxed);
            ask!(s, "x");
        }
        Evaluation::Returned(json!("all"))
    });
    assert_eq!(go_on(&script, History::default()).0, Advance::Done(json!("all")));
    assert_eq!((evaluations.into_inner(), asked.into_inner()), (1, 1000));
}

#[test]
fn a_live_evaluation_unwinds_when_it_is_dropped_or_stopped() {
    let unwound = AtomicUsize::new(0);
    let script = RustScript(|s: &Arc<Session>| {
        assert_eq!(ask(s, "a"), CallAnswer::Stop);
        assert!(s.must_unwind());
        assert_eq!(ask(s, "b"), CallAnswer::Stop);
        assert!(s.begin_parallel("p").is_none());
        unwound.fetch_add(1, Ordering::Relaxed);
        Evaluation::Returned(json!("swallowed"))
    });
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let mut live = LiveEvaluation::start(scope, &script, &Value::Null, Arc::default(), &cancel).unwrap();
        let (advance, _) = live.advance(Vec::new()).unwrap();
        assert!(matches!(advance, Advance::Pending(requests) if requests.len() == 1));
        drop(live);
        assert_eq!(unwound.load(Ordering::Relaxed), 1);

        // Never asked to go on at all.
        drop(LiveEvaluation::start(scope, &script, &Value::Null, Arc::default(), &cancel).unwrap());
        assert_eq!(unwound.load(Ordering::Relaxed), 2);

        cancel.raise();
        let mut live = LiveEvaluation::start(scope, &script, &Value::Null, Arc::default(), &cancel).unwrap();
        assert_eq!(live.advance(Vec::new()).unwrap().0, Advance::Cancelled);
    });
}

#[test]
fn a_panic_of_a_live_evaluation_is_a_failure() {
    let cancel = Cancel::new();
    let script = RustScript(|s: &Arc<Session>| {
        ask!(s, "a");
        panic!("a bug");
    });
    std::thread::scope(|scope| {
        let mut live = LiveEvaluation::start(scope, &script, &Value::Null, Arc::default(), &cancel).unwrap();
        let (advance, _) = live.advance(Vec::new()).unwrap();
        let Advance::Pending(mut requests) = advance else { panic!("{advance:?}") };
        let failure = live.advance(vec![(requests.remove(0), Settled::Value(Value::Null))]).unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Bug, "evaluating the workflow panicked: a bug")
        );
    });
}

#[test]
fn a_run_has_a_limit_of_commands_and_its_handlers_some_more() {
    let script = RustScript(|s: &Arc<Session>| {
        let failure = loop {
            match ask(s, "x") {
                CallAnswer::Value(_) => {}
                CallAnswer::Failure(failure) => break failure,
                CallAnswer::Stop => return Evaluation::Stopped,
            }
        };
        // Caught or not: there is no other command.
        assert!(matches!(ask(s, "y"), CallAnswer::Failure(_)));
        s.begin_handlers();
        s.enter_step("always", here());
        ask!(s, "x");
        s.leave(StepExit::Done);
        Evaluation::Threw(failure)
    });
    let call = Call { name: "x".to_owned(), args: json!({}), at: here() };
    let mut journal = History::default();
    for ordinal in 0..u32::try_from(MAX_COMMANDS).unwrap() {
        let settled = Some(Settled::Value(Value::Null));
        let entry = HistoryEntry { settled, ..HistoryEntry::new(call.fingerprint(), "x", json!({})) };
        journal.entries.insert(Key { path: StepPath::default(), ordinal }, entry);
    }
    let (end, _) = go_on(&script, journal);
    let Advance::Failed(failure) = end else { panic!("{end:?}") };
    assert_eq!(failure.message, "stopped after 100000 commands");
    assert_eq!((failure.kind, failure.at), (FailureKind::Script, Some(here())));
}
