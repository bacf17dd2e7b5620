//! `relwf help`: commands as `--help` shows them, and the host functions in every form.

use crate::support::cli::Machine;

#[test]
fn a_command_is_explained_as_by_its_own_help() {
    let machine = Machine::new();
    for command in [vec!["run"], vec!["merge-tree"], vec![]] {
        let help = machine.say(&machine.home(), &[&["help"], command.as_slice()].concat());
        let own = machine.say(&machine.home(), &[command.as_slice(), &["--help"]].concat());
        assert_eq!((help.code, help.stdout), (0, own.stdout));
    }
    machine.say(&machine.home(), &["help", "rum"]).exits(2);
    let near = machine.say(&machine.home(), &["help", "function"]);
    assert_eq!(near.exits(2).stderr, "error: there is no command `function`\nhint: did you mean `functions`?\n");
}

#[test]
fn nothing_that_is_asked_for_is_ignored() {
    let machine = Machine::new();
    let service = machine.service();
    for line in [
        &["help", "run", "--json"][..],
        &["help", "--json"],
        &["help", "preview", "staging"],
        &["help", "preview", "--definitions"],
        &["help", "run", "promote-staging", "--definitions"],
    ] {
        let said = machine.say(&service, line);
        said.exits(2);
        match line.contains(&"--json") {
            true => assert_eq!(said.json()["error"]["kind"], "usage"),
            false => assert_eq!((said.stdout.as_str(), said.stderr.starts_with("error: ")), ("", true), "{line:?}"),
        }
    }
    for json in [&[][..], &["--json"]] {
        let help = machine.say(&service, &[&["help", "run", "promote-staging"], json].concat());
        let own = machine.say(&service, &[&["run", "promote-staging", "--help"], json].concat());
        assert_eq!((help.code, &help.stdout), (0, &own.stdout));
        assert!(own.stdout.contains("promote-staging"), "{}", own.stdout);
    }
}

#[test]
fn a_page_fits_a_wide_terminal() {
    let machine = Machine::new();
    for name in ["git::merge", "forge::propose", "candidate::latest_green"] {
        let page = machine.say(&machine.home(), &["help", "functions", name]);
        let widest = page.exits(0).stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 120, "{widest}:\n{}", page.stdout);
    }
}

#[test]
fn a_host_function_is_shown_with_all_that_it_takes_and_answers() {
    let machine = Machine::new();
    let one = machine.say(&machine.home(), &["help", "functions", "git::push"]);
    insta::assert_snapshot!(one.exits(0).stdout, @r#"
    git::push(#{ branch, commit, expect? })

    Effect. Moves a branch of the remote, under a lease: only if it is where it is expected.

    Takes:
      branch   the name of a branch  the branch of the remote
      commit   a commit              where it should point
      expect?  a commit              the commit it must hold now, or "absent"; by default as last fetched

    Answers a map
      branch  the name of a branch  the branch
      commit  a commit              where it points
      before  a commit or ()        where it pointed; () when it is new

    Throws:
      moved    the branch is not where it is expected
      refused  the remote does not take it: a hook, a protected branch, missing rights
    "#);
    let all = machine.say(&machine.home(), &["help", "functions"]);
    for name in [
        "git::merge(#{ source, target, from?, message?, onto? })",
        "flow::step(name, closure)",
        "delta::between(base, head)",
    ] {
        assert!(all.stdout.contains(name), "{name} is missing in\n{}", all.stdout);
    }
    let namespace = machine.say(&machine.home(), &["help", "functions", "delta"]);
    assert!(namespace.stdout.contains("delta::between(base, head)"), "{}", namespace.stdout);
    let wrong = machine.say(&machine.home(), &["help", "functions", "git::mrege"]);
    assert!(wrong.exits(2).stderr.contains("did you mean `git::merge`?"), "{}", wrong.stderr);
}

#[test]
fn host_functions_are_listed_as_data() {
    let machine = Machine::new();
    let json = machine.say(&machine.home(), &["help", "functions", "git::log", "--json"]).json();
    let log = &json["functions"][0];
    assert_eq!((log["name"].as_str(), log["kind"].as_str()), (Some("git::log"), Some("read")));
    assert_eq!(log["arguments"]["required"], serde_json::json!(["from"]));
    assert_eq!(log["answer"]["items"]["properties"]["id"]["format"], "commit");
}

#[test]
fn editors_load_the_definitions() {
    let machine = Machine::new();
    let text = machine.say(&machine.home(), &["help", "functions", "--definitions"]).stdout;
    for line in [
        "module static;",
        "module git {",
        "    fn is_ancestor(ancestor: String, descendant: String) -> bool;",
        "    fn log(arguments: Map) -> Array;",
    ] {
        assert!(text.lines().any(|written| written == line), "{line} is missing in\n{text}");
    }
}
