//! Edited scripts over old journals: the same commands, or a divergence before anything is done.

use super::world::{Fakes, Line, Memory, Play, Probes, World, call, drive, each, step};
use relwf::model::{Cancel, FailureKind, SourceLocation, Value};
use relwf::run::{Advance, Call, Command, Commands as _, Effect, Fingerprint, History, RunStatus, Settled, advance};
use std::sync::Arc;

fn sample() -> Vec<Line> {
    vec![
        call("read::look", "a"),
        step("merge", vec![call("effect::ok", "b"), call("effect::ok", "c")]),
        call("effect::ok", "d"),
        each("roll", &["x", "y"], vec![call("effect::ok", "e"), call("read::look", "f")]),
        call("effect::ok", "g"),
    ]
}

/// Every command of a script in the order in which one process after the other would ask for it: an oracle that knows
/// nothing of journals but what an undisturbed run writes.
fn commands(lines: &[Line]) -> Vec<(String, Fingerprint)> {
    let journal = Memory::default();
    assert_eq!(drive(lines, &World::new(Probes::On, 1), &journal).unwrap().status, RunStatus::Done);
    let history = journal.history.lock().unwrap();
    history.entries.iter().map(|(key, entry)| (key.to_string(), entry.fingerprint.clone())).collect()
}

/// The journals of a run at every moment: after 0, 1, 2… commands.
fn moments(lines: &[Line]) -> Vec<History> {
    let mut history = History::default();
    let mut moments = vec![history.clone()];
    let world = World::new(Probes::On, 1);
    while let (Advance::Pending(requests), _) =
        advance(&Play(lines.to_vec()), &Value::Null, Arc::new(history.clone()), &Cancel::new())
    {
        let request = &requests[0];
        let value = outcome(&world, &request.call);
        history.settle(request, Settled::Value(value));
        moments.push(history.clone());
    }
    moments
}

fn outcome(world: &Arc<World>, call: &Call) -> Value {
    match Fakes(Arc::clone(world)).command(call).unwrap() {
        Command::Effect(effect) => assumed(effect.as_ref(), call),
        _ => serde_json::json!({ "read": call.args["id"] }),
    }
}

fn assumed(_: &dyn Effect, call: &Call) -> Value {
    serde_json::json!({ "made": call.args["id"] })
}

/// Every edit of one line: left out, doubled, swapped with the next, another function, other arguments, another step
/// around it, another list of items.
fn edits(lines: &[Line]) -> Vec<(String, Vec<Line>)> {
    let mut all = Vec::new();
    for index in 0..lines.len() {
        let mut edit = |what: &str, change: &dyn Fn(&mut Vec<Line>)| {
            let mut edited = lines.to_vec();
            change(&mut edited);
            if edited != lines {
                all.push((format!("line {index} {what}"), edited));
            }
        };
        edit("left out", &|lines| drop(lines.remove(index)));
        edit("doubled", &|lines| lines.insert(index, lines[index].clone()));
        edit("swapped", &|lines| {
            if index + 1 < lines.len() {
                lines.swap(index, index + 1);
            }
        });
        edit("put into a step", &|lines| lines[index] = step("new", vec![lines[index].clone()]));
        match &lines[index] {
            Line::Do(name, id) => {
                let other = if name == "read::look" { "effect::ok" } else { "read::look" };
                edit("with another function", &|lines| lines[index] = call(other, id));
                edit("with other arguments", &|lines| lines[index] = call(name, "other"));
            }
            Line::Step(name, inside) => {
                edit("renamed", &|lines| lines[index] = step("renamed", inside.clone()));
                edit("taken apart", &|lines| drop(lines.splice(index..=index, inside.clone())));
                for (what, inside) in edits(inside) {
                    edit(&what, &|lines| lines[index] = step(name, inside.clone()));
                }
            }
            Line::Each(name, items, inside) => {
                edit("renamed", &|lines| lines[index] = Line::Each("renamed".into(), items.clone(), inside.clone()));
                edit("without its last item", &|lines| {
                    lines[index] = Line::Each(name.clone(), items[..items.len() - 1].to_vec(), inside.clone());
                });
                for (what, inside) in edits(inside) {
                    edit(&what, &|lines| lines[index] = Line::Each(name.clone(), items.clone(), inside.clone()));
                }
            }
            Line::Try(..) => {}
        }
    }
    all
}

#[test]
fn every_one_line_edit_diverges_before_any_effect_or_changes_only_what_is_still_to_come() {
    let original = sample();
    let moments = moments(&original);
    assert_eq!(moments.len(), 10);
    let (mut diverged, mut went_on) = (0, 0);
    for (what, edited) in edits(&original) {
        let would = commands(&edited);
        for (done, history) in moments.iter().enumerate() {
            let fits = history.entries.iter().all(|(key, e)| would.contains(&(key.to_string(), e.fingerprint.clone())));
            let world = World::new(Probes::On, 1);
            let journal = Memory::default();
            *journal.history.lock().unwrap() = history.clone();
            let outcome = drive(&edited, &world, &journal).unwrap();
            match outcome.failure {
                Some(failure) => {
                    assert_eq!(failure.kind, FailureKind::Diverged, "{what}, resumed after {done}: {failure:?}");
                    assert_eq!(world.effects(), 0, "{what}, resumed after {done}: an effect before the divergence");
                    diverged += 1;
                }
                None => {
                    assert!(fits, "{what}, resumed after {done}: the journal has what this script never does");
                    went_on += 1;
                }
            }
        }
    }
    assert!(diverged > 150 && went_on > 100, "{diverged} diverged, {went_on} went on");
}

#[test]
fn moving_lines_in_the_file_is_no_edit() {
    let history = moments(&sample()).pop().unwrap();
    let mut call = Call { name: "read::look".into(), args: Value::Null, at: SourceLocation::new("play.rhai", 1, 1) };
    let before = call.fingerprint();
    call.at = SourceLocation::new("elsewhere.rhai", 99, 1);
    assert_eq!(call.fingerprint(), before);
    let (advance, _) = advance(&Play(sample()), &Value::Null, Arc::new(history), &Cancel::new());
    assert!(matches!(advance, Advance::Done(_)));
}

#[test]
fn a_divergence_says_what_the_journal_has_and_what_the_script_asks_for() {
    let moments = moments(&sample());
    let told = |lines: &[Line], history: &History| match advance(
        &Play(lines.to_vec()),
        &Value::Null,
        Arc::new(history.clone()),
        &Cancel::new(),
    )
    .0
    {
        Advance::Diverged(failure) => failure,
        other => panic!("{other:?}"),
    };
    let mut other = sample();
    other[0] = call("effect::ok", "a");
    let failure = told(&other, &moments[2]);
    assert_eq!(failure.message, "at #0 the journal has `read::look`, the script asks for `effect::ok`");
    assert_eq!(failure.at, Some(SourceLocation::new("play.rhai", 1, 1)));
    assert_eq!(failure.detail["key"], "#0");

    other[0] = call("read::look", "z");
    let failure = told(&other, &moments[2]);
    assert_eq!(failure.message, "at #0 the journal has `read::look` with other arguments than the script asks for");

    let mut renamed = sample();
    renamed[1] = step("join", vec![call("effect::ok", "b"), call("effect::ok", "c")]);
    let failure = told(&renamed, &moments[2]);
    assert_eq!(
        failure.message,
        "the script asks for `effect::ok` at join#0, which the journal does not have, before `effect::ok` at merge#0, \
         which it has"
    );

    let failure = told(&sample()[..1], &moments[2]);
    assert_eq!(failure.message, "the journal has `effect::ok` at merge#0, the script never asks for it");
}
