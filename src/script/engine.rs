//! The engine that every script runs in: which parts of Rhai there are, and the limits.
//!
//! A workflow must give the same commands whenever it is evaluated: there is no clock, no chance, no `eval`. Text that
//! runs away is stopped by limits on operations, depth and sizes.

use super::catalogue::Catalogue;
use super::limits::{
    MAX_CALLS, MAX_EXPRESSION_DEPTH, MAX_FUNCTIONS, MAX_ITEMS, MAX_MODULES, MAX_OPERATIONS, MAX_STRING, MAX_VARIABLES,
};
use super::{evaluation, host, opaque_operators, resolver::Resolver, times};
use crate::model::{Failure, FailureKind};
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, BitFieldPackage, LanguageCorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, EvalAltResult, Position};
use std::sync::Arc;

/// The progress callback is asked at every operation; looking at the flag that often would cost more than the script.
const LOOK_EVERY: u64 = 256;

/// Rhai's functions that would make a workflow depend on when it runs, or end it behind the engine's back, and what to
/// use instead.
pub(super) const MISSING: [(&str, &str); 4] = [
    ("sleep", "use `flow::sleep(\"10m\")`: it survives a restart"),
    ("exit", "use `return`, or `throw` for a failure"),
    ("timestamp", "use `flow::now()`: it is the same when the run is resumed"),
    ("rand", "use `flow::uuid()`: it is the same when the run is resumed"),
];

/// Builds the engine.
pub(super) fn build(catalogue: &Arc<Catalogue>, resolver: Resolver) -> Engine {
    let mut engine = Engine::new_raw();
    register_packages(&mut engine);
    for (name, instead) in MISSING {
        let refuse = move || refuse(name, instead);
        engine.register_fn(name, refuse);
        engine.register_fn(name, move |_: Dynamic| refuse());
    }
    opaque_operators::register(&mut engine);
    times::register(&mut engine);
    host::register(&mut engine, catalogue);
    engine.set_module_resolver(resolver);

    engine.disable_symbol("eval");
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_max_operations(MAX_OPERATIONS);
    engine.set_max_call_levels(MAX_CALLS);
    engine.set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH);
    engine.set_max_string_size(MAX_STRING);
    engine.set_max_array_size(MAX_ITEMS);
    engine.set_max_map_size(MAX_ITEMS);
    engine.set_max_modules(MAX_MODULES);
    engine.set_max_functions(MAX_FUNCTIONS);
    engine.set_max_variables(MAX_VARIABLES);

    // Rhai keeps words for uses that it does not have yet; `sync` among them, which is the name of a host function.
    #[allow(
        deprecated,
        reason = "the only way to give a reserved word back; Rhai marks it as an internal that may change"
    )]
    engine.on_parse_token(|token, _, _| match token {
        rhai::Token::Reserved(word) if *word == "sync" => rhai::Token::Identifier(word),
        other => other,
    });

    engine.on_progress(|operations| {
        let look = operations % LOOK_EVERY == 0;
        (look && evaluation::cancelled()).then_some(Dynamic::UNIT)
    });
    engine.on_print(note);
    engine.on_debug(|text, _, _| note(text));
    engine
}

fn note(text: &str) {
    if let Some(evaluating) = evaluation::current() {
        evaluating.session.note(text);
    }
}

/// Everything but the clock and blobs.
fn register_packages(engine: &mut Engine) {
    LanguageCorePackage::new().register_into_engine(engine);
    ArithmeticPackage::new().register_into_engine(engine);
    BasicStringPackage::new().register_into_engine(engine);
    BasicIteratorPackage::new().register_into_engine(engine);
    BasicFnPackage::new().register_into_engine(engine);
    BitFieldPackage::new().register_into_engine(engine);
    LogicPackage::new().register_into_engine(engine);
    BasicMathPackage::new().register_into_engine(engine);
    BasicArrayPackage::new().register_into_engine(engine);
    BasicMapPackage::new().register_into_engine(engine);
    MoreStringPackage::new().register_into_engine(engine);
}

fn refuse(name: &str, instead: &str) -> Result<(), Box<EvalAltResult>> {
    let failure = Failure::new(FailureKind::Script, format!("there is no `{name}`")).hint(instead);
    Err(super::failure::thrown(&failure, Position::NONE))
}
