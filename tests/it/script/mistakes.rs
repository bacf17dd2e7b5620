//! What authors get wrong who come from other languages: each with the place that `relwf check` shows, and what it says instead.

use relwf::effects::host_functions;
use relwf::script::{ConfiguredNames, Library, SourceFile};

const HEADER: &str = r#"//! Tries something.
const WORKFLOW = #{
    params: #{
        to: #{ type: "branch", value: "staging", help: "where to" },
        items: #{ type: "list", value: [], help: "what" },
        count: #{ type: "int", value: 1, help: "how many" },
    },
};
"#;

fn library(text: &str) -> Library {
    let name = |name: &str| vec![name.to_owned()];
    let names = ConfiguredNames {
        environments: name("production"),
        components: name("agent"),
        secrets: name("slack"),
        programs: name("make"),
    };
    let file = SourceFile { path: "workflows/w.rhai".into(), text: text.into() };
    Library::of(vec![file], &relwf::script::embedded(), host_functions()).with_names(names)
}

/// What is found in the body of `run`: place in it, message, hint.
fn found(body: &str) -> Vec<((usize, usize), String, String)> {
    let above = HEADER.lines().count() + 1;
    let findings = library(&format!("{HEADER}fn run(p) {{\n{body}\n}}\n")).check("w");
    let found = findings.into_iter().map(|finding| {
        let at = finding.failure.at.expect("a place");
        ((at.line - above, at.column), finding.failure.message, finding.failure.hint.unwrap_or_default())
    });
    found.collect()
}

