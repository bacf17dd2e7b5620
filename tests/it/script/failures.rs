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
    insta::assert_snapshot!(fails("    let x = 5;\n    git::merge(#{ source: x, target: \"b\" });"));
    insta::assert_snapshot!(fails("    let args = #{ source: \"a\", targt: \"b\" };\n    git::merge(args);"));
    insta::assert_snapshot!(fails("    let f = || 1;\n    sh::run(#{ argv: [\"a\", f], effect: true });"));
    insta::assert_snapshot!(fails("    let c = git::commit(\"a\");\n    git::commit(#{ id: c.rev });"));
    insta::assert_snapshot!(fails("    let f = |a, b| 1;\n    flow::step(\"x\", f);"));
    insta::assert_snapshot!(fails("    flow::parallel(\"x\", [\"a\", \"b\", \"a\"], |i| i);"));
    insta::assert_snapshot!(fails("    flow::parallel(\"x\", [#{ ring: 1 }], |i| i);"));
}

#[test]
fn the_languages_own_errors_are_in_our_words() {
    insta::assert_snapshot!(fails("    let x = #{ a: 1 };\n    x.b"));
    insta::assert_snapshot!(fails("    let x = 5;\n    x.pad(3, \" \");"));
    insta::assert_snapshot!(fails("    let x = 1;\n    if x { }"));
    insta::assert_snapshot!(fails("    [1, 2][7]"));
    insta::assert_snapshot!(fails("    let n = 5;\n    for x in n { }"));
    insta::assert_snapshot!(fails("    #{ a: |x| x }"));
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
    insta::assert_snapshot!(run.failure(&program));
}

#[test]
fn frames_lead_through_functions_and_plugins() {
    let text = "import \"helper\" as helper;\nfn inner() { helper::fail() }\nfn run(p) {\n    inner()\n}\n";
    let files = [("workflows/w.rhai", text), ("plugins/helper.rhai", HELPER)];
    let program = program(&files);
    insta::assert_snapshot!(drive(&program, &json!({}), echo).failure(&program));

    let closure = "import \"helper\" as helper;\nfn run(p) {\n    helper::twice(|| throw \"mine\")\n}\n";
    let program = super::host::program(&[("workflows/w.rhai", closure), files[1]]);
    let said = drive(&program, &json!({}), echo).failure(&program);
    assert!(said.contains("--> workflows/w.rhai:3:22"), "{said}");
}

#[test]
fn what_is_thrown_keeps_its_kind_and_data() {
    insta::assert_snapshot!(fails("    throw #{ kind: \"conflict\", message: \"two places\", conflicts: [1, 2] };"));
    insta::assert_snapshot!(fails("    throw \"stop\";"));
    insta::assert_snapshot!(fails("    try { git::merge(5) } catch (err) { throw err; }"));
}
