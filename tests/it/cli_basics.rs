//! The command line itself: help, usage errors, generated texts.

use crate::support::cli::Machine;
use serde_json::json;

#[test]
fn version_is_one_line_on_stdout() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["--version"]);
    said.exits(0);
    assert_eq!(said.stdout, format!("relwf {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(said.stderr, "");
}

#[test]
fn every_verb_of_the_contract_has_help_with_examples() {
    let machine = Machine::new();
    for verb in [
        "demo",
        "init",
        "list",
        "check",
        "run",
        "resume",
        "runs",
        "show",
        "approve",
        "sign-off",
        "changes",
        "close",
        "land",
        "abandon",
        "preview",
        "delta",
        "notes",
        "merge-tree",
        "candidates",
        "doctor",
        "completions",
        "man",
    ] {
        let said = machine.say(&machine.home(), &[verb, "--help"]);
        said.exits(0);
        assert!(said.stdout.contains("Usage: relwf ") && said.stdout.contains(verb), "{verb}: {}", said.stdout);
        assert!(verb == "init" || verb == "list" || said.stdout.contains("Examples:\n  "), "{verb}: {}", said.stdout);
        assert_eq!(said.stderr, "", "{verb}");
    }
}

#[test]
fn usage_errors_are_exit_2_with_a_suggestion() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["previw", "a", "b"]);
    said.exits(2);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.starts_with("error: unrecognized subcommand 'previw'\n"), "{}", said.stderr);
    assert!(said.stderr.contains("'preview'"), "{}", said.stderr);
    let said = machine.say(&machine.home(), &["run"]);
    assert!(said.exits(2).stderr.ends_with("\nhint: `relwf list` names the workflows\n"), "{}", said.stderr);
    let said = machine.say(&machine.home(), &["run", "--json"]);
    assert_eq!(said.exits(2).json()["error"]["hint"], "`relwf list` names the workflows");
}

#[test]
fn usage_errors_are_json_when_json_is_asked_for() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["preview", "--json", "master"]);
    said.exits(2);
    assert_eq!(said.stderr, "");
    let error = &said.json()["error"];
    assert_eq!(error["kind"], "usage");
    assert_eq!(error["message"], "the following required arguments were not provided: <TARGET>");
    assert_eq!(error["hint"], "see `relwf --help`");

    let said = machine.say(&machine.home(), &["runs", "--json", "--everwhere"]);
    said.exits(2);
    assert_eq!(
        said.json(),
        json!({"error": {"kind": "usage", "message": "unexpected argument '--everwhere' found",
                         "hint": "did you mean `--everywhere`?"}})
    );
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["-C", "nowhere", "list"]);
    said.exits(2);
    assert_eq!(said.stderr, "error: there is no folder <machine>/home/nowhere\nhint: -C wants a folder that exists\n");
}

#[test]
fn completions_and_the_manual_name_every_verb() {
    let machine = Machine::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = machine.say(&machine.home(), &["completions", shell]);
        said.exits(0);
        assert!(said.stdout.contains("merge-tree") && said.stdout.contains("candidates"), "{shell}");
    }
    let man = machine.say(&machine.home(), &["man"]);
    man.exits(0);
    assert!(man.stdout.contains(".SH RELWF PREVIEW") && man.stdout.contains(".SH RELWF RESUME"));
    assert_eq!(man.stderr, "");
}

#[test]
fn no_repository_and_no_configuration_says_what_to_do() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["preview", "a", "b"]);
    said.exits(2);
    assert_eq!(
        said.stderr,
        "error: no repository to work with: <machine>/home lies in none and there is no relwf.toml\n\
         hint: run it inside a git repository, or write [repo] url = \"…\" into relwf.toml (`relwf init` makes one)\n"
    );
    let said = machine.say(&machine.home(), &["preview", "a", "b", "--json"]);
    said.exits(2);
    assert_eq!(said.json()["error"]["kind"], "config");
    assert_eq!(said.stderr, "");
}

#[test]
fn colours_come_when_they_are_asked_for_and_not_into_pipes() {
    let machine = Machine::new();
    let plain = machine.say(&machine.home(), &["-C", "nowhere", "list"]);
    assert!(!plain.stderr.contains('\u{1b}'));
    let coloured = machine.say(&machine.home(), &["--color", "always", "-C", "nowhere", "list"]);
    assert!(coloured.stderr.contains('\u{1b}'), "{}", coloured.stderr);
}
