//! What a person at a terminal is asked before something lands, and what each answer does.

use crate::support::sample::Sample;
use crate::support::terminal::{Shown, on_terminal, on_terminal_without_keys};

const QUESTION: &str = "Go on? [y/N] ";

struct Desk(Sample);

impl Desk {
    fn new() -> Self {
        Self(Sample::new())
    }

    fn types(&self, args: &[&str], answer: &'static str) -> Shown {
        on_terminal(&self.0.machine, &self.0.path, args, QUESTION, || answer)
    }

    /// The branches of the remote, and what relwf keeps there.
    fn remote(&self) -> String {
        self.0.remote(&["for-each-ref"])
    }

    fn runs(&self) -> usize {
        self.0.runs().len()
    }

    /// It was asked about and not begun.
    fn stopped(&self, shown: &Shown, workflow: &str) {
        shown.exits(1).shows(QUESTION, 1);
        shown.shows(&format!("\ndenied: {workflow} was not confirmed: no run was begun, and nothing was changed"), 1);
    }
}

#[test]
fn a_promotion_shows_what_would_land_and_a_yes_lands_it() {
    let desk = Desk::new();
    for (branch, answer) in [("staging", "y\n"), ("production", "YES\n")] {
        let before = desk.0.remote(&["rev-parse", branch]);
        let shown = desk.types(&["run", &format!("promote-{branch}")], answer);
        shown.exits(0).shows(QUESTION, 1).shows(&format!(" landed on {branch} (run "), 1);
        let (asked, _) = shown.text.split_once(QUESTION).unwrap();
        let summary =
            if branch == "staging" { "agents: retry a batch once" } else { "Promote master (5b44f3aaca) to staging" };
        for part in [
            &format!("promote-{branch} would do this:\n"),
            &format!(" → {branch}: "),
            &format!(" “{summary}” by "),
            " commits, and their merge\n",
            "sdk        0.16.4               →  0.17.0               changed\n",
        ] {
            assert!(asked.contains(part), "{part:?} in\n{asked}");
        }
        assert_ne!(desk.0.remote(&["rev-parse", branch]), before);
    }
    assert_eq!(desk.runs(), 2);
    let idle = desk.types(&["run", "promote-staging"], "y\n");
    idle.exits(0).shows(QUESTION, 0);
    idle.shows("nothing to do: nothing to promote: staging has all of master already\n", 1);
    assert_eq!(desk.runs(), 2);
}

#[test]
fn everything_but_a_yes_begins_no_run() {
    let desk = Desk::new();
    let before = desk.remote();
    // Enter, a word, ctrl-D, ctrl-C.
    for answer in ["\n", "n\n", "yeah\n", "\x04", "\x03"] {
        desk.stopped(&desk.types(&["run", "promote-staging"], answer), "promote-staging");
    }
    desk.stopped(&desk.types(&["-q", "run", "promote-staging"], "n\n"), "promote-staging");
    assert_eq!((desk.remote(), desk.runs()), (before, 0));
}

#[test]
fn who_says_yes_beforehand_or_wants_no_questions_is_not_asked() {
    let desk = Desk::new();
    desk.types(&["run", "promote-staging", "--yes"], "n\n").exits(0).shows(QUESTION, 0);
    desk.types(&["--no-input", "run", "promote-production"], "n\n").exits(0).shows(QUESTION, 0);
    desk.types(&["run", "promote-staging", "--json"], "n\n").exits(0).shows(QUESTION, 0);
    assert_eq!(desk.runs(), 3);
    desk.types(&["run", "rollback", "--param", "reason=x", "--dry-run"], "n\n").exits(0).shows(QUESTION, 0);
}

/// A job that wraps its commands in a terminal has no person who could answer.
#[test]
fn an_input_that_has_ended_before_the_question_is_as_good_as_no_terminal() {
    let desk = Desk::new();
    let shown = on_terminal_without_keys(&desk.0.machine, &desk.0.path, &["run", "promote-staging"]);
    shown.exits(0).shows(QUESTION, 0).shows("nothing can be answered here, for the input has ended", 1);
    assert_eq!(desk.runs(), 1);
}

#[test]
fn a_rollback_shows_what_it_goes_back_to_what_it_withdraws_and_why() {
    let desk = Desk::new();
    desk.0.say(&["run", "promote-staging"]).exits(0);
    let before = desk.remote();
    let args = ["run", "rollback", "--param", "branch=staging", "--param", "reason=orders are lost"];
    let shown = desk.types(&args, "n\n");
    desk.stopped(&shown, "rollback");
    for part in [
        "roll staging back to 82d36cd824\n",
        "release: “server: hotfix, halve the burst until the queue is fixed”, ",
        "d old\nwithdrawn: 1 landing\n  ",
        " Promote master (5b44f3aaca) to staging\nreason: orders are lost\n",
        "sdk        0.17.0               →  0.16.4               changed\n",
    ] {
        shown.shows(part, 1);
    }
    assert_eq!((desk.remote(), desk.runs()), (before, 1));
    desk.types(&args, "y\n").exits(0).shows(" landed on staging (run ", 1);
}

