//! By which process a run goes: what the remote publishes, whatever branch is checked out.

use crate::support::bench::git;
use crate::support::cli::{Machine, Said};
use std::path::PathBuf;

/// The sample service, with its process committed on the remote's master.
struct Service {
    machine: Machine,
    path: PathBuf,
}

impl Service {
    fn published() -> Self {
        let machine = Machine::new();
        let path = machine.service();
        let service = Self { machine, path };
        service.git(&["branch", "-q", "before"]);
        service.git(&["add", "-A"]);
        service.publish("relwf");
        service
    }

    fn git(&self, args: &[&str]) -> String {
        git(&self.path, args)
    }

    fn publish(&self, message: &str) {
        self.git(&["commit", "-q", "-am", message]);
        self.git(&["push", "-q", "origin", "HEAD:master"]);
    }

    fn replace(&self, file: &str, text: &str, instead: &str) {
        let path = self.path.join(file);
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(before.contains(text), "{text} is not in {file}");
        std::fs::write(path, before.replacen(text, instead, 1)).unwrap();
    }

    fn run(&self, args: &[&str]) -> Said {
        self.machine.say(&self.path, &[&["run", "promote-staging"], args].concat())
    }

    fn staging(&self) -> String {
        self.git(&["ls-remote", "origin", "staging"])
    }

    /// The process of the latest run, as JSON and as text.
    fn process(&self) -> (serde_json::Value, String) {
        let runs = self.machine.say(&self.path, &["runs", "--json"]).json();
        let id = runs["runs"][0]["run"].as_str().expect("a run").to_owned();
        let json = self.machine.say(&self.path, &["show", &id, "--json"]).json()["process"].clone();
        (json, self.machine.say(&self.path, &["show", &id]).stdout)
    }
}

#[test]
fn from_a_branch_without_a_process_the_published_one_counts() {
    let service = Service::published();
    service.replace(
        "workflows/promote-staging.rhai",
        "fn run(p) {",
        "fn run(p) {\n    flow::note(\"the published one\");",
    );
    service.publish("a note");
    let tip = service.git(&["rev-parse", "HEAD"]);
    service.git(&["checkout", "-q", "before"]);
    assert!(!service.path.join("relwf.toml").exists());
    let dry = service.run(&["--dry-run"]);
    dry.exits(0);
    assert!(dry.stderr.contains(&format!("the process is as master publishes it ({})", &tip[..10])), "{}", dry.stderr);
    let done = service.run(&[]);
    done.exits(0);
    assert!(done.stderr.contains("the published one"), "{}", done.stderr);
    let (json, text) = service.process();
    assert_eq!(json, serde_json::json!({ "source": "published", "branch": "master", "commit": tip }));
    assert!(text.contains(&format!("process: as master publishes it ({})", &tip[..10])), "{text}");
}

#[test]
fn what_differs_from_the_published_process_stops_a_run_until_one_is_chosen() {
    let service = Service::published();
    service.replace("relwf.toml", "[[environment]]", "# mine\n[[environment]]");
    service.replace("workflows/promote-staging.rhai", "fn run(p) {", "fn run(p) {\n    flow::note(\"my own\");");
    let before = service.staging();
    let named = "relwf.toml, workflows/promote-staging.rhai";

    let stopped = service.run(&[]);
    stopped.exits(2);
    assert!(
        stopped.stderr.contains(&format!("error: {named} here differ from what master publishes (")),
        "{}",
        stopped.stderr
    );
    assert_eq!(service.staging(), before);
    let error = service.run(&["--json"]).json()["error"].clone();
    assert_eq!(error["detail"]["differences"].as_array().unwrap().len(), 2, "{error:#}");

    let warning = "warning: the process is local files that differ from what master publishes (";
    let dry = service.run(&["--dry-run"]);
    dry.exits(0);
    assert!(dry.stderr.contains(warning) && dry.stderr.contains(named), "{}", dry.stderr);
    let checked = service.machine.say(&service.path, &["check"]);
    assert!(
        checked.stderr.contains("warning: these are local files that differ") && checked.stderr.contains(named),
        "{}",
        checked.stderr
    );
    assert_eq!(service.staging(), before);

    // Both ways on that the hint names.
    for choice in ["published", "local"] {
        assert!(stopped.stderr.contains(&format!("`--process {choice}`")), "{}", stopped.stderr);
        let dry = service.run(&["--process", choice, "--dry-run"]);
        assert_eq!(dry.exits(0).stderr.contains(warning), choice == "local", "{}", dry.stderr);
    }
    let done = service.run(&["--process", "local"]);
    done.exits(0);
    assert!(done.stderr.contains("my own") && done.stderr.contains(warning), "{}", done.stderr);
    let (json, _) = service.process();
    assert_eq!((&json["source"], &json["differences"][0]), (&"local".into(), &"relwf.toml".into()));
}

