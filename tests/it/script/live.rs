//! A live evaluation is told apart from evaluating anew by its cost alone: random scripts, outcomes in a random order,
//! processes that die anywhere, journals of other scripts.

use super::host::workflow;
use proptest::prelude::*;
use proptest::test_runner::TestRng;
use relwf::model::{Cancel, Failure, FailureKind};
use relwf::run::{
    Advance, CommandRequest, Fingerprint, History, Key, LiveEvaluation, Position, Settled, Trace, advance,
};
use relwf::script::CompiledWorkflow;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A statement. `x` is the number that every statement changes or looks at, so that a wrong outcome shows in what follows.
#[derive(Debug, Clone)]
enum Statement {
    Ask,
    Note,
    Throw,
    Step(u8, Vec<Statement>),
    /// `flow::parallel` over that many items and, with the second number, some more that depend on `x`.
    Parallel(u8, u8, Vec<Statement>),
    Loop(Vec<Statement>),
    Try(Vec<Statement>, Vec<Statement>),
    OnFailure(Vec<Statement>),
    Always(Vec<Statement>),
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    use Statement::{Always, Ask, Loop, Note, OnFailure, Parallel, Step, Throw, Try};
    let leaf = prop_oneof![6 => Just(Ask), 1 => Just(Note), 1 => Just(Throw)];
    let statement = leaf.prop_recursive(4, 24, 4, |inner| {
        let block = prop::collection::vec(inner, 1..4);
        prop_oneof![
            2 => (0..2_u8, block.clone()).prop_map(|(name, block)| Step(name, block)),
            4 => (0..4_u8, 1..3_u8, block.clone()).prop_map(|(items, more, block)| Parallel(items, more, block)),
            1 => block.clone().prop_map(Loop),
            2 => (block.clone(), block.clone()).prop_map(|(block, handler)| Try(block, handler)),
            1 => block.clone().prop_map(OnFailure),
            1 => block.prop_map(Always),
        ]
    });
    prop::collection::vec(statement, 1..5)
}

fn text(statements: &[Statement]) -> String {
    statements.iter().fold(String::new(), |before, statement| {
        before
            + &match statement {
                Statement::Ask => "x += git::commit(`c${x}`);\n".to_owned(),
                Statement::Note => "print(`n${x}`);\n".to_owned(),
                Statement::Throw => "if x % 4 == 1 { throw `t${x}`; }\n".to_owned(),
                Statement::Step(name, block) => format!("flow::step(\"s{name}\", || {{\n{}}});\n", text(block)),
                Statement::Parallel(items, more, block) => format!(
                    "let all = []; for i in 0..({items} + x % {more}) {{ all.push(i); }}\n\
                     for one in flow::parallel(\"p\", all, |i| {{\nlet x = x + i;\n{}x }}) {{ x += one; }}\n",
                    text(block)
                ),
                Statement::Loop(block) => format!("for turn in 0..(x % 3) {{\n{}}}\n", text(block)),
                Statement::Try(block, handler) => {
                    format!("try {{\n{}}} catch (e) {{\nx += 1;\n{}}}\n", text(block), text(handler))
                }
                Statement::OnFailure(block) => format!("flow::on_failure(|e| {{\n{}}});\n", text(block)),
                Statement::Always(block) => format!("flow::always(|| {{\n{}}});\n", text(block)),
            }
    })
}

/// What a command comes to, the same whenever it is performed.
fn outcome(request: &CommandRequest) -> Settled {
    let mut hasher = DefaultHasher::new();
    (&request.key, &request.fingerprint).hash(&mut hasher);
    match hasher.finish() % 8 {
        0 => Settled::Failure(Failure::new(FailureKind::Red, format!("{} is red", request.key))),
        number => Settled::Value(json!(number)),
    }
}

/// What listeners have not heard.
fn news(traces: Vec<Trace>, heard: &mut HashSet<String>) -> Vec<Trace> {
    let id = |trace: &Trace| match trace {
        Trace::Entered { path, instance, .. } => format!("> {} {instance}", path.as_str()),
        Trace::Left { path, instance, .. } => format!("< {} {instance}", path.as_str()),
        Trace::Note { path, ordinal, .. } => format!("{} {ordinal}", path.as_str()),
    };
    traces.into_iter().filter(|trace| heard.insert(id(trace))).collect()
}

/// Commands of a case, at most: evaluating anew for each of them takes its time.
const ENOUGH: usize = 80;