#[test]
fn what_a_merge_hides_is_shown_before_the_question() {
    let desk = Desk::new();
    let branch = "from=feature/bursts-per-plan";
    let shown = desk.types(&["run", "promote-staging", "--param", branch], "n\n");
    desk.stopped(&shown, "promote-staging");
    shown.shows("warning: staging has 1 commit that feature/bursts-per-plan lacks", 1);
    shown.shows("\nthe plan ends here:\n", 1);
}

#[test]
fn what_changed_while_it_was_read_does_not_land() {
    let desk = Desk::new();
    let before = desk.0.remote(&["rev-parse", "staging"]);
    let shown = on_terminal(&desk.0.machine, &desk.0.path, &["run", "promote-staging"], QUESTION, || {
        desk.0.git(&["commit", "-q", "--allow-empty", "-m", "Newer"]);
        desk.0.git(&["push", "-q", "origin", "HEAD:master"]);
        "y\n"
    });
    shown.exits(1).shows(QUESTION, 1);
    shown.shows(
        "what promote-staging would land has changed since it was shown: no run was begun, and nothing was changed",
        1,
    );
    assert_eq!(desk.0.remote(&["rev-parse", "staging"]), before);
    assert_eq!(desk.runs(), 0);
    desk.types(&["run", "promote-staging"], "y\n").exits(0).shows("“Newer” by ", 1);
}

#[test]
fn a_workflow_of_the_users_own_asks_where_it_says_so() {
    let desk = Desk::new();
    let text = "//! Clears up.\nconst WORKFLOW = #{ params: #{}, confirm: true };\n\
                fn run(p) { git::sync(); flow::step(\"clear\", || git::delete_branch(#{ branch: \"feature/refunds\" })); }\n";
    std::fs::write(desk.0.path.join("workflows/clear.rhai"), text).unwrap();
    let before = desk.remote();
    let shown = desk.types(&["run", "clear"], "n\n");
    desk.stopped(&shown, "clear");
    shown.shows("1 effect\n  clear: git::delete_branch\n", 1);
    assert_eq!((desk.remote(), desk.runs()), (before.clone(), 0));
    desk.types(&["run", "clear"], "y\n").exits(0);
    assert_ne!(desk.remote(), before);
}

/// A commit's subject, its author, a file's name and what a build prints: none of it is obeyed, on a terminal or in a pipe.
#[test]
fn what_others_wrote_stays_text() {
    let desk = Desk::new();
    let acts = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x1b[8mhidden \u{202e}turned";
    let service = &desk.0;
    service.git(&["checkout", "-q", "master"]);
    std::fs::write(service.path.join("gpj\u{202e}.exe"), "1\n").unwrap();
    let build = service.path.join("build");
    std::fs::write(&build, format!("#!/bin/sh\nprintf '%s\\n' '{acts} build'; sleep 1\n")).unwrap();
    let config = std::fs::read_to_string(service.path.join("relwf.toml")).unwrap();
    let own: String = config
        .lines()
        .map(|line| if line.starts_with("command = [") { "command = [\"sh\", \"build\"]" } else { line })
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(own, config);
    std::fs::write(service.path.join("relwf.toml"), own).unwrap();
    service.git(&["add", "-A"]);
    service.git(&["commit", "-q", "-m", &format!("subject {acts}"), "--author", "Ad\u{2066}a <ada@example.com>"]);
    service.git(&["push", "-q", "origin", "master"]);
    let preview = on_terminal_without_keys(&service.machine, &service.path, &["preview", "master", "staging"]);
    preview.exits(0).shows("subject ]52;c;ZXZpbA==[2J[8mhidden turned", 1).shows(r#""gpj\342\200\256.exe""#, 1);
    let run = on_terminal_without_keys(&service.machine, &service.path, &["run", "promote-staging", "--yes"]);
    run.exits(0);
    assert!(run.text.contains("hidden turned build"), "{}", run.text);
    let show = on_terminal_without_keys(&service.machine, &service.path, &["show"]);
    for bad in ["\x1b]52", "\x1b[2J", "\x1b[8m", "\u{202e}", "\u{2066}", "\x07"] {
        for shown in [&preview, &run, &show] {
            assert!(!shown.sent.contains(bad), "{bad:?} in {:?}", shown.sent);
        }
        let told = service.say(&["preview", "production~0", "staging"]);
        assert!(!(told.stdout.clone() + &told.stderr).contains(bad), "{bad:?}");
    }
    // As data it is all there, in escapes.
    let said = service.say(&["preview", "master", "production", "--json"]);
    assert!(!said.stdout.contains('\u{202e}') && said.stdout.contains(r"\u202e"), "{}", said.stdout);
    assert!(said.json()["files"].as_array().unwrap().iter().any(|file| file["path"] == "gpj\u{202e}.exe"));
}
