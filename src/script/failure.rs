//! Failures ↔ what scripts throw and catch.
//!
//! A script sees a failure as a map `#{ kind, message, hint, source, line, column, causes, detail }`; what it throws, and
//! what the engine itself complains about, becomes a [`Failure`] at a place that people know.

use super::compiled_file::is_closure;
use super::convert::{to_dynamic, to_value};
use super::limits::{MAX_CALLS, MAX_ITEMS, MAX_OPERATIONS};
use super::opaque::{UNKNOWN_TYPE, Unknown};
use super::program_index::Index;
use super::syntax_errors::lower_first;
use super::{suggest, times};
use crate::model::{Failure, FailureKind, SourceLocation, Value};
use rhai::{Dynamic, Engine, EvalAltResult, Map, Position};

/// Keys of the map that have their own field in a failure.
const FIELDS: [&str; 8] = ["kind", "message", "hint", "source", "line", "column", "causes", "detail"];

/// The map that a script catches.
pub(super) fn to_map(failure: &Failure) -> Dynamic {
    let place = failure.at.as_ref();
    let number = |number: usize| Dynamic::from(i64::try_from(number).unwrap_or(i64::MAX));
    let or_unit = |value: Option<Dynamic>| value.unwrap_or(Dynamic::UNIT);
    Dynamic::from_map(Map::from([
        ("kind".into(), failure.kind.word().into()),
        ("message".into(), failure.message.clone().into()),
        ("hint".into(), or_unit(failure.hint.clone().map(Into::into))),
        ("source".into(), or_unit(place.map(|place| place.file.clone().into()))),
        ("line".into(), or_unit(place.map(|place| number(place.line)))),
        ("column".into(), or_unit(place.map(|place| number(place.column)))),
        ("causes".into(), Dynamic::from_array(failure.causes.iter().map(|cause| cause.clone().into()).collect())),
        ("detail".into(), to_dynamic(failure.detail.clone())),
    ]))
}

/// The error that carries a failure through a script.
pub(super) fn thrown(failure: &Failure, position: Position) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(to_map(failure), position).into()
}

/// The error that unwinds a script and cannot be caught.
pub(super) fn stop(position: Position) -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(Dynamic::UNIT, position).into()
}

/// Does the script unwind because it was told to stop?
pub(super) fn is_stop(error: &EvalAltResult) -> bool {
    matches!(innermost(error), EvalAltResult::ErrorTerminated(..))
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            innermost(inner)
        }
        leaf => leaf,
    }
}

/// What went wrong in a script, where, and how it got there. `file` is the one in which evaluation began.
pub(super) fn of_error(error: &EvalAltResult, file: &str, index: &Index, engine: &Engine) -> Failure {
    let mut file = file.to_owned();
    let mut calls: Vec<(String, SourceLocation)> = Vec::new();
    let mut leaf = error;
    loop {
        leaf = match leaf {
            EvalAltResult::ErrorInFunctionCall(function, source, inner, at) => {
                calls.push((function.clone(), place(&file, *at)));
                file = index.file_of(function, if source.is_empty() { &file } else { source });
                inner
            }
            EvalAltResult::ErrorInModule(name, inner, at) => {
                calls.push((name.clone(), place(&file, *at)));
                inner
            }
            _ => break,
        };
    }
    let innermost = place(&file, leaf.position());
    let mut failure = of_leaf(leaf, innermost.clone(), index, engine);
    let origin = failure.at.take().unwrap_or(innermost);

    // What a workflow decides is about the release: the way to it through the script is no help.
    let is_decision = failure.kind.is_verdict() || failure.kind == FailureKind::Thrown;

    // People can change their own files; a plugin of relwf's own is a detail of the call that they wrote.
    let foreign = |place: &SourceLocation| place.line == 0 || index.is_embedded(&place.file);
    let own = calls.iter().rev().map(|(_, at)| at).find(|at| !foreign(at)).filter(|_| foreign(&origin)).cloned();
    if let Some(own) = own {
        if origin.line > 0 && !is_decision {
            failure = failure.cause(format!("raised at {origin}"));
        }
        return failure.at(own);
    }
    for (function, at) in calls.iter().filter(|(function, _)| !is_decision && !is_closure(function)) {
        failure = failure.cause(format!("in `{function}`, called at {at}"));
    }
    failure.at(origin)
}

