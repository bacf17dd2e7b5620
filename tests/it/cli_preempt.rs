//! A rollback does not wait for a run that only waits itself.

use crate::support::bench::git;
use crate::support::cli::{Machine, Said};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A service with two releases on production, and two workflows that hold it.
struct Service {
    machine: Machine,
    path: PathBuf,
}

const WATCH: &str = "//! Watches.\nconst WORKFLOW = #{ params: #{ branch: #{ type: \"branch\", value: \"production\" } }, lock: \"branch\" };\n\
                     fn run(p) { flow::note(\"watching\"); flow::sleep(\"50s\"); \"watched\" }\n";
const ASK: &str = "//! Asks.\nconst WORKFLOW = #{ params: #{ branch: #{ type: \"branch\", value: \"production\" } }, lock: \"branch\" };\n\
                   fn run(p) { flow::approve(\"well?\"); \"asked\" }\n";

impl Service {
    fn released_twice() -> Self {
        let machine = Machine::new();
        let path = machine.service();
        std::fs::write(path.join("workflows/watch.rhai"), WATCH).unwrap();
        std::fs::write(path.join("workflows/ask.rhai"), ASK).unwrap();
        git(&path, &["checkout", "-q", "-B", "master", "origin/master"]);
        git(&path, &["add", "."]);
        git(&path, &["commit", "-q", "-m", "Watch and ask"]);
        git(&path, &["push", "-q", "origin", "master"]);
        let service = Self { machine, path };
        service.promote();
        std::fs::write(service.path.join("feature.txt"), "new\n").unwrap();
        git(&service.path, &["add", "."]);
        git(&service.path, &["commit", "-q", "-m", "A feature"]);
        git(&service.path, &["push", "-q", "origin", "master"]);
        service.promote();
        service
    }

    fn promote(&self) {
        self.say(&["run", "promote-staging"]).exits(0);
        self.say(&["run", "promote-production"]).exits(0);
    }

    fn say(&self, args: &[&str]) -> Said {
        self.machine.say(&self.path, args)
    }

    fn begin(&self, args: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relwf"));
        command.env_clear().envs(self.machine.environment()).current_dir(&self.path).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn watching(&self) -> Child {
        let child = self.begin(&["run", "watch"]);
        // Until the wait is in the journal.
        let began = Instant::now();
        while !self.say(&["show", "--json"]).stdout.contains("\"begun\"") {
            assert!(began.elapsed() < Duration::from_secs(30), "it does not begin to wait");
            std::thread::sleep(Duration::from_millis(50));
        }
        child
    }

    /// The run of that workflow, and its status.
    fn run_of(&self, workflow: &str) -> (String, String) {
        let runs = self.say(&["runs", "--json"]).json()["runs"].clone();
        let run = runs.as_array().unwrap().iter().find(|run| run["workflow"] == workflow).unwrap();
        let text = |key: &str| run[key].as_str().unwrap().to_owned();
        (text("run"), text("status"))
    }

    fn roll_back(&self) -> Said {
        self.say(&["run", "rollback", "--param", "reason=checkout is broken"])
    }

    fn has_feature(&self) -> bool {
        git(&self.path, &["fetch", "-q"]);
        git(&self.path, &["ls-tree", "--name-only", "origin/production"]).contains("feature.txt")
    }
}

#[test]
fn a_rollback_goes_ahead_of_a_run_that_watches() {
    let service = Service::released_twice();
    let watching = service.watching();
    // A promotion does not.
    let promotion = service.say(&["run", "promote-production"]);
    promotion.exits(1);
    assert!(promotion.stderr.contains("production is locked by run"), "{}", promotion.stderr);

    let began = Instant::now();
    let back = service.roll_back();
    back.exits(0);
    assert!(!service.has_feature());
    let (watch, status) = service.run_of("watch");
    assert_eq!(status, "suspended");
    assert!(back.stderr.contains(&format!("run {watch} (watch, by ")), "{}", back.stderr);
    let next = format!(
        "relwf resume {watch}  go on with watch, by Robin Sample <robin@orders.example>, which waited for this run"
    );
    assert!(back.stderr.contains(&next) || back.stdout.contains(&next), "{}{}", back.stdout, back.stderr);

    // The other terminal hears of it, long before its wait would have ended.
    let told = watching.wait_with_output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(40));
    let text = String::from_utf8(told.stderr).unwrap();
    assert_eq!(told.status.code(), Some(3), "{text}");
    let (rollback, _) = service.run_of("rollback");
    let why = format!(
        "suspended: run {watch} waits: run {rollback} (rollback, by Robin Sample <robin@orders.example>) went ahead of it on production"
    );
    assert!(text.contains(&why), "{text}");
    assert!(text.contains(&format!("relwf resume {watch}")), "{text}");
    // And goes on.
    let mut resumed = service.begin(&["resume", &watch]);
    let began = Instant::now();
    while service.run_of("watch").1 != "running" {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not go on");
        std::thread::sleep(Duration::from_millis(50));
    }
    resumed.kill().unwrap();
    resumed.wait().unwrap();
}

#[test]
fn a_rollback_goes_ahead_of_a_run_that_waits_for_a_person() {
    let service = Service::released_twice();
    service.say(&["run", "ask"]).exits(3);
    let (ask, _) = service.run_of("ask");
    let back = service.roll_back();
    back.exits(0);
    assert!(!service.has_feature());
    assert_eq!(service.run_of("ask").1, "suspended");
    // It still holds production against a promotion, which says so.
    let promotion = service.say(&["run", "promote-production"]);
    promotion.exits(1);
    assert!(promotion.stderr.contains(&format!("production is locked by run {ask} (ask")), "{}", promotion.stderr);
    service.say(&["approve", &ask]).exits(0);
    let done = service.say(&["resume", &ask]);
    done.exits(0);
    assert!(done.stderr.contains("asked"), "{}", done.stderr);
}
