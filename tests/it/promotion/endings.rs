//! How a run can end: its exit code, what it leaves at the forge, what its last lines say, and which commands they offer. Each command
//! is typed as it stands there, once what was in the way is out of it, and has to work.

use super::again::rerun;
use super::stage::{PR, Stage};
use crate::support::cli::Said;
use crate::support::github::{Fault, Form, Play, Protection};
use crate::support::travis::Event;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A way to end.
struct Ending {
    name: &'static str,
    /// Brings it about.
    ends: fn(&Stage) -> Said,
    exit: i32,
    /// Open changes at the forge afterwards.
    open: usize,
    /// Branches of relwf's that are still there.
    branches: usize,
    /// What the last lines say, one after the other.
    says: &'static [&'static str],
    /// What happens in the world before the offered commands can work.
    mended: fn(&Stage),
    /// Every command that the last lines offer, in their order, with its exit code when it is typed then.
    offers: &'static [(&'static str, Typed)],
}

/// What becomes of a command that is offered.
#[derive(Clone, Copy, PartialEq)]
enum Typed {
    /// It only looks; exit code.
    Looks(i32),
    /// It acts, on the run as it ended; exit code, and how many changes are open then.
    Acts(i32, usize),
    /// The same command after the same ending is typed for another one.
    Elsewhere,
}

use Typed::{Acts, Elsewhere, Looks};

/// Last lines that are read.
const LAST: usize = 9;

const CLOSE: (&str, Typed) = ("relwf close 1 --reason TEXT", Acts(0, 0));
const SHOW: (&str, Typed) = ("relwf show RUN", Looks(0));
const RESUME: (&str, Typed) = ("relwf resume RUN", Acts(0, 0));
const ABANDON: (&str, Typed) = ("relwf abandon RUN --reason TEXT", Acts(0, 0));

const CALM: Ending = Ending {
    name: "done",
    ends: Stage::promote,
    exit: 0,
    open: 0,
    branches: 0,
    says: &["done: promote-staging in ", " landed on staging (run RUN, FORGE/acme/service/pull/1)", "– health: "],
    mended: |_| {},
    offers: &[],
};

