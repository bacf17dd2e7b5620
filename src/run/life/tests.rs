//! Every state meets every event; then the rules, one by one, as a host meets them.

use super::state::{Doubt, EffectAttempt, Look, ProbeCause, Tries, Written};
use super::*;
use crate::model::{Failure, FailureKind, HumanDuration, RunId, SourceLocation, WriteError, minute_in};
use crate::run::{
    Call, CommandKind, CommandRequest, HistoryEntry, Intent, Key, Observation, OnOutage, OnUnknown, Position, Probe,
    Record, RetryPolicy, Settled, StepPath,
};
use CommandState as S;
use Happened as H;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(60);

/// Three tries, two looks.
fn policy() -> RetryPolicy {
    RetryPolicy {
        tries: 3,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(4),
        budget: BUDGET,
        looks: vec![Duration::from_secs(2)],
        ..RetryPolicy::default()
    }
}

fn request() -> CommandRequest {
    let call = Call { name: "sh::run".to_owned(), args: json!({ "a": 1 }), at: SourceLocation::new("w.rhai", 3, 1) };
    let key = Key { path: StepPath::default().step("50% of it"), ordinal: 2 };
    CommandRequest { fingerprint: call.fingerprint(), key, position: Position::default(), call }
}

/// One step at a moment.
fn at(elapsed: u64, cancellation: Cancellation, state: S, happened: H) -> (S, Action) {
    at_outage(OnOutage::Throw, (elapsed, cancellation), state, happened)
}

fn at_outage(on_outage: OnOutage, (elapsed, cancellation): (u64, Cancellation), state: S, happened: H) -> (S, Action) {
    let (run, request, policy) = (RunId::new("r1"), request(), policy());
    let moment = Moment {
        elapsed: Duration::from_secs(elapsed),
        now: Timestamp::from_second(1_770_000_000).unwrap(),
        chance: 0,
        cancellation,
    };
    step(state, happened, &StepContext { run: &run, request: &request, policy: &policy, on_outage, moment })
}

fn calmly(state: S, happened: H) -> (S, Action) {
    at(0, Cancellation::None, state, happened)
}

fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, "it failed")
}

/// A server asks to come back after this many seconds.
fn resting(seconds: u64) -> Failure {
    failure(FailureKind::Refused).after(Some(span(seconds)))
}

fn span(seconds: u64) -> HumanDuration {
    HumanDuration::new(Duration::from_secs(seconds))
}

fn attempt(number: u32, doubt: Doubt) -> EffectAttempt {
    EffectAttempt {
        intent: Intent { idempotency_key: "relwf-r1-1".to_owned(), pre: json!({ "old": 1 }) },
        number,
        doubt,
    }
}

fn tries(count: u32) -> Tries {
    Tries { count, since: Duration::ZERO }
}

fn causes() -> Vec<ProbeCause> {
    let mut causes = vec![ProbeCause::Recovery, ProbeCause::Panicked { failure: failure(FailureKind::Bug) }];
    causes.extend(
        [1, 3].map(|count| ProbeCause::Unanswered { failure: failure(FailureKind::Network), tries: tries(count) }),
    );
    causes
}

