//! The host functions that are not commands: steps, parallel items, handlers, secrets, times out of texts.
//!
//! They shape the run (paths of keys, what happens at its end) and change nothing outside of it.

use super::branches::ParallelBranch;
use super::convert::{deep_copy, to_value};
use super::end_handler::{Handler, When};
use super::evaluation::Evaluating;
use super::failure::{is_stop, of_error, stop, thrown};
use super::host_call::{CallResult, evaluating, place, set};
use super::opaque::{Opaque, SecretHandle, Unknown};
use super::times::{Span, Time};
use crate::model::{Failure, FailureKind};
use crate::run::StepExit;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, ImmutableString, Module, NativeCallContext, Position};
use serde_json::json;
use std::collections::HashSet;
use std::rc::Rc;
use std::str::FromStr;

/// Adds the functions of a namespace.
pub(super) fn add_natives(namespace: &str, module: &mut Module) {
    match namespace {
        "flow" => {
            set(module, "step", step);
            set(module, "parallel", parallel);
            set(module, "on_failure", |context, args| handler(context, args, When::OnFailure));
            set(module, "always", |context, args| handler(context, args, When::Always));
            set(module, "time", |context, args| {
                of_text::<Time>(
                    &Host { context, name: "flow::time", usage: "flow::time(\"2026-07-27T02:00:00Z\")" },
                    args,
                )
            });
            set(module, "duration", |context, args| {
                of_text::<Span>(&Host { context, name: "flow::duration", usage: "flow::duration(\"2h 30m\")" }, args)
            });
        }
        "config" => set(module, "secret", secret),
        _ => {}
    }
}

/// `flow::step(name, closure)`: its commands stand under the step's path.
fn step(context: &NativeCallContext<'_>, args: &mut [&mut Dynamic]) -> CallResult {
    let host = Host { context, name: "flow::step", usage: "flow::step(\"name\", || …)" };
    let evaluating = evaluating(context, host.name)?;
    let [name, closure] = args else { return Err(host.wrong_count(2, args.len())) };
    let (name, closure) = (host.text(name)?, host.closure(closure)?);
    evaluating.session.enter_step(&name, place(context, host.name));
    let outcome = host.invoke(&evaluating, &closure, Vec::new());
    evaluating.session.leave(exit(&outcome));
    outcome
}

/// `flow::parallel(name, items, closure)`: a branch for every item, all of them evaluated, whatever becomes of the others.
///
/// A branch that waits unwinds to here and is entered again when its outcome has come; one that is over is remembered.
fn parallel(context: &NativeCallContext<'_>, args: &mut [&mut Dynamic]) -> CallResult {
    let host = Host { context, name: "flow::parallel", usage: "flow::parallel(\"name\", items, |item| …)" };
    let evaluating = evaluating(context, host.name)?;
    let [name, items, closure] = args else { return Err(host.wrong_count(3, args.len())) };
    let (name, closure) = (host.text(name)?, host.closure(closure)?);
    let items = host.items(items)?;
    let at = place(context, host.name);
    let session = &evaluating.session;
    let unwind = || stop(context.call_position());
    let parallel = session.begin_parallel(&name).ok_or_else(unwind)?;

    let (mut branches, mut enter) = match evaluating.recall(&parallel) {
        Some(branches) => (branches, session.branches_with_news()),
        None => (items.iter().map(|_| ParallelBranch::new()).collect(), (0..items.len()).collect::<Vec<usize>>()),
    };
    let mut open = branches.iter().filter(|branch| branch.is_open()).count();
    while open > 0 {
        for number in enter {
            let (Some((id, item)), Some(branch)) = (items.get(number), branches.get_mut(number)) else { continue };
            session.enter_branch(&parallel, number, id, at.clone());
            let around = evaluating.enter_branch(branch.take_parallels());
            // A sibling's outcome must not reach a branch through a captured variable: replay would differ.
            let mut own = closure.clone();
            own.iter_curry_mut().for_each(|captured| *captured = deep_copy(captured));
            let outcome = host.invoke(&evaluating, &own, vec![deep_copy(item)]);
            let how = session.leave(exit(&outcome));
            let memory = evaluating.leave_branch(around);
            if how == StepExit::Stopped {
                if session.must_unwind() {
                    return Err(unwind());
                }
                *branch = ParallelBranch::Open(memory.parallels);
                continue;
            }
            let source = context.call_source().unwrap_or_default();
            let result = match outcome {
                Ok(result) => Ok(deep_copy(&result)),
                Err(error) => Err(of_error(&error, source, &evaluating.index, context.engine())),
            };
            *branch = ParallelBranch::Over { result, handlers: memory.handlers };
            open -= 1;
        }
        if open == 0 {
            break;
        }
        enter = match session.await_branches() {
            Some(numbers) => numbers,
            None => {
                evaluating.remember(parallel, branches);
                return Err(unwind());
            }
        };
    }
    session.end_parallel();

    let mut results = Vec::with_capacity(items.len());
    let mut failures: Vec<(&str, &Failure)> = Vec::new();
    for ((id, _), branch) in items.iter().zip(&branches) {
        let ParallelBranch::Over { result, handlers } = branch else { continue };
        evaluating.register(handlers.iter().cloned());
        match result {
            Ok(result) => results.push(deep_copy(result)),
            Err(failure) => failures.push((id, failure)),
        }
    }
    let outcome = if failures.is_empty() {
        Ok(Dynamic::from_array(results))
    } else {
        Err(thrown(&items_failed(&name, items.len(), &failures).at(at), context.call_position()))
    };
    if session.in_branch() {
        evaluating.remember(parallel, branches);
    }
    outcome
}