fn place(file: &str, position: Position) -> SourceLocation {
    SourceLocation::new(file, position.line().unwrap_or(0), position.position().unwrap_or(0))
}

/// What a script threw, as a failure.
pub(super) fn of_thrown(value: &Dynamic, at: SourceLocation) -> Failure {
    let Ok(data) = to_value(value) else {
        return Failure::new(FailureKind::Thrown, "the workflow threw something that is no data").at(at);
    };
    let Value::Object(mut map) = data else {
        let message = data.as_str().map_or_else(|| format!("the workflow threw {data}"), str::to_owned);
        return Failure::new(FailureKind::Thrown, message).at(at);
    };
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| map.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());

    let kind = text("kind").as_deref().and_then(kind_of).unwrap_or(FailureKind::Thrown);
    let message = text("message").unwrap_or_else(|| match text("kind") {
        Some(kind) => format!("the workflow threw `{kind}`"),
        None => format!("the workflow threw {}", Value::Object(map.clone())),
    });
    // A place in a manifest says more than the line that throws.
    let named = text("at").and_then(|at| at.parse::<SourceLocation>().ok()).filter(|at| at.line > 0);
    let origin = match (text("source"), number("line"), named.clone()) {
        (Some(file), Some(line), _) => SourceLocation::new(file, line, number("column").unwrap_or(0)),
        (.., Some(named)) => named,
        _ => at,
    };
    let mut failure = Failure::new(kind, message.trim_end_matches('.')).at(origin);
    failure.hint = text("hint");
    failure.causes = map.get("causes").and_then(Value::as_array).map_or_else(Vec::new, |causes| {
        causes.iter().map(|cause| cause.as_str().map_or_else(|| cause.to_string(), str::to_owned)).collect()
    });
    if named.is_some() {
        map.remove("at");
    }
    let detail = map.remove("detail").filter(|detail| !detail.is_null());
    map.retain(|key, _| !FIELDS.contains(&key.as_str()) || (key == "kind" && kind == FailureKind::Thrown));
    if kind == FailureKind::Thrown && map.get("kind").is_some_and(|kind| kind == "thrown") {
        map.remove("kind");
    }
    match detail {
        Some(detail) if map.is_empty() => failure.detail = detail,
        detail => {
            map.extend(detail.map(|detail| ("detail".to_owned(), detail)));
            if !map.is_empty() {
                failure.detail = Value::Object(map);
            }
        }
    }
    failure
}

/// The kind that a script names. What relwf says of itself alone cannot be thrown.
fn kind_of(word: &str) -> Option<FailureKind> {
    let kind: FailureKind = serde_json::from_value(Value::String(word.to_owned())).ok()?;
    let own = [FailureKind::Bug, FailureKind::Interrupted, FailureKind::Diverged, FailureKind::Usage];
    (!own.contains(&kind)).then_some(kind)
}