/// Of every state at least one.
fn states() -> Vec<S> {
    let facts = || json!({ "deadline": 1 });
    let (why, pause) = (String::from("not yet"), Duration::from_secs(1));
    let one = || attempt(1, Doubt::Unrecorded);
    let written = [
        Written::Nothing,
        Written::Begun { facts: facts() },
        Written::Intended(one()),
        Written::Intended(attempt(2, Doubt::Recorded)),
        Written::Absent(one()),
    ];
    let settled = || Settled::Value(json!(1));
    let mut states = vec![
        S::Reading { tries: 1 },
        S::Beginning { tries: 1 },
        S::RecordingFacts { facts: facts() },
        S::Observing { facts: facts(), tries: 1 },
        S::Resting { facts: facts(), why: why.clone(), again: span(5) },
        S::RecordingIntent { attempt: one(), tries: tries(1) },
        S::PerformPause { attempt: one(), tries: tries(1), pause, failure: failure(FailureKind::Network) },
        S::RecordingAbsent { attempt: one(), failure: resting(600) },
        S::RecordingDoubt { failure: failure(FailureKind::InDoubt) },
        S::InDoubt { failure: failure(FailureKind::InDoubt) },
        S::RecordingOutcome { settled: settled(), actor: None },
        S::RecordingOutcome { settled: Settled::Failure(failure(FailureKind::Red)), actor: Some("probe".to_owned()) },
        S::Settled { settled: settled() },
        S::Interrupted { failure: failure(FailureKind::Interrupted) },
        S::Bug { failure: failure(FailureKind::Bug) },
    ];
    for look in [Look::Read, Look::Begin, Look::Observe { facts: facts() }, Look::Prepare] {
        states.push(S::LookPause { look, tries: 2, pause, failure: failure(FailureKind::Network) });
    }
    states.extend(written.iter().cloned().map(S::Ready));
    let until = Some(Timestamp::from_second(1_770_000_000).unwrap());
    states.extend(written.into_iter().map(|written| S::Suspended { written, why: why.clone(), until }));
    states.extend([1, 3].map(|tries| S::Preparing { tries }));
    states.extend([1, 3].map(|count| S::Performing { attempt: one(), tries: tries(count) }));
    for cause in causes() {
        for doubt in [Doubt::Unrecorded, Doubt::Recorded] {
            let attempt = attempt(1, doubt);
            states.extend([0, 1].map(|look| S::Probing { attempt: attempt.clone(), look, cause: cause.clone() }));
        }
        states.push(S::ProbePause { attempt: one(), look: 1, pause, cause });
    }
    states
}

/// Of every event every shape that makes a difference.
fn events() -> Vec<H> {
    let looked =
        || vec![Ok(json!(1)), Err(failure(FailureKind::Red)), Err(failure(FailureKind::Network)), Err(resting(600))];
    let mut events = vec![H::Unfit(failure(FailureKind::Arguments)), H::Recorded, H::Slept];
    events.push(H::Panicked(failure(FailureKind::Bug)));
    events.extend([CommandKind::Read, CommandKind::Wait, CommandKind::Effect].map(H::Started));
    for make in [H::Answered, H::Begun, H::Prepared, H::Assumed] {
        events.extend(looked().into_iter().map(make));
    }
    let observations = [
        Ok(Observation::Ready(json!(1))),
        Ok(Observation::NotYet { why: "running".to_owned(), again: span(5) }),
        Ok(Observation::Suspend { why: "a person".to_owned(), until: None }),
        Err(failure(FailureKind::Red)),
        Err(failure(FailureKind::Network)),
    ];
    events.extend(observations.map(H::Observed));
    let lost = || failure(FailureKind::Network);
    let performed = [
        Ok(json!(1)),
        Err(WriteError::Refused(failure(FailureKind::Refused))),
        Err(WriteError::NotSent(lost())),
        Err(WriteError::NotDone { failure: lost(), after: None }),
        Err(WriteError::NotDone { failure: lost(), after: Some(span(600)) }),
        Err(WriteError::Unknown(lost())),
    ];
    events.extend(performed.map(H::Performed));
    for on_unknown in [OnUnknown::Ask, OnUnknown::Skip, OnUnknown::Retry] {
        let found = [
            Ok(Probe::Done(json!(1))),
            Ok(Probe::Absent),
            Ok(Probe::Refused(failure(FailureKind::Refused))),
            Ok(Probe::Unknown("it leaves no trace".to_owned())),
            Err(lost()),
        ];
        events.extend(found.map(|found| H::Probed { found, on_unknown }));
    }
    events
}

