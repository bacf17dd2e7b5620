//! Durability, tried to destruction: processes die between any two steps, answers get lost, branches finish in any order,
//! scripts are edited, journals are damaged. An effect must never happen twice and never get lost.

mod edits;
mod processes;
mod store;
mod waits;
mod world;

use crate::support::sized;
use proptest::prelude::*;
use relwf::model::{Cancel, FailureKind, RunId, Value};
use relwf::run::{DryDriver, Event, Listener, Record, RunOutcome, RunStatus, Settled};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use world::{Fakes, Heard, Line, Memory, Mortal, Play, Probes, World, call, drive, drive_with, each, step};

/// One of everything: every class of command, every way to fail, steps, branches, caught failures.
fn everything() -> Vec<Line> {
    vec![
        call("read::look", "start"),
        step("merge", vec![call("effect::ok", "merge"), call("effect::silent", "push")]),
        Line::Try(vec![call("effect::refused", "protected")], vec![call("effect::ok", "comment")]),
        call("wait::poll", "checks"),
        each(
            "roll",
            &["acme", "globex"],
            vec![
                call("read::look", "version"),
                call("effect::ok", "update"),
                step("after", vec![call("effect::lost", "note")]),
            ],
        ),
        call("wait::person", "approval"),
        Line::Try(vec![call("wait::red", "build")], vec![call("read::look", "why")]),
        call("effect::busy", "land"),
        Line::Try(vec![call("other::thing", "typo")], vec![]),
    ]
}

/// What everything() does to the world.
fn once() -> BTreeMap<String, u32> {
    ["merge", "push", "comment", "acme.update", "acme.note", "globex.update", "globex.note", "land"]
        .iter()
        .map(|id| ((*id).to_owned(), 1))
        .collect()
}

/// Drives again and again, as a person would with `resume`, until the run is over.
fn finish(lines: &[Line], world: &Arc<World>, journal: &Memory) -> RunOutcome {
    for _ in 0..50 {
        world.born(i64::MAX);
        let outcome = drive(lines, world, journal).unwrap();
        if outcome.status != RunStatus::Suspended {
            return outcome;
        }
    }
    panic!("the run never ends");
}

/// One process after the other, each dying after its number of steps; then one that lives.
fn with_deaths(lines: &[Line], probes: Probes, seed: u64, lives: &[i64]) -> (Arc<World>, RunOutcome, usize) {
    let (world, journal) = (World::new(probes, seed), Memory::default());
    let mut deaths = 0;
    for life in lives {
        world.born(*life);
        let result = drive(lines, &world, &Mortal { world: &world, inner: &journal });
        deaths += usize::from(world.is_dead());
        if !world.is_dead() && result.unwrap().status != RunStatus::Suspended {
            break;
        }
    }
    let outcome = finish(lines, &world, &journal);
    (world, outcome, deaths)
}

#[test]
fn dying_at_any_boundary_neither_repeats_nor_loses_an_effect() {
    let unkilled = with_deaths(&everything(), Probes::On, 1, &[]);
    assert_eq!(*unkilled.0.happened.lock().unwrap(), once());
    assert_eq!(unkilled.1.status, RunStatus::Done, "{:?}", unkilled.1);

    let mut boundaries = 0;
    for life in 0.. {
        let (world, outcome, deaths) = with_deaths(&everything(), Probes::On, 1, &[life]);
        assert_eq!(*world.happened.lock().unwrap(), once(), "after {life} steps");
        assert_eq!(outcome, unkilled.1, "after {life} steps");
        if deaths == 0 {
            break;
        }
        boundaries += 1;
    }
    // Three steps a record, eight effects with two records and a performance each: fewer would mean that deaths are missed.
    assert!(boundaries > 50, "only {boundaries} boundaries");
}

#[test]
fn dying_twice_anywhere_changes_nothing_either() {
    let unkilled = with_deaths(&everything(), Probes::On, 1, &[]).1;
    for first in (0..70).step_by(3) {
        for second in (0..30).step_by(2) {
            let (world, outcome, _) = with_deaths(&everything(), Probes::On, 7, &[first, second]);
            assert_eq!(*world.happened.lock().unwrap(), once(), "after {first} and {second} steps");
            assert_eq!(outcome, unkilled, "after {first} and {second} steps");
        }
    }
}

#[test]
fn without_probes_the_same_deaths_repeat_effects() {
    let repeated =
        (0..70).filter(|life| !with_deaths(&everything(), Probes::Off, 1, &[*life]).0.duplicates().is_empty()).count();
    // `push` falls silent after it happened: without its probe it is done again every time.
    assert_eq!(repeated, 70);
    let plain = [call("effect::ok", "a"), call("effect::ok", "b"), call("effect::ok", "c")];
    let repeated =
        (0..40).filter(|life| !with_deaths(&plain, Probes::Off, 1, &[*life]).0.duplicates().is_empty()).count();
    // Of each effect: dead after it happened, before its outcome is written.
    assert!(repeated >= 3, "the tests cannot see duplicates: {repeated}");
}