fn items_failed(name: &str, all: usize, failures: &[(&str, &Failure)]) -> Failure {
    let ids: Vec<&str> = failures.iter().map(|(id, _)| *id).collect();
    let message = format!("{} of {all} items of `{name}` failed: {}", failures.len(), ids.join(", "));
    let failure = Failure::new(FailureKind::Parallel, message);
    let failure = failures.iter().fold(failure, |failure, (id, error)| {
        // People look for the reason here: the branch's own causes and its hint come along.
        let failure = failure.cause(format!("{id}: {error}"));
        let failure = error.causes.iter().fold(failure, |failure, cause| failure.cause(format!("{id}: {cause}")));
        match &error.hint {
            Some(hint) => failure.cause(format!("{id}: hint: {hint}")),
            None => failure,
        }
    });
    failure.detail(failures.iter().map(|(id, error)| json!({ "item": id, "error": error })).collect())
}

/// `flow::on_failure(closure)` and `flow::always(closure)`.
fn handler(context: &NativeCallContext<'_>, args: &mut [&mut Dynamic], when: When) -> CallResult {
    let (name, usage) = match when {
        When::OnFailure => ("flow::on_failure", "flow::on_failure(|error| …)"),
        When::Always => ("flow::always", "flow::always(|| …)"),
    };
    let host = Host { context, name, usage };
    let evaluating = evaluating(context, name)?;
    let [closure] = args else { return Err(host.wrong_count(1, args.len())) };
    let closure = host.closure(closure)?;
    #[allow(deprecated)] // Rhai's word for "may change in a minor version"; the version is pinned.
    let context = context.store_data();
    evaluating.register([Rc::new(Handler { when, closure, context })]);
    Ok(Dynamic::UNIT)
}

/// Runs a handler under its own step; what it is given is dropped when it takes nothing.
pub(super) fn run_handler(
    engine: &Engine,
    evaluating: &Evaluating,
    handler: &Handler,
    error: Option<Dynamic>,
) -> CallResult {
    #[allow(deprecated)]
    let context = handler.context.create_context(engine);
    let host = match handler.when {
        When::OnFailure => Host { context: &context, name: "flow::on_failure", usage: "flow::on_failure(|error| …)" },
        When::Always => Host { context: &context, name: "flow::always", usage: "flow::always(|| …)" },
    };
    evaluating.session.enter_step(handler.when.step(), place(&context, host.name));
    let outcome = host.invoke(evaluating, &handler.closure, error.into_iter().collect());
    evaluating.session.leave(exit(&outcome));
    outcome
}

/// `config::secret(name)`: the name of a secret as a value; what it holds is put in when a command is performed.
fn secret(context: &NativeCallContext<'_>, args: &mut [&mut Dynamic]) -> CallResult {
    let host = Host { context, name: "config::secret", usage: "config::secret(\"name\")" };
    evaluating(context, host.name)?;
    let [name] = args else { return Err(host.wrong_count(1, args.len())) };
    let name: ImmutableString = host.text(name)?.into();
    Ok(Dynamic::from(SecretHandle { name, before: String::new(), after: String::new() }))
}

/// `flow::time(text)` and `flow::duration(text)`; what is one already stays it.
fn of_text<T>(host: &Host<'_, '_>, args: &mut [&mut Dynamic]) -> CallResult
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    let [value] = args else { return Err(host.wrong_count(1, args.len())) };
    if value.is::<T>() {
        return Ok(value.clone());
    }
    if let Some(unknown) = value.read_lock::<Unknown>() {
        return Err(host.throw(unknown.refuse()));
    }
    let Ok(text) = value.as_immutable_string_ref() else {
        return Err(host.wrong(format_args!("takes a text, not {}", host.describe(value))));
    };
    text.parse::<T>().map(Dynamic::from).map_err(|wrong| host.throw(Failure::new(FailureKind::Arguments, wrong)))
}

fn exit(outcome: &CallResult) -> StepExit {
    match outcome {
        Ok(_) => StepExit::Done,
        Err(error) if is_stop(error) => StepExit::Stopped,
        Err(_) => StepExit::Failed,
    }
}