#[test]
fn the_change_says_that_its_process_is_local() {
    let service = Service::published();
    service.replace("relwf.toml", "[[environment]]", "# mine\n[[environment]]");
    service.replace("workflows/promote-staging.rhai", "let build = ", "throw \"stop here\"; let build = ");
    service.run(&["--process", "local"]).exits(1);
    let remote = service.path.join(service.git(&["remote", "get-url", "origin"]));
    let change = git(&remote, &["cat-file", "-p", "refs/relwf/changes/1"]);
    assert!(change.contains("The process: local files that differ from what master publishes"), "{change}");
    assert!(change.contains(": relwf.toml, workflows/promote-staging.rhai."), "{change}");
}

#[test]
fn a_folder_without_configuration_asks_for_it() {
    let service = Service::published();
    service.git(&["rm", "-rq", "relwf.toml", "workflows", "plugins"]);
    service.publish("no relwf");
    let before = service.staging();
    let stopped = service.run(&[]);
    stopped.exits(2);
    assert!(
        stopped.stderr.contains("there is no relwf.toml in ") && stopped.stderr.contains(", and master publishes none"),
        "{}",
        stopped.stderr
    );
    assert!(stopped.stderr.contains("`relwf init` writes one"), "{}", stopped.stderr);
    assert_eq!(service.staging(), before);
    service.run(&["--dry-run"]).exits(0);
    let published = service.run(&["--process", "published"]);
    published.exits(2);
    assert!(published.stderr.contains("master publishes no relwf.toml and no workflow"), "{}", published.stderr);
    service.machine.say(&service.path, &["init", "--no-input"]).exits(0);
    let done = service.run(&[]);
    done.exits(0);
    assert!(done.stderr.contains("not committed yet: master publishes none"), "{}", done.stderr);
}

#[test]
fn a_configuration_that_is_named_asks_nothing() {
    let service = Service::published();
    let text = std::fs::read_to_string(service.path.join("relwf.toml")).unwrap();
    std::fs::write(service.path.join("ops.toml"), format!("# mine\n{text}")).unwrap();
    service.replace("workflows/promote-staging.rhai", "fn run(p) {", "fn run(p) {\n    flow::note(\"mine\");");
    let said = service.machine.say(&service.path, &["--config", "ops.toml", "run", "promote-staging"]);
    said.exits(0);
    assert!(said.stderr.contains("mine") && !said.stderr.contains("the process is"), "{}", said.stderr);
    assert_eq!(service.process().0["source"], "named");
}

#[test]
fn the_process_may_be_published_on_another_branch() {
    let service = Service::published();
    service.replace("relwf.toml", "[[environment]]", "[process]\nbranch = \"ops\"\n\n[[environment]]");
    service.publish("the process is on ops");
    service.replace("workflows/promote-staging.rhai", "fn run(p) {", "fn run(p) {\n    flow::note(\"of ops\");");
    service.git(&["commit", "-qam", "ops"]);
    service.git(&["push", "-q", "origin", "HEAD:ops"]);
    service.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let stopped = service.run(&[]);
    stopped.exits(2);
    assert!(
        stopped.stderr.contains("workflows/promote-staging.rhai here differs from what ops publishes"),
        "{}",
        stopped.stderr
    );
    let done = service.run(&["--process", "published"]);
    done.exits(0);
    assert!(done.stderr.contains("of ops"), "{}", done.stderr);
}