#[test]
fn branches_may_finish_in_any_order() {
    let lines = [each(
        "roll",
        &["a", "b", "c", "d", "e"],
        vec![
            call("effect::ok", "one"),
            call("wait::poll", "two"),
            each("inner", &["x", "y"], vec![call("read::look", "three"), call("effect::lost", "four")]),
        ],
    )];
    let (world, journal) = (World::new(Probes::On, 0), Memory::default());
    let first = drive(&lines, &world, &journal).unwrap();
    assert_eq!((first.status, world.effects()), (RunStatus::Done, 15));
    let told = |journal: &Memory| -> Vec<(String, Option<Settled>)> {
        journal.history.lock().unwrap().entries.iter().map(|(k, e)| (k.to_string(), e.settled.clone())).collect()
    };
    for seed in 1..40 {
        let (world, other) = (World::new(Probes::On, seed), Memory::default());
        assert_eq!(drive(&lines, &world, &other).unwrap(), first);
        assert_eq!(told(&other), told(&journal), "seed {seed}");
    }
}

#[test]
fn a_finished_run_is_answered_from_its_journal_alone() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let first = finish(&everything(), &world, &journal);
    let effects = world.effects();
    let heard = Heard::default();
    assert_eq!(drive_with(&everything(), &world, &journal, &heard, &Cancel::new()).unwrap(), first);
    assert_eq!(world.effects(), effects);
    let performed = heard.0.lock().unwrap().iter().filter(|e| matches!(e, Event::CommandStarted { .. })).count();
    assert_eq!(performed, 0);
}

#[test]
fn listeners_hear_of_every_step_and_command_once() {
    let (world, journal, heard) = (World::new(Probes::On, 1), Memory::default(), Heard::default());
    let lines = [
        step("one", vec![call("effect::ok", "a"), call("wait::poll", "b")]),
        step("one", vec![call("read::look", "c")]),
        each("all", &["x"], vec![call("read::missing", "d")]),
    ];
    let outcome = drive_with(&lines, &world, &journal, &heard, &Cancel::new()).unwrap();
    assert_eq!(outcome.failure.unwrap().kind, FailureKind::Parallel);
    let story: Vec<String> = heard
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|event| match event {
            Event::RunStarted { resumed, .. } => format!("run {resumed}"),
            Event::StepStarted { step, at } => format!("> {} {at}", step.as_str()),
            Event::StepFinished { step, status, .. } => format!("< {} {status:?}", step.as_str()),
            Event::CommandStarted { key, command, .. } => format!("+ {key} {command}"),
            Event::CommandFinished { key, error, .. } => format!("- {key} {}", error.is_some()),
            Event::Waiting { key, why } => format!("? {key} {why}"),
            Event::RunFinished { status, .. } => format!("end {status:?}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        story,
        [
            "run false",
            "> one play.rhai:1:1",
            "+ one#0 effect::ok",
            "- one#0 false",
            "+ one#1 wait::poll",
            "? one#1 b is pending",
            "- one#1 false",
            "< one Done",
            "> one play.rhai:2:1",
            "+ one#2 read::look",
            "- one#2 false",
            "< one Done",
            "> all[x] play.rhai:3:1",
            "+ all[x]#0 read::missing",
            "- all[x]#0 true",
            "< all[x] Failed",
            "end Failed",
        ]
    );
}

#[test]
fn waits_begin_once_and_their_looks_are_not_journaled() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let lines = [call("wait::poll", "checks"), call("wait::person", "approval")];
    assert_eq!(finish(&lines, &world, &journal).status, RunStatus::Done);
    let records = journal.records.lock().unwrap();
    let begun = records.iter().filter(|record| matches!(record, Record::Begun { .. })).count();
    let settled = records.iter().filter(|record| matches!(record, Record::Settled { .. })).count();
    assert_eq!((begun, settled), (2, 2));
}

#[test]
fn a_run_that_waits_for_people_lets_its_other_branches_go_on_first() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let alone = [call("wait::forever", "person"), call("effect::ok", "never")];
    assert_eq!(drive(&alone, &world, &journal).unwrap().status, RunStatus::Suspended);
    assert_eq!(world.effects(), 0);

    // The same wait beside a branch that has work to do: the work is done, then the run is suspended.
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let mixed = [each("mixed", &["x", "y"], vec![call("effect::ok", "work"), call("wait::forever", "person")])];
    let outcome = drive(&mixed, &world, &journal).unwrap();
    assert_eq!((outcome.status, world.effects()), (RunStatus::Suspended, 2));
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Waiting, "x.person never comes"));
    assert_eq!(failure.causes, ["y.person never comes"]);
}