/// What the engine complains about, in our words.
fn of_leaf(error: &EvalAltResult, at: SourceLocation, index: &Index, engine: &Engine) -> Failure {
    let said = without_position(error);
    if !matches!(error, EvalAltResult::ErrorRuntime(..)) && mentions_unknown(&said) {
        return Failure::new(
            FailureKind::Unknown,
            "the dry run cannot decide here: the value is invented by the remote",
        )
        .hint("pass it on to other commands, or print it; the real run will know it")
        .at(at);
    }
    let script = |message: String| Failure::new(FailureKind::Script, message);
    let failure = match error {
        EvalAltResult::ErrorRuntime(value, _) => return of_thrown(value, at),
        EvalAltResult::ErrorFunctionNotFound(call, _) => not_found(call, index, engine),
        EvalAltResult::ErrorVariableNotFound(name, _) if index.is_constant(name) => {
            script(format!("functions do not see the constant `{name}` by this name"))
                .hint(format!("write `global::{name}`"))
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => script(format!("there is no variable `{name}`")),
        EvalAltResult::ErrorPropertyNotFound(name, _) => script(format!("there is no `{name}` in this map"))
            .hint(format!("ask with `\"{name}\" in map`, or read it with `map.get(\"{name}\") ?? …`")),
        EvalAltResult::ErrorDotExpr(..) => match unknown_part(&said) {
            Some((part, kind, parts)) => {
                let failure = script(format!("{} has no `{part}`", type_word(kind)));
                suggest::hint(part, parts.iter().copied()).into_iter().fold(failure, Failure::hint)
            }
            None => script(lower_first(&said)),
        },
        EvalAltResult::ErrorModuleNotFound(name, _) => script(format!("there is no namespace or plugin `{name}`")),
        EvalAltResult::ErrorMismatchDataType(wanted, got, _)
        | EvalAltResult::ErrorMismatchOutputType(wanted, got, _) => {
            script(format!("this must be {}, it is {}", type_word(wanted), type_word(got)))
        }
        EvalAltResult::ErrorFor(_) => script("only lists, maps, texts and ranges can be looped over".into()),
        EvalAltResult::ErrorTooManyOperations(_) => {
            script(format!("stopped after {} million operations", MAX_OPERATIONS / 1_000_000))
                .hint("an endless loop? A workflow waits with flow::sleep or a wait command, never by looping")
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            let failure = script(format!("this is too large: {}", lower_first(what)));
            failure.hint(format!("a list or a map holds at most {MAX_ITEMS} items; is it a loop without end?"))
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            script(format!("functions call one another more than {MAX_CALLS} deep"))
                .hint("does a function call itself without end?")
        }
        EvalAltResult::ErrorUnboundThis(_) => script("there is no `this` here".into()),
        _ => script(lower_first(&said)),
    };
    failure.at(at)
}

/// The part, the type and its parts, of `Unknown property 'x' - a getter is not registered for type 'time'`.
fn unknown_part(said: &str) -> Option<(&str, &str, &'static [&'static str])> {
    let mut quoted = said.split('\'').skip(1).step_by(2);
    let (part, kind) = (quoted.next()?, quoted.next()?);
    match kind {
        "time" => Some((part, kind, times::TIME_PARTS)),
        "duration" => Some((part, kind, times::SPAN_PARTS)),
        _ => None,
    }
}

/// Some errors have the type's name for people, others the one it has in Rust.
fn mentions_unknown(said: &str) -> bool {
    said.contains(UNKNOWN_TYPE) || said.contains(std::any::type_name::<Unknown>())
}

/// A function that does not exist, or not for these arguments.
fn not_found(call: &str, index: &Index, engine: &Engine) -> Failure {
    let (name, arguments) = call.split_once(" (").unwrap_or((call, ")"));
    let arguments = arguments.trim_end_matches(')');
    if is_closure(name) {
        return Failure::new(
            FailureKind::Script,
            "a closure is called with other arguments than it takes, or outside of its plugin",
        );
    }
    let words: Vec<String> = arguments.split(", ").filter(|word| !word.is_empty()).map(type_word).collect();
    let with = if words.is_empty() { "without arguments".to_owned() } else { format!("with {}", words.join(", ")) };
    let failure = Failure::new(FailureKind::Script, format!("`{name}` cannot be called {with}"));
    let usages = usages(name, index, engine);
    if usages.is_empty() && !name.contains(|c: char| c.is_alphanumeric()) {
        failure.hint(format!("`{name}` does not exist between these; `type_of(x)` says what `x` is"))
    } else if usages.is_empty() {
        failure.hint(format!("there is no function `{name}`"))
    } else {
        failure.hint(format!("it takes {}", usages.join(" or ")))
    }
}

