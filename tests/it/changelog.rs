//! `changelog = true`: the commits of a component's own repository, over a real HTTP server.

use crate::support::cli::Machine;
use crate::support::git::Repo;
use crate::support::servers;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A service whose `ppc.toml` pins a component, and that component's repository behind a server.
struct Fixture {
    machine: Machine,
    service: Repo,
    remote: Repo,
    ppc: Repo,
    root: PathBuf,
}

impl Fixture {
    fn new() -> Self {
        let machine = Machine::new();
        let root = machine.path("root");
        let (service, ppc) = (Repo::init(machine.path("service")), Repo::init(machine.path("ppc")));
        let remote = Repo::bare(machine.path("remote.git"));
        service.git(&["remote", "add", "origin", remote.path.to_str().unwrap()]);
        Repo::bare(root.join("ppc.git"));
        for (version, subjects) in [("v1.0.0", &["begin"][..]), ("v1.1.0", &["faster sync", "fewer retries"])] {
            for subject in subjects {
                ppc.write("ppc.go", subject);
                ppc.commit(subject);
            }
            ppc.git(&["tag", "-m", version, version]);
        }
        ppc.git(&["push", "-q", root.join("ppc.git").to_str().unwrap(), "master", "--tags"]);
        Self { machine, service, remote, ppc, root }
    }

    /// Pins these versions on staging and master, with the component's repository at an address.
    fn pinned(&self, address: &str, from: &str, to: &str) -> &Self {
        let config = format!(
            "[[component]]\nname = 'ppc'\ndetect = 'toml'\nfile = 'ppc.toml'\nkey = 'version'\nrepo = '{address}'\nchangelog = true\n"
        );
        self.service.write("relwf.toml", config);
        for (branch, version) in [("staging", from), ("master", to)] {
            self.service.write("ppc.toml", format!("version = '{version}'\n"));
            self.service.commit(&format!("ppc {version}"));
            self.service.git(&["push", "-q", "-f", "origin", &format!("master:{branch}")]);
        }
        self
    }

    fn text(&self, args: &[&str]) -> String {
        let said = self.machine.say(&self.service.path, args);
        said.exits(0);
        said.stdout
    }

    fn changelog(&self) -> Value {
        let preview: Value = serde_json::from_str(&self.text(&["preview", "master", "staging", "--json"])).unwrap();
        preview["components"][0]["changelog"].clone()
    }
}

#[test]
fn the_subjects_stand_in_previews_and_proposals() {
    let fixture = Fixture::new();
    let server = servers::http(&fixture.root);
    let address = format!("http://127.0.0.1:{}/open/ppc.git", server.port);
    fixture.pinned(&address, "1.0.0", "1.1.0");
    let lines: Vec<String> = ["master", "master~1"]
        .iter()
        .map(|commit| fixture.ppc.git(&["log", "-1", "--abbrev=10", "--format=%h %s (%an)", commit]))
        .collect();
    let shown = format!("ppc:\n  {}\n  {}\n", lines[0], lines[1]);
    for question in [&["preview", "master", "staging"][..], &["delta", "staging", "master"]] {
        let text = fixture.text(question);
        assert!(text.contains(&shown), "{text}");
    }
    let changelog = fixture.changelog();
    assert_eq!((&changelog["commit_count"], &changelog["removed_count"]), (&json!(2), &json!(0)));
    assert_eq!(changelog["commits"][0]["commit"], json!(fixture.ppc.git(&["rev-parse", "master"])));
    // Nothing is fetched where nothing is to be fetched.
    assert!(!fixture.text(&["delta", "staging", "master", "--no-fetch"]).contains(&lines[0]));

    let who = [
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@b"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@b"),
    ];
    let mut run = fixture.machine.relwf(&fixture.service.path, &["run", "promote-staging"]);
    run.envs(who);
    let said = crate::support::cli::said(&fixture.machine, run);
    said.exits(0);
    let change = fixture.remote.git(&["cat-file", "-p", "refs/relwf/changes/1"]);
    let body = format!("- ppc: 1.0.0 -> 1.1.0\n  - {}\n  - {}\n", lines[0], lines[1]);
    assert!(change.contains(&body), "{change}");
    // The commit's id depends on the service's repository alone.
    let message = fixture.remote.git(&["log", "-1", "--format=%B", "staging"]);
    assert!(message.contains("ppc: 1.0.0 -> 1.1.0") && !message.contains("faster sync"), "{message}");
}

#[test]
fn what_is_unknown_is_said_and_stops_nothing() {
    let fixture = Fixture::new();
    let server = servers::http(&fixture.root);
    let address = format!("http://127.0.0.1:{}/open/ppc.git", server.port);
    let warning = |fixture: &Fixture| fixture.changelog()["warning"].as_str().unwrap_or_default().to_owned();

    fixture.pinned(&address, "1.0.0", "9.9");
    assert_eq!(warning(&fixture), format!("{address} has no `9.9` or `v9.9` or `ppc-9.9` or `ppc@9.9`"));
    let text = fixture.text(&["preview", "master", "staging"]);
    assert!(text.contains("ppc:\n  no changelog: http://127.0.0.1:"), "{text}");
    fixture.pinned(&address, "1.0.0", "1.1.0 or newer");
    assert_eq!(warning(&fixture), "one of the versions is no single commit or tag");

    fixture.pinned(&address, "v1.1.0", "v1.0.0");
    let changelog = fixture.changelog();
    assert_eq!((&changelog["commit_count"], &changelog["removed_count"]), (&json!(0), &json!(2)));
    let text = fixture.text(&["delta", "staging", "master"]);
    assert!(text.contains("\n  2 commits of the old version are not in it\n"), "{text}");

    fixture.pinned(&format!("http://127.0.0.1:{}/open/gone.git", server.port), "1.0.0", "1.1.0");
    assert!(warning(&fixture).contains("/open/gone.git"), "{}", warning(&fixture));
    fixture.pinned(&format!("http://127.0.0.1:{}/private/ppc.git", server.port), "1.0.0", "1.1.0");
    assert!(warning(&fixture).contains("/private/ppc.git"), "{}", warning(&fixture));
    drop(server);
    fixture.pinned(&address, "1.0.0", "1.1.0");
    assert!(warning(&fixture).contains("127.0.0.1"), "{}", warning(&fixture));
}

#[test]
fn a_flag_is_true_or_false() {
    let fixture = Fixture::new();
    fixture.pinned("https://git.example/ppc", "1", "1");
    let config = std::fs::read_to_string(fixture.service.path.join("relwf.toml")).unwrap();
    fixture.service.write("relwf.toml", config.replace("changelog = true", "changelog = 'yes'"));
    let said = fixture.machine.say(&fixture.service.path, &["check"]);
    said.exits(2);
    assert!(
        said.stdout.contains("relwf.toml:7:13") || said.stderr.contains("relwf.toml:7:13"),
        "{}{}",
        said.stdout,
        said.stderr
    );
    let hint = "write `changelog = true` or `changelog = false`";
    assert!(said.stdout.contains(hint) || said.stderr.contains(hint), "{}{}", said.stdout, said.stderr);
}