const ENDINGS: &[Ending] = &[
    CALM,
    Ending {
        name: "nothing to do",
        ends: |stage| {
            stage.promote().exits(0);
            stage.promote()
        },
        says: &["done: promote-staging in ", "nothing to promote: staging has all of master already (run RUN)"],
        ..CALM
    },
    Ending {
        name: "a conflict",
        ends: |stage| {
            stage.github.another_push("staging", "main.go", "theirs\n");
            stage.promote()
        },
        exit: 1,
        says: &[
            "conflict: master cannot be merged into staging",
            "add/add: main.go",
            "hint: ",
            "failed: promote-staging",
        ],
        // The preview answers 1: it conflicts.
        offers: &[("relwf preview master staging", Looks(1)), SHOW],
        ..CALM
    },
    Ending {
        name: "a hotfix that the source lacks",
        ends: |stage| {
            stage.github.another_push("staging", "fix.go", "fix\n");
            stage.relwf(&["run", "promote-staging"])
        },
        exit: 1,
        says: &["missing: staging has 1 commit that master lacks", "hint: ", "failed: promote-staging"],
        offers: &[("relwf run back-merge --param from=staging --param to=master", Acts(0, 0)), SHOW],
        ..CALM
    },
    Ending {
        name: "a red check",
        ends: |stage| {
            stage.travis.plays("acme/service", Event::PullRequest, None, Play::RedAfter(1));
            stage.promote()
        },
        exit: 1,
        open: 1,
        branches: 1,
        says: &["hint: nothing has landed", "failed: promote-staging", "still open: FORGE/acme/service/pull/1; "],
        mended: pull_request_is_green,
        offers: &[RESUME, SHOW, CLOSE, ("relwf land 1", Acts(0, 0))],
    },
    Ending {
        name: "a check that does not report in time",
        ends: |stage| {
            stage.travis.plays("acme/service", Event::PullRequest, None, Play::Never);
            stage.workflow("promote-staging", "change: change }", "change: change, deadline: \"1s\" }");
            stage.promote()
        },
        exit: 1,
        open: 1,
        branches: 1,
        says: &["not all green in time", "failed: promote-staging", "still open: FORGE/acme/service/pull/1; "],
        mended: pull_request_is_green,
        offers: &[RESUME, SHOW, (CLOSE.0, Elsewhere), ("relwf land 1", Elsewhere)],
    },
    Ending {
        name: "a change that a person closes",
        ends: |stage| stage.while_waiting(|stage| stage.github.close_change(1)),
        exit: 1,
        branches: 1,
        says: &[
            "denied: change 1 was closed on the forge",
            "failed: promote-staging",
            "still there: the branch relwf/promote/RUN of FORGE/acme/service/pull/1, which is closed",
        ],
        offers: &[SHOW, CLOSE],
        ..CALM
    },
    Ending {
        name: "a review that is missing",
        ends: |stage| {
            stage.github.protect("staging", Protection { only_by_change: true, approvals: 1, ..Protection::default() });
            stage.promote()
        },
        exit: 3,
        open: 1,
        branches: 1,
        says: &["suspended: run RUN waits: change 1 (FORGE/acme/service/pull/1) waits for reviewers"],
        mended: |stage| {
            stage.github.with(|repo| repo.approved.insert(1));
        },
        offers: &[RESUME, (ABANDON.0, Acts(0, 1))],
    },
    Ending {
        name: "an approval that is waited for",
        ends: |stage| {
            approving(stage);
            stage.promote()
        },
        exit: 3,
        says: &["suspended: run RUN waits: approval: now?"],
        offers: &[
            ("relwf approve RUN --key '#0'", Acts(0, 0)),
            ("relwf approve RUN", Acts(0, 0)),
            ("relwf approve RUN --deny --reason TEXT", Acts(0, 0)),
            // It is typed after the decision, says the line; before it, it waits.
            ("relwf resume RUN", Acts(3, 0)),
        ],
        ..CALM
    },
    Ending {
        name: "an approval that is given",
        ends: |stage| {
            approving(stage);
            stage.promote().exits(3);
            stage.relwf(&["approve", &run_of(stage)])
        },
        says: &["continue with: relwf resume RUN"],
        offers: &[("relwf resume RUN", Acts(0, 0))],
        ..CALM
    },
    Ending {
        name: "an approval that is refused",
        ends: |stage| {
            approving(stage);
            stage.promote().exits(3);
            let run = run_of(stage);
            stage.relwf(&["approve", &run, "--deny", "--reason", "not today"]).exits(0);
            stage.relwf(&["resume", &run])
        },
        exit: 1,
        says: &["denied: Ada <ada@example.com> refused: not today", "failed: promote-staging"],
        offers: &[SHOW],
        ..CALM
    },
    Ending {
        name: "an outage",
        ends: |stage| {
            stage.github.fault_after(4, "*", "", 60, Fault::broken(502));
            stage.promote()
        },
        exit: 3,
        says: &["suspended: run RUN waits: GET ", " answered 502"],
        mended: |stage| stage.github.faults_end(),
        offers: &[RESUME, (ABANDON.0, Elsewhere)],
        ..CALM
    },
    Ending {
        name: "a token that has expired",
        ends: |stage| {
            stage.github.fault_after(4, "*", "", 60, Fault::says(401, "Bad credentials"));
            stage.promote()
        },
        exit: 3,
        says: &["suspended: run RUN waits: GET ", " answered 401: Bad credentials (the token is wrong or has expired"],
        mended: |stage| stage.github.faults_end(),
        offers: &[("relwf doctor", Looks(0)), RESUME, ABANDON],
        ..CALM
    },
    Ending {
        name: "a red deploy",
        ends: |stage| {
            stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::RedAfter(1));
            stage.promote()
        },
        exit: 1,
        says: &["red: the push build of ", "hint: the commit has landed already", "failed: promote-staging"],
        mended: |stage| {
            stage.travis.plays("acme/service", Event::Push, Some("staging"), Play::Green);
            rerun(stage, Event::Push);
        },
        offers: &[
            ("relwf run redeploy --param branch=staging", Acts(0, 0)),
            ("relwf run revert-release --param branch=staging --param commit=COMMIT", Acts(0, 0)),
            ("relwf run rollback --param branch=staging --param reason=…", Acts(0, 0)),
            RESUME,
            SHOW,
        ],
        ..CALM
    },
    Ending {
        name: "a forge that would not merge what was tested",
        ends: |stage| {
            stage.github.protect("staging", Protection { queue: true, only_by_change: true, ..Protection::default() });
            stage.promote()
        },
        exit: 1,
        says: &["error: staging is behind a merge queue", "hint: allow relwf's account", "failed: promote-staging"],
        offers: &[SHOW],
        ..CALM
    },
    Ending {
        name: "ctrl-C",
        ends: |stage| while_pending(stage, "INT"),
        exit: 130,
        open: 1,
        branches: 1,
        says: &["interrupted: run RUN after ", "nothing is lost"],
        mended: pull_request_is_green,
        offers: &[RESUME],
    },
    Ending {
        name: "a push that may have arrived",
        ends: |stage| {
            stage.workflow(
                "promote-staging",
                "fn run(p) {",
                "fn run(p) {\n    flow::step(\"letter\", || sh::run(#{ argv: [\"sh\", \"-c\", \"kill -9 $PPID; sleep 1\"], effect: true }));",
            );
            allow_sh(stage);
            stage.promote();
            stage.relwf(&["resume", &run_of(stage)])
        },
        exit: 4,
        says: &["in doubt: run RUN has stopped"],
        offers: &[
            (r#"relwf resume RUN --settle 'letter#0=done:{"status":…,"stdout":…,"stderr":…}'"#, Acts(0, 0)),
            // It is done again, and kills relwf again.
            ("relwf resume RUN --settle 'letter#0=absent'", Acts(-1, 0)),
            SHOW,
        ],
        ..CALM
    },
];

