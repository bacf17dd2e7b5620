//! Promotions over ssh to gitolite, where each branch has its own rights: what is allowed lands, what is denied does not, and
//! the server's own words reach the person.

use crate::support::bench::git;
use crate::support::cli::{Machine, Said, said};
use crate::support::servers::{self, Server};
use std::path::PathBuf;

/// Everybody who promotes needs this much beside the branch itself.
const RULES: &str = "\
repo service
    R = ada
    RW+ refs/heads/relwf/ = ada
    RW+ refs/relwf/ = ada
    RW staging = ada
    - production = ada
repo hidden
    RW+ = somebody
repo readable
    R = ada
";

/// The sample service, its remote behind gitolite.
struct Place {
    machine: Machine,
    service: PathBuf,
    server: Server,
    user: String,
}

impl Place {
    fn new() -> Self {
        let machine = Machine::new();
        let service = machine.service();
        let server = servers::gitolite(&machine.path(""), &machine.home(), RULES);
        let user = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        let place = Self { machine, service, server, user };
        let sample = place.machine.path("demo/remote.git");
        for name in ["service", "hidden", "readable"] {
            // From within: gitolite's hooks ask who is there.
            git(&place.repository(name), &["fetch", "-q", sample.to_str().unwrap(), "refs/*:refs/*"]);
        }
        place
    }

    /// Where gitolite keeps a repository.
    fn repository(&self, name: &str) -> PathBuf {
        self.machine.path("gitolite/repositories").join(format!("{name}.git"))
    }

    /// What gitolite keeps of every access.
    fn log(&self) -> PathBuf {
        let logs = std::fs::read_dir(self.machine.path("gitolite/.gitolite/logs")).unwrap();
        logs.map(|entry| entry.unwrap().path()).max().unwrap()
    }

    fn address(&self, name: &str) -> String {
        format!("ssh://{}@127.0.0.1:{}/{name}", self.user, self.server.port)
    }

    fn relwf(&self, name: &str, args: &[&str]) -> Said {
        let config = self.service.join("relwf.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let other = |line: &&str| !line.starts_with("url = \"ssh:") && *line != "url = \"../remote.git\"";
        let text = text.lines().filter(other).collect::<Vec<_>>().join("\n");
        let repo = format!("[repo]\nurl = {:?}", self.address(name));
        std::fs::write(&config, text.replace("[repo]", &repo)).unwrap();
        said(&self.machine, self.machine.relwf(&self.service, args))
    }

    /// Where a branch is on the server.
    fn at(&self, name: &str, branch: &str) -> String {
        git(&self.repository(name), &["rev-parse", branch])
    }
}

#[test]
fn what_is_allowed_lands_and_what_is_denied_does_not_until_it_is_granted() {
    let place = Place::new();
    let landed = place.relwf("service", &["run", "promote-staging", "--json"]);
    let last = landed.exits(0).json_lines().pop().unwrap();
    assert_eq!(last["value"]["commit"], place.at("service", "staging"));

    let before = place.at("service", "production");
    let denied = place.relwf("service", &["run", "promote-production"]);
    denied.exits(1);
    let words = "FATAL: W refs/heads/production service ada DENIED by refs/heads/production";
    for part in
        ["the server refused to update refs/heads/production: hook declined", words, "the server's message says why"]
    {
        assert!(denied.stderr.contains(part), "{part:?} is not in {}", denied.stderr);
    }
    assert_eq!(place.at("service", "production"), before);
    let runs = place.relwf("service", &["runs", "--json"]).exits(0).json();
    let run = runs["runs"].as_array().unwrap().iter().find(|run| run["workflow"] == "promote-production").unwrap();
    let shown = place.relwf("service", &["show", run["run"].as_str().unwrap()]);
    assert!(shown.exits(0).stdout.contains("refused to update refs/heads/production"), "{}", shown.stdout);

    servers::gitolite_rules(&place.machine.path(""), &RULES.replace("- production", "RW production"));
    place.relwf("service", &["run", "promote-production"]).exits(0);
    assert_ne!(place.at("service", "production"), before);
}

#[test]
fn without_the_right_to_write_or_to_read_at_all_the_server_is_heard_and_not_asked_again() {
    let place = Place::new();
    for (name, right, doing) in [("readable", "W", "pushing"), ("hidden", "R", "fetching"), ("absent", "R", "fetching")]
    {
        let words =
            format!("{doing} failed for {}: FATAL: {right} any {name} ada DENIED by fallthru", place.address(name));
        let before = std::fs::metadata(place.log()).unwrap().len();
        let denied = place.relwf(name, &["run", "promote-staging"]);
        denied.exits(1);
        for part in [&words, "that is the server's message"] {
            assert!(denied.stderr.contains(part), "{part:?} is not in {}", denied.stderr);
        }
        let log = std::fs::read_to_string(place.log()).unwrap()[usize::try_from(before).unwrap()..].to_owned();
        assert_eq!(log.lines().filter(|line| line.contains("DENIED")).count(), 1, "{log}");
    }
    assert_eq!(git(&place.repository("readable"), &["for-each-ref", "refs/relwf"]), "");
    let doctor = place.relwf("readable", &["doctor"]);
    let key = format!("credentials  for 127.0.0.1:{}: <machine>/home/.ssh/id_ed25519", place.server.port);
    assert!(doctor.exits(0).stdout.contains(&key), "{}", doctor.stdout);
    let doctor = place.relwf("hidden", &["doctor"]);
    assert!(doctor.exits(1).stdout.contains("FATAL: R any hidden ada DENIED by fallthru"), "{}", doctor.stdout);
}
