//! Verdicts on commits: statuses and check runs.

use super::answers::{Ask, linked, refused};
use super::state::{Check, Form, Repository, Settled, now};
use crate::support::wire::Answer;
use serde_json::{Value, json};

pub fn combined(repo: &mut Repository, ask: &Ask<'_>, name: &str) -> Answer {
    let Some(commit) = repo.git.commit(name) else { return refused(404, "Not Found") };
    let all = repo.latest(&commit, Form::Status);
    let (page, link) = ask.page(&all);
    let answer = linked(Answer::json(200, &ask.view.combined(repo, &commit, page, &all)), link);
    if ask.query("page").is_none_or(|page| page == "1") {
        repo.looked(&commit, Form::Status);
    }
    answer
}

pub fn statuses(repo: &mut Repository, ask: &Ask<'_>, name: &str) -> Answer {
    let Some(commit) = repo.git.commit(name) else { return refused(404, "Not Found") };
    let theirs = |check: &&Check| check.commit == commit && check.form == Form::Status;
    let all: Vec<&Check> = repo.checks.iter().rev().filter(theirs).collect();
    let answer = ask.list(&all, |check| ask.view.status(repo, check));
    repo.looked(&commit, Form::Status);
    answer
}

pub fn post(repo: &mut Repository, ask: &Ask<'_>, commit: &str) -> Answer {
    if repo.git.commit(commit).as_deref() != Some(commit) {
        return refused(422, &format!("No commit found for SHA: {commit}"));
    }
    let state = ask.text("state").unwrap_or_default();
    let context = ask.text("context").unwrap_or("default");
    let same = |check: &&Check| check.commit == commit && check.context == context && check.form == Form::Status;
    if repo.checks.iter().filter(same).count() >= 1000 {
        return refused(422, "This SHA and context has reached the maximum number of statuses.");
    }
    let check = Check {
        id: repo.next_id(),
        commit: commit.to_owned(),
        context: context.to_owned(),
        form: Form::Status,
        looks: 0,
        settled: Settled::Green,
        word: Some(state.to_owned()),
        description: ask.text("description").map(str::to_owned),
        url: ask.text("target_url").map(str::to_owned),
        log: String::new(),
        at: now(),
        event: "push",
        branch: String::new(),
        title: None,
    };
    repo.add_check(check.clone());
    Answer::json(201, &ask.view.status(repo, &check))
}

pub fn runs(repo: &mut Repository, ask: &Ask<'_>, name: &str) -> Answer {
    let Some(commit) = repo.git.commit(name) else {
        return refused(422, &format!("No commit found for SHA: {name}"));
    };
    let wanted = ask.query("check_name");
    let all: Vec<&Check> = if ask.query("filter").as_deref() == Some("all") {
        repo.checks.iter().rev().filter(|check| check.commit == commit && check.form == Form::Run).collect()
    } else {
        repo.latest(&commit, Form::Run)
    };
    let all: Vec<&Check> =
        all.into_iter().filter(|check| wanted.as_ref().is_none_or(|name| *name == check.context)).collect();
    let (page, link) = ask.page(&all);
    let shown: Vec<Value> = page.iter().map(|check| ask.view.check_run(repo, check)).collect();
    let answer = linked(Answer::json(200, &json!({ "total_count": all.len(), "check_runs": shown })), link);
    if ask.query("page").is_none_or(|page| page == "1") {
        repo.looked(&commit, Form::Run);
    }
    answer
}

/// The check run with that id.
pub fn find(repo: &Repository, id: u64) -> Option<&Check> {
    repo.checks.iter().find(|check| check.id == id && check.form == Form::Run)
}

pub fn run(repo: &Repository, ask: &Ask<'_>, id: u64) -> Answer {
    match find(repo, id) {
        Some(check) => Answer::json(200, &ask.view.check_run(repo, check)),
        None => refused(404, "Not Found"),
    }
}

pub fn annotations(repo: &Repository, id: u64) -> Answer {
    match find(repo, id) {
        Some(_) => Answer::json(200, &json!([])),
        None => refused(404, "Not Found"),
    }
}