/// Every pair that can occur, with all states that may follow: depending on what the state and the event hold, on the
/// time spent and on ctrl-C. `impossible` stands where only some of it cannot occur, e.g. a wait's facts for an effect.
/// Every other pair cannot occur at all.
const TABLE: &str = "\
beginning + assumed -> recording-outcome
beginning + begun -> interrupted, look-pause, recording-facts, recording-outcome, suspended
beginning + panicked -> bug
look-pause + slept -> beginning, interrupted, observing, preparing, reading
observing + observed -> interrupted, look-pause, recording-outcome, resting, suspended
observing + panicked -> bug
perform-pause + slept -> interrupted, recording-intent
performing + panicked -> probing, recording-doubt
performing + performed -> interrupted, perform-pause, probing, recording-absent, recording-outcome
preparing + assumed -> recording-outcome
preparing + panicked -> bug
preparing + prepared -> interrupted, look-pause, recording-intent, recording-outcome, suspended
probe-pause + slept -> interrupted, probing, recording-doubt
probing + panicked -> in-doubt, recording-doubt
probing + probed -> in-doubt, interrupted, perform-pause, probe-pause, recording-absent, recording-doubt, recording-intent, recording-outcome, suspended
reading + answered -> interrupted, look-pause, recording-outcome, suspended
reading + panicked -> bug
ready + panicked -> bug
ready + started -> beginning, impossible, interrupted, observing, preparing, probing, reading, recording-intent
ready + unfit -> recording-outcome
recording-absent + recorded -> suspended
recording-doubt + recorded -> in-doubt
recording-facts + recorded -> observing
recording-intent + recorded -> interrupted, performing
recording-outcome + recorded -> settled
resting + panicked -> bug
resting + started -> impossible, observing
resting + unfit -> recording-outcome
suspended + panicked -> bug
suspended + started -> beginning, impossible, interrupted, observing, preparing, probing, reading, recording-intent
suspended + unfit -> recording-outcome
";

/// All variants of an enum, as serde knows them.
fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(json!("?")).err().map(|error| error.to_string()).unwrap_or_default();
    let expected = error.split_once("expected one of ").map(|(_, list)| list.to_owned()).unwrap_or_default();
    expected.split('`').filter(|word| word.chars().any(char::is_alphabetic)).map(str::to_owned).collect()
}

#[test]
fn the_table_has_every_state_and_every_event() {
    let states: BTreeSet<String> = states().iter().map(|state| state.name().to_owned()).collect();
    let events: BTreeSet<String> = events().iter().map(|event| event.name().to_owned()).collect();
    assert_eq!(states, variants::<S>());
    assert_eq!(events, variants::<H>());
    assert_eq!((states.len(), events.len()), (21, 12));
}

#[test]
fn every_pair_of_state_and_event_leads_where_the_table_says() {
    let mut walked: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for state in states() {
        for event in events() {
            for elapsed in [0, 1000] {
                for cancellation in [Cancellation::None, Cancellation::Requested] {
                    for outage in [OnOutage::Throw, OnOutage::Suspend] {
                        let pair = (state.name(), event.name());
                        let (next, action) = at_outage(outage, (elapsed, cancellation), state.clone(), event.clone());
                        assert_eq!(action, next.action(&request()));
                        let impossible =
                            matches!(&next, S::Bug { failure } if failure.message.contains(" cannot be `"));
                        walked.entry(pair).or_default().insert(if impossible { "impossible" } else { next.name() });
                    }
                }
            }
        }
    }
    assert_eq!(walked.len(), 21 * 12);
    let only = BTreeSet::from(["impossible"]);
    let lines = walked.iter().filter(|(_, next)| **next != only).map(|((state, event), next)| {
        format!("{state} + {event} -> {}\n", next.iter().copied().collect::<Vec<_>>().join(", "))
    });
    let lines: String = lines.collect();
    assert_eq!(lines, TABLE, "\n{lines}");
}

#[test]
fn a_state_and_everything_that_crosses_to_another_host_reads_back_from_json() {
    fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    }
    for state in states() {
        same(&state);
        same(&state.action(&request()));
    }
    events().iter().for_each(same);
    same(&request());
    [Settled::Value(json!({ "a": [1, null] })), Settled::Failure(resting(9).hint("h").cause("c"))]
        .iter()
        .for_each(same);
    let json = serde_json::to_value(Settled::Value(json!(1))).unwrap();
    assert_eq!(json, json!({ "value": 1 }));
}

/// What a host does, event after event, none of them cancelled; and where it ends.
fn walk(mut state: S, events: Vec<H>) -> (Vec<Action>, S) {
    let mut actions = Vec::new();
    for event in events {
        let (next, action) = calmly(state, event);
        state = next;
        actions.push(action);
    }
    (actions, state)
}

fn probed(found: Probe, on_unknown: OnUnknown) -> H {
    H::Probed { found: Ok(found), on_unknown }
}

fn lost() -> H {
    H::Performed(Err(WriteError::Unknown(failure(FailureKind::Network))))
}

fn not_done(after: Option<u64>) -> H {
    H::Performed(Err(WriteError::NotDone { failure: failure(FailureKind::Network), after: after.map(span) }))
}

