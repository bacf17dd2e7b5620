//! What workflows say of themselves.

use super::host::{all_shown, library, shown};
use relwf::script::{Library, ParamKind};
use serde_json::json;
use std::collections::BTreeMap;

fn of(header: &str) -> Library {
    library(&[("workflows/w.rhai", &format!("{header}\nfn run(p) {{ p }}\n"))])
}

#[test]
fn headers_are_read_without_running_anything() {
    let header = of(r#"//! Does it all.
//!
//! And more.
const WORKFLOW = #{
    params: #{
        zeta:  #{ type: "branch", value: "master", help: "z" },
        alpha: #{ type: "int", value: -3 },
        list:  #{ type: "list", value: ["a", "b"] },
        must:  #{ type: "string" },
        may:   #{ type: "time", value: () },
    },
    lock: "zeta",
    confirm: true,
};"#)
    .header("w")
    .unwrap();
    assert_eq!(header.description, "Does it all.\n\nAnd more.");
    assert_eq!(header.lock.as_deref(), Some("zeta"));
    assert!(header.confirm);
    assert!(!of("").header("w").unwrap().confirm);
    let params: Vec<_> = header.params.iter().map(|p| (p.name.as_str(), p.kind, p.value.clone(), p.required)).collect();
    assert_eq!(
        params,
        [
            ("zeta", ParamKind::Branch, json!("master"), false),
            ("alpha", ParamKind::Int, json!(-3), false),
            ("list", ParamKind::List, json!(["a", "b"]), false),
            ("must", ParamKind::String, json!(null), true),
            ("may", ParamKind::Time, json!(null), false),
        ]
    );
    assert_eq!(serde_json::to_value(&header.params[0]).unwrap()["type"], "branch");
}

