//! What goes wrong while a workflow runs, as people see it.

use super::host::{HELPER, drive, echo, program, workflow};
use relwf::model::{Failure, FailureKind};
use relwf::run::Settled;
use serde_json::json;

fn fails(body: &str) -> String {
    let program = workflow(body);
    drive(&program, &json!({ "from": "master" }), echo).failure(&program)
}

#[test]
fn wrong_arguments_say_what_is_taken() {
    insta::assert_snapshot!(fails("    let x = 5;\n    git::merge(#{ source: x, target: \"b\" });"), @r##"
    arguments: `git::merge` takes a commit as `source`, not the number 5
      --> workflows/w.rhai:3:5
      |     git::merge(#{ source: x, target: "b" });
      |     ^^^^^^^^^^
      hint: write it as `git::merge(#{ source, target, message? })`
    "##);
    insta::assert_snapshot!(fails("    let args = #{ source: \"a\", targt: \"b\" };\n    git::merge(args);"), @r##"
    arguments: `git::merge` knows no `targt`
      --> workflows/w.rhai:3:5
      |     git::merge(args);
      |     ^^^^^^^^^^
      hint: did you mean `target`? It is written `git::merge(#{ source, target, message? })`
    "##);
    insta::assert_snapshot!(fails("    let f = || 1;\n    sh::run(#{ argv: [\"a\", f], effect: true });"), @r##"
    arguments: `sh::run` takes data only, `argv[1]` is a closure
      --> workflows/w.rhai:3:5
      |     sh::run(#{ argv: ["a", f], effect: true });
      |     ^^^^^^^
      hint: write it as `sh::run(#{ argv, effect, env?, limit? })`
    "##);
    insta::assert_snapshot!(fails("    let c = git::commit(\"a\");\n    git::commit(#{ id: c.rev });"), @r##"
    arguments: `git::commit` takes a commit as `rev`, not a map
      --> workflows/w.rhai:3:5
      |     git::commit(#{ id: c.rev });
      |     ^^^^^^^^^^^
      hint: the commit's id is in its `id`: write `….id`
    "##);
    insta::assert_snapshot!(fails("    let f = |a, b| 1;\n    flow::step(\"x\", f);"), @r##"
    arguments: `flow::step` calls its closure without arguments, this one takes 2
      --> workflows/w.rhai:3:5
      |     flow::step("x", f);
      |     ^^^^^^^^^^
      hint: write it as `flow::step("name", || …)`
    "##);
    insta::assert_snapshot!(fails("    flow::parallel(\"x\", [\"a\", \"b\", \"a\"], |i| i);"), @r##"
    arguments: `flow::parallel` was given `a` twice; every item needs an id of its own
      --> workflows/w.rhai:2:5
      |     flow::parallel("x", ["a", "b", "a"], |i| i);
      |     ^^^^^^^^^^^^^^
      hint: write it as `flow::parallel("name", items, |item| …)`
    "##);
    insta::assert_snapshot!(fails("    flow::parallel(\"x\", [#{ ring: 1 }], |i| i);"), @r##"
    arguments: `flow::parallel` cannot name item 0, a map: items are strings, whole numbers, or maps with `id` or `name`
      --> workflows/w.rhai:2:5
      |     flow::parallel("x", [#{ ring: 1 }], |i| i);
      |     ^^^^^^^^^^^^^^
      hint: write it as `flow::parallel("name", items, |item| …)`
    "##);
    for items in ["[\"a\", \"\"]", "[\"a\", #{ id: \"\" }]"] {
        let failure = fails(&format!("    flow::parallel(\"x\", {items}, |i| i);"));
        let message = "arguments: `flow::parallel` cannot name item 1: its name is empty\n";
        assert!(failure.starts_with(message), "{failure}");
    }
}

#[test]
fn the_languages_own_errors_get_messages_of_ours() {
    insta::assert_snapshot!(fails("    let x = #{ a: 1 };\n    x.b"), @r##"
    script: there is no `b` in this map
      --> workflows/w.rhai:3:7
      |     x.b
      |       ^
      hint: ask with `"b" in map`, or read it with `map.get("b") ?? …`
    "##);
    insta::assert_snapshot!(fails("    let x = 5;\n    x.pad(3, \" \");"), @r##"
    script: `pad` cannot be called with a whole number, a whole number, a string
      --> workflows/w.rhai:3:7
      |     x.pad(3, " ");
      |       ^^^
      hint: it takes `pad(array: array, len: int, item: any)` or `pad(string: string, len: int, character: char)` or `pad(string: string, len: int, padding: string)`
    "##);
    insta::assert_snapshot!(fails("    let x = 1;\n    if x { }"), @r##"
    script: this must be true or false, it is a whole number
      --> workflows/w.rhai:3:8
      |     if x { }
      |        ^
    "##);
    insta::assert_snapshot!(fails("    [1, 2][7]"), @r##"
    script: array index 7 out of bounds: only 2 elements in array
      --> workflows/w.rhai:2:12
      |     [1, 2][7]
      |            ^
    "##);
    insta::assert_snapshot!(fails("    let n = 5;\n    for x in n { }"), @r##"
    script: only lists, maps, texts and ranges can be looped over
      --> workflows/w.rhai:3:14
      |     for x in n { }
      |              ^
    "##);
    insta::assert_snapshot!(fails("    #{ a: |x| x }"), @r##"
    script: `run` must return data, `.a` is a closure
      --> workflows/w.rhai:1:11
      | fn run(p) {
      |           ^
    "##);
    let endless = fails("    loop { }");
    assert!(endless.contains("script: stopped after 50 million operations"), "{endless}");
    assert!(endless.contains("hint: an endless loop?"), "{endless}");
}

#[test]
fn recursion_without_end_is_an_error_not_a_crash() {
    let text = "fn deep(n) { [[[[[[[[[[deep(n + 1)]]]]]]]]]] }\nfn run(p) { deep(0) }\n";
    let program = program(&[("workflows/w.rhai", text)]);
    let said = drive(&program, &json!({}), echo).failure(&program);
    assert!(said.starts_with("script: functions call one another more than 64 deep"), "{said}");
}

#[test]
fn deciding_on_what_only_the_remote_knows_is_an_error() {
    for body in ["n == 7", "if n { 1 }", "n.to_upper()", "n.f(1)"] {
        let program = workflow(&format!("    let n = git::commit(\"a\");\n    {body}"));
        let run = drive(&program, &json!({}), |_| Settled::Value(json!({ "$unknown": "number of the change" })));
        let said = run.failure(&program);
        assert!(said.starts_with("unknown: the dry run cannot decide here: "), "{body}: {said}");
        assert!(said.contains("workflows/w.rhai:3:"), "{said}");
    }
}

#[test]
fn failures_of_commands_keep_their_kind_and_point_to_the_call() {
    let program = workflow("    flow::step(\"land\", || {\n        git::commit(\"a\");\n    });");
    let run = drive(&program, &json!({}), |_| {
        Settled::Failure(Failure::new(FailureKind::Moved, "staging moved").hint("run it again").cause("rejected"))
    });
    insta::assert_snapshot!(run.failure(&program), @r##"
    moved: staging moved
      --> workflows/w.rhai:3:9
      |         git::commit("a");
      |         ^^^^^^^^^^^
      cause: rejected
      hint: run it again
    "##);
}

#[test]
fn frames_lead_through_functions_and_plugins() {
    let text = "import \"helper\" as helper;\nfn inner() { helper::fail() }\nfn run(p) {\n    inner()\n}\n";
    let wrong = HELPER.replace("throw \"from the plugin\"", "#{}.nothing");
    let program_of = |plugin: &str| program(&[("workflows/w.rhai", text), ("plugins/helper.rhai", plugin)]);
    let wrong = program_of(&wrong);
    insta::assert_snapshot!(drive(&wrong, &json!({}), echo).failure(&wrong), @r##"
    script: there is no `nothing` in this map
      --> plugins/helper.rhai:4:17
      | fn fail() { #{}.nothing }
      |                 ^^^^^^^
      cause: in `inner`, called at workflows/w.rhai:4:5
      cause: in `fail`, called at workflows/w.rhai:2:22
      hint: ask with `"nothing" in map`, or read it with `map.get("nothing") ?? …`
    "##);
    // What is thrown is decided, not broken: the way to it is no help.
    let decided = program_of(HELPER);
    insta::assert_snapshot!(drive(&decided, &json!({}), echo).failure(&decided), @r##"
    thrown: from the plugin
      --> plugins/helper.rhai:4:13
      | fn fail() { throw "from the plugin" }
      |             ^^^^^
    "##);

    let closure = "import \"helper\" as helper;\nfn run(p) {\n    helper::twice(|| throw \"mine\")\n}\n";
    let program = program(&[("workflows/w.rhai", closure), ("plugins/helper.rhai", HELPER)]);
    let said = drive(&program, &json!({}), echo).failure(&program);
    assert!(said.contains("--> workflows/w.rhai:3:22"), "{said}");
}

#[test]
fn what_is_thrown_keeps_its_kind_and_data() {
    insta::assert_snapshot!(fails("    throw #{ kind: \"conflict\", message: \"two places\", conflicts: [1, 2] };"), @r##"
    conflict: two places
      --> workflows/w.rhai:2:5
      |     throw #{ kind: "conflict", message: "two places", conflicts: [1, 2] };
      |     ^^^^^
    "##);
    insta::assert_snapshot!(fails("    throw \"stop\";"), @r##"
    thrown: stop
      --> workflows/w.rhai:2:5
      |     throw "stop";
      |     ^^^^^
    "##);
    insta::assert_snapshot!(fails("    try { git::merge(5) } catch (err) { throw err; }"), @r##"
    arguments: `git::merge` takes one map
      --> workflows/w.rhai:2:11
      |     try { git::merge(5) } catch (err) { throw err; }
      |           ^^^^^^^^^^
      hint: write it as `git::merge(#{ source, target, message? })`
    "##);
}