#[test]
fn an_effect_in_doubt_stops_the_run_until_an_operator_settles_it() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let lines = [call("effect::doubtful", "letter"), call("effect::ok", "next")];
    for _ in 0..3 {
        let outcome = drive(&lines, &world, &journal).unwrap();
        assert_eq!(outcome.status, RunStatus::InDoubt);
        assert_eq!(outcome.failure.unwrap().kind, FailureKind::InDoubt);
        assert_eq!(world.effects(), 1, "it was done again although it was in doubt");
    }
    let doubts = journal.records.lock().unwrap().iter().filter(|r| matches!(r, Record::Unknown { .. })).count();
    assert_eq!(doubts, 1);
    journal
        .history
        .lock()
        .unwrap()
        .entries
        .values_mut()
        .for_each(|e| e.settled = Some(Settled::Value(json!("it did"))));
    assert_eq!(drive(&lines, &world, &journal).unwrap().status, RunStatus::Done);
    assert_eq!(world.effects(), 2);
}

#[test]
fn what_may_be_skipped_is_skipped_when_it_is_in_doubt() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let outcome = drive(&[call("effect::skip", "letter")], &world, &journal).unwrap();
    assert_eq!((outcome.status, outcome.value, world.effects()), (RunStatus::Done, Some(Value::Null), 1));
    let actor = journal.records.lock().unwrap().iter().find_map(|record| match record {
        Record::Settled { actor, .. } => actor.clone(),
        _ => None,
    });
    assert_eq!(actor.as_deref(), Some("skip"));
}

#[test]
fn what_was_not_done_is_tried_again_with_the_same_intent_and_then_given_up() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let outcome = drive(&[call("effect::unreachable", "x")], &world, &journal).unwrap();
    assert_eq!(outcome.failure.unwrap().message, "x was not sent");
    let records = journal.records.lock().unwrap();
    let intents: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Intent { intent, attempt, .. } => Some((intent.clone(), *attempt)),
            _ => None,
        })
        .collect();
    assert_eq!(intents.iter().map(|(_, attempt)| *attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(intents.iter().all(|(intent, _)| *intent == intents[0].0));
    assert!(intents[0].0.idempotency_key.starts_with("relwf-r1-"));
}

#[test]
fn a_panic_in_a_read_fails_the_run_as_a_bug_and_one_in_an_effect_leaves_it_in_doubt() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let outcome = drive(&[call("read::panic", "x")], &world, &journal).unwrap();
    assert_eq!((outcome.status, outcome.failure.unwrap().kind), (RunStatus::Failed, FailureKind::Bug));
    assert!(journal.history.lock().unwrap().entries.is_empty());

    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let outcome = drive(&[call("effect::panic", "x")], &world, &journal).unwrap();
    assert_eq!(outcome.status, RunStatus::InDoubt);
    assert_eq!(
        outcome.failure.unwrap().message,
        "`effect::panic` at #0 may or may not have happened: `effect::panic` at #0 panicked: x is a bug"
    );
}

/// Presses ctrl-C as soon as the run waits.
struct Impatient(Cancel);

impl Listener for Impatient {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Waiting { .. }) {
            self.0.raise();
        }
    }
}

#[test]
fn ctrl_c_lets_what_is_running_end_starts_nothing_and_can_be_resumed() {
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    let lines = [call("effect::ok", "a"), call("wait::long", "checks"), call("effect::ok", "b")];
    let cancel = Cancel::new();
    let outcome = drive_with(&lines, &world, &journal, &Impatient(cancel.clone()), &cancel).unwrap();
    assert_eq!((outcome.status, world.effects()), (RunStatus::Interrupted, 1));
    let last = journal.records.lock().unwrap().last().cloned();
    assert!(matches!(last, Some(Record::Status { status: RunStatus::Interrupted, .. })));

    // The flag is up from the beginning: not even the first command starts.
    let (world, journal) = (World::new(Probes::On, 1), Memory::default());
    assert_eq!(
        drive_with(&lines, &world, &journal, &Heard::default(), &cancel).unwrap().status,
        RunStatus::Interrupted
    );
    assert_eq!(world.effects(), 0);
}

