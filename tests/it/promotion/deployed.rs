//! After the landing: is what was deployed healthy, and is it the commit that landed?

use super::stage::Stage;
use crate::support::wire::{self, Answer, read_request};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An environment that answers 404, then with an old version, then with what staging's branch holds.
fn environment(stage: &Stage, newest: impl Fn(&str) -> String + Send + Sync + 'static) -> (String, Arc<AtomicUsize>) {
    let bare = stage.github.bare("acme/service");
    let old = bare.git(&["rev-parse", "staging"]);
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let address = wire::serve("environment", move |stream| {
        if read_request(&stream).is_none() {
            return;
        }
        let answer = match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::text(404, "starting"),
            1 => Answer::text(200, &format!("{{\"commit\": \"{old}\"}}")),
            _ => Answer::text(200, &format!("{{\"commit\": \"{}\"}}", newest(&bare.git(&["rev-parse", "staging"])))),
        };
        let _ = (&stream).write_all(&answer.bytes());
    });
    (format!("http://{address}/health"), looks)
}

fn health(url: &str) -> String {
    format!("health = {{ url = \"{url}\", version = 'commit\": \"([0-9a-f]+)' }}\n")
}

#[test]
fn an_environment_is_healthy_when_it_answers_with_the_commit_that_landed() {
    let stage = Stage::new();
    let (url, looks) = environment(&stage, |tip| tip[..10].to_owned());
    stage.configure(&health(&url));
    let said = stage.promote();
    said.exits(0);
    assert_eq!(looks.load(Ordering::SeqCst), 3);
    assert!(said.stderr.contains("answered with status 404"), "{}", said.stderr);
    assert!(said.stderr.contains("runs `"), "{}", said.stderr);
    assert_eq!(stage.github.comments().len(), 1);
}

#[test]
fn an_environment_that_stays_old_is_told_at_its_deadline() {
    let stage = Stage::new();
    let (url, _) = environment(&stage, |_| "0123456789".to_owned());
    stage.configure(&health(&url));
    stage.workflow("promote-staging", "ci::healthy(#{ ", "ci::healthy(#{ deadline: \"1s\", ");
    let said = stage.promote();
    said.exits(1);
    assert!(
        said.stderr.contains("staging is not healthy") && said.stderr.contains("relwf run rollback"),
        "{}",
        said.stderr
    );
    assert!(stage.github.changes()[0].merged.is_some());
    assert!(stage.github.comments()[0].body.contains("relwf stopped here"));
}

/// Who asks with a token in the address need not fear that anybody reads it.
#[test]
fn the_query_of_an_address_is_shown_to_nobody() {
    let stage = Stage::new();
    let (url, _) = environment(&stage, |_| "0123456789".to_owned());
    stage.configure(&health(&format!("{url}?token=hunter2")));
    stage.workflow("promote-staging", "ci::healthy(#{ ", "ci::healthy(#{ deadline: \"1s\", ");
    let said = stage.promote();
    said.exits(1);
    let plan = stage.relwf(&["plan", "promote-staging"]);
    for text in [&said.stderr, &said.stdout, &plan.stdout, &plan.stderr, &stage.github.comments()[0].body] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(said.stderr.contains(&format!("{url} runs `0123456789`")), "{}", said.stderr);
}

#[test]
fn an_address_alone_must_answer_well() {
    let stage = Stage::new();
    let (url, looks) = environment(&stage, str::to_owned);
    stage.configure(&format!("health = \"{url}\"\n"));
    stage.promote().exits(0);
    assert_eq!(looks.load(Ordering::SeqCst), 2);
}

/// What is asked of whom, and nothing that is secret.
#[test]
fn requests_are_shown_when_they_are_asked_for_without_secrets() {
    let stage = Stage::new();
    let said = stage.relwf(&["-vv", "run", "promote-staging"]);
    said.exits(0);
    let (github, travis) = (stage.github.api(), stage.travis.api());
    for line in [
        format!("POST {github}/repos/acme/service/pulls 201 in "),
        format!("GET {github}/repos/acme/service/rules/branches/staging 200 in "),
        format!("GET {travis}/repo/acme%2Fservice/builds 200 in "),
    ] {
        assert!(said.stderr.contains(&line), "{line} is not in {}", said.stderr);
    }
    assert!(!stage.relwf(&["-v", "candidates", "master", "staging"]).stderr.contains("GET "));
}