/// How a function is called: the script's own, else the engine's.
pub(super) fn usages(name: &str, index: &Index, engine: &Engine) -> Vec<String> {
    let own = index.usages(name);
    if !own.is_empty() {
        return own.iter().map(|usage| format!("`{usage}`")).collect();
    }
    let mut usages: Vec<String> = engine
        .gen_fn_signatures(true)
        .into_iter()
        .filter(|signature| signature.split_once('(').is_some_and(|(function, _)| function == name))
        // What relwf registers for its own types is nothing that people call by hand.
        .filter(|signature| !signature.contains("secret") && !signature.contains("::Dynamic"))
        .map(|signature| {
            let mut signature = signature.split(" -> ").next().unwrap_or_default().to_owned();
            for (engine, people) in TYPE_NAMES {
                signature = signature.replace(engine, people);
            }
            format!("`{signature}`")
        })
        .collect();
    usages.sort();
    usages.dedup();
    usages.truncate(3);
    usages
}

/// How Rhai writes types in signatures, and how people do; references first.
const TYPE_NAMES: [(&str, &str); 7] = [
    ("&mut ", ""),
    ("ImmutableString", "string"),
    ("&str", "string"),
    ("i64", "int"),
    ("f64", "float"),
    ("Dynamic", "any"),
    ("FnPtr", "closure"),
];

/// Rhai's names of types as people know them.
fn type_word(name: &str) -> String {
    match name.trim() {
        "&str | ImmutableString | String" | "string" | "&str" | "ImmutableString" => "a string",
        "i64" | "int" => "a whole number",
        "f64" | "float" => "a number",
        "bool" => "true or false",
        "array" | "Array" => "a list",
        "map" | "Map" => "a map",
        "()" => "()",
        "Fn" | "FnPtr" => "a closure",
        "char" => "a character",
        "time" => "a time",
        "duration" => "a duration",
        other => other,
    }
    .to_owned()
}

/// The engine's sentence without `(line …, position …)`: the place is told apart.
fn without_position(error: &EvalAltResult) -> String {
    let said = error.to_string();
    match said.rfind(" (line ") {
        Some(end) => said[..end].to_owned(),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at() -> SourceLocation {
        SourceLocation::new("workflows/x.rhai", 3, 5)
    }

    #[test]
    fn a_failure_that_is_thrown_again_is_the_same_failure() {
        let failure = Failure::new(FailureKind::Moved, "staging moved")
            .hint("fetch again")
            .at(SourceLocation::new("workflows/x.rhai", 9, 1))
            .cause("rejected")
            .detail(json!({ "is": "abc" }));
        assert_eq!(of_thrown(&to_map(&failure), at()), failure);
    }

    #[test]
    fn what_scripts_throw_becomes_a_failure() {
        let thrown = |value: Value| of_thrown(&to_dynamic(value), at());
        let failure = thrown(json!({ "kind": "conflict", "message": "No.", "conflicts": [1] }));
        assert_eq!(
            (failure.kind, failure.message.as_str(), failure.detail, failure.at),
            (FailureKind::Conflict, "No", json!({ "conflicts": [1] }), Some(at()))
        );
        let failure = thrown(json!({ "kind": "manifest", "message": "broken", "at": "go.mod:3:1" }));
        assert_eq!((failure.at, failure.detail), (Some(SourceLocation::new("go.mod", 3, 1)), Value::Null));
        let failure = thrown(json!({ "message": "late", "at": "noon" }));
        assert_eq!((failure.at, failure.detail), (Some(at()), json!({ "at": "noon" })));
        let failure = thrown(json!("stop"));
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Thrown, "stop"));
        let failure = thrown(json!({ "kind": "weather" }));
        assert_eq!(
            (failure.kind, failure.message.as_str(), failure.detail),
            (FailureKind::Thrown, "the workflow threw `weather`", json!({ "kind": "weather" }))
        );
        assert_eq!(thrown(json!({ "kind": "bug", "message": "x" })).kind, FailureKind::Thrown);
    }
}