/// The mark stands before the place; then a part of the message, and of the hint.
const MISTAKES: &[(&str, &str, &str)] = &[
    // Words of other languages, at which the parser stops.
    ("if p.to == \"a\" { print(1); } §elif p.to == \"b\" { print(2); }", "`elif`", "`else if`"),
    ("if p.to == \"a\" { print(1); } §elseif p.to == \"b\" { print(2); }", "`elseif`", "`else if`"),
    ("if p.to == \"a\" §and p.count == 1 { print(1); }", "`and`", "`&&`"),
    ("let both = p.to == \"a\" §or p.count == 1;", "`or`", "`||`"),
    ("if §not p.to.is_empty() { print(1); }", "`not`", "`!x`"),
    ("if p.to §not in p.items { print(1); }", "`not`", "`x !in list`"),
    ("if p.to §is None { print(1); }", "`is`", "`==`"),
    ("let ids = p.items.map(x §=> x.id);", "`=>`", "a closure is written `|x| …`"),
    ("flow::step(\"sync\", () §=> git::sync());", "`=>`", "a closure is written `|x| …`"),
    ("if p.count §=> 3 { print(1); }", "`=>`", "“at least” is `>=`"),
    ("if p.to §=== \"a\" { print(1); }", "`===`", "`==`"),
    ("if p.to §!== \"a\" { print(1); }", "`!==`", "`!=`"),
    ("if p.count §<> 1 { print(1); }", "`<>`", "`!=`"),
    ("if p.to §= \"a\" { print(1); }", "`=` does not compare", "`==`"),
    ("let i = 0; i§++;", "`++`", "`x += 1`"),
    ("let x = p.to == \"a\" §? 1 : 2;", "`?`", "`if a { b } else { c }`"),
    ("if p.to == \"a\"§: print(1)", "`:`", "braces"),
    ("if p.to == \"a\" §then print(1); fi", "`then`", "braces"),
    ("for x §of p.items { print(x); }", "`of`", "`for x in list"),
    ("for (§let i = 0; i < 3; i++) { print(i); }", "`for`", "`for i in 0..3"),
    ("§foreach x in p.items { print(x); }", "`foreach`", "`for x in list"),
    ("try { git::sync(); } §except { print(1); }", "`except`", "`try { … } catch (error) { … }`"),
    ("try { git::sync(); } catch (e) { print(1); } §finally { print(2); }", "`finally`", "`flow::always(|| …)`"),
    ("switch p.to { §case \"a\": print(1); }", "`case`", "`switch x { \"a\" => …"),
    ("§match p.to { \"a\" => print(1) }", "`match`", "`switch x { \"a\" => …"),
    ("§function tell() { 1 }", "`function`", "`fn name(a, b) { … }`"),
    ("§def tell(): 1", "`def`", "`fn name(a, b) { … }`"),
    ("let f = §lambda x: x;", "`lambda`", "`|x| …`"),
    ("§raise \"no\";", "`raise`", "`throw`"),
    ("throw §new Error(\"no\");", "`new`", "`throw` takes a text or a map"),
    ("§echo \"done\";", "`echo`", "`print(…)`"),
    ("§print \"done\";", "`print`", "`print(…)`"),
    ("let c = §await git::sync();", "`await`", "calls wait"),
    ("import slack §from \"slack\";", "`from`", "`import \"slack\" as slack;`"),
    ("§# a comment", "`#`", "`//`"),
    ("let to = §$to;", "`$`", "has no `$`"),
    ("let to = §f\"to {p.to}\";", "`f`", "backticks"),
    ("print(§'to staging');", "single quotes", "\"to staging\""),
    // Values and variables.
    ("let x = §null;", "`null`", "`()`"),
    ("let x = §None;", "`None`", "`()`"),
    ("if p.to == §nil { print(1); }", "`nil`", "`()`"),
    ("let x = §True;", "`True`", "`true`"),
    ("§var x = 1;", "`var`", "`let`"),
    ("§string x = \"a\";", "`string`", "`let x = …`"),
    ("let x§: string = \"a\";", "`:`", "has no type"),
    ("§x = 5;", "no variable `x`", "`let x = …`"),
    // Maps, arguments and separators.
    ("git::merge({ source§: \"a\", target: p.to });", "`:`", "`#{ key: value }`"),
    ("git::merge(source§: \"a\", target: p.to);", "`:`", "`git::merge(#{ source: …"),
    ("let m = #{ a §= 1 };", "`=`", "`#{ key: value }`"),
    ("git::merge(#{ source: \"a\" §target: p.to });", "`,`", "between two items"),
    ("let x = 1§\nprint(x);", "`;` is missing", "every statement ends with `;`"),
    ("§git.sync();", "`git` is a namespace", "`git::…`"),
    // Texts.
    ("let to = p.to; print(§\"to ${to}\");", "`${to}`", "backticks"),
    ("print(§\"to ${p.to}\");", "`${p.to}`", "backticks"),
    ("print(§\"at ${flow::now()}\");", "`${flow::now()}`", "backticks"),
    // Functions and fields.
    ("let n = p.items.§length;", "`length`", "`x.len()`"),
    ("let n = p.items.§size();", "`size`", "`x.len()`"),
    ("let n = p.items.§push(1).len();", "`push`", "on a line of its own"),
    ("if p.to.§trim() == \"5\" { print(1); }", "`trim`", "on a line of its own"),
    ("let s = p.to.§toUpperCase();", "`toUpperCase`", "`x.to_upper()`"),
    ("let s = p.to.§startsWith(\"a\");", "`startsWith`", "`starts_with`"),
    ("let s = p.items.§includes(\"a\");", "`includes`", "`x in list`"),
    ("if §!p.to in p.items { print(1); }", "`!x in list`", "`x !in list`"),
    ("let s = §str(5);", "`str`", "`x.to_string()`"),
    ("§console.log(\"done\");", "`console`", "`print(…)`"),
    ("§sleep(\"10m\");", "`sleep`", "`flow::sleep(\"10m\")`"),
    ("git::§mrege(#{ source: \"a\", target: p.to });", "", "`git::merge`"),
    ("print(p.§too);", "no parameter `too`", "`to`"),
    ("let merge = git::merge(#{ source: \"a\", target: p.to }); print(merge.§sha);", "`sha`", "`commit`"),
    (
        "let landed = forge::land(#{ change: 1, commit: \"a\", target: p.to }); print(landed.§id);",
        "`id`",
        "did you mean `commit`?",
    ),
    ("print(flow::now().§weekdy);", "a time has no `weekdy`", "`weekday`"),
    ("let here = flow::now().in_zone(\"Europe/Berlin\"); print(here.§hours);", "a time has no `hours`", "`hour`"),
    // Closures.
    ("flow::step(\"sync\", §git::sync());", "`flow::step` takes a closure", "`flow::step(name, || …)`"),
    ("flow::step(\"sync\", §{ git::sync(); });", "`flow::step` takes a closure", "`flow::step(name, || …)`"),
    ("flow::step(\"sync\") §{ git::sync(); }", "`{`", "as the last argument"),
    ("flow::on_failure(§flow::note(\"failed\"));", "`flow::on_failure` takes a closure", "`flow::on_failure(|| …)`"),
    // Names of relwf.toml.
    ("config::environment(§\"prodution\");", "no environment `prodution`", "`production`"),
    ("config::component(§\"agnet\");", "no component `agnet`", "`agent`"),
    ("let token = config::secret(§\"pager\");", "the secret `pager` is not configured", "[secrets]"),
    (
        "sh::run(#{ argv: [§\"kubectl\", \"apply\"], effect: true });",
        "may not start `kubectl`",
        "allow = [\"make\", \"kubectl\"]",
    ),
];