/// A host function that is being called.
struct Host<'c, 'e> {
    context: &'c NativeCallContext<'e>,
    name: &'static str,
    usage: &'static str,
}

impl Host<'_, '_> {
    fn throw(&self, failure: Failure) -> Box<EvalAltResult> {
        thrown(&failure.at(place(self.context, self.name)), self.context.call_position())
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Box<EvalAltResult> {
        let failure = Failure::new(FailureKind::Arguments, format!("`{}` {what}", self.name));
        self.throw(failure.hint(format!("write it as `{}`", self.usage)))
    }

    fn wrong_count(&self, takes: usize, got: usize) -> Box<EvalAltResult> {
        let arguments = if takes == 1 { "one argument".to_owned() } else { format!("{takes} arguments") };
        self.wrong(format_args!("takes {arguments}, not {got}"))
    }

    fn text(&self, value: &Dynamic) -> Result<String, Box<EvalAltResult>> {
        match value.as_immutable_string_ref() {
            Ok(text) if !text.trim().is_empty() => Ok(text.to_string()),
            Ok(_) => Err(self.wrong("takes a name that is not empty")),
            Err(_) => Err(self.wrong(format_args!("takes a name, not {}", self.describe(value)))),
        }
    }

    fn closure(&self, value: &Dynamic) -> Result<FnPtr, Box<EvalAltResult>> {
        match value.read_lock::<FnPtr>() {
            Some(closure) => Ok(closure.clone()),
            None => Err(self.wrong(format_args!("takes a closure, not {}", self.describe(value)))),
        }
    }

    fn describe(&self, value: &Dynamic) -> String {
        to_value(value).map_or_else(|error| error.what, |value| super::arguments::describe(&value))
    }

    /// The items with their ids: what a branch is called in the journal never depends on its position.
    fn items(&self, value: &Dynamic) -> Result<Vec<(String, Dynamic)>, Box<EvalAltResult>> {
        if let Some(unknown) = value.read_lock::<Unknown>() {
            return Err(self.throw(unknown.refuse()));
        }
        let Ok(items) = value.as_array_ref() else {
            return Err(self.wrong(format_args!("takes a list, not {}", self.describe(value))));
        };
        let mut named = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            named.push((self.id(index, item)?, item.clone()));
        }
        let mut seen = HashSet::with_capacity(named.len());
        if let Some((id, _)) = named.iter().find(|(id, _)| !seen.insert(id.as_str())) {
            return Err(self.wrong(format_args!("was given `{id}` twice; every item needs an id of its own")));
        }
        Ok(named)
    }

    fn id(&self, index: usize, item: &Dynamic) -> Result<String, Box<EvalAltResult>> {
        let plain = |value: &Dynamic| match value.as_immutable_string_ref() {
            Ok(text) if !text.is_empty() => Some(text.to_string()),
            Ok(_) => None,
            Err(_) => value.as_int().ok().map(|number| number.to_string()),
        };
        let of_map = || {
            let map = item.as_map_ref().ok()?;
            let value = map.get("id").or_else(|| map.get("name"))?;
            match value.read_lock::<Unknown>() {
                Some(unknown) => Some(Err(self.throw(unknown.refuse()))),
                None => plain(value).map(Ok),
            }
        };
        let empty = |value: &Dynamic| value.as_immutable_string_ref().is_ok_and(|text| text.is_empty());
        let id_of = |map: &rhai::Map| map.get("id").or_else(|| map.get("name")).is_some_and(empty);
        if empty(item) || item.as_map_ref().is_ok_and(|map| id_of(&map)) {
            return Err(self.wrong(format_args!("cannot name item {index}: its name is empty")));
        }
        let unusable = || {
            self.wrong(format_args!(
                "cannot name item {index}, {}: items are strings, whole numbers, or maps with `id` or `name`",
                self.describe(item)
            ))
        };
        plain(item).map(Ok).or_else(of_map).unwrap_or_else(|| Err(unusable()))
    }

    /// Calls a closure; arguments that it does not take are omitted.
    fn invoke(&self, evaluating: &Evaluating, closure: &FnPtr, mut given: Vec<Dynamic>) -> CallResult {
        if let Some(params) = evaluating.index.closure_params(closure.fn_name()) {
            let takes = params.saturating_sub(closure.curry().len());
            if takes > given.len() {
                let with = match given.len() {
                    0 => "without arguments",
                    _ => "with one argument",
                };
                return Err(self.wrong(format_args!("calls its closure {with}, this one takes {takes}")));
            }
            given.truncate(takes);
        }
        closure.call_raw(self.context, None, given).map(Dynamic::flatten).map_err(|error| self.locate(error))
    }

    /// Rhai leaves some errors of a closure without a place; they belong to the call then.
    fn locate(&self, mut error: Box<EvalAltResult>) -> Box<EvalAltResult> {
        if error.position().is_none() && self.context.call_position() != Position::NONE {
            error.set_position(self.context.call_position());
        }
        error
    }
}
