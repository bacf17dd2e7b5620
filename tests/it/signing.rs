//! Every commit that relwf makes, signed by the real gpg, gpgsm and ssh-keygen, and held before `git verify-commit`.

use crate::support::bench::{Bench, git};
use crate::support::cli::{Machine, said};
use crate::support::signer::{Signer, shell};
use relwf::effects::EffectContext;
use relwf::model::{FailureKind, Value, WriteError};
use relwf::run::{Intent, Probe};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The bench's world, for an author who signs.
fn world(bench: &Bench, signer: &Signer) -> Arc<EffectContext> {
    let mut world = Arc::into_inner(bench.world(bench.config())).expect("it has no other owner yet");
    world.signing = signer.signing();
    Arc::new(world)
}

/// What every kind of commit is asked for by.
fn kinds() -> [(&'static str, Json); 4] {
    [
        ("git::merge", json!({ "source": "master", "target": "staging" })),
        ("git::cherry_pick", json!({ "commits": "staging..master", "target": "staging" })),
        ("git::revert", json!({ "commits": "staging", "target": "staging", "reason": "it broke" })),
        ("git::restore_tree", json!({ "release": "staging~1", "target": "staging" })),
    ]
}

/// The number of new commits in an answer: git finds a good signature on every one.
fn verified(signer: &Signer, repository: &Path, answer: &Value) -> usize {
    let new = git(repository, &["rev-list", text(&answer["commit"]), "--not", "master", "staging"]);
    new.lines().for_each(|commit| signer.verify(repository, commit));
    new.lines().count()
}

/// All four kinds are made and verified; and made once more from the same intent, or after the cache is gone.
fn signs_them_all(bench: &Bench, signer: &Signer) {
    for (name, args) in kinds() {
        let (intent, answer, made) = {
            let world = world(bench, signer);
            let command = bench.call(&world, name, args.clone());
            let before = signer.signed();
            let planned = command.assume().unwrap();
            assert!(planned.note.as_ref().is_some_and(|note| note.starts_with("will be signed with")), "{planned:?}");
            assert_eq!(signer.signed(), before, "{name}: a dry run signed something");

            let intent: Intent = command.prepare().unwrap();
            let answer = command.perform(&intent).unwrap();
            assert_eq!(answer["outcome"], "clean", "{name} {answer:#}");
            assert_eq!(answer["tree"], planned.value["tree"], "{name}");
            let repository = world.mirror.path();
            let commits = if name == "git::cherry_pick" { 2 } else { 1 };
            assert_eq!(verified(signer, repository, &answer), commits, "{name}");
            assert_eq!(signer.signed() - before, commits, "{name}");
            assert_eq!(git(repository, &["fsck", "--strict", "--no-dangling"]), "");

            // Another process finds the intent without an outcome.
            let command = bench.call(&world, name, args.clone());
            assert_eq!(command.probe(&intent), Probe::Absent);
            bench.clock.turn(5000);
            assert_eq!(command.perform(&intent).unwrap(), answer, "{name}: a redo gave other commits");
            (intent, answer, signer.signed())
        };
        std::fs::remove_dir_all(bench.dir.path().join("cache")).unwrap();
        let world = world(bench, signer);
        bench.call(&world, name, args).restore(&intent, &answer).unwrap();
        verified(signer, world.mirror.path(), &answer);
        assert_eq!(signer.signed(), made, "{name}: something was signed twice");
    }
    let nothing = json!({ "source": "staging", "target": "staging" });
    let before = signer.signed();
    assert_eq!(bench.call(&world(bench, signer), "git::merge", nothing).done()["outcome"], "up-to-date");
    assert_eq!(signer.signed(), before, "nothing was made, and something was signed");
}

#[test]
fn commits_of_every_kind_are_signed_with_an_ssh_key() {
    // No two signatures of this kind of key are alike.
    let signer = Signer::ssh("ecdsa", "");
    signs_them_all(&Bench::new(), &signer);
}

#[test]
fn commits_of_every_kind_are_signed_with_an_openpgp_key() {
    let signer = Signer::openpgp();
    signs_them_all(&Bench::new(), &signer);
    signer.set("user.signingkey", "ada@example.org");
    signs_them_all(&Bench::new(), &signer);
}

#[test]
fn commits_of_every_kind_are_signed_with_an_x509_certificate() {
    signs_them_all(&Bench::new(), &Signer::x509());
}

#[test]
fn keys_of_the_agent_are_named_by_themselves_or_by_a_command() {
    let signer = Signer::ssh("ed25519", "");
    let public = signer.public_key();
    signer.start_agent();
    // From here on only the agent has the private half.
    std::fs::remove_file(signer.home().join("key")).unwrap();
    let bench = Bench::new();
    let merges = |how: &str| {
        let world = world(&bench, &signer);
        let (name, args) = kinds()[0].clone();
        let answer = bench.call(&world, name, args).done();
        assert_eq!(verified(&signer, world.mirror.path(), &answer), 1, "{how}");
    };
    for key in ["~/key.pub", &format!("key::{public}"), &public] {
        signer.set("user.signingkey", key);
        merges(key);
    }
    signer.unset("user.signingkey");
    for command in ["ssh-add -L", "sh -c 'echo \"key::$(cat $HOME/key.pub)\"; echo more'"] {
        signer.set("gpg.ssh.defaultKeyCommand", command);
        merges(command);
    }
}

/// What happens when a merge cannot be signed: kind, message, hint and causes in one text.
fn refusal(signer: &Signer) -> (FailureKind, String) {
    let bench = Bench::new();
    let world = world(&bench, signer);
    let (name, args) = kinds()[0].clone();
    let failure = bench.call(&world, name, args).prepare().unwrap_err();
    assert_eq!(git(world.mirror.path(), &["for-each-ref", "--format=%(refname)"]).lines().count(), 2);
    let hint = failure.hint.clone().unwrap_or_default();
    let place = signer.home().display().to_string();
    (failure.kind, format!("{}|{hint}|{}", failure.message, failure.causes.join("\n")).replace(&place, "HOME"))
}

#[test]
fn what_cannot_be_signed_is_not_made_and_says_why() {
    let signer = Signer::ssh("ed25519", "a passphrase");
    let says = |kind: FailureKind, parts: &[&str]| {
        let (found, words) = refusal(&signer);
        assert_eq!(found, kind, "{words}");
        for part in parts {
            assert!(words.contains(part), "{part:?} is not in {words}");
        }
    };
    let no_signature = "the commit cannot be signed: `HOME/signer` made no signature with ssh key HOME/key (exit code";
    says(FailureKind::Command, &[no_signature, "`ssh-add FILE`. Nothing was made", "incorrect passphrase"]);
    signer.set("user.signingkey", "~/other");
    says(FailureKind::Config, &["there is no key file HOME/other", "user.signingkey names it"]);
    signer.set("user.signingkey", &format!("key::{}", signer.public_key()));
    says(FailureKind::Command, &["made no signature with ssh key ssh-ed25519 …", "agent", "`ssh-add -L` shows"]);
    signer.unset("user.signingkey");
    says(FailureKind::Config, &["git's configuration names no key", "git config --global user.signingkey"]);
    signer.set("gpg.ssh.defaultKeyCommand", "echo none");
    says(FailureKind::Config, &["`echo none` (gpg.ssh.defaultKeyCommand) tells no ssh key", "its first line"]);
    signer.set("gpg.ssh.defaultKeyCommand", "echo 'none");
    says(FailureKind::Config, &["gpg.ssh.defaultKeyCommand is no command", "quotes must be closed"]);
    signer.set("gpg.ssh.defaultKeyCommand", "no-such-program -L");
    says(FailureKind::Config, &["`no-such-program` was not found", "setting gpg.ssh.defaultKeyCommand"]);
    signer.set("gpg.ssh.program", "/no/such/ssh-keygen");
    signer.set("user.signingkey", "~/key");
    says(
        FailureKind::Config,
        &["`/no/such/ssh-keygen` was not found", "setting gpg.ssh.program", "commit.gpgsign false"],
    );
    signer.set("gpg.format", "pgp");
    says(FailureKind::Config, &["gpg.format is `pgp`", "openpgp, x509 or ssh"]);
    signer.set("commit.gpgsign", "perhaps");
    says(FailureKind::Config, &["commit.gpgsign is neither on nor off"]);
    signer.set("commit.gpgsign", "off");
    let bench = Bench::new();
    let (name, args) = kinds()[0].clone();
    let world = world(&bench, &signer);
    let answer = bench.call(&world, name, args).done();
    assert!(!git(world.mirror.path(), &["cat-file", "commit", text(&answer["commit"])]).contains("gpgsig"));
}

#[test]
fn a_passphrase_is_asked_for_in_the_persons_own_window() {
    let signer = Signer::ssh("ed25519", "a passphrase");
    signer.ask_with("echo 'a passphrase'");
    let bench = Bench::new();
    let world = world(&bench, &signer);
    let (name, args) = kinds()[0].clone();
    assert_eq!(verified(&signer, world.mirror.path(), &bench.call(&world, name, args).done()), 1);
}

#[test]
fn a_wait_for_a_signature_can_be_interrupted() {
    let signer = Signer::ssh("ed25519", "");
    signer.wrap("sleep 60");
    let bench = Bench::new();
    let world = world(&bench, &signer);
    let (name, args) = kinds()[0].clone();
    let failure = std::thread::scope(|scope| {
        scope.spawn(|| {
            while signer.signed() == 0 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            bench.cancel.raise();
        });
        bench.call(&world, name, args).prepare().unwrap_err()
    });
    assert_eq!(failure.kind, FailureKind::Interrupted, "{failure:?}");
}

#[test]
fn without_the_key_or_its_passphrase_gpgs_own_message_is_shown() {
    let signer = Signer::openpgp();
    signer.set("user.signingkey", "nobody@example.org");
    let (kind, words) = refusal(&signer);
    assert_eq!(kind, FailureKind::Command, "{words}");
    for part in ["made no signature with OpenPGP key nobody@example.org", "No secret key", "gpg --list-secret-keys"] {
        assert!(words.contains(part), "{part:?} is not in {words}");
    }
    signer.locked_key("locked@example.org");
    signer.set("user.signingkey", "locked@example.org");
    let (kind, words) = refusal(&signer);
    assert_eq!(kind, FailureKind::Command, "{words}");
    assert!(words.contains("GPG_TTY") && words.contains("signing failed"), "{words}");
}

#[test]
fn a_series_that_ends_in_a_conflict_is_not_signed() {
    let signer = Signer::ssh("ed25519", "");
    let bench = Bench::new();
    git(&bench.work(), &["checkout", "-q", "staging"]);
    bench.commit("other way", &[("more.txt", "9\n")]);
    git(&bench.work(), &["push", "-q", "--all", "origin"]);
    let world = world(&bench, &signer);
    let picks = json!({ "commits": "staging..master", "target": "staging" });
    let stuck = bench.call(&world, "git::cherry_pick", picks).done();
    assert_eq!((&stuck["outcome"], stuck["commits"].as_array().map(Vec::len)), (&json!("conflicts"), Some(1)));
    assert_eq!(signer.signed(), 0);
}

#[test]
fn a_changed_configuration_leaves_a_run_that_began_alone() {
    let signer = Signer::ssh("ecdsa", "");
    let bench = Bench::new();
    let (name, args) = kinds()[0].clone();
    let prepared = |signer: &Signer| bench.call(&world(&bench, signer), name, args.clone()).prepare().unwrap();
    let signed = prepared(&signer);
    signer.set("commit.gpgsign", "false");
    let plain = prepared(&signer);
    let has_signature = |intent: &Intent| {
        let world = world(&bench, &signer);
        let answer = bench.call(&world, name, args.clone()).perform(intent).unwrap();
        git(world.mirror.path(), &["cat-file", "commit", text(&answer["commit"])]).contains("\ngpgsig ")
    };
    assert!(has_signature(&signed) && !has_signature(&plain));
    signer.set("commit.gpgsign", "true");
    assert!(has_signature(&signed) && !has_signature(&plain));

    // The journal was edited, or another version makes other commits: never an unsigned one instead.
    let mut other = signed.clone();
    other.pre["signatures"][0]["time"] = 1.into();
    match bench.call(&world(&bench, &signer), name, args.clone()).perform(&other) {
        Err(WriteError::Refused(failure)) => assert!(failure.message.contains("none of those that were signed")),
        other => panic!("{other:?}"),
    }
}

/// Before a release, not in the middle of one.
#[test]
fn doctor_finds_out_that_gpg_lacks_the_key() {
    let signer = Signer::openpgp();
    signer.set("gpg.program", "gpg");
    signer.set("user.signingkey", "ada@example.org");
    let machine = Machine::new();
    let service = machine.service();
    git(&service, &["config", "--unset", "commit.gpgsign"]);
    let doctor = || {
        let mut command = machine.relwf(&service, &["doctor"]);
        command.envs(signer.environment());
        said(&machine, command)
    };
    let good = doctor();
    assert!(good.exits(0).stdout.contains("signing    "), "{}", good.stdout);
    signer.set("user.signingkey", "nobody@example.org");
    let bad = doctor();
    assert!(bad.exits(1).stdout.contains("gpg has no secret key for `nobody@example.org`"), "{}", bad.stdout);
}

#[test]
fn a_promotion_lands_the_very_commit_that_was_signed_though_it_is_killed_while_signing() {
    let signer = Signer::ssh("ecdsa", "");
    let machine = Machine::new();
    let service = machine.service();
    let remote = machine.path("demo/remote.git");
    git(&remote, &["config", "core.logAllRefUpdates", "always"]);
    git(&service, &["config", "--unset", "commit.gpgsign"]);
    let relwf = |args: &[&str]| {
        let mut command = machine.relwf(&service, args);
        command.envs(signer.environment());
        said(&machine, command)
    };
    let doctor = relwf(&["doctor"]);
    assert!(doctor.exits(0).stdout.contains("signing     ssh key "), "{}", doctor.stdout);
    let plan = relwf(&["run", "promote-staging", "--dry-run"]);
    assert!(plan.exits(0).stdout.contains("will be signed with ssh key"), "{}", plan.stdout);
    assert_eq!(signer.signed(), 0);

    // The signature is made, and relwf is gone before it knows.
    let once = signer.home().join("killed");
    signer.wrap(&format!("[ -e {0} ] || {{ touch {0}; kill -9 $PPID; }}", once.display()));
    let killed = relwf(&["run", "promote-staging"]);
    assert_eq!(killed.code, -1, "{}", killed.stderr);
    assert_eq!(signer.signed(), 1);
    relwf(&["resume", "--all"]).exits(0);
    assert_eq!(signer.signed(), 2, "signed once more, as the first one was pushed nowhere");
    signer.verify(&remote, "staging");
    assert_eq!(shell(&remote, "git reflog show staging | wc -l").trim(), "1", "staging moved more than once");
    let runs = relwf(&["runs", "--json"]).exits(0).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_promotion_that_cannot_be_signed_ends_before_anybody_sees_it() {
    let signer = Signer::ssh("ed25519", "a passphrase");
    let machine = Machine::new();
    let service = machine.service();
    let remote = machine.path("demo/remote.git");
    git(&service, &["config", "--unset", "commit.gpgsign"]);
    let before = git(&remote, &["for-each-ref"]);
    let mut command = machine.relwf(&service, &["run", "promote-staging"]);
    command.envs(signer.environment());
    let failed = said(&machine, command);
    failed.exits(1);
    for part in ["the commit cannot be signed", "incorrect passphrase", "ssh-add FILE"] {
        assert!(failed.stderr.contains(part), "{part:?} is not in {}", failed.stderr);
    }
    let left =
        |refs: &str| refs.lines().filter(|line| !line.contains("refs/relwf/l")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(left(&git(&remote, &["for-each-ref"])), left(&before));
}

#[test]
fn nothing_is_drawn_while_gpgs_agent_may_ask_on_the_terminal() {
    let signer = Signer::openpgp();
    signer.openpgp_key("Robin Sample <robin@orders.example>");
    // As its pinentry would: it draws, takes its time, and goes.
    signer.wrap("printf '<ask>' >/dev/tty; sleep 1; printf '</ask>' >/dev/tty");
    let machine = Machine::new();
    let service = machine.service();
    git(&service, &["config", "--unset", "commit.gpgsign"]);
    let line = format!("{} run promote-staging --yes", env!("CARGO_BIN_EXE_relwf"));
    let mut terminal = std::process::Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).env_clear().envs(signer.environment()).env("TERM", "xterm");
    let output =
        terminal.current_dir(&service).stdin(std::process::Stdio::null()).output().expect("script is installed");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    // There was something to be drawn before and after.
    let (before, rest) = shown.split_once("<ask>").unwrap_or_else(|| panic!("{shown}"));
    let (meanwhile, after) = rest.split_once("</ask>").unwrap_or_else(|| panic!("{shown}"));
    assert!(before.contains("signing with") && after.contains("land"), "{shown}");
    assert_eq!(meanwhile, "", "{shown:?}");
    signer.verify(&machine.path("demo/remote.git"), "staging");
}