#[test]
fn a_dry_run_performs_reads_and_lists_effects_in_the_scripts_order() {
    let world = World::new(Probes::On, 1);
    let dry = |lines: &[Line]| {
        let heard = Heard::default();
        let driver = DryDriver {
            run: &RunId::new("dry"),
            workflow: "play",
            script: &Play(lines.to_vec()),
            params: &Value::Null,
            commands: &Fakes(Arc::clone(&world)),
            listener: &heard,
            cancel: &Cancel::new(),
        };
        let (outcome, plan) = driver.drive();
        let events = heard.0.lock().unwrap();
        assert!(matches!(events.first(), Some(Event::RunStarted { dry_run: true, .. })));
        assert!(matches!(events.last(), Some(Event::RunFinished { plan: Some(told), .. }) if *told == plan));
        (outcome, plan)
    };
    let (outcome, plan) = dry(&everything());
    assert_eq!(outcome.status, RunStatus::Planned);
    let keys: Vec<String> = plan.iter().map(|item| format!("{} {}", item.key, item.command)).collect();
    assert_eq!(
        keys,
        [
            "merge#0 effect::ok",
            "merge#1 effect::silent",
            "#1 effect::refused",
            "#2 wait::poll",
            "roll[acme]#1 effect::ok",
            "roll[acme]/after#0 effect::lost",
            "roll[globex]#1 effect::ok",
            "roll[globex]/after#0 effect::lost",
            "#3 wait::person",
            "#4 wait::red",
            "#5 effect::busy",
        ]
    );
    assert_eq!(plan[3].note.as_deref(), Some("assuming checks comes"));
    assert_eq!(plan[0].at.to_string(), "play.rhai:1:1");

    // Unknown values may go into effects, but nothing can be looked up with them.
    let (outcome, plan) = dry(&[call("effect::number", "pr"), call("effect::ok", "land"), call("read::look", "x")]);
    assert_eq!((outcome.status, plan.len()), (RunStatus::Planned, 2));
    let (outcome, plan) = dry(&[call("effect::number", "pr"), call("read::look", "x")]);
    assert_eq!((outcome.status, plan.len()), (RunStatus::Failed, 1));
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::Unknown);
    assert_eq!(
        failure.message,
        "`read::look` at #1 needs the number of the change, which is known only once the run has made it"
    );

    // A plan comes even when the run would fail.
    let (outcome, plan) = dry(&[call("effect::ok", "a"), call("effect::unprepared", "b")]);
    assert_eq!((outcome.status, plan.len()), (RunStatus::Failed, 1));
    assert_eq!(world.effects(), 0);
}

/// Scripts of any shape. Ids are numbered afterwards, so that every effect is its own.
fn scripts() -> impl Strategy<Value = Vec<Line>> {
    let name = prop::sample::select(vec![
        "read::look",
        "read::missing",
        "wait::poll",
        "wait::person",
        "wait::red",
        "effect::ok",
        "effect::ok",
        "effect::silent",
        "effect::busy",
        "effect::lost",
        "effect::refused",
        "effect::unprepared",
    ]);
    let leaf = name.prop_map(|name| call(name, ""));
    let line = leaf.prop_recursive(3, 14, 4, |inner| {
        let lines = prop::collection::vec(inner, 0..4);
        prop_oneof![
            (prop::sample::select(vec!["s", "t"]), lines.clone()).prop_map(|(name, lines)| step(name, lines)),
            (prop::sample::select(vec![&["a"][..], &["a", "b"], &["c", "b", "a"]]), lines.clone())
                .prop_map(|(items, lines)| each("p", items, lines)),
            (lines.clone(), lines).prop_map(|(lines, handler)| Line::Try(lines, handler)),
        ]
    });
    prop::collection::vec(line, 1..5).prop_map(|mut lines| {
        number(&mut lines, &mut 0);
        lines
    })
}

fn number(lines: &mut [Line], next: &mut u32) {
    for line in lines {
        match line {
            Line::Do(_, id) => {
                *id = format!("{next}");
                *next += 1;
            }
            Line::Step(_, lines) | Line::Each(_, _, lines) => number(lines, next),
            Line::Try(lines, handler) => {
                number(lines, next);
                number(handler, next);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: sized(300), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_script_killed_anywhere_ends_like_the_unkilled_one(
        lines in scripts(), seed in any::<u64>(), lives in prop::collection::vec(0_i64..40, 0..6)
    ) {
        let (unkilled, expected, _) = with_deaths(&lines, Probes::On, seed, &[]);
        let (killed, outcome, _) = with_deaths(&lines, Probes::On, seed.wrapping_add(1), &lives);
        prop_assert_eq!(outcome, expected);
        prop_assert_eq!(killed.duplicates(), Vec::<String>::new());
        prop_assert_eq!(&*killed.happened.lock().unwrap(), &*unkilled.happened.lock().unwrap());
    }
}
