//! What `relwf check` knows of answers: fields that host functions do not answer, found through everything between.

use super::host::all_shown;
use relwf::effects::host_functions;
use relwf::script::{Library, SourceFile};

const HELPER: &str = r#"const PLUGIN = #{ name: "helper", version: "1", capabilities: ["git"] };
fn tip(branch) { git::branch(branch) }
fn first(commits) { commits[0].sumary }
fn has(error) { error.anything }
"#;

fn check(body: &str) -> String {
    let text =
        format!("import \"helper\" as helper;\nfn own(rev) {{ return git::commit(rev); }}\nfn run(p) {{\n{body}\n}}\n");
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let files = vec![file("workflows/w.rhai", &text), file("plugins/helper.rhai", HELPER)];
    all_shown(&Library::pinned(files, host_functions()).check("w"))
}

/// The findings about answers, each with its place.
fn found(body: &str) -> Vec<String> {
    let shown = check(body);
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    let places = lines.windows(2).filter(|pair| pair[0].contains("answers no") && pair[1].starts_with("--> "));
    let finding =
        |pair: &[&str]| format!("{} {}", pair[1].trim_start_matches("--> "), pair[0].trim_start_matches("script: "));
    places.map(finding).collect()
}

#[test]
fn a_field_that_no_answer_has_is_found_with_its_place() {
    insta::assert_snapshot!(check(r#"    let merge = git::merge(#{ source: "x", target: "staging" });
    print(merge.comit);"#), @"
    script: `git::merge` answers no `comit`
      --> workflows/w.rhai:5:17
      |     print(merge.comit);
      |                 ^^^^^
      hint: did you mean `commit`?
    ");
}

#[test]
fn answers_are_followed() {
    // The mark stands before the field that is missing.
    for (body, wanted) in [
        ("print(git::commit(\"x\").§ide);", "`git::commit` answers no `ide`"),
        // Through a step, and a variable that is empty first.
        (
            "let build = ();\nbuild = flow::step(\"a\", || ci::trigger(#{ branch: p.to }));\nprint(build.§sha);",
            "`ci::trigger` answers no `sha`",
        ),
        // Through loops, lists and closures.
        ("for c in git::log(#{ from: \"x\" }) { print(c.§ident); }", "`git::log` answers no `ident`"),
        (
            "let log = git::log(#{ from: \"x\" });\nprint(log.filter(|c| c.§autor == \"a\").map(|c| c.id));",
            "`git::log` answers no `autor`",
        ),
        (
            "let log = [];\nlog += git::log(#{ from: \"x\" });\nlog.push(git::commit(\"y\"));\nprint(log[0].§sha);",
            "`git::log` answers no `sha`",
        ),
        (
            "let done = flow::parallel(\"all\", fleet::behind(#{ to: \"1\" }), |agent| fleet::roll(#{ target: agent.id, to: \"1\" }));\nprint(done[0].§version);",
            "`fleet::roll` answers no `version`",
        ),
        // A variable that the closure captures.
        (
            "let c = git::commit(\"x\");\nflow::step(\"a\", || {\n    flow::note(c.§text);\n});",
            "`git::commit` answers no `text`",
        ),
        // Inside an answer, and inside a map of the script.
        (
            "for wave in fleet::waves(#{ to: \"1\" }) { for t in wave.targets { print(t.§wave); } }",
            "`fleet::waves` answers no `targets.wave`",
        ),
        ("let both = #{ now: git::commit(\"x\") };\nprint(both.now.§sha);", "`git::commit` answers no `sha`"),
        // Branches: missing whichever was taken.
        (
            "let c = if p.x { git::commit(\"a\") } else { git::branch(\"b\") };\nprint(c.§sha);",
            "`git::commit` answers no `sha`",
        ),
        (
            "let c = switch p.x { 1 => git::commit(\"a\"), _ => throw \"no\" };\nprint(c.§sha);",
            "`git::commit` answers no `sha`",
        ),
        ("let c = git::branch(\"x\") ?? git::commit(\"y\");\nprint(c.§sha);", "`git::branch` answers no `sha`"),
        // Through functions, here and in a plugin.
        ("print(own(\"x\").§sha);", "`git::commit` answers no `sha`"),
        ("print(helper::tip(\"x\").§sha);", "`git::branch` answers no `sha`"),
    ] {
        let line = body.lines().position(|line| line.contains('§')).unwrap();
        let column = body.lines().nth(line).unwrap().chars().position(|letter| letter == '§').unwrap();
        let wanted = format!("workflows/w.rhai:{}:{} {wanted}", line + 4, column + 1);
        assert_eq!(found(&body.replace('§', "")), [wanted], "{body}");
    }
    // In the plugin that was handed the answer.
    let given = found("helper::first(git::log(#{ from: \"x\" }));");
    assert_eq!(given, ["plugins/helper.rhai:3:32 `git::log` answers no `sumary`"]);
}

#[test]
fn what_is_not_certain_is_not_reported() {
    for body in [
        // A field that is there at times.
        "    for t in fleet::behind(#{ to: \"1\" }) { print(t.error); }",
        // One of two has it.
        "    let c = if p.x { git::commit(\"a\") } else { fleet::wanted(#{ branch: \"b\" }) };\n    print(c.summary + c.version);",
        // The script adds it; a function may; a method may.
        "    let c = git::commit(\"a\");\n    c.sha = c.id;\n    print(c.sha);",
        "    let c = git::commit(\"a\");\n    c.mixin(#{ sha: 1 });\n    print(c.sha);",
        "    let c = git::commit(\"a\");\n    c += #{ sha: 1 };\n    print(c.sha);",
        "    let c = git::commit(\"a\");\n    flow::step(\"a\", || { c.sha = 1; });\n    print(c.sha);",
        // It asks first.
        "    let c = git::commit(\"a\");\n    if \"sha\" in c { print(c.sha); }",
        // Anything may come: parameters, errors, JSON, closures that others call.
        "    print(p.source.sha);",
        "    try { git::sync(); } catch (error) { print(error.sha); }",
        "    print(http::get(#{ url: \"x\" }).json.sha);",
        "    let show = |c| c.sha;\n    print(show.call(#{ sha: 1 }) + show.call(git::commit(\"a\")).len());",
        "    print(git::log(#{ from: \"x\" }).reduce(|sum, c| sum.sha + c.id, #{ sha: 1 }));",
        "    helper::has(p);",
        // Reassigned, in whatever order.
        "    let c = git::commit(\"a\");\n    for n in 0..2 { if n == 1 { print(c.sha); } c = #{ sha: n }; }",
        // Labels have names of their own.
        "    for t in fleet::targets() { print(t.labels.region + t.labels[\"zone\"]); }",
    ] {
        assert_eq!(found(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn the_bundled_workflows_and_plugins_read_what_is_there() {
    let library = super::host::bundled();
    for workflow in library.workflows() {
        assert_eq!(all_shown(&library.check(&workflow)), "", "{workflow}");
    }
    for plugin in library.plugins() {
        assert_eq!(all_shown(&library.check_plugin(&plugin)), "", "{plugin}");
    }
}