#[test]
fn a_project_in_a_folder_of_the_repository_is_compared_with_that_folder() {
    let service = Service::published();
    let files = ["relwf.toml", "workflows", "plugins"];
    std::fs::create_dir_all(service.path.join("svc")).unwrap();
    for file in files {
        service.git(&["mv", file, "svc/"]);
    }
    service.replace("svc/relwf.toml", "../remote.git", "../../remote.git");
    service.publish("a folder of its own");
    let run = |args: &[&str]| {
        service.machine.say(&service.path.join("svc"), &[&["run", "promote-staging", "--dry-run"], args].concat())
    };
    let said = run(&[]);
    said.exits(0);
    assert!(!said.stderr.contains("the process is"), "{}", said.stderr);
    service.replace("svc/relwf.toml", "[[environment]]", "# mine\n[[environment]]");
    let said = run(&[]);
    assert!(
        said.stderr.contains("differ from what master publishes") && said.stderr.contains(": relwf.toml\n"),
        "{}",
        said.stderr
    );
}

/// What no branch has yet stands in the way of no run.
#[test]
fn a_file_that_is_not_committed_yet_is_used_and_said() {
    let service = Service::published();
    let asks = "//! Asks.\nfn run(p) { flow::note(\"asked\"); }\n";
    std::fs::write(service.path.join("workflows/ask.rhai"), asks).unwrap();
    let ask = |args: &[&str]| service.machine.say(&service.path, &[&["run", "ask"], args].concat());
    let said = ask(&[]);
    said.exits(0);
    assert!(said.stderr.contains("with what is not committed yet: workflows/ask.rhai"), "{}", said.stderr);
    assert_eq!(service.process().0["unpublished"], serde_json::json!(["workflows/ask.rhai"]));
    let published = ask(&["--process", "published"]);
    published.exits(2);
    assert!(published.stderr.contains("there is no workflow `ask`"), "{}", published.stderr);
}

#[test]
fn a_verb_that_runs_a_workflow_takes_the_same_choice() {
    let service = Service::published();
    service.replace("relwf.toml", "[[environment]]", "# mine\n[[environment]]");
    let commit = service.git(&["rev-parse", "HEAD"]);
    let sign = |more: &[&str]| {
        let args = ["sign-off", "qa", "--commit", &commit, "--reason", "tried"];
        service.machine.say(&service.path, &[&args, more].concat())
    };
    let stopped = sign(&[]);
    stopped.exits(2);
    assert!(stopped.stderr.contains("`--process published`"), "{}", stopped.stderr);
    sign(&["--process", "published"]).exits(0);
    sign(&["--process", "local"]).exits(0);
    // A relwf.toml that is broken here does not matter to what goes by the published one.
    std::fs::write(service.path.join("relwf.toml"), "[[[").unwrap();
    service.run(&["--dry-run"]).exits(2);
    service.run(&["--dry-run", "--process", "published"]).exits(0);
    // There is nothing local to go by.
    service.git(&["checkout", "-q", "-f", "before"]);
    let none = service.run(&["--process", "local"]);
    none.exits(2);
    assert!(none.stderr.contains("leave `--process local` out to go by what master publishes"), "{}", none.stderr);
    assert!(!none.stderr.contains("publishes none"), "{}", none.stderr);
}

/// `check` asks nothing of the remote: what it knows is as old as the last fetch, and it says so.
#[test]
fn check_says_how_old_its_knowledge_is_and_check_live_looks() {
    let service = Service::published();
    service.run(&[]).exits(0);
    service.replace("relwf.toml", "[[environment]]", "# mine\n[[environment]]");
    service.publish("pushed, and not fetched");
    let check = |more: &[&str]| service.machine.say(&service.path, &[&["check"], more].concat()).stderr;
    assert!(check(&[]).contains("): relwf.toml when it was fetched last\n"), "{}", check(&[]));
    assert!(!check(&["--live"]).contains("differ from what"), "{}", check(&["--live"]));
    let doctor = service.machine.say(&service.path, &["doctor"]).stdout;
    assert!(!doctor.contains("differ from what"), "{doctor}");
}
