//! Where answers and words go when a stream is odd: a full disk, a hostile commit, a remote that is away.

use crate::support::cli::{Machine, said};
use crate::support::git::Repo;
use std::fs;
use std::process::Stdio;

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_does_not_fit_is_a_failure() {
    let machine = Machine::new();
    let service = machine.service();
    for args in [&["list"][..], &["list", "--json"], &["preview", "master", "staging", "--json"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_relwf"));
        command.args(args).current_dir(&service).env("HOME", machine.home()).stdout(Stdio::from(full));
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.contains("error: the answer could not be written whole\n"), "{args:?}: {stderr}");
    }
}

#[test]
fn what_commits_say_does_not_steer_the_terminal() {
    let machine = Machine::new();
    let service = machine.service();
    let repo = Repo::at(&service);
    repo.git(&["commit", "--allow-empty", "-m", "evil \x1b]0;title\x07\x1b[2J"]);
    repo.git(&["push", "origin", "HEAD:master"]);
    let mut command = machine.relwf(&service, &["--color", "always", "preview", "master", "staging"]);
    command.env_remove("NO_COLOR");
    let preview = said(&machine, command);
    preview.exits(0);
    assert!(preview.stdout.contains("evil ]0;title[2J\n"), "{:?}", preview.stdout);
}

#[test]
fn what_was_fetched_last_is_enough_while_the_remote_is_away() {
    let machine = Machine::new();
    let service = machine.service();
    machine.say(&service, &["preview", "master", "staging"]).exits(0);
    fs::rename(machine.path("demo/remote.git"), machine.path("demo/away.git")).unwrap();
    machine.say(&service, &["preview", "master", "staging"]).exits(2);
    let offline = machine.say(&service, &["preview", "master", "staging", "--no-fetch"]);
    offline.exits(0);
    assert!(offline.stdout.contains("merges cleanly"), "{}", offline.stdout);
}

#[test]
fn a_path_that_would_break_the_line_is_quoted() {
    let machine = Machine::new();
    let service = machine.service();
    let repo = Repo::at(&service);
    repo.write("tab\there\nand more", "x");
    repo.commit("odd names");
    repo.git(&["push", "origin", "HEAD:master"]);
    let preview = machine.say(&service, &["preview", "master", "staging"]);
    preview.exits(0);
    assert!(preview.stdout.contains("\nA \"tab\\there\\nand more\"\n"), "{}", preview.stdout);
}

#[cfg(unix)]
#[test]
fn a_configuration_that_cannot_be_read_is_not_replaced_by_the_defaults() {
    let machine = Machine::new();
    let service = machine.service();
    fs::remove_file(service.join("relwf.toml")).unwrap();
    std::os::unix::fs::symlink("nowhere.toml", service.join("relwf.toml")).unwrap();
    let run = machine.say(&service, &["run", "promote-staging"]);
    run.exits(2);
    assert!(run.stderr.starts_with("error: `relwf.toml` cannot be read: "), "{}", run.stderr);
    fs::remove_file(service.join("relwf.toml")).unwrap();
    fs::create_dir(service.join("relwf.toml")).unwrap();
    machine.say(&service, &["check"]).exits(2);
}

#[test]
fn a_cache_that_cannot_be_written_says_which_variable_moves_it() {
    let machine = Machine::new();
    let service = machine.service();
    let mut command = machine.relwf(&service, &["preview", "master", "staging"]);
    command.env("RELWF_CACHE_DIR", service.join("relwf.toml"));
    let preview = said(&machine, command);
    preview.exits(1);
    assert!(preview.stderr.contains("hint: correct its rights, or set RELWF_CACHE_DIR"), "{}", preview.stderr);
}