/// The attempts whose intent is written down.
fn intents(actions: &[Action]) -> Vec<u32> {
    let number = |action: &Action| match action {
        Action::Record(Record::Intent { attempt, .. }) => Some(*attempt),
        _ => None,
    };
    actions.iter().filter_map(number).collect()
}

fn pauses(actions: &[Action]) -> Vec<u64> {
    let seconds = |action: &Action| match action {
        Action::Sleep { pause, .. } => Some(pause.as_secs()),
        _ => None,
    };
    actions.iter().filter_map(seconds).collect()
}

fn in_doubt(state: &S) -> (&str, &str) {
    match state {
        S::InDoubt { failure } => (&failure.message, failure.hint.as_deref().unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_intent_is_on_disk_before_an_effect_is_performed_and_its_outcome_after() {
    let events = vec![
        H::Started(CommandKind::Effect),
        H::Prepared(Ok(json!({ "old": 1 }))),
        H::Recorded,
        H::Performed(Ok(json!("done"))),
        H::Recorded,
    ];
    let (actions, end) = walk(S::default(), events);
    assert_eq!(end, S::Settled { settled: Settled::Value(json!("done")) });
    let Action::Record(Record::Intent { intent, attempt: 1, .. }) = &actions[1] else { panic!("{actions:?}") };
    assert!(intent.idempotency_key.starts_with("relwf-r1-") && intent.pre == json!({ "old": 1 }), "{intent:?}");
    assert_eq!(actions[0], Action::Prepare);
    assert_eq!(actions[2], Action::Perform(intent.clone()));
    assert!(matches!(&actions[3], Action::Record(Record::Settled { actor: None, .. })), "{actions:?}");
    assert_eq!(actions[4], Action::End(End::Settled(Settled::Value(json!("done")))));
}

#[test]
fn what_was_not_done_is_tried_again_with_growing_pauses_and_then_fails() {
    let start = S::RecordingIntent { attempt: attempt(1, Doubt::Unrecorded), tries: tries(1) };
    let again = || vec![H::Recorded, not_done(None), H::Slept];
    let events = [again(), again(), vec![H::Recorded, not_done(None), H::Recorded]].concat();
    let (actions, end) = walk(start, events);
    assert_eq!((intents(&actions), pauses(&actions)), (vec![2, 3], vec![1, 2]));
    assert_eq!(end, S::Settled { settled: Settled::Failure(failure(FailureKind::Network)) });

    // A server's own wish is longer than the pause, and within the budget.
    let performing = || S::Performing { attempt: attempt(1, Doubt::Unrecorded), tries: tries(1) };
    assert_eq!(pauses(&walk(performing(), vec![not_done(Some(9))]).0), [9]);
    // The budget is spent.
    let (state, _) = at(60, Cancellation::None, performing(), not_done(None));
    assert!(matches!(state, S::RecordingOutcome { settled: Settled::Failure(_), .. }), "{state:?}");
}

#[test]
fn a_server_that_asks_for_more_time_than_the_budget_suspends_the_run_and_the_effect_goes_on_unprobed() {
    let start = S::Performing { attempt: attempt(1, Doubt::Recorded), tries: tries(1) };
    let (actions, state) = walk(start, vec![not_done(Some(600)), H::Recorded]);
    assert!(matches!(&actions[0], Action::Record(Record::Absent { actor, .. }) if actor == "server"), "{actions:?}");
    let then = Timestamp::from_second(1_770_000_600).unwrap();
    let (until, shown) = (Some(then), minute_in(jiff::tz::TimeZone::system(), then));
    assert_eq!(actions[1], Action::End(End::Suspended { why: format!("it failed, until {shown}"), until }));
    let (actions, _) = walk(state, vec![H::Started(CommandKind::Effect), H::Recorded]);
    assert_eq!(intents(&actions), [2]);
    assert!(matches!(actions[1], Action::Perform(_)), "{actions:?}");

    // The same before anything is on disk: a look, a wait's facts, a preparation.
    for (kind, refused) in [
        (CommandKind::Read, H::Answered(Err(resting(600)))),
        (CommandKind::Wait, H::Begun(Err(resting(600)))),
        (CommandKind::Effect, H::Prepared(Err(resting(600)))),
    ] {
        let (actions, state) = walk(S::default(), vec![H::Started(kind), refused]);
        assert_eq!(actions[1], Action::End(End::Suspended { why: format!("it failed, until {shown}"), until }));
        assert!(matches!(state, S::Suspended { written: Written::Nothing, .. }), "{state:?}");
    }
    // Within the budget it is a failure.
    let (actions, _) = walk(S::default(), vec![H::Started(CommandKind::Read), H::Answered(Err(resting(60)))]);
    assert!(matches!(actions[1], Action::Record(Record::Settled { .. })), "{actions:?}");
}

#[test]
fn a_network_that_is_down_while_an_effect_is_prepared_is_waited_for() {
    let failed = |kind| H::Prepared(Err(failure(kind)));
    let down = || failed(FailureKind::Timeout);
    let events = vec![H::Started(CommandKind::Effect), down(), H::Slept, down(), H::Slept, down()];
    let (actions, state) = walk(S::default(), events);
    assert_eq!(pauses(&actions), [1, 2]);
    assert!(matches!(state, S::RecordingOutcome { settled: Settled::Failure(_), .. }), "{state:?}");
    let (actions, _) = walk(S::default(), vec![H::Started(CommandKind::Effect), failed(FailureKind::Auth)]);
    assert!(matches!(actions[1], Action::Record(Record::Settled { .. })), "only the network passes: {actions:?}");
}

#[test]
fn what_an_earlier_process_left_open_is_looked_for_before_anything_else() {
    let open = || S::Ready(Written::Intended(attempt(4, Doubt::Unrecorded)));
    let start = || H::Started(CommandKind::Effect);
    let absent = || probed(Probe::Absent, OnUnknown::Ask);
    let (actions, _) = walk(open(), vec![start(), absent(), H::Slept, absent()]);
    assert!(matches!(actions[0], Action::Probe(_)) && matches!(actions[2], Action::Probe(_)), "{actions:?}");
    assert_eq!((pauses(&actions), intents(&actions)), (vec![2], vec![5]), "believed after the last look");

    let (actions, _) = walk(open(), vec![start(), probed(Probe::Done(json!(7)), OnUnknown::Ask)]);
    assert!(
        matches!(&actions[1], Action::Record(Record::Settled { settled: Settled::Value(value), actor: Some(actor), .. })
            if *value == json!(7) && actor == "probe"),
        "{actions:?}"
    );
    let unreachable = || H::Probed { found: Err(failure(FailureKind::Network)), on_unknown: OnUnknown::Ask };
    let (actions, state) = walk(open(), vec![start(), unreachable(), H::Slept, unreachable(), H::Recorded]);
    assert!(matches!(&actions[3], Action::Record(Record::Unknown { .. })), "{actions:?}");
    assert_eq!(
        in_doubt(&state),
        (
            "relwf stopped while `sh::run` at 50% of it#2 was running: the remote could not be asked: it failed",
            "check whether it happened, then settle it or abandon the run; `relwf resume r1` asks the remote again"
        )
    );
}

#[test]
fn when_the_remote_cannot_tell_the_effect_decides_what_is_done() {
    let performing = |count| S::Performing { attempt: attempt(1, Doubt::Unrecorded), tries: tries(count) };
    let unknown = |on_unknown| probed(Probe::Unknown("it leaves no trace".to_owned()), on_unknown);
    let (_, state) = walk(performing(1), vec![lost(), unknown(OnUnknown::Ask), H::Recorded]);
    // To ask the remote again would tell no more.
    let leaves_no_trace = "`sh::run` at 50% of it#2 may or may not have happened: it leaves no trace";
    let settle = "check whether it happened, then settle it or abandon the run";
    assert_eq!(in_doubt(&state), (leaves_no_trace, settle));

    let (actions, _) = walk(performing(1), vec![lost(), unknown(OnUnknown::Skip)]);
    assert!(
        matches!(&actions[1], Action::Record(Record::Settled { actor: Some(actor), .. }) if actor == "skip"),
        "{actions:?}"
    );
    let (actions, _) = walk(performing(1), vec![lost(), unknown(OnUnknown::Retry), H::Slept]);
    assert_eq!((pauses(&actions), intents(&actions)), (vec![1], vec![2]));
    // Past the last try it is not a failure for the script: it may have happened.
    let (_, state) = walk(performing(3), vec![lost(), unknown(OnUnknown::Retry), H::Recorded]);
    assert_eq!(in_doubt(&state).0, "`sh::run` at 50% of it#2 may or may not have happened: it failed");
    let cause = ProbeCause::Unanswered { failure: failure(FailureKind::Network), tries: tries(1) };
    let probing = S::Probing { attempt: attempt(1, Doubt::Unrecorded), look: 0, cause };
    let (state, _) = at(60, Cancellation::None, probing, unknown(OnUnknown::Retry));
    assert!(matches!(state, S::RecordingDoubt { .. }), "{state:?}");

    // A doubt is written down once, however often the remote is asked.
    let recorded = S::Ready(Written::Intended(attempt(1, Doubt::Recorded)));
    let (actions, _) = walk(recorded, vec![H::Started(CommandKind::Effect), unknown(OnUnknown::Ask)]);
    assert!(matches!(&actions[1], Action::End(End::InDoubt(_))), "{actions:?}");
}

#[test]
fn an_effect_that_panics_is_looked_for_and_never_tried_again() {
    let performing = || S::Performing { attempt: attempt(1, Doubt::Unrecorded), tries: tries(1) };
    let panicked = || H::Panicked(failure(FailureKind::Bug));
    let (_, state) = walk(performing(), vec![panicked(), probed(Probe::Done(json!(1)), OnUnknown::Retry)]);
    assert!(matches!(state, S::RecordingOutcome { actor: Some(_), .. }), "{state:?}");
    for found in [Probe::Refused(failure(FailureKind::Refused)), Probe::Unknown("x".to_owned())] {
        let (_, state) = walk(performing(), vec![panicked(), probed(found, OnUnknown::Retry), H::Recorded]);
        assert_eq!(in_doubt(&state).0, "`sh::run` at 50% of it#2 may or may not have happened: it failed");
    }
    let absent = || probed(Probe::Absent, OnUnknown::Retry);
    let (_, state) = walk(performing(), vec![panicked(), absent(), H::Slept, absent(), H::Recorded]);
    assert!(matches!(state, S::InDoubt { .. }), "{state:?}");
}

#[test]
fn after_ctrl_c_a_value_still_counts_a_failure_does_not_and_nothing_new_begins() {
    let cancelled = |state, happened| at(0, Cancellation::Requested, state, happened).0;
    let performing = || S::Performing { attempt: attempt(1, Doubt::Unrecorded), tries: tries(1) };
    let value = cancelled(performing(), H::Performed(Ok(json!(1))));
    assert!(matches!(value, S::RecordingOutcome { .. }), "{value:?}");
    let refused = H::Performed(Err(WriteError::Refused(failure(FailureKind::Refused))));
    for (state, happened) in [
        (S::Reading { tries: 3 }, H::Answered(Err(failure(FailureKind::Network)))),
        (performing(), refused),
        (performing(), lost()),
        (S::Preparing { tries: 1 }, H::Prepared(Ok(json!(1)))),
        (S::RecordingIntent { attempt: attempt(1, Doubt::Unrecorded), tries: tries(1) }, H::Recorded),
        (S::Ready(Written::Absent(attempt(1, Doubt::Unrecorded))), H::Started(CommandKind::Effect)),
    ] {
        let next = cancelled(state, happened);
        assert!(matches!(next, S::Interrupted { .. }), "{next:?}");
    }
}

#[test]
fn the_journal_says_where_a_command_goes_on() {
    let entry = || HistoryEntry::new(request().fingerprint, "sh::run", json!({}));
    let intent = || Some(attempt(1, Doubt::Unrecorded).intent);
    let unknown = || Some(failure(FailureKind::InDoubt));
    assert_eq!(S::of(&entry()), S::default());
    let facts = Some(json!(1));
    assert_eq!(S::of(&HistoryEntry { begun: facts, ..entry() }), S::Ready(Written::Begun { facts: json!(1) }));
    let open = HistoryEntry { intent: intent(), attempts: 3, ..entry() };
    assert_eq!(S::of(&open), S::Ready(Written::Intended(attempt(3, Doubt::Unrecorded))));
    let doubted = HistoryEntry { unknown: unknown(), ..open.clone() };
    assert_eq!(S::of(&doubted), S::Ready(Written::Intended(attempt(3, Doubt::Recorded))));
    let absent = HistoryEntry { absent: true, ..open.clone() };
    assert_eq!(S::of(&absent), S::Ready(Written::Absent(attempt(3, Doubt::Unrecorded))));
    let settled = Settled::Value(json!(1));
    assert_eq!(S::of(&HistoryEntry { settled: Some(settled.clone()), ..open }), S::Settled { settled });
}

#[test]
fn a_server_that_does_not_answer_a_read_is_an_outage_too() {
    let calmly = |state, happened| at_outage(OnOutage::Suspend, (0, Cancellation::None), state, happened).0;
    let silent = || Err(failure(FailureKind::Timeout));
    for (tries, state, happened) in [
        (1, S::Reading { tries: 1 }, H::Answered(silent())),
        (3, S::Reading { tries: 3 }, H::Answered(silent())),
        (3, S::Beginning { tries: 3 }, H::Begun(silent())),
    ] {
        let next = calmly(state, happened);
        let expected = if tries < 3 { "look-pause" } else { "suspended" };
        assert_eq!(next.name(), expected, "{next:?}");
    }
    // A wait's own deadline is its outcome.
    let ended = calmly(S::Observing { facts: json!(null), tries: 1 }, H::Observed(Err(failure(FailureKind::Timeout))));
    assert!(matches!(ended, S::RecordingOutcome { settled: Settled::Failure(_), .. }), "{ended:?}");
}

#[test]
fn an_outage_is_waited_for_and_then_suspends_the_run_with_all_that_is_known() {
    let calmly = |state, happened| at_outage(OnOutage::Suspend, (0, Cancellation::None), state, happened).0;
    let lost = || Err(failure(FailureKind::Network));
    let facts = || json!({ "deadline": 1 });
    // A look is tried again; the last try's failure suspends.
    for (state, happened, written) in [
        (S::Reading { tries: 1 }, H::Answered as fn(_) -> _, Written::Nothing),
        (S::Beginning { tries: 1 }, H::Begun as fn(_) -> _, Written::Nothing),
    ] {
        let mut state = state;
        for _ in 0..2 {
            state = calmly(state, happened(lost()));
            assert!(matches!(state, S::LookPause { .. }), "{state:?}");
            state = calmly(state, H::Slept);
        }
        assert_eq!(calmly(state, happened(lost())), S::Suspended { written, why: "it failed".to_owned(), until: None });
    }
    let observing = |tries| S::Observing { facts: facts(), tries };
    let paused = calmly(observing(1), H::Observed(Err(failure(FailureKind::Network))));
    assert_eq!(calmly(paused, H::Slept), observing(2));
    let S::Suspended { written, .. } = calmly(observing(3), H::Observed(Err(failure(FailureKind::Network)))) else {
        panic!("not suspended")
    };
    assert_eq!(written, Written::Begun { facts: facts() });
    // A token that has expired is no verdict either; what has to be done about it is said.
    let expired = || failure(FailureKind::Auth).hint("set TOKEN");
    let S::Suspended { why, .. } = calmly(S::Reading { tries: 1 }, H::Answered(Err(expired()))) else { panic!("no") };
    assert_eq!(why, "it failed (set TOKEN)");
    // An effect that was not done is written down as that, and goes on from there.
    let performing = |count| S::Performing { attempt: attempt(1, Doubt::Unrecorded), tries: tries(count) };
    for refused in [WriteError::NotSent(failure(FailureKind::Network)), WriteError::Refused(expired())] {
        let absent = calmly(performing(3), H::Performed(Err(refused)));
        let S::Suspended { written, .. } = calmly(absent, H::Recorded) else { panic!("not suspended") };
        assert!(matches!(written, Written::Absent(_)), "{written:?}");
    }
    // One that may have happened is asked for when the remote answers again.
    let cause = ProbeCause::Unanswered { failure: failure(FailureKind::Network), tries: tries(1) };
    let probing = S::Probing { attempt: attempt(1, Doubt::Unrecorded), look: 1, cause };
    let asked = H::Probed { found: Err(failure(FailureKind::Network)), on_unknown: OnUnknown::Ask };
    let S::Suspended { written, why, .. } = calmly(probing, asked) else { panic!("not suspended") };
    assert!(matches!(written, Written::Intended(_)), "{written:?}");
    assert_eq!(why, "it failed; whether `sh::run` at 50% of it#2 has happened is asked then");
    // A verdict stays one.
    let red = calmly(observing(1), H::Observed(Err(failure(FailureKind::Red))));
    assert!(matches!(red, S::RecordingOutcome { .. }), "{red:?}");
}
