//! What a script handed to a command → one object from names to values, checked against what the command takes.

use super::convert::to_value;
use super::suggest;
use super::text_formats;
use crate::model::{Failure, FailureKind, SECRET, Value, is_unknown};
use crate::run::{Field, HostFn, Style, ValueType};
use rhai::Dynamic;
use serde_json::Map;

/// The arguments by name; those that are absent or `()` are left out.
///
/// # Errors
///
/// Kind `arguments`: too many or too few, unknown or missing names, wrong types, things that are not data.
pub(super) fn by_name(function: &HostFn, given: &[&mut Dynamic]) -> Result<Value, Failure> {
    collect(function, given).map_err(|failure| match failure.hint {
        Some(_) => failure,
        None => failure.hint(format!("write it as `{}`", function.usage())),
    })
}

fn collect(function: &HostFn, given: &[&mut Dynamic]) -> Result<Value, Failure> {
    let params = function.params();
    let mut args = Map::new();
    match function.style {
        Style::Positional => {
            if given.len() > params.len() {
                return Err(wrong(function, format!("takes {}, not {}", count(params.len()), given.len())));
            }
            for (param, value) in params.iter().zip(given) {
                insert(function, &mut args, param, data(function, &param.name, value)?)?;
            }
        }
        Style::Map => match given {
            [] => {}
            [map] => {
                let Value::Object(map) = data(function, "", map)? else {
                    return Err(wrong(function, "takes one map".into()));
                };
                for (key, value) in map {
                    let Some(param) = params.iter().find(|param| param.name == key) else {
                        return Err(unknown_key(function, &key));
                    };
                    insert(function, &mut args, param, value)?;
                }
            }
            _ => return Err(wrong(function, format!("takes one map, not {} arguments", given.len()))),
        },
    }
    match params.iter().find(|param| !param.optional && !args.contains_key(&param.name)) {
        Some(missing) => Err(wrong(function, format!("needs `{}`: {}", missing.name, missing.doc))),
        None => Ok(Value::Object(args)),
    }
}

fn wrong(function: &HostFn, what: String) -> Failure {
    Failure::new(FailureKind::Arguments, format!("`{}` {what}", function.name))
}

fn count(count: usize) -> String {
    match count {
        0 => "no arguments".into(),
        1 => "one argument".into(),
        _ => format!("at most {count} arguments"),
    }
}

/// A key that the command does not know.
fn unknown_key(function: &HostFn, key: &str) -> Failure {
    let failure = wrong(function, format!("knows no `{key}`"));
    match suggest::nearest(key, function.params().iter().map(|param| param.name.as_str())) {
        Some(near) => failure.hint(format!("did you mean `{near}`? It is written `{}`", function.usage())),
        None => failure,
    }
}

fn data(function: &HostFn, name: &str, value: &Dynamic) -> Result<Value, Failure> {
    to_value(value).map_err(|error| {
        let place = format!("{name}{}", error.path);
        let place = place.trim_start_matches('.');
        let what = if place.is_empty() { "its argument".to_owned() } else { format!("`{place}`") };
        wrong(function, format!("takes data only, {what} is {}", error.what))
    })
}

fn insert(function: &HostFn, args: &mut Map<String, Value>, param: &Field, value: Value) -> Result<(), Failure> {
    if value.is_null() {
        return Ok(());
    }
    if let Err(why) = check(&param.shape, &value) {
        let failure = wrong(
            function,
            format!("takes {} as `{}`, not {}{why}", param.shape.describe(), param.name, describe(&value)),
        );
        let holds_id = matches!(param.shape, ValueType::Commit | ValueType::Text) && has_id(&value);
        return Err(if holds_id { failure.hint("the commit's id is in its `id`: write `….id`") } else { failure });
    }
    args.insert(param.name.clone(), value);
    Ok(())
}

fn has_id(value: &Value) -> bool {
    value.get("id").or_else(|| value.get("commit")).is_some_and(Value::is_string)
}

/// Does the value have the type? Values that only the remote knows pass for anything, secrets for texts.
///
/// # Errors
///
/// Why not, to be appended; often there is nothing to add.
pub(super) fn check(shape: &ValueType, value: &Value) -> Result<(), String> {
    let is_secret = value.get(SECRET).is_some();
    if is_unknown(value) {
        return Ok(());
    }
    let fits = match shape {
        ValueType::Any => true,
        ValueType::Text if is_secret => true,
        ValueType::Commit => return text(value, text_formats::commit),
        ValueType::Branch => return text(value, text_formats::branch),
        ValueType::Duration => return text(value, text_formats::duration),
        ValueType::Time => return text(value, text_formats::time),
        ValueType::List(item) => match value.as_array() {
            Some(items) => {
                let wrong = items.iter().enumerate().find(|(_, value)| check(item, value).is_err());
                return wrong
                    .map_or(Ok(()), |(number, item)| Err(format!(" (its item {number} is {})", describe(item))));
            }
            None => false,
        },
        ValueType::Dict(inner) => match value.as_object().filter(|_| !is_secret) {
            Some(map) => {
                let wrong = map.iter().find(|(_, value)| check(inner, value).is_err());
                return wrong.map_or(Ok(()), |(key, value)| Err(format!(" (its `{key}` is {})", describe(value))));
            }
            None => false,
        },
        ValueType::Optional(shape) => return if value.is_null() { Ok(()) } else { check(shape, value) },
        ValueType::Nothing
        | ValueType::Bool
        | ValueType::Int
        | ValueType::Number
        | ValueType::Text
        | ValueType::Words(_)
        | ValueType::Map(_) => shape.fits(value),
    };
    if fits { Ok(()) } else { Err(String::new()) }
}

