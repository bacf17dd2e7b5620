//! `-q`: one line for each run, however it ends, and for each failure.

use crate::support::cli::Said;
use crate::support::sample::Sample;

struct Service(Sample);

impl Service {
    fn new() -> Self {
        Self(Sample::new())
    }

    fn quiet(&self, args: &[&str]) -> Said {
        self.0.say(&[&["-q"], args].concat())
    }

    /// The newest run.
    fn run(&self) -> String {
        self.0.runs()[0]["run"].as_str().unwrap().to_owned()
    }

    /// It said this line and nothing else; `R` stands for the newest run, `#` for ids and times.
    #[track_caller]
    fn said(&self, said: &Said, code: i32, line: &str) {
        said.exits(code);
        let steady = regex::Regex::new(r"\b[0-9a-f]{10}\b|\b\d+\.\ds\b").unwrap();
        let stderr = steady.replace_all(&said.stderr, "#").replace(&self.run(), "R");
        assert_eq!((said.stdout.as_str(), stderr.as_str()), ("", format!("{line}\n").as_str()));
    }

    fn workflow(&self, run: &str) {
        let text = format!("//! Looks.\nfn run(p) {{ {run} }}\n");
        std::fs::write(self.0.path.join("workflows/look.rhai"), text).unwrap();
    }
}

#[test]
fn a_run_that_is_done_says_what_landed() {
    let service = Service::new();
    let said = service.quiet(&["run", "promote-staging"]);
    service.said(&said, 0, "done: promote-staging in #: # landed on staging (run R)");
    let said = service.quiet(&["run", "promote-staging"]);
    let nothing = "done: promote-staging in #: nothing to promote: staging has all of master already (run R)";
    service.said(&said, 0, nothing);
}

#[test]
fn a_run_that_failed_says_why_and_the_one_thing_to_type() {
    let service = Service::new();
    let promote = |from: &str| service.quiet(&["run", "promote-staging", "--param", from, "--param", "accept=missing"]);
    let red = promote("from=feature/refunds");
    service.said(&red, 1, "red: the pull_request build of # is red (run R); next: relwf resume R");
    let conflict = promote("from=feature/bursts-per-plan");
    service.said(
        &conflict,
        1,
        "conflict: feature/bursts-per-plan cannot be merged into staging (conflicts: 1) (run R); next: relwf preview \
         feature/bursts-per-plan staging",
    );
    service.workflow("throw `no releases\non Friday`;");
    service.said(&service.quiet(&["run", "look"]), 1, "error: no releases on Friday (run R); next: relwf show R");
}

#[test]
fn a_run_that_waits_says_for_what_and_how_it_goes_on() {
    let service = Service::new();
    service.workflow("flow::approve(\"Is staging well?\"); 1");
    let waits = service.quiet(&["run", "look"]);
    let line = "suspended: approval: Is staging well? (run R); next: relwf approve R && relwf resume R";
    service.said(&waits, 3, line);
    service.said(&service.quiet(&["resume", "--all"]), 3, line);
    service.quiet(&["approve", &service.run()]).exits(0);
    service.said(&service.quiet(&["resume", &service.run()]), 0, "done: look in #: 1 (run R)");
}

#[test]
fn what_fails_before_a_run_is_one_line_too() {
    let service = Service::new();
    service.workflow("1");
    service.quiet(&["run", "look"]).exits(0);
    let typo = service.quiet(&["run", "promote-staging", "--param", "form=master"]);
    let line = "error: `promote-staging` has no parameter `form`; hint: did you mean `from`?";
    service.said(&typo, 2, line);
    let gone = service.quiet(&["show", "r9"]);
    assert_eq!(gone.stderr.lines().count(), 1, "{}", gone.stderr);
}