#[test]
fn mistakes_are_found_at_their_place_with_what_to_write_instead() {
    assert!(MISTAKES.len() >= 34, "only {} mistakes", MISTAKES.len());
    let mut missed = Vec::new();
    for (marked, message, hint) in MISTAKES {
        let before: Vec<&str> = marked.split('§').next().unwrap_or_default().split('\n').collect();
        let column = before.last().map_or(0, |line| line.chars().count()) + 1;
        // The name of a function is marked with its namespace.
        let column = if marked.contains("git::§") { column - "git::".len() } else { column };
        let wanted = (before.len(), column);
        let found = found(&marked.replace('§', ""));
        let is_right = |(at, said, instead): &((usize, usize), String, String)| {
            *at == wanted && said.contains(message) && instead.contains(hint)
        };
        // One mistake, one finding.
        if found.len() != 1 || !found.iter().all(is_right) {
            missed.push(format!("{marked}\n    wanted {wanted:?}, found {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), MISTAKES.len(), missed.join("\n"));
}

#[test]
fn what_is_right_is_not_taken_for_a_habit() {
    for body in [
        // A shell's variables, and `$` where nothing is meant.
        "sh::run(#{ argv: [\"make\", \"HOME=${HOME}\"], effect: true });",
        "print(\"a ${} b ${ c\");",
        "let to = 1; print(`${to}` + \"\\\"\" + `\"${to}\"`);",
        // Words that are names here.
        "let done = 1; let of = 2; let and = 3; print(done + of + and);",
        "let m = #{ \"default\": 1, and: 2, function: 3 }; print(m.and + m.function);",
        "let f = |x| x; let r = f.call(1); print(r);",
        // A closure from elsewhere.
        "let work = || git::sync(); flow::step(\"sync\", work);",
        "let work = if p.count == 1 { || git::sync() } else { || () }; flow::step(\"sync\", work);",
        "let x = #{ length: 1 }; print(x.length);",
        "if !(p.to in p.items) && p.to !in p.items { print(1); }",
        "let list = []; for x in 0..3 { list.push(x); } print(list.len());",
        "let now = flow::now(); now += \"2h\"; print(now.in_zone(\"UTC\").hour + (now - flow::now()).total_seconds);",
        "let at = (); if p.count == 1 { at = flow::now(); } if at != () { print(at.weekday); }",
        // The script says what happens without them.
        "if config::has_secret(\"pager\") { print(config::secret(\"pager\").to_string()); }",
        "try { config::environment(\"qa\"); } catch (error) { print(error.message); }",
        "let name = \"qa\"; config::environment(name); config::component(\"agent\"); config::secret(\"slack\");",
        "config::environment(\"production\"); sh::run(#{ argv: [\"make\"], effect: false });",
        "sh::run(#{ argv: [p.to], effect: false });",
    ] {
        assert_eq!(found(body), [], "{body}");
    }
}

#[test]
fn a_plugin_alone_does_not_know_which_secrets_its_workflows_ask_for() {
    let plugin = "const PLUGIN = #{ name: \"pager\", version: \"1\", capabilities: [\"config\", \"http\"] };\n\
                  fn page() { http::request(#{ method: \"POST\", url: config::secret(\"pager\") }) }\n";
    let library = |run: &str| {
        let workflow = format!("import \"pager\" as pager;\nfn run(p) {{ {run} }}\n");
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let files = vec![file("workflows/w.rhai", &workflow), file("plugins/pager.rhai", plugin)];
        Library::of(files, &relwf::script::embedded(), host_functions()).with_names(ConfiguredNames::default())
    };
    assert_eq!(library("pager::page()").check_plugin("pager"), []);
    assert_eq!(library("if config::has_secret(\"pager\") { pager::page() }").check("w"), []);
    let found = library("pager::page()").check("w");
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(finding.failure.at.as_ref().map(ToString::to_string).as_deref(), Some("plugins/pager.rhai:2:66"));
}

#[test]
fn bundled_workflows_have_no_finding_in_any_project() {
    let library = library("fn run(p) { }\n");
    for workflow in library.workflows() {
        assert_eq!(library.check(&workflow), [], "{workflow}");
    }
    for plugin in library.plugins() {
        assert_eq!(library.check_plugin(&plugin), [], "{plugin}");
    }
}
