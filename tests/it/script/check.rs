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
    ), @r##"
    script: there is no function `git::mrege`
      --> workflows/w.rhai:5:5
      |     git::mrege(#{ source: "a", target: "b" });
      |     ^^^^^^^^^^
      hint: did you mean `git::merge`?
    script: there is no namespace or plugin `gti`
      --> workflows/w.rhai:6:5
      |     gti::merge(#{});
      |     ^^^^^^^^^^
      hint: did you mean `git`?
    script: there is no function `merge`
      --> workflows/w.rhai:7:5
      |     merge("a");
      |     ^^^^^
      hint: did you mean `git::merge`?
    script: `git::merge` cannot be called with 2 arguments
      --> workflows/w.rhai:8:5
      |     git::merge("a", "b");
      |     ^^^^^^^^^^
      hint: it is written `git::merge(#{ source, target, message? })`
    script: `delta::between` cannot be called with one argument
      --> workflows/w.rhai:9:5
      |     delta::between("a");
      |     ^^^^^^^^^^^^^^
      hint: it is written `delta::between(base, head)`
    script: `git::merge` needs `source`: what is merged
      --> workflows/w.rhai:10:5
      |     git::merge(#{ sorce: "a", target: "b" });
      |     ^^^^^^^^^^
      hint: it is written `git::merge(#{ source, target, message? })`
    script: `git::merge` knows no `sorce`
      --> workflows/w.rhai:10:19
      |     git::merge(#{ sorce: "a", target: "b" });
      |                   ^^^^^
      hint: did you mean `source`?
    script: `git::merge` takes one map, not the string "a"
      --> workflows/w.rhai:11:16
      |     git::merge("a");
      |                ^^^
      hint: write it as `git::merge(#{ source, target, message? })`
    script: `candidate::latest_green` takes the name of a branch as `branch`, not the string "a b" (it holds a space, a control character or one of ~ ^ : ? * [ \)
      --> workflows/w.rhai:12:40
      |     candidate::latest_green(#{ branch: "a b", target: 5, soak: "soon" });
      |                                        ^^^^^
      hint: it is written `candidate::latest_green(#{ branch, target, soak? })`
    script: `candidate::latest_green` takes the name of a branch as `target`, not the number 5
      --> workflows/w.rhai:12:55
      |     candidate::latest_green(#{ branch: "a b", target: 5, soak: "soon" });
      |                                                       ^
      hint: it is written `candidate::latest_green(#{ branch, target, soak? })`
    script: `candidate::latest_green` takes a duration like "10m" as `soak`, not the string "soon" (write it like `90s`, `10m`, `1h30m` or `2d`)
      --> workflows/w.rhai:12:64
      |     candidate::latest_green(#{ branch: "a b", target: 5, soak: "soon" });
      |                                                                ^^^^^^
      hint: it is written `candidate::latest_green(#{ branch, target, soak? })`
    script: `sh::run` takes a list of strings as `argv`, not a list (its item 1 is the number 1)
      --> workflows/w.rhai:13:22
      |     sh::run(#{ argv: ["a", 1], effect: "no" });
      |                      ^
      hint: it is written `sh::run(#{ argv, effect, env?, limit? })`
    script: `sh::run` takes true or false as `effect`, not the string "no"
      --> workflows/w.rhai:13:40
      |     sh::run(#{ argv: ["a", 1], effect: "no" });
      |                                        ^^^^
      hint: it is written `sh::run(#{ argv, effect, env?, limit? })`
    script: `flow::approve` cannot be called with 3 arguments
      --> workflows/w.rhai:14:5
      |     flow::approve("ok?", 1, 2);
      |     ^^^^^^^^^^^^^
      hint: it is written `flow::approve(message, show?)`
    script: there is no function `config::secrets`
      --> workflows/w.rhai:15:5
      |     config::secrets("slack");
      |     ^^^^^^^^^^^^^^^
      hint: did you mean `config::secret`?
    script: a secret cannot be put into a text with `${…}`
      --> workflows/w.rhai:16:21
      |     print(`Bearer ${config::secret("slack")}`);
      |                     ^^^^^^^^^^^^^^
      hint: put it together with `+`: "Bearer " + config::secret("…")
    script: `plugins/helper.rhai` has no function `twise`
      --> workflows/w.rhai:17:5
      |     helper::twise(1);
      |     ^^^^^^^^^^^^^
      hint: did you mean `twice`?
    script: `helper::twice` cannot be called without arguments
      --> workflows/w.rhai:18:5
      |     helper::twice();
      |     ^^^^^^^^^^^^^
      hint: it is written `helper::twice(closure)`
    script: there is no namespace or plugin `slack`
      --> workflows/w.rhai:19:5
      |     slack::released();
      |     ^^^^^^^^^^^^^^^
      hint: known are `candidate`, `ci`, `config`, `delta`, `fleet`, `flow`, `forge`, `git`, `http`, `sh`, `helper`
    script: `git::sync` is no value
      --> workflows/w.rhai:20:5
      |     git::sync;
      |     ^^^^^^^^^
      hint: call it as `git::sync()`
    "##);
}

#[test]
fn private_functions_of_plugins_cannot_be_called() {
    let text = "import \"slack\" as slack;\nfn run(p) { slack::post(\"x\") }\n";
    let slack = embedded().into_iter().find(|source| source.path == "plugins/slack.rhai").unwrap().text;
    let library = library(&[("workflows/w.rhai", text), ("plugins/slack.rhai", &slack)]);
    let said: Vec<String> = library.check("w").into_iter().map(|finding| finding.failure.message).collect();
    assert_eq!(said, ["`post` of `plugins/slack.rhai` is private"]);
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
    ), @r##"
    script: there is no variable `cuont`
      --> workflows/w.rhai:6:11
      |     print(cuont + LIMIT + global::LIMITS);
      |           ^^^^^
      hint: did you mean `count`?
    script: functions do not see the constant `LIMIT` by this name
      --> workflows/w.rhai:6:19
      |     print(cuont + LIMIT + global::LIMITS);
      |                   ^^^^^
      hint: write `global::LIMIT`
    script: there is no constant `LIMITS` at the top level
      --> workflows/w.rhai:6:35
      |     print(cuont + LIMIT + global::LIMITS);
      |                                   ^^^^^^
      hint: did you mean `LIMIT`?
    script: there is no variable `countt`
      --> workflows/w.rhai:7:43
      |     flow::step("x", || flow::step("y", || countt));
      |                                           ^^^^^^
      hint: did you mean `count`?
    script: there is no variable `inner`
      --> workflows/w.rhai:9:11
      |     print(inner);
      |           ^^^^^
    script: `own` cannot be called with one argument
      --> workflows/w.rhai:10:5
      |     own(1);
      |     ^^^
      hint: it is written `own(a, b)`
    script: there is no function `owm`
      --> workflows/w.rhai:11:5
      |     owm(1, 2);
      |     ^^^
      hint: did you mean `own`?
    script: there is no function `lenn`
      --> workflows/w.rhai:12:9
      |     [1].lenn();
      |         ^^^^
      hint: did you mean `len`?
    script: `push` cannot be called without arguments
      --> workflows/w.rhai:13:9
      |     [1].push();
      |         ^^^^
      hint: it takes `push(array: array, item: any)`; what stands before the dot is the first
    script: there is no `sleep`
      --> workflows/w.rhai:14:5
      |     sleep(10);
      |     ^^^^^
      hint: use `flow::sleep("10m")`: it survives a restart
    script: there is no `timestamp`
      --> workflows/w.rhai:15:5
      |     timestamp();
      |     ^^^^^^^^^
      hint: use `flow::now()`: it is the same when the run is resumed
    script: there is no function `f`
      --> workflows/w.rhai:17:5
      |     f(1);
      |     ^
      hint: `f` is a variable; a closure in it is called with `f.call(…)`
    script: there is no function `bar`
      --> workflows/w.rhai:18:15
      |     count.foo.bar();
      |               ^^^
    script: there is no variable `e`
      --> workflows/w.rhai:19:33
      |     try { } catch (e) { } print(e);
      |                                 ^
    "##);
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
    insta::assert_snapshot!(all_shown(&library(&[("workflows/w.rhai", text)]).check("w")), @r##"
    script: the workflow has no parameter `form`
      --> workflows/w.rhai:4:13
      |     print(p.form);
      |             ^^^^
      hint: did you mean `from`?
    "##);
}

#[test]
fn syntax_errors_point_to_where_something_is_missing() {
    let syntax = |text: &str| all_shown(&library(&[("workflows/w.rhai", text)]).check("w"));
    insta::assert_snapshot!(syntax("fn run(p) {\n    git::sync() // fetch\n\n    let a = 1;\n}\n"), @r##"
    script: a `;` is missing here
      --> workflows/w.rhai:2:16
      |     git::sync() // fetch
      |                ^
      hint: every statement ends with `;`, only the last one of a block may leave it away
    "##);
    insta::assert_snapshot!(syntax("fn run(p) {\n    let a = [1, 2;\n}\n"), @r##"
    script: `,` was expected here to separate the items of this array literal
      --> workflows/w.rhai:2:18
      |     let a = [1, 2;
      |                  ^
      hint: a `,` stands between two items; or is the closing bracket missing?
    "##);
    insta::assert_snapshot!(syntax("fn run(p) {\n    let a = #{ default: 1 };\n}\n"), @r##"
    script: `default` is a reserved word
      --> workflows/w.rhai:2:16
      |     let a = #{ default: 1 };
      |                ^^^^^^^
      hint: choose another name; as the key of a map it must be quoted: "default": …
    "##);
    insta::assert_snapshot!(syntax("fn run(p) {\n    eval(\"1\");\n}\n"), @r##"
    script: there is no `eval`
      --> workflows/w.rhai:2:5
      |     eval("1");
      |     ^^^^
      hint: what a workflow does must be there to be checked and pinned
    "##);
    insta::assert_snapshot!(syntax("fn run(p) {\n    let a = \"open;\n}\n"), @r##"
    script: this string is never closed
      --> workflows/w.rhai:2:13
      |     let a = "open;
      |             ^^^^^^
    "##);
    insta::assert_snapshot!(syntax("fn run(p) {\n    if true {\n}\n"), @r##"
    script: `}` was expected here to terminate this block
      --> workflows/w.rhai:3:2
      | }
      |  ^
    "##);
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
    insta::assert_snapshot!(all_shown(&library.check("w")), @r##"
    script: `../../x` cannot be the name of a plugin
      --> workflows/w.rhai:1:8
      | import "../../x" as x;
      |        ^^^^^^^^^
      hint: plugins lie in `plugins/`; their names hold only a to z, digits, `-`, `_`, and `/` between folders
    script: `/etc/passwd` cannot be the name of a plugin
      --> workflows/w.rhai:2:8
      | import "/etc/passwd" as y;
      |        ^^^^^^^^^^^^^
      hint: plugins lie in `plugins/`; their names hold only a to z, digits, `-`, `_`, and `/` between folders
    script: there is no plugin `helpr`
      --> workflows/w.rhai:3:8
      | import "helpr" as z;
      |        ^^^^^^^
      hint: did you mean `helper`?
    script: `git` is taken: it is a namespace of relwf
      --> workflows/w.rhai:4:20
      | import "helper" as git;
      |                    ^^^
      hint: import it by another name, e.g. `as my_git`
    script: `import "helper"` has no name to call it by
      --> workflows/w.rhai:5:8
      | import "helper";
      |        ^^^^^^^^
      hint: write `import "helper" as helper;`
    script: the name of a plugin must be a literal string
      --> workflows/w.rhai:6:14
      | import "hel" + "per" as computed;
      |              ^
      hint: what a workflow imports must be known before it runs, to be pinned
    script: only `import`, `const` and `fn` may stand outside of functions
      --> workflows/w.rhai:8:6
      | git::sync();
      |      ^^^^
      hint: put it into `fn run(p)`
    script: only `import`, `const` and `fn` may stand outside of functions
      --> workflows/w.rhai:9:1
      | let state = 1;
      | ^^^
      hint: put it into `fn run(p)`
    script: `)` was expected here to close the parameters list of function 'f'
      --> plugins/broken.rhai:1:7
      | fn f( { }
      |       ^
    "##);
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
    insta::assert_snapshot!(all_shown(&library.check("w")), @r##"
    script: there is no capability `htpp`
      --> plugins/chat.rhai:1:70
      | const PLUGIN = #{ name: "chat", version: "1", capabilities: ["flow", "htpp"], author: "me" };
      |                                                                      ^^^^^^
      hint: did you mean `http`?
    script: a plugin's `PLUGIN` knows no `author`
      --> plugins/chat.rhai:1:79
      | const PLUGIN = #{ name: "chat", version: "1", capabilities: ["flow", "htpp"], author: "me" };
      |                                                                               ^^^^^^
      hint: known are `name`, `version`, `capabilities`
    script: this plugin calls `http::request` but declares only flow
      --> plugins/chat.rhai:3:5
      |     http::request(#{ method: "POST", url: "https://chat", json: text });
      |     ^^^^^^^^^^^^^
      hint: add "http" to the `capabilities` of its `PLUGIN`
    script: this plugin calls `git::sync` but declares only flow
      --> plugins/chat.rhai:4:24
      |     flow::step("x", || git::sync());
      |                        ^^^^^^^^^
      hint: add "git" to the `capabilities` of its `PLUGIN`
    "##);
    assert!(library.program("w").is_err());
    insta::assert_snapshot!(all_shown(&library.check_plugin("bare")), @r##"
    script: a plugin needs `const PLUGIN`
      --> plugins/bare.rhai:1:1
      | fn f() { }
      | ^^
      hint: write `const PLUGIN = #{ name: "…", version: "1", capabilities: ["http"] };`
    "##);
    insta::assert_snapshot!(all_shown(&library.check_plugin("a")), @r##"
    script: plugins import one another in a circle: a → b → a
      --> plugins/a.rhai:1:8
      | import "b" as b;
      |        ^^^
    script: plugins import one another in a circle: b → a → b
      --> plugins/b.rhai:1:8
      | import "a" as a;
      |        ^^^
    "##);
}

#[test]
fn the_projects_files_win_and_links_stay_inside() {
    let project = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(project.path().join("workflows")).unwrap();
    std::fs::create_dir_all(project.path().join("plugins")).unwrap();
    std::fs::write(project.path().join("workflows/promote-staging.rhai"), "fn run(p) { git::sink(); }").unwrap();
    std::fs::write(project.path().join("workflows/mine.rhai"), "import \"out\" as out;\nfn run(p) { }").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", project.path().join("plugins/out.rhai")).unwrap();
    let library = Library::open(project.path(), &embedded(), super::host::host_functions()).unwrap();
    assert_eq!(
        library.workflows(),
        [
            "back-merge",
            "close-change",
            "hotfix",
            "land-change",
            "mine",
            "promote-production",
            "promote-staging",
            "redeploy",
            "reland",
            "revert-release",
            "rollback",
            "sign-off",
            "tag-release",
            "update-ppcs"
        ]
    );
    assert_eq!(library.header("promote-staging").unwrap().source, "workflows/promote-staging.rhai");
    insta::assert_snapshot!(all_shown(&library.check("promote-staging")), @r##"
    script: there is no function `git::sink`
      --> workflows/promote-staging.rhai:1:13
      | fn run(p) { git::sink(); }
      |             ^^^^^^^^^
      hint: did you mean `git::sync`?
    "##);
    insta::assert_snapshot!(library.program("mine").map(drop).map_err(|diagnostic| shown(&diagnostic)).unwrap_err(), @r##"
    script: `plugins/out.rhai` is a link that leads out of the project
      --> workflows/mine.rhai:1:8
      | import "out" as out;
      |        ^^^^^
      hint: put the file itself there; scripts are read only from inside the project
    "##);
}

#[test]
fn functions_that_answer_nothing_are_not_values() {
    let finds = |body: &str| check(body).contains("changes the value where it is and answers ()");
    for used in [
        r#"let day = " 5 "; if day.trim() == "5" { throw "no"; }"#,
        r#"let day = " 5 "; let d = day.trim(); print(d);"#,
        r#"let day = " 5 "; print(day.replace(" ", ""));"#,
        r#"let day = " 5 "; if day.make_upper().len() == 3 { throw "no"; }"#,
        r#"let p = #{ day: " 5 " }; return p.day.trim();"#,
        r#"let list = [2, 1]; for one in list.sort() { print(one); }"#,
        r#"let list = [" a"]; print(list.map(|one| [one.trim()]).len());"#,
    ] {
        assert!(finds(used), "{used}");
    }
    for right in [
        r#"let day = " 5 "; day.trim(); if day == "5" { throw "no"; }"#,
        r#"let list = [2, 1]; list.sort(); list.push(3); print(list.len());"#,
        r#"let p = #{ list: [2] }; p.list.push(3); if p.list.len() > 1 { p.list.clear(); }"#,
        r#"let object = #{ sort: || 1 }; print(object.sort());"#,
        r#"print("a".to_upper());"#,
    ] {
        assert!(!finds(right), "{right}: {}", check(right));
    }
    let text = check(r#"    let day = " 5 "; if day.make_upper() == "5" { throw "no"; }"#);
    assert!(
        text.contains("workflows/w.rhai:5:29") && text.contains("hint: `to_upper()` answers it, or call it"),
        "{text}"
    );
}
