//! What a script handed to a command → one object from names to values, checked against the command's signature.

use super::catalogue::usage;
use super::convert::to_value;
use super::kinds;
use super::suggest;
use crate::model::{Failure, FailureKind, Value, is_unknown};
use crate::run::{Arguments, Param, ParamType, Signature};
use rhai::Dynamic;
use serde_json::Map;

/// The arguments by name; those that are absent or `()` are left out.
///
/// # Errors
///
/// Kind `arguments`: too many or too few, unknown or missing names, wrong types, things that are not data.
pub(super) fn by_name(signature: &Signature, given: &[&mut Dynamic]) -> Result<Value, Failure> {
    collect(signature, given).map_err(|failure| match failure.hint {
        Some(_) => failure,
        None => failure.hint(format!("write it as `{}`", usage(signature))),
    })
}

fn collect(signature: &Signature, given: &[&mut Dynamic]) -> Result<Value, Failure> {
    let params = signature.arguments.params();
    let mut args = Map::new();
    match signature.arguments {
        Arguments::Positional(_) => {
            if given.len() > params.len() {
                return Err(wrong(signature, format!("takes {}, not {}", count(params.len()), given.len())));
            }
            for (param, value) in params.iter().zip(given) {
                insert(signature, &mut args, param, data(signature, param.name, value)?)?;
            }
        }
        Arguments::Map(_) => match given {
            [] => {}
            [map] => {
                let Value::Object(map) = data(signature, "", map)? else {
                    return Err(wrong(signature, "takes one map".into()));
                };
                for (key, value) in map {
                    let Some(param) = params.iter().find(|param| param.name == key) else {
                        return Err(unknown_key(signature, &key));
                    };
                    insert(signature, &mut args, param, value)?;
                }
            }
            _ => return Err(wrong(signature, format!("takes one map, not {} arguments", given.len()))),
        },
    }
    match params.iter().find(|param| param.required && !args.contains_key(param.name)) {
        Some(missing) => Err(wrong(signature, format!("needs `{}`: {}", missing.name, missing.doc))),
        None => Ok(Value::Object(args)),
    }
}

fn wrong(signature: &Signature, what: String) -> Failure {
    Failure::new(FailureKind::Arguments, format!("`{}` {what}", signature.name))
}

fn count(count: usize) -> String {
    match count {
        0 => "no arguments".into(),
        1 => "one argument".into(),
        _ => format!("at most {count} arguments"),
    }
}

/// A key that the command does not know.
fn unknown_key(signature: &Signature, key: &str) -> Failure {
    let failure = wrong(signature, format!("knows no `{key}`"));
    match suggest::nearest(key, signature.arguments.params().iter().map(|param| param.name)) {
        Some(near) => failure.hint(format!("did you mean `{near}`? It is written `{}`", usage(signature))),
        None => failure,
    }
}

fn data(signature: &Signature, name: &str, value: &Dynamic) -> Result<Value, Failure> {
    to_value(value).map_err(|error| {
        let place = format!("{name}{}", error.path);
        let place = place.trim_start_matches('.');
        let what = if place.is_empty() { "its argument".to_owned() } else { format!("`{place}`") };
        wrong(signature, format!("takes data only, {what} is {}", error.what))
    })
}

fn insert(signature: &Signature, args: &mut Map<String, Value>, param: &Param, value: Value) -> Result<(), Failure> {
    if value.is_null() {
        return Ok(());
    }
    if let Err(why) = check(param.ty, &value) {
        let failure = wrong(
            signature,
            format!("takes {} as `{}`, not {}{why}", param.ty.describe(), param.name, describe(&value)),
        );
        let holds_id = matches!(param.ty, ParamType::Commit | ParamType::String) && has_id(&value);
        return Err(if holds_id { failure.hint("the commit's id is in its `id`: write `….id`") } else { failure });
    }
    args.insert(param.name.to_owned(), value);
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
pub(super) fn check(ty: ParamType, value: &Value) -> Result<(), String> {
    if is_unknown(value) {
        return Ok(());
    }
    let is_secret = value.get("$secret").is_some();
    let is_text = |value: &Value| value.is_string() || is_unknown(value) || value.get("$secret").is_some();
    let fits = match ty {
        ParamType::Any => true,
        ParamType::String => is_text(value),
        ParamType::Int => value.is_i64() || value.is_u64(),
        ParamType::Bool => value.is_boolean(),
        ParamType::List => value.is_array(),
        ParamType::Strings => match value.as_array() {
            Some(items) => match items.iter().enumerate().find(|(_, item)| !is_text(item)) {
                Some((number, item)) => return Err(format!(" (its item {number} is {})", describe(item))),
                None => true,
            },
            None => false,
        },
        ParamType::Map => value.is_object() && !is_secret,
        ParamType::Commit => return text(value, kinds::commit),
        ParamType::Branch => return text(value, kinds::branch),
        ParamType::Duration => return text(value, kinds::duration),
        ParamType::Time => return text(value, kinds::time),
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
        Value::Object(map) if map.contains_key("$secret") => "a secret".into(),
        Value::Object(_) => "a map".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Kind, optional, required};
    use crate::script::convert::to_dynamic;
    use serde_json::json;

    const PARAMS: &[Param] = &[
        required("source", ParamType::Commit, "what to merge"),
        required("target", ParamType::Branch, "into which branch"),
        optional("soak", ParamType::Duration, "how long"),
        optional("env", ParamType::Map, "variables"),
        optional("argv", ParamType::Strings, "words"),
        optional("count", ParamType::Int, "how many"),
    ];

    fn call(arguments: Arguments, given: &[Value]) -> Result<Value, String> {
        let signature = Signature { name: "git::merge", doc: "", kind: Kind::Effect, arguments, returns: "" };
        let mut given: Vec<Dynamic> = given.iter().cloned().map(to_dynamic).collect();
        let given: Vec<&mut Dynamic> = given.iter_mut().collect();
        by_name(&signature, &given).map_err(|failure| {
            assert_eq!(failure.kind, FailureKind::Arguments);
            format!("{} / {}", failure.message, failure.hint.unwrap_or_default())
        })
    }

    fn map(given: Value) -> Result<Value, String> {
        call(Arguments::Map(PARAMS), &[given])
    }

    #[test]
    fn good_arguments_reach_the_command_by_name() {
        let given = json!({ "source": "abc", "target": "staging", "soak": null, "argv": ["a", {"$secret": "s"}] });
        let wanted = json!({ "source": "abc", "target": "staging", "argv": ["a", {"$secret": "s"}] });
        assert_eq!(map(given), Ok(wanted));
        assert_eq!(
            call(Arguments::Positional(PARAMS), &["abc".into(), "staging".into()]),
            Ok(json!({ "source": "abc", "target": "staging" }))
        );
        let unknown = json!({ "$unknown": "number of the change" });
        let given = json!({ "source": "abc", "target": "x", "count": unknown });
        assert_eq!(map(given.clone()), Ok(given));
    }

    #[test]
    fn bad_arguments_say_what_is_taken_and_what_was_given() {
        let usage = "write it as `git::merge(#{ source, target, soak?, env?, argv?, count? })`";
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
                 `git::merge(#{ source, target, soak?, env?, argv?, count? })`"
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
        let error = call(Arguments::Positional(PARAMS), &many).unwrap_err();
        assert!(error.starts_with("`git::merge` takes at most 6 arguments, not 7 / "), "{error}");
    }
}