fn pull_request_is_green(stage: &Stage) {
    stage.github.set_check(&stage.github.changes()[0].head_commit, Form::Status, PR, Play::Green);
}

fn approving(stage: &Stage) {
    stage.workflow("promote-staging", "fn run(p) {", "fn run(p) {\n    flow::approve(\"now?\");");
}

fn allow_sh(stage: &Stage) {
    let path = stage.project.join("relwf.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("[sh]\nallow = [\"sh\"]\n\n{text}")).unwrap();
}

/// The newest run.
fn run_of(stage: &Stage) -> String {
    let runs = stage.relwf(&["runs", "--json"]);
    assert_eq!(runs.code, 0, "{}{}", runs.stdout, runs.stderr);
    runs.json()["runs"][0]["run"].as_str().unwrap_or("no run").to_owned()
}

/// Promotes, and sends a signal while the check of the pull request is pending.
fn while_pending(stage: &Stage, signal: &str) -> Said {
    stage.travis.plays("acme/service", Event::PullRequest, None, Play::Pending);
    let mut command = stage.process(&["run", "promote-staging", "--param", "accept=missing"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while stage.github.count("GET", "/status") < 3 {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not wait");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: out.status.code().unwrap_or(-1), stdout: text(out.stdout), stderr: text(out.stderr) }
}

/// The commands in a text: on lines of their own up to two spaces, between backticks, and behind `continue with: `.
fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut add = |command: &str| {
            if command.starts_with("relwf ") && !found.iter().any(|known| known == command) {
                found.push(command.to_owned());
            }
        };
        line.split('`').skip(1).step_by(2).for_each(&mut add);
        if let Some(rest) = line.strip_prefix("  relwf ").or_else(|| line.strip_prefix("continue with: relwf ")) {
            add(&format!("relwf {}", rest.split("  ").next().unwrap_or(rest)));
        }
    }
    found
}

/// The last lines that are not empty.
fn last_lines(said: &Said) -> String {
    let lines: Vec<&str> = said.stderr.lines().filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LAST)..].join("\n")
}

