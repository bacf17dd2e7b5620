//! What relwf says on a forge: statuses, comments, closed changes; each once, however often it is said.

use crate::support::forgejo::Forgejo;
use crate::support::git::{Repo, quiet};
use crate::support::github::Settled;
use crate::support::gitlab::{Gitlab, PATH};
use crate::support::hosted::project::{Change as Held, State};
use crate::support::hosted::{Host, Service};
use jiff::Timestamp;
use relwf::forge::{
    Change, ChangeSearch, ChangeState, Forge, ForgejoForge, GitlabForge, NewChange, Verdict, VerdictState, forgejo_api,
    gitlab_api,
};
use relwf::http::Client;
use relwf::model::{Cancel, CommitId, Secret};
use std::sync::Arc;

fn token() -> Secret {
    Secret::new("t-write")
}

fn on_gitlab(forge: &Gitlab) -> GitlabForge {
    GitlabForge::new(Arc::new(gitlab_api(Client::new(Cancel::new()), &forge.api(), Some(&token()))), PATH.to_owned())
}

fn on_forgejo(forge: &Forgejo) -> ForgejoForge {
    ForgejoForge::new(
        Arc::new(forgejo_api(Client::new(Cancel::new()), &forge.api(), Some(&token()))),
        "acme",
        "service",
    )
}

/// Proposes `topic` for `staging`, with a mark.
fn propose<S: Service>(host: &Host<S>, forge: &dyn Forge) -> (Change, CommitId) {
    let dir = tempfile::tempdir().unwrap();
    let work = Repo::init(dir.path().join("work"));
    work.change("README", "one\n");
    work.git(&["branch", "staging"]);
    let head: CommitId = work.change("main.go", "two\n").parse().unwrap();
    work.git(&["remote", "add", "origin", &host.git_url_as("t-write")]);
    work.git(&["push", "-q", "origin", "master", "staging", "master:topic"]);
    let new = NewChange {
        head,
        head_branch: Some("topic".parse().unwrap()),
        base: "staging".parse().unwrap(),
        title: "t".repeat(300),
        body: "what it ships".to_owned(),
        marker: "relwf-r1-a".to_owned(),
    };
    let opened = forge.open_change(&new, quiet()).unwrap();
    assert_eq!((opened.head, opened.state, opened.body.as_str()), (head, ChangeState::Open, "what it ships"));
    assert_eq!(opened.title.chars().count(), 255, "longer ones are refused");
    assert_eq!(forge.open_change(&new, quiet()).unwrap(), opened, "it is there already");
    (opened, head)
}

fn written_once<S: Service>(host: &Host<S>, forge: &dyn Forge) {
    let (change, head) = propose(host, forge);
    let word = |state, description: &str| {
        let verdict = Verdict {
            context: "manual/qa".to_owned(),
            state,
            description: description.to_owned(),
            url: Some("https://qa.example/1".to_owned()),
            at: Timestamp::now(),
        };
        forge.set_status(head, &verdict, quiet()).unwrap();
        let heard = forge.verdicts(head, quiet()).unwrap();
        let heard = heard.iter().find(|verdict| verdict.context == "manual/qa").unwrap().clone();
        (heard.state, heard.description, heard.url)
    };
    let url = Some("https://qa.example/1".to_owned());
    let pending = (VerdictState::Pending, "looks".to_owned(), url.clone());
    assert_eq!(word(VerdictState::Pending, "looks"), pending);
    assert_eq!(word(VerdictState::Pending, "looks"), pending, "again");
    assert_eq!(word(VerdictState::Red, "no"), (VerdictState::Red, "no".to_owned(), url.clone()));
    assert_eq!(word(VerdictState::Green, "yes"), (VerdictState::Green, "yes".to_owned(), url));

    for _ in 0..2 {
        forge.comment(change.number, "landed", "relwf-r1-b", quiet()).unwrap();
    }
    forge.comment(change.number, "landed", "relwf-r1-c", quiet()).unwrap();
    assert_eq!(host.with_project(|project| project.comments.len()), 2);

    // A fork's change with the same mark is not ours.
    host.with_project(|project| {
        let fork = Held { fork: true, author: "mallory", ..project.changes[&1].clone() };
        project.propose(fork)
    });
    let base = "staging".parse().unwrap();
    let find = |marker| {
        let search = ChangeSearch { base: &base, head_branch: None, marker: Some(marker) };
        forge.find_changes(&search, quiet()).unwrap().into_iter().map(|change| change.number).collect::<Vec<_>>()
    };
    assert_eq!((find("relwf-r1-a"), find("relwf-r1-b")), (vec![change.number], vec![]));

    for _ in 0..2 {
        let closed = forge.close(change.number, ChangeState::Closed, quiet()).unwrap();
        assert_eq!((closed.state, closed.head_branch), (ChangeState::Closed, change.head_branch.clone()));
    }
    assert_eq!(host.with_project(|project| project.changes[&change.number].state.clone()), State::Closed);
    assert_eq!(forge.change(77, quiet()).unwrap(), None);
    assert!(forge.close(77, ChangeState::Closed, quiet()).unwrap_err().to_string().contains("no "));
    assert_eq!(forge.branch(&"nothing".parse().unwrap(), quiet()).unwrap(), None);
    assert_eq!(forge.branch(&"topic".parse().unwrap(), quiet()).unwrap(), Some(head));
}

/// A pipeline that ran again replaces the first one on its branch; on another branch the worst word counts.
#[test]
fn what_ran_again_counts_no_more() {
    let host = Gitlab::open();
    let forge = on_gitlab(&host);
    let (_, head) = propose(&host, &forge);
    let run = |name: &str, source: &'static str, settled: Settled| {
        host.with_project(|project| {
            let pipeline = project.pipeline(&head.to_string(), name, source, Vec::new());
            project.check(&head.to_string(), "unit", 0, settled, pipeline);
        });
        let heard = forge.verdicts(head, quiet()).unwrap();
        let of = |context: &str| heard.iter().find(|verdict| verdict.context == context).unwrap().state;
        (of("unit"), of("pipeline"))
    };
    let (green, red) = (VerdictState::Green, VerdictState::Red);
    assert_eq!(run("topic", "push", Settled::Red), (red, red));
    assert_eq!(run("topic", "web", Settled::Green), (green, green));
    assert_eq!(run("refs/merge-requests/1/head", "merge_request_event", Settled::Red), (red, red));
    assert_eq!(run("topic", "web", Settled::Green), (red, red));
    assert_eq!(run("refs/merge-requests/1/head", "merge_request_event", Settled::Green), (green, green));
}

#[test]
fn on_gitlab_everything_is_written_once() {
    let host = Gitlab::open();
    written_once(&host, &on_gitlab(&host));
}

#[test]
fn on_forgejo_everything_is_written_once() {
    let host = Forgejo::open();
    written_once(&host, &on_forgejo(&host));
}
