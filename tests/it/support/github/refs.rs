//! Branches, their rules, commits and references.

use super::answers::{Ask, refused};
use super::repository::ZERO;
use super::state::{Repository, Rights};
use crate::support::wire::Answer;

pub fn branch(repo: &Repository, ask: &Ask<'_>, name: &str) -> Answer {
    match repo.git.branch(name) {
        Some(tip) => Answer::json(200, &ask.view.branch(repo, name, &tip)),
        None => refused(404, "Branch not found"),
    }
}

pub fn protection(repo: &Repository, ask: &Ask<'_>, name: &str) -> Answer {
    if ask.person.rights < Rights::Admin {
        return refused(404, "Not Found");
    }
    match repo.protections.get(name).filter(|protection| protection.classic) {
        Some(protection) => Answer::json(200, &ask.view.protection(repo, name, protection)),
        None if repo.git.branch(name).is_none() => refused(404, "Branch not found"),
        None => refused(404, "Branch not protected"),
    }
}

pub fn rules(repo: &Repository, ask: &Ask<'_>, name: &str) -> Answer {
    ask.list(&ask.view.rules(repo, repo.protections.get(name)), Clone::clone)
}

pub fn commit(repo: &Repository, ask: &Ask<'_>, name: &str) -> Answer {
    match repo.git.commit(name) {
        Some(id) => Answer::json(200, &ask.view.commit(repo, &id)),
        None => refused(422, &format!("No commit found for SHA: {name}")),
    }
}

pub fn commits(repo: &Repository, ask: &Ask<'_>) -> Answer {
    let start = ask.query("sha").unwrap_or_else(|| "HEAD".to_owned());
    let Some(start) = repo.git.commit(&start) else { return refused(404, "Not Found") };
    let all = repo.git.bare.git(&["rev-list", &start]);
    ask.list(&all.lines().collect::<Vec<_>>(), |id| ask.view.commit(repo, id))
}

fn tip(repo: &Repository, name: &str) -> Option<String> {
    repo.git.ask(&["rev-parse", "--verify", "--quiet", &format!("refs/{name}")])
}

pub fn reference(repo: &Repository, ask: &Ask<'_>, name: &str) -> Answer {
    match tip(repo, name) {
        Some(id) => Answer::json(200, &ask.view.reference(repo, &format!("refs/{name}"), &id)),
        None => refused(404, "Not Found"),
    }
}

pub fn matching(repo: &Repository, ask: &Ask<'_>, prefix: &str) -> Answer {
    let all = repo.git.bare.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
    let wanted = format!("refs/{prefix}");
    let theirs: Vec<_> =
        all.lines().filter_map(|line| line.split_once(' ')).filter(|(_, name)| name.starts_with(&wanted)).collect();
    Answer::json(200, &theirs.into_iter().map(|(id, name)| ask.view.reference(repo, name, id)).collect())
}

/// Why the rules forbid to move a branch to a commit, if they do; the same rules as the hook's.
fn forbidden(repo: &Repository, name: &str, new: &str) -> Option<Answer> {
    let protection = repo.protections.get(name.strip_prefix("heads/")?)?;
    let green = repo.green_contexts(new);
    if protection.locked || new == ZERO {
        return Some(refused(422, "Repository rule violations found\n\nCannot update this protected ref."));
    }
    if protection.only_by_change {
        return Some(refused(422, "Repository rule violations found\n\nChanges must be made through a pull request."));
    }
    let missing = protection.required.iter().find(|context| !green.contains(context))?;
    Some(refused(422, &format!("Required status check \"{missing}\" is expected.")))
}

pub fn create(repo: &Repository, ask: &Ask<'_>) -> Answer {
    let (Some(name), Some(id)) = (ask.text("ref"), ask.text("sha")) else {
        return refused(422, "Invalid request.\n\n\"ref\" and \"sha\" weren't supplied.");
    };
    if !name.starts_with("refs/heads/") && !name.starts_with("refs/tags/") {
        return refused(422, "Reference does not start with 'refs/heads' or 'refs/tags'");
    }
    if repo.git.commit(id).is_none() {
        return refused(422, "Object does not exist");
    }
    if repo.git.move_ref(name, ZERO, id) {
        Answer::json(201, &ask.view.reference(repo, name, id))
    } else {
        refused(422, "Reference already exists")
    }
}

pub fn update(repo: &Repository, ask: &Ask<'_>, name: &str) -> Answer {
    let Some(old) = tip(repo, name) else { return refused(422, "Reference does not exist") };
    let Some(new) = ask.text("sha").and_then(|id| repo.git.commit(id)) else {
        return refused(422, "Object does not exist");
    };
    if let Some(no) = forbidden(repo, name, &new) {
        return no;
    }
    if !ask.body["force"].as_bool().unwrap_or(false) && !repo.git.is_ancestor(&old, &new) {
        return refused(422, "Update is not a fast forward");
    }
    if repo.git.move_ref(&format!("refs/{name}"), &old, &new) {
        Answer::json(200, &ask.view.reference(repo, &format!("refs/{name}"), &new))
    } else {
        refused(409, "Reference cannot be updated")
    }
}

pub fn delete(repo: &Repository, _: &Ask<'_>, name: &str) -> Answer {
    let Some(old) = tip(repo, name) else { return refused(422, "Reference does not exist") };
    if let Some(no) = forbidden(repo, name, ZERO) {
        return no;
    }
    repo.git.move_ref(&format!("refs/{name}"), &old, ZERO);
    Answer::new(204)
}
