//! The static check: every message with its place.

use super::host::{HELPER, all_shown, library, shown};
use relwf::script::{Library, embedded};

fn check(body: &str) -> String {
    let text =
        format!("import \"helper\" as helper;\nconst LIMIT = 3;\nfn own(a, b) {{ a + b }}\nfn run(p) {{\n{body}\n}}\n");
    all_shown(&library(&[("workflows/w.rhai", &text), ("plugins/helper.rhai", HELPER)]).check("w"))
}

#[test]
fn sound_workflows_are_sound() {
    assert_eq!(
        check(
            r#"
    let list = [1, 2];
    for (item, at) in list { list[at] = item + own(1, 2); }
    let total = 0;
    flow::step("sum", || { for item in list { total += item; } });
    try { git::sync(); } catch (err) { print(err.message); }
    let add = |x, y| x + y + total;
    let object = #{ shout: |text| text + "!" };
    print(add.call(1, 2) + object.shout("a").len() + global::LIMIT);
    let found = list.filter(|item| item > global::LIMIT).map(|item| `${item}`);
    switch found.len() { 0 => print("none"), 1..5 => (), _ => { let x = 1; print(x); } }
    let each = flow::parallel("all", list, |item| {
        let id = item;
        flow::step("inner", || git::merge(#{ source: `${id}`, target: "staging", message: () }))
    });
    helper::twice(|| own(total, 1));
    let merged = own.call(1, 2);
    if "a" in #{ a: 1 } && !is_def_var("zz") { merged += 1; }
    #{ each, merged }"#
                .replace("#{ each, merged }", "#{ each: each, merged: merged }")
                .as_str()
        )
        .as_str(),
        ""
    );
}

#[test]
fn misspelt_and_misused_host_functions() {
    insta::assert_snapshot!(check(
        r#"    git::mrege(#{ source: "a", target: "b" });
    gti::merge(#{});
    merge("a");
    git::merge("a", "b");
    delta::between("a");
    git::merge(#{ sorce: "a", target: "b" });
    git::merge("a");
    candidate::latest_green(#{ branch: "a b", target: 5, soak: "soon" });
    sh::run(#{ argv: ["a", 1], effect: "no" });
    flow::approve("ok?", 1, 2);
    config::secrets("slack");
    print(`Bearer ${config::secret("slack")}`);
    helper::twise(1);
    helper::twice();
    slack::released();
    git::sync;"#
    ));
}

#[test]
fn unknown_names() {
    insta::assert_snapshot!(check(
        r#"    let count = 1;
    print(cuont + LIMIT + global::LIMITS);
    flow::step("x", || flow::step("y", || countt));
    { let inner = 1; }
    print(inner);
    own(1);
    owm(1, 2);
    [1].lenn();
    [1].push();
    sleep(10);
    timestamp();
    let f = |x| x;
    f(1);
    count.foo.bar();
    try { } catch (e) { } print(e);"#
    ));
}

#[test]
fn parameters_are_known() {
    let text = r#"const WORKFLOW = #{ params: #{ from: #{ type: "branch", value: "a" } } };
fn other(p) { p.anything }
fn run(p) {
    print(p.form);
    flow::step("x", || print(p.from));
    other(#{ anything: 1 })
}
"#;
    insta::assert_snapshot!(all_shown(&library(&[("workflows/w.rhai", text)]).check("w")));
}

#[test]
fn syntax_errors_point_to_where_something_is_missing() {
    let syntax = |text: &str| all_shown(&library(&[("workflows/w.rhai", text)]).check("w"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    git::sync() // fetch\n\n    let a = 1;\n}\n"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    let a = [1, 2;\n}\n"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    let a = #{ default: 1 };\n}\n"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    eval(\"1\");\n}\n"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    let a = \"open;\n}\n"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    if true {\n}\n"));
}

#[test]
fn imports_stay_inside_and_hide_nothing() {
    let text = r#"import "../../x" as x;
import "/etc/passwd" as y;
import "helpr" as z;
import "helper" as git;
import "helper";
import "hel" + "per" as computed;
import "broken" as broken;
git::sync();
let state = 1;
fn run(p) { }
"#;
    let library =
        library(&[("workflows/w.rhai", text), ("plugins/helper.rhai", HELPER), ("plugins/broken.rhai", "fn f( { }")]);
    insta::assert_snapshot!(all_shown(&library.check("w")));
    assert_eq!(
        library.program("w").map(drop).map_err(|diagnostic| diagnostic.failure.at.unwrap().to_string()),
        Err("workflows/w.rhai:1:8".into())
    );
}

#[test]
fn plugins_call_only_what_they_declare() {
    let plugin = r#"const PLUGIN = #{ name: "chat", version: "1", capabilities: ["flow", "htpp"], author: "me" };
fn say(text) {
    http::request(#{ method: "POST", url: "https://chat", json: text });
    flow::step("x", || git::sync());
}
"#;
    let library = library(&[
        ("workflows/w.rhai", "import \"chat\" as chat;\nfn run(p) { chat::say(\"x\") }\n"),
        ("plugins/chat.rhai", plugin),
        ("plugins/bare.rhai", "fn f() { }\n"),
        ("plugins/a.rhai", "import \"b\" as b;\nconst PLUGIN = #{ name: \"a\", version: \"1\" };\n"),
        ("plugins/b.rhai", "import \"a\" as a;\nconst PLUGIN = #{ name: \"b\", version: \"1\" };\n"),
    ]);
    insta::assert_snapshot!(all_shown(&library.check("w")));
    assert!(library.program("w").is_err());
    insta::assert_snapshot!(all_shown(&library.check_plugin("bare")));
    insta::assert_snapshot!(all_shown(&library.check_plugin("a")));
}

#[test]
fn the_projects_files_win_and_links_stay_inside() {
    let project = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(project.path().join("workflows")).unwrap();
    std::fs::create_dir_all(project.path().join("plugins")).unwrap();
    std::fs::write(project.path().join("workflows/promote-staging.rhai"), "fn run(p) { git::sink(); }").unwrap();
    std::fs::write(project.path().join("workflows/mine.rhai"), "import \"out\" as out;\nfn run(p) { }").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", project.path().join("plugins/out.rhai")).unwrap();
    let library = Library::open(project.path(), &embedded(), super::host::signatures()).unwrap();
    assert_eq!(library.workflows(), ["mine", "promote-production", "promote-staging", "update-ppcs"]);
    assert_eq!(library.header("promote-staging").unwrap().source, "workflows/promote-staging.rhai");
    insta::assert_snapshot!(all_shown(&library.check("promote-staging")));
    insta::assert_snapshot!(library.program("mine").map(drop).map_err(|diagnostic| shown(&diagnostic)).unwrap_err());
}
