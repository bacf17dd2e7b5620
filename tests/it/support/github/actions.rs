//! Actions: each check run is the only job of a run of its own, with the same id.

use super::answers::{Ask, linked, refused};
use super::checks::find;
use super::state::{Check, Form, Repository, now};
use crate::support::wire::Answer;
use serde_json::{Value, json};

pub fn dispatch(repo: &mut Repository, ask: &Ask<'_>, file: &str) -> Answer {
    let Some((_, play)) = repo.workflows.iter().find(|(name, _)| name == file).cloned() else {
        return refused(404, "Not Found");
    };
    let reference = ask.text("ref").unwrap_or_default();
    let name = reference.trim_start_matches("refs/heads/");
    let Some(commit) = repo.git.branch(name) else {
        return refused(422, &format!("No ref found for: {reference}"));
    };
    let inputs = ask.body["inputs"].as_object().cloned().unwrap_or_default();
    if inputs.len() > 25 {
        return refused(422, "You may only define up to 25 `inputs`");
    }
    let told: Vec<String> =
        inputs.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    let Some((looks, settled)) = play.steps() else { return Answer::new(204) };
    let id = repo.next_id();
    repo.add_check(Check {
        id,
        commit,
        context: file.trim_end_matches(".yml").to_owned(),
        form: Form::Run,
        looks,
        settled,
        word: None,
        description: None,
        url: None,
        log: format!("running {file}\n"),
        at: now(),
        event: "workflow_dispatch",
        branch: name.to_owned(),
        title: (!told.is_empty()).then(|| told.join(" ")),
    });
    if ask.body["return_run_details"] != true {
        return Answer::new(204);
    }
    let url = format!("{}/actions/runs/{id}", ask.view.repo_url(repo));
    let html = format!("{}/{}/actions/runs/{id}", ask.view.web, repo.full_name());
    Answer::json(200, &json!({ "workflow_run_id": id, "run_url": url, "html_url": html }))
}

fn newest(repo: &Repository) -> impl Iterator<Item = &Check> {
    repo.checks.iter().rev().filter(|check| check.form == Form::Run)
}

pub fn runs(repo: &mut Repository, ask: &Ask<'_>) -> Answer {
    let (branch, event, sha) = (ask.query("branch"), ask.query("event"), ask.query("head_sha"));
    let fits = |check: &&Check| {
        branch.as_ref().is_none_or(|branch| *branch == check.branch)
            && event.as_ref().is_none_or(|event| event == check.event)
            && sha.as_ref().is_none_or(|sha| *sha == check.commit)
    };
    let all: Vec<&Check> = newest(repo).filter(fits).collect();
    let (page, link) = ask.page(&all);
    let shown: Vec<Value> = page.iter().map(|check| ask.view.workflow_run(repo, check)).collect();
    let answer = linked(Answer::json(200, &json!({ "total_count": all.len(), "workflow_runs": shown })), link);
    let ids: Vec<u64> = page.iter().map(|check| check.id).collect();
    ids.into_iter().for_each(|id| looked(repo, id));
    answer
}

/// A run that is looked at comes nearer to its end.
fn looked(repo: &mut Repository, id: u64) {
    if let Some(check) = repo.checks.iter_mut().find(|check| check.id == id && check.looks < u32::MAX) {
        check.looks = check.looks.saturating_sub(1);
    }
}

pub fn run(repo: &mut Repository, ask: &Ask<'_>, id: u64) -> Answer {
    let Some(check) = find(repo, id) else { return refused(404, "Not Found") };
    let answer = Answer::json(200, &ask.view.workflow_run(repo, check));
    looked(repo, id);
    answer
}

pub fn jobs(repo: &Repository, ask: &Ask<'_>, id: u64) -> Answer {
    match find(repo, id) {
        Some(check) => Answer::json(200, &json!({ "total_count": 1, "jobs": [ask.view.job(repo, check)] })),
        None => refused(404, "Not Found"),
    }
}

pub fn job(repo: &Repository, ask: &Ask<'_>, id: u64) -> Answer {
    match find(repo, id) {
        Some(check) => Answer::json(200, &ask.view.job(repo, check)),
        None => refused(404, "Not Found"),
    }
}

/// The log is elsewhere, for everybody who has the address; it takes no token.
pub fn log(repo: &Repository, ask: &Ask<'_>, id: u64) -> Answer {
    match find(repo, id) {
        Some(_) => {
            // Another name of the same machine: another host to every client.
            let web = ask.view.web.replace("127.0.0.1", "localhost");
            Answer::new(302).with("location", &format!("{web}/storage/{}/{id}", repo.full_name()))
        }
        None => refused(404, "Not Found"),
    }
}

pub fn cancel(repo: &mut Repository, id: u64) -> Answer {
    match repo.checks.iter_mut().find(|check| check.id == id) {
        Some(check) if check.looks > 0 => {
            check.looks = 0;
            check.settled = super::state::Settled::Red;
            Answer::json(202, &json!({}))
        }
        Some(_) => refused(409, "Cannot cancel a workflow run that is completed."),
        None => refused(404, "Not Found"),
    }
}

pub fn rerun(repo: &mut Repository, id: u64) -> Answer {
    match repo.checks.iter_mut().find(|check| check.id == id) {
        Some(check) => {
            check.looks = 1;
            check.settled = super::state::Settled::Green;
            Answer::json(201, &json!({}))
        }
        None => refused(404, "Not Found"),
    }
}
