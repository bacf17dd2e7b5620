//! Cost of evaluating a workflow from a journal held in memory.

use crate::measure::median;
use relwf::model::{Cancel, Value};
use relwf::run::{Advance, History, LiveEvaluation, Settled, advance};
use relwf::script::{CompiledWorkflow, Library, SourceFile};
use std::sync::Arc;
use std::time::{Duration, Instant};

const COMMANDS: usize = 1_000;

/// What it costs to answer all commands of a long run from its journal, as every resumption does.
pub fn evaluator() {
    println!("\nevaluation of a workflow of {COMMANDS} commands");
    let text = format!(
        "const WORKFLOW = #{{ params: #{{}} }};\n\
         fn run(p) {{\n    let seen = 0;\n    for n in 0..{COMMANDS} {{\n        \
         let commit = flow::step(\"look\", || git::commit(`v1.${{n}}`));\n        \
         seen += commit.summary.len();\n    }}\n    seen\n}}\n"
    );
    let source = SourceFile { path: "workflows/long.rhai".to_owned(), text };
    let compiled = Instant::now();
    let library = Library::pinned(vec![source], relwf::effects::host_functions());
    let program = library.program("long").map_err(|finding| finding.failure).expect("the workflow compiles");
    println!("  compiled in {:.1} ms", compiled.elapsed().as_secs_f64() * 1e3);

    let whole = Instant::now();
    let history = first_to_last(&program);
    println!("  from the first command to the last: {:.0} ms", whole.elapsed().as_secs_f64() * 1e3);

    let history = Arc::new(history);
    let end = Advance::Done(Value::from(COMMANDS * "Count orders for each customer".len()));
    assert!(evaluate(&program, &history) == end, "the workflow is not done");
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            evaluate(&program, &history);
            start.elapsed()
        })
        .collect();
    let took = median(&mut times).as_secs_f64();
    println!("  one evaluation, all answered: {:.2} ms; a command: {:.1} µs", took * 1e3, took * 1e6 / COMMANDS as f64);
}

/// One process, in which every command is answered at once: the journal that it leaves.
fn first_to_last(program: &CompiledWorkflow) -> History {
    let (params, cancel) = (serde_json::json!({}), Cancel::new());
    std::thread::scope(|scope| {
        let mut live = LiveEvaluation::start(scope, program, &params, Arc::default(), &cancel).expect("a thread");
        let (mut history, mut outcomes) = (History::default(), Vec::new());
        while let Advance::Pending(requests) = live.advance(std::mem::take(&mut outcomes)).expect("no panic").0 {
            requests.iter().for_each(|request| history.settle(request, Settled::Value(outcome())));
            outcomes = requests.into_iter().map(|request| (request, Settled::Value(outcome()))).collect();
        }
        history
    })
}

fn evaluate(program: &CompiledWorkflow, history: &Arc<History>) -> Advance {
    advance(program, &serde_json::json!({}), Arc::clone(history), &Cancel::new()).0
}

/// What `git::commit` answers.
fn outcome() -> Value {
    serde_json::json!({
        "id": "4be1f6d0c2a7f8e9b0d1c2a3f4e5d6c7b8a90123",
        "summary": "Count orders for each customer",
        "author": "Ada",
        "time": "2026-01-01T10:00:00Z",
        "parents": ["9d27c81e5fa7f8e9b0d1c2a3f4e5d6c7b8a90123"],
        "tree": "f8efc0e4c1a7f8e9b0d1c2a3f4e5d6c7b8a90123",
    })
}
