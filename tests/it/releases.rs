//! `[release]`: what lands is tagged with its notes, once, and nothing of that makes a landing fail.

use crate::support::cli::{Machine, Said};
use crate::support::git::Repo;
use serde_json::json;
use std::path::PathBuf;

/// The sample service, whose landings on staging are releases.
struct Service {
    machine: Machine,
    project: PathBuf,
    remote: Repo,
}

impl Service {
    fn new(release: &str) -> Self {
        let machine = Machine::new();
        let project = machine.service();
        let remote = Repo::at(machine.path("demo/remote.git"));
        let service = Self { machine, project, remote };
        let work = service.work();
        let config = std::fs::read_to_string(service.project.join("relwf.toml")).unwrap();
        work.write("relwf.toml", format!("{config}\n{release}"));
        work.commit("Releases are tagged");
        work.git(&["push", "-q", "origin", "master"]);
        service
    }

    fn work(&self) -> Repo {
        Repo::at(&self.project)
    }

    fn relwf(&self, args: &[&str]) -> Said {
        self.machine.say(&self.project, args)
    }

    /// One more commit on master, promoted.
    fn promote_more(&self, file: &str) -> Said {
        let work = self.work();
        work.change(file, "more\n");
        work.git(&["push", "-q", "origin", "master"]);
        self.relwf(&["run", "promote-staging"])
    }

    /// Each tag with the commit that it is of.
    fn tags(&self) -> Vec<(String, String)> {
        let all = self.remote.git(&["for-each-ref", "--format=%(refname:short) %(*objectname)", "refs/tags/release*"]);
        all.lines().filter_map(|line| line.split_once(' ')).map(|(tag, of)| (tag.to_owned(), of.to_owned())).collect()
    }

    fn tip(&self) -> String {
        self.remote.git(&["rev-parse", "staging"])
    }

    fn step<'s>(&self, said: &'s Said, part: &str) -> &'s str {
        let text = &said.stderr;
        text.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part} is not in\n{text}"))
    }
}

/// Days pass while tests run: the number tells releases apart here.
const NUMBERED: &str = "[release]\ntag = 'release-{n}'\nbranch = 'staging'\n";

#[test]
fn what_landed_is_tagged_once_with_its_notes() {
    let service = Service::new("[release]\ntag = 'release-{date}'\nbranch = 'staging'\n");
    let dry = service.relwf(&["run", "promote-staging", "--dry-run"]);
    dry.exits(0);
    assert!(dry.stdout.contains(". release: release::tag  plugins/promotion.rhai:"), "{}", dry.stdout);
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    assert!(
        dry.stdout.contains("     as release-20") && dry.stdout.contains(", with its release notes\n"),
        "{}",
        dry.stdout
    );
    assert_eq!(service.tags(), []);

    service.relwf(&["run", "promote-staging"]).exits(0);
    let [(tag, of)] = &service.tags()[..] else { panic!("{:?}", service.tags()) };
    assert!(tag.starts_with("release-20") && (*tag >= format!("release-{today}")), "{tag}");
    assert_eq!(*of, service.tip());
    let message = service.remote.git(&["cat-file", "tag", tag]);
    let notes = service.relwf(&["notes", "staging~1", "staging"]).exits(0).stdout.clone();
    assert!(message.ends_with(&format!("\n\n{tag}\n\n{}", notes.trim_end())), "{message}\n---\n{notes}");
    assert!(message.contains("\nComponents\n  ") && message.contains("  sdk: 0.16.4 -> 0.17.0"), "{message}");

    // Of one day the second has a number.
    service.promote_more("two.txt").exits(0);
    let tags = service.tags();
    let second = tags.iter().find(|(_, of)| *of == service.tip()).map(|(tag, _)| tag.clone()).unwrap();
    assert!(second == format!("{tag}-2") || !second.starts_with(tag.as_str()), "{tags:?}");
    assert_eq!(tags.len(), 2);
}

#[test]
fn what_has_its_tag_gets_no_other_and_what_takes_back_gets_none() {
    let service = Service::new(NUMBERED);
    service.relwf(&["run", "promote-staging"]).exits(0);
    let before = service.remote.refs();
    let again = service.relwf(&["run", "tag-release", "--param", "branch=staging", "--json"]);
    let last = again.exits(0).json_lines().pop().unwrap();
    assert_eq!(last["value"], json!({ "tag": "release-1", "commit": service.tip() }));
    assert_eq!(service.remote.refs(), before, "nothing was pushed");

    let rolled = service.relwf(&["run", "rollback", "--param", "branch=staging", "--param", "reason=slow"]);
    rolled.exits(0);
    assert!(!rolled.stderr.contains("release:"), "{}", rolled.stderr);
    assert_eq!(service.tags().len(), 1);
}

#[test]
fn a_branch_that_is_no_release_is_not_tagged() {
    let service = Service::new("[release]\ntag = 'release-{n}'\n");
    let said = service.relwf(&["run", "promote-staging"]);
    said.exits(0);
    assert!(!said.stderr.contains("release"), "{}", said.stderr);
    assert_eq!(service.tags(), []);
    let said = service.relwf(&["run", "tag-release", "--param", "branch=staging"]);
    said.exits(1);
    assert!(said.stderr.contains("relwf.toml has no [release] for staging"), "{}", said.stderr);
    let said = service.relwf(&["run", "tag-release", "--param", "branch=production", "--param", "commit=master"]);
    said.exits(1);
    assert!(said.stderr.contains(" is not on production"), "{}", said.stderr);
}

#[test]
fn a_tag_that_the_remote_refuses_makes_no_landing_fail_and_is_made_later() {
    let service = Service::new(NUMBERED);
    let hook = "case $1 in refs/tags/*) echo 'no tags today' >&2; exit 1 ;; esac";
    service.remote.hook("update", hook);
    let said = service.relwf(&["run", "promote-staging"]);
    said.exits(0);
    let tip = service.tip();
    let hint = format!("`relwf run tag-release --param branch=staging --param commit={tip}` makes what is missing");
    let line = service.step(&said, &hint);
    assert!(line.contains(&format!("{tip} is on staging, but its release is not complete: ")), "{line}");
    assert_eq!(service.tags(), []);

    service.remote.hook("update", "exit 0");
    let commit = format!("commit={tip}");
    service.relwf(&["run", "tag-release", "--param", "branch=staging", "--param", &commit]).exits(0);
    assert_eq!(service.tags(), [("release-1".to_owned(), tip)]);
}

#[test]
fn a_name_that_another_took_meanwhile_stays_where_it_is() {
    let service = Service::new(NUMBERED);
    // Whoever comes first takes the name just before the push is looked at.
    let first = service.remote.git(&["rev-parse", "staging"]);
    let hook = format!(
        "while read old new name; do case $name in refs/tags/*) [ -e taken ] || {{ : >taken; \
         env -u GIT_QUARANTINE_PATH git update-ref $name {first}; }} ;; esac; done"
    );
    service.remote.hook("pre-receive", &hook);
    let said = service.relwf(&["run", "promote-staging"]);
    said.exits(0);
    let line = service.step(&said, "its release is not complete");
    assert!(line.contains("the tag release-1 is of another commit, "), "{line}");
    assert_eq!(service.remote.git(&["rev-parse", "release-1"]), first, "it was not moved");
    service.relwf(&["run", "tag-release", "--param", "branch=staging"]).exits(0);
    assert_eq!(service.tags(), [("release-1".to_owned(), String::new()), ("release-2".to_owned(), service.tip())]);
}
