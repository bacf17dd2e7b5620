//! What a script may do with an unknown value or a secret: pass it on and print it. Everything else is refused.
//!
//! Rhai answers `==` between unlike types with `false`. Every operator is therefore registered for these types: a
//! decision that rests on them is an error, never a silent `false`. One thing is out of reach: `switch` takes its default
//! for every type that it does not know.

use super::failure::thrown;
use super::opaque::{Opaque, SecretHandle, UNKNOWN_TYPE, Unknown};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString};

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
const ARITHMETIC: [&str; 10] = ["+", "-", "*", "/", "%", "**", "<<", ">>", "&", "|"];

type Refused = Result<Dynamic, Box<EvalAltResult>>;

fn refused(value: &impl Opaque) -> Refused {
    Err(thrown(&value.refuse(), rhai::Position::NONE))
}

/// Registers both types.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Unknown>(UNKNOWN_TYPE);
    engine.register_type_with_name::<SecretHandle>("secret");
    register_refusals::<Unknown>(engine);
    register_refusals::<SecretHandle>(engine);

    // It will be there, whatever it will be.
    engine.register_fn("==", |_: Unknown, (): ()| false);
    engine.register_fn("==", |(): (), _: Unknown| false);
    engine.register_fn("!=", |_: Unknown, (): ()| true);
    engine.register_fn("!=", |(): (), _: Unknown| true);

    // Printing decides nothing.
    engine.register_fn("+", |text: ImmutableString, value: Unknown| format!("{text}{value}"));
    engine.register_fn("+", |value: Unknown, text: ImmutableString| format!("{value}{text}"));
    engine.register_fn("+=", |text: &mut ImmutableString, value: Unknown| *text += value.to_string());
    engine.register_fn("+", |text: ImmutableString, secret: SecretHandle| SecretHandle {
        before: format!("{text}{}", secret.before),
        ..secret
    });
    engine.register_fn("+", |secret: SecretHandle, text: ImmutableString| SecretHandle {
        after: format!("{}{text}", secret.after),
        ..secret
    });

    // A part of something unknown is unknown too; that is no decision yet.
    let part = |value: &mut Unknown, part: Dynamic| Unknown { what: format!("{part} of {}", value.what).into() };
    engine.register_indexer_get(move |value: &mut Unknown, name: ImmutableString| part(value, name.into()));
    engine.register_indexer_get(move |value: &mut Unknown, index: i64| part(value, index.into()));
}

fn register_refusals<T: Opaque>(engine: &mut Engine) {
    for operator in COMPARISONS.into_iter().chain(ARITHMETIC).chain(["^", "contains"]) {
        engine.register_fn(operator, |value: T, _: Dynamic| refused(&value));
        engine.register_fn(operator, |_: Dynamic, value: T| refused(&value));
    }
    for operator in ["+", "-", "!"] {
        engine.register_fn(operator, |value: T| refused(&value));
    }
    // Methods that scripts use to decide on texts and lists.
    for method in ["len", "is_empty"] {
        engine.register_fn(method, |value: &mut T| refused(value));
    }
    for method in ["starts_with", "ends_with", "index_of", "split", "sub_string"] {
        engine.register_fn(method, |value: &mut T, _: Dynamic| refused(value));
    }
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |value: &mut T| value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Scope;

    fn eval(script: &str) -> Result<String, String> {
        let mut engine = Engine::new();
        register(&mut engine);
        let mut scope = Scope::new();
        scope.push("n", Unknown { what: "number of the change".into() });
        scope.push("s", SecretHandle { name: "slack".into(), before: String::new(), after: String::new() });
        engine.eval_with_scope::<Dynamic>(&mut scope, script).map(|value| value.to_string()).map_err(
            |error| match error.unwrap_inner() {
                EvalAltResult::ErrorRuntime(value, position) => {
                    let map = value.as_map_ref().unwrap();
                    format!("{} {}: {}", position, map["kind"], map["message"])
                }
                other => format!("{other:?}"),
            },
        )
    }

    #[test]
    fn whatever_decides_on_an_unknown_is_an_error() {
        for script in [
            "n == 1",
            "1 == n",
            "n != 1",
            "n == \"x\"",
            "\"x\" == n",
            "n == n",
            "n < 1",
            "1 >= n",
            "n + 1",
            "1 - n",
            "n * 2",
            "n % 2",
            "2 ** n",
            "-n",
            "!n",
            "[1, n] == [1, 2]",
            "n in [1]",
            "[n].contains(1)",
            "1 in n",
            "n in #{}",
            "n in \"abc\"",
            "n.contains(1)",
            "#{a: n} == #{a: 1}",
            "[3, n].index_of(2)",
            "n.len()",
            "n.starts_with(\"a\")",
            "if n > 3 { 1 }",
            "let x = 1; x += n; x",
            "n.foo == 1",
        ] {
            let error = eval(script).expect_err(script);
            assert!(error.contains("unknown: the dry run cannot decide here: <"), "{script}: {error}");
            assert!(error.contains("number of the change> is invented by the remote"), "{script}: {error}");
        }
    }

    #[test]
    fn unknowns_print_and_are_there() {
        for (script, text) in [
            ("`see ${n}!`", "see <number of the change>!"),
            ("\"see \" + n", "see <number of the change>"),
            ("n + \"!\"", "<number of the change>!"),
            ("let x = \"a\"; x += n; x", "a<number of the change>"),
            ("n == ()", "false"),
            ("() != n", "true"),
            ("`${n ?? 1}`", "<number of the change>"),
            ("`${n.title}`", "<title of number of the change>"),
        ] {
            assert_eq!(eval(script), Ok(text.to_owned()), "{script}");
        }
    }

    #[test]
    fn secrets_take_text_around_them_and_nothing_else() {
        assert_eq!(eval("let x = \"Bearer \" + s + \"!\" + \"?\"; `${x}`"), Ok("Bearer <secret slack>!?".to_owned()));
        let error = eval("s == \"x\"").unwrap_err();
        assert!(error.contains("arguments: <secret slack> can be handed to a command, and nothing else"), "{error}");
    }
}