/// The words of a command as a shell reads them.
fn words(command: &str) -> Vec<String> {
    let script = format!("set -- {}; printf '%s\\0' \"$@\"", command.trim_start_matches("relwf "));
    let out = Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The text with what differs from run to run under names.
fn plain(stage: &Stage, text: &str) -> String {
    let text = text.replace(&run_of(stage), "RUN").replace(&format!("http://{}", stage.github.host()), "FORGE");
    regex::Regex::new("commit=[0-9a-f]{40}").unwrap().replace_all(&text, "commit=COMMIT").into_owned()
}

fn open_changes(stage: &Stage) -> usize {
    stage.github.changes().iter().filter(|change| change.open).count()
}

fn branches(stage: &Stage) -> usize {
    stage.git(&["branch", "--list", "relwf/*"]).lines().count()
}

/// Has it end anew, and answers the stage with what was offered, as it stands there.
fn ended(ending: &Ending) -> Result<(Stage, Vec<String>), String> {
    let stage = Stage::new();
    let said = (ending.ends)(&stage);
    let last = last_lines(&said);
    let wrong = |what: String| Err(format!("{}: {what}\n{}", ending.name, said.stderr));
    let (open, left) = (open_changes(&stage), branches(&stage));
    if (said.code, open, left) != (ending.exit, ending.open, ending.branches) {
        return wrong(format!("exit {}, {open} open changes, {left} branches", said.code));
    }
    let text = plain(&stage, &last);
    let mut rest = &text[..];
    for part in ending.says {
        let Some(at) = rest.find(part) else { return wrong(format!("the last lines do not say {part:?}:\n{text}")) };
        rest = &rest[at + part.len()..];
    }
    let offered = commands(&last);
    let expected: Vec<&str> = ending.offers.iter().map(|(command, _)| *command).collect();
    let found: Vec<String> = offered.iter().map(|command| plain(&stage, command)).collect();
    if found != expected {
        return wrong(format!("it offers {found:#?}, not {expected:#?}"));
    }
    Ok((stage, offered))
}

fn typed(stage: &Stage, command: &str) -> Said {
    // As the line says, each … is replaced by the real output.
    let command = &command.replace("\"status\":…", "\"status\":0").replace(":…", ":\"\"");
    let words = words(command);
    stage.relwf(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn tried(ending: &Ending) -> Result<(), String> {
    let (stage, offered) = ended(ending)?;
    let wrong = |command: &str, said: &Said| {
        Err(format!("{}: {command}: exit {}\n{}{}", ending.name, said.code, said.stdout, said.stderr))
    };
    for ((_, typed_as), command) in ending.offers.iter().zip(&offered) {
        if let Looks(code) = typed_as {
            let said = typed(&stage, command);
            if said.code != *code {
                return wrong(command, &said);
            }
        }
    }
    let mut stage = Some((stage, offered));
    for (nth, (_, typed_as)) in ending.offers.iter().enumerate() {
        let Acts(code, open) = typed_as else { continue };
        let (stage, offered) = match stage.take() {
            Some(first) => first,
            None => ended(ending)?,
        };
        (ending.mended)(&stage);
        let said = typed(&stage, &offered[nth]);
        if (said.code, open_changes(&stage), branches(&stage)) != (*code, *open, *open) {
            let left = stage.git(&["branch", "--list", "relwf/*"]);
            return wrong(&format!("{}, left: {left}", offered[nth]), &said);
        }
    }
    Ok(())
}

#[test]
fn every_way_to_end_says_what_to_type_next_and_that_works() {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(ending) = ENDINGS.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(tried(ending).err());
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ENDINGS.len(), wrong.join("\n\n"));
}