fn text(value: &Value, check: fn(&str) -> Result<(), String>) -> Result<(), String> {
    match value.as_str() {
        Some(text) => check(text).map_err(|why| format!(" ({why})")),
        None => Err(String::new()),
    }
}

/// A value for people, cut short.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "()".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => {
            format!("the string \"{}…\"", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("the string \"{text}\""),
        Value::Array(_) => "a list".into(),
        Value::Object(map) if map.contains_key(SECRET) => "a secret".into(),
        Value::Object(_) => "a map".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BranchName, HumanDuration, Revision};
    use crate::run::CommandKind;
    use crate::script::convert::to_dynamic;
    use crate::script::opaque::SecretHandle;
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)] // it is declared, and only its shape is asked for
    struct Args {
        /// what to merge
        source: Revision,
        /// into which branch
        target: BranchName,
        /// how long
        soak: Option<HumanDuration>,
        /// variables
        #[serde(default)]
        env: BTreeMap<String, Value>,
        /// words
        argv: Option<Vec<String>>,
        /// how many
        count: Option<u64>,
    }

    fn call(style: Style, given: &[Value]) -> Result<Value, String> {
        call_with(style, given.iter().cloned().map(to_dynamic).collect())
    }

    fn call_with(style: Style, mut given: Vec<Dynamic>) -> Result<Value, String> {
        let function = HostFn::new::<Args, ()>(CommandKind::Effect, style, "git::merge", "");
        let given: Vec<&mut Dynamic> = given.iter_mut().collect();
        by_name(&function, &given).map_err(|failure| {
            assert_eq!(failure.kind, FailureKind::Arguments);
            format!("{} / {}", failure.message, failure.hint.unwrap_or_default())
        })
    }

    fn map(given: Value) -> Result<Value, String> {
        call(Style::Map, &[given])
    }

    #[test]
    fn good_arguments_reach_the_command_by_name() {
        let mut given = to_dynamic(json!({ "source": "abc", "target": "staging", "soak": null }));
        let secret = SecretHandle { name: "s".into(), before: String::new(), after: String::new() };
        let argv = Dynamic::from_array(vec!["a".into(), Dynamic::from(secret)]);
        given.as_map_mut().unwrap().insert("argv".into(), argv);
        let wanted = json!({ "source": "abc", "target": "staging", "argv": ["a", {"$secret": "s"}] });
        assert_eq!(call_with(Style::Map, vec![given]), Ok(wanted));
        assert_eq!(
            call(Style::Positional, &["abc".into(), "staging".into()]),
            Ok(json!({ "source": "abc", "target": "staging" }))
        );
        let unknown = json!({ "$unknown": "number of the change" });
        let given = json!({ "source": "abc", "target": "x", "count": unknown });
        assert_eq!(map(given.clone()), Ok(given));
    }

    #[test]
    fn bad_arguments_say_what_is_taken_and_what_was_given() {
        let usage = "write it as `git::merge(#{ source, target, argv?, count?, env?, soak? })`";
        let base = |key: &str, value: Value| {
            let mut map = json!({ "source": "abc", "target": "staging" });
            map[key] = value;
            map
        };
        for (given, message) in [
            (json!("abc"), format!("`git::merge` takes one map / {usage}")),
            (json!({ "source": "abc" }), format!("`git::merge` needs `target`: into which branch / {usage}")),
            (
                base("sourc", json!(1)),
                "`git::merge` knows no `sourc` / did you mean `source`? It is written \
                 `git::merge(#{ source, target, argv?, count?, env?, soak? })`"
                    .to_owned(),
            ),
            (
                base("count", json!("1")),
                format!("`git::merge` takes a whole number as `count`, not the string \"1\" / {usage}"),
            ),
            (
                base("count", json!(1.5)),
                format!("`git::merge` takes a whole number as `count`, not the number 1.5 / {usage}"),
            ),
            (
                base("argv", json!(["a", 1])),
                format!(
                    "`git::merge` takes a list of strings as `argv`, not a list (its item 1 is the number 1) / {usage}"
                ),
            ),
            (
                base("source", json!({ "id": "abc" })),
                "`git::merge` takes a commit as `source`, not a map / the commit's id is in its `id`: write `….id`"
                    .into(),
            ),
            (
                base("soak", json!("10 minutes")),
                format!(
                    "`git::merge` takes a duration like \"10m\" as `soak`, not the string \"10 minutes\" \
                     (write it like `90s`, `10m`, `1h30m` or `2d`) / {usage}"
                ),
            ),
        ] {
            assert_eq!(map(given), Err(message));
        }
        let many = vec![json!("a"); 7];
        let error = call(Style::Positional, &many).unwrap_err();
        assert!(error.starts_with("`git::merge` takes at most 6 arguments, not 7 / "), "{error}");
    }
}
