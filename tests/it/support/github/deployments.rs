//! Deployments, their statuses, environments.

use super::answers::{Ask, refused};
use super::state::{Deployment, Repository, now};
use crate::support::wire::Answer;
use serde_json::{Value, json};

pub fn list(repo: &Repository, ask: &Ask<'_>) -> Answer {
    let fits = |name: &str, value: &str| ask.query(name).is_none_or(|wanted| wanted == value);
    let found: Vec<&Deployment> = repo
        .deployments
        .iter()
        .rev()
        .filter(|d| fits("environment", &d.environment) && fits("sha", &d.commit) && fits("ref", &d.reference))
        .collect();
    ask.list(&found, |deployment| ask.view.deployment(repo, deployment))
}

pub fn create(repo: &mut Repository, ask: &Ask<'_>) -> Answer {
    let reference = ask.text("ref").unwrap_or_default().to_owned();
    let Some(commit) = repo.git.commit(&reference) else {
        return refused(422, &format!("No ref found for: {reference}"));
    };
    if ask.body["auto_merge"] != false {
        return refused(
            409,
            "Auto-merge would merge the default branch into this one: this server does not play along",
        );
    }
    let green = repo.green_contexts(&commit);
    let wanted = ask.body["required_contexts"].as_array().cloned().unwrap_or_default();
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    if wanted.iter().any(|context| !green.iter().any(|green| green == context)) {
        return refused(409, "Conflict: Commit status checks failed");
    }
    let deployment = Deployment {
        id: repo.next_id(),
        commit,
        reference,
        environment: ask.text("environment").unwrap_or("production").to_owned(),
        description: ask.text("description").map(str::to_owned),
        author: ask.person.login.clone(),
        at: now(),
        statuses: Vec::new(),
    };
    repo.deployments.push(deployment.clone());
    Answer::json(201, &ask.view.deployment(repo, &deployment))
}

fn find(repo: &Repository, id: u64) -> Option<&Deployment> {
    repo.deployments.iter().find(|deployment| deployment.id == id)
}

pub fn show(repo: &Repository, ask: &Ask<'_>, id: u64) -> Answer {
    match find(repo, id) {
        Some(deployment) => Answer::json(200, &ask.view.deployment(repo, deployment)),
        None => refused(404, "Not Found"),
    }
}

pub fn statuses(repo: &Repository, ask: &Ask<'_>, id: u64) -> Answer {
    let Some(deployment) = find(repo, id) else { return refused(404, "Not Found") };
    let newest: Vec<_> = deployment.statuses.iter().rev().collect();
    ask.list(&newest, |status| ask.view.deployment_status(repo, deployment, status))
}

pub fn tell(repo: &mut Repository, ask: &Ask<'_>, id: u64) -> Answer {
    let status = repo.next_id();
    let Some(deployment) = repo.deployments.iter_mut().find(|deployment| deployment.id == id) else {
        return refused(404, "Not Found");
    };
    let text = |name: &str| ask.text(name).unwrap_or_default().to_owned();
    let status = (status, text("state"), text("description"), text("environment_url"), now());
    deployment.statuses.push(status.clone());
    let deployment = deployment.clone();
    Answer::json(201, &ask.view.deployment_status(repo, &deployment, &status))
}

pub fn environments(repo: &Repository, ask: &Ask<'_>) -> Answer {
    let all: Vec<Value> = repo.environments.iter().map(|name| ask.view.environment(repo, name)).collect();
    let (page, link) = ask.page(&all);
    super::answers::linked(Answer::json(200, &json!({ "total_count": all.len(), "environments": page })), link)
}