#[test]
fn wrong_headers_are_shown_where_they_are_wrong() {
    let said = |header: &str| all_shown(&of(header).check("w"));
    insta::assert_snapshot!(said(r#"const WORKFLOW = #{ params: #{ a: #{ type: "sting", value: 1 } }, lok: "a" };"#), @r##"
    script: the parameter `a` has an unknown type: the string "sting"
      --> workflows/w.rhai:1:44
      | const WORKFLOW = #{ params: #{ a: #{ type: "sting", value: 1 } }, lok: "a" };
      |                                            ^^^^^^^
      hint: did you mean `string`?
    script: a workflow's header knows no `lok`
      --> workflows/w.rhai:1:67
      | const WORKFLOW = #{ params: #{ a: #{ type: "sting", value: 1 } }, lok: "a" };
      |                                                                   ^^^
      hint: did you mean `lock`?
    "##);
    insta::assert_snapshot!(said("let d = 1;\nconst WORKFLOW = #{ params: #{ a: #{ type: \"int\", value: d } } };"), @r##"
    script: only `import`, `const` and `fn` may stand outside of functions
      --> workflows/w.rhai:1:1
      | let d = 1;
      | ^^^
      hint: put it into `fn run(p)`
    script: `WORKFLOW` must be literal
      --> workflows/w.rhai:2:58
      | const WORKFLOW = #{ params: #{ a: #{ type: "int", value: d } } };
      |                                                          ^
      hint: it is read without running anything: no variables, calls or `${…}` in it
    "##);
    insta::assert_snapshot!(said(
        r#"const WORKFLOW = #{ params: #{ soak: #{ type: "duration", value: "soon" }, n: #{ type: "int", value: "1" } }, lock: "sook" };"#
    ), @r##"
    script: the default of `soak` must be a duration like `10m`, not the string "soon" (write it like `90s`, `10m`, `1h30m` or `2d`)
      --> workflows/w.rhai:1:66
      | const WORKFLOW = #{ params: #{ soak: #{ type: "duration", value: "soon" }, n: #{ type: "int", value: "1" } }, lock: "sook" };
      |                                                                  ^^^^^^
    script: the default of `n` must be a whole number, not the string "1"
      --> workflows/w.rhai:1:102
      | const WORKFLOW = #{ params: #{ soak: #{ type: "duration", value: "soon" }, n: #{ type: "int", value: "1" } }, lock: "sook" };
      |                                                                                                      ^^^
    script: `lock` names `sook`, which is no parameter
      --> workflows/w.rhai:1:117
      | const WORKFLOW = #{ params: #{ soak: #{ type: "duration", value: "soon" }, n: #{ type: "int", value: "1" } }, lock: "sook" };
      |                                                                                                                     ^^^^^^
      hint: did you mean `soak`?
    "##);
    insta::assert_snapshot!(said(r#"const WORKFLOW = #{ confirm: "yes" };"#), @r##"
    script: `confirm` must be `true` or `false`, not the string "yes"
      --> workflows/w.rhai:1:30
      | const WORKFLOW = #{ confirm: "yes" };
      |                              ^^^^^
    "##);
    let library = library(&[("workflows/w.rhai", "fn rum(p) { }\n")]);
    insta::assert_snapshot!(all_shown(&library.check("w")), @r##"
    script: there is no `fn run(p)`
      --> workflows/w.rhai:1:1
      | fn rum(p) { }
      | ^^
      hint: a workflow begins there; `p` holds its parameters
    "##);
    insta::assert_snapshot!(shown(&library.header("v").unwrap_err()), @r##"
    not-found: there is no workflow `v`
      hint: known are `w`
    "##);
}

#[test]
fn parameters_are_typed_by_the_header() {
    let library = of(r#"const WORKFLOW = #{ params: #{
        to: #{ type: "branch", value: "staging" }, count: #{ type: "int", value: 1 }, on: #{ type: "bool", value: false },
        soak: #{ type: "duration", value: () }, names: #{ type: "list", value: [] }, when: #{ type: "time", value: () },
        commit: #{ type: "commit", value: () }, why: #{ type: "string", help: "the reason" },
    } };"#);
    let program = library.program("w").map_err(|diagnostic| shown(&diagnostic)).unwrap();
    let parse = |given: &[(&str, &str)]| {
        let given: BTreeMap<String, String> = given.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        program.params(&given).map_err(|failure| format!("{} / {}", failure.message, failure.hint.unwrap_or_default()))
    };
    let given =
        [("why", "x=y"), ("count", "-2"), ("on", "true"), ("soak", "1h"), ("names", "a, b,"), ("commit", "HEAD~1")];
    assert_eq!(
        parse(&given),
        Ok(json!({
            "to": "staging", "count": -2, "on": true, "soak": "1h", "names": ["a", "b"], "when": null,
            "commit": "HEAD~1", "why": "x=y",
        }))
    );
    for (given, error) in [
        ([("why", ""), ("tto", "x")], "`w` has no parameter `tto` / did you mean `to`?"),
        ([("to", "x"), ("on", "true")], "`w` needs the parameter `why` / give it as --param why=… (a string)"),
        ([("to", "x"), ("why", " ")], "the parameter `why` of `w` is empty / give it as --param why=… (a string)"),
        ([("why", ""), ("count", "2x")], "`count` takes a whole number, not `2x` / "),
        ([("why", ""), ("on", "yes")], "`on` takes `true` or `false`, not `yes` / "),
        (
            [("why", ""), ("to", "a b")],
            "`to` takes the name of a branch, not `a b`: it holds a space, a control character or one of ~ ^ : ? * [ \\ / ",
        ),
        (
            [("why", ""), ("soak", "10")],
            "`soak` takes a duration like `10m`, not `10`: write it like `90s`, `10m`, `1h30m` or `2d` / ",
        ),
        ([("why", ""), ("when", "noon")], "`when` takes a time, not `noon`: write it like `2026-07-27T02:00:00Z` / "),
    ] {
        assert_eq!(parse(&given), Err(error.to_owned()));
    }
}