/// One process: goes on live from a journal and looks after each step what evaluating anew would say. The end, or nothing
/// where the process died.
fn process(program: &CompiledWorkflow, journal: &mut History, rng: &mut TestRng) -> Option<Advance> {
    let (params, cancel) = (json!({}), Cancel::new());
    std::thread::scope(|scope| {
        let mut live = LiveEvaluation::start(scope, program, &params, Arc::new(journal.clone()), &cancel).unwrap();
        let (mut heard, mut heard_anew) = (HashSet::new(), HashSet::new());
        let mut pending: BTreeMap<Position, CommandRequest> = BTreeMap::new();
        let mut outcomes = Vec::new();
        loop {
            let (here, traces) = live.advance(std::mem::take(&mut outcomes)).unwrap();
            let (anew, all) = advance(program, &params, Arc::new(journal.clone()), &cancel);
            assert_eq!(news(traces, &mut heard), news(all, &mut heard_anew));
            let Advance::Pending(requests) = here else {
                assert_eq!(here, anew);
                return Some(here);
            };
            pending.extend(requests.into_iter().map(|request| (request.position.clone(), request)));
            assert_eq!(Advance::Pending(pending.values().cloned().collect()), anew);

            for _ in 0..rng.random_range(1..4) {
                let Some(chosen) = pending.keys().nth(rng.random_range(0..pending.len().max(1))).cloned() else {
                    break;
                };
                let Some(request) = pending.remove(&chosen) else { break };
                let settled = outcome(&request);
                journal.settle(&request, settled.clone());
                outcomes.push((request, settled));
            }
            if let Some(request) = pending.values().next().filter(|_| rng.random_bool(0.2)) {
                journal.entry(request).begun = Some(json!("since then"));
            }
            if rng.random_bool(0.15) || journal.entries.len() > ENOUGH {
                return None;
            }
        }
    })
}

/// The journal of a run whose script was another one.
fn of_another(journal: &History, rng: &mut TestRng) -> History {
    let mut journal = journal.clone();
    let chosen = journal.entries.keys().nth(rng.random_range(0..journal.entries.len().max(1))).cloned();
    let Some(key) = chosen else { return journal };
    let entry = journal.entries.get(&key).cloned();
    match rng.random_range(0..4) {
        0 => drop(journal.entries.remove(&key)),
        1 => journal.entries.extend(entry.map(|entry| (Key { path: key.path.step("elsewhere"), ordinal: 0 }, entry))),
        2 => journal.entries.extend(entry.map(|entry| (Key { ordinal: key.ordinal + 1000, ..key }, entry))),
        _ => journal.entries.values_mut().last().into_iter().for_each(|e| e.fingerprint = Fingerprint("other".into())),
    }
    journal
}

proptest! {
    #[test]
    fn a_live_evaluation_gives_what_evaluating_anew_gives(statements in statements(), rng in any::<u64>().prop_perturb(|_, rng| rng)) {
        let mut rng = rng;
        let program = workflow(&format!("let x = 0;\n{}x", text(&statements)));
        let mut journal = History::default();
        while process(&program, &mut journal, &mut rng).is_none() && journal.entries.len() <= ENOUGH {
            process(&program, &mut of_another(&journal, &mut rng), &mut rng);
        }
    }
}

/// Goes on to the end, one outcome at a time, the last that was asked for first. Commands answer their arguments.
fn whole(program: &CompiledWorkflow) -> (Advance, Vec<Trace>) {
    let (params, cancel) = (json!({}), Cancel::new());
    std::thread::scope(|scope| {
        let mut live = LiveEvaluation::start(scope, program, &params, Arc::default(), &cancel).unwrap();
        let (mut traces, mut pending, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let (advance, more) = live.advance(std::mem::take(&mut outcomes)).unwrap();
            traces.extend(more);
            let Advance::Pending(requests) = advance else { return (advance, traces) };
            pending.extend(requests);
            let request: CommandRequest = pending.pop().unwrap();
            outcomes.push((request.clone(), Settled::Value(request.call.args)));
        }
    })
}

#[test]
fn only_branches_with_an_outcome_are_entered_again() {
    let program = workflow(
        r#"    flow::step("before", || git::commit("x"));
    flow::parallel("p", ["a", "b"], |item| {
        git::commit(item);
        flow::parallel("q", [1, 2], |number| flow::step("deep", || git::commit(`${number}`)));
        item
    })"#,
    );
    let (end, traces) = whole(&program);
    assert_eq!(end, Advance::Done(json!(["a", "b"])));
    let times = |step: &str| {
        let entered = |trace: &&Trace| matches!(trace, Trace::Entered { path, .. } if path.as_str() == step);
        traces.iter().filter(entered).count()
    };
    // Once, and once more for each outcome that came while it waited: its own command's, and two of the branches inside.
    assert_eq!((times("before"), times("p[a]"), times("p[b]")), (1, 4, 4));
    assert_eq!((times("p[a]/q[1]"), times("p[a]/q[2]"), times("p[b]/q[2]/deep")), (2, 2, 2));
}

#[test]
fn handlers_of_branches_run_once_in_the_order_of_the_items() {
    let program = workflow(
        r#"    flow::parallel("p", ["a", "b"], |item| {
        let seen = "nothing";
        flow::always(|| print(`${item} saw ${seen}`));
        seen = git::commit(item).rev;
        flow::parallel("q", [1, 2], |number| {
            flow::always(|| print(`${item}${number}`));
            git::commit(`${item}${number}`);
        });
    });
    flow::always(|| print("last"));"#,
    );
    let notes: Vec<String> = whole(&program)
        .1
        .into_iter()
        .filter_map(|trace| match trace {
            Trace::Note { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(notes, ["last", "b2", "b1", "b saw b", "a2", "a1", "a saw a"]);
}
